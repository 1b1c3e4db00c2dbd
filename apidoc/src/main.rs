//! Writes `docs/openapi.json` and `docs/openapi.html`: `cargo xtask openapi`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let document = weft_apidoc::document();
    for (name, content) in
        [("openapi.json", weft_apidoc::text(&document)), ("openapi.html", weft_apidoc::page(&document))]
    {
        if let Err(error) = std::fs::write(docs.join(name), content) {
            eprintln!("error: can't write docs/{name}: {error}");
            return ExitCode::FAILURE;
        }
    }
    println!("Wrote docs/openapi.json and docs/openapi.html.");
    ExitCode::SUCCESS
}
