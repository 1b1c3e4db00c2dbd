//! Takes comments and blanks out of the style sheet, which is part of what every visitor downloads.

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=src/style.css");
    let style = std::fs::read_to_string("src/style.css")?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?).join("style.css");
    Ok(std::fs::write(out, minify(&style))?)
}

/// The sheet without comments, and without blanks where they mean nothing. (A blank before `:` or around `+` and `-`
/// means something.) Strings in it hold no braces and no comments.
fn minify(style: &str) -> String {
    let mut bare = String::new();
    let mut rest = style;
    while let Some((before, after)) = rest.split_once("/*") {
        bare.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    bare.push_str(rest);
    let mut out = String::new();
    for word in bare.split_ascii_whitespace() {
        let is_parted = !out.ends_with(['{', '}', ';', ':', ',']) && !word.starts_with(['{', '}', ';', ',']);
        if is_parted && !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out.replace(";}", "}")
}
