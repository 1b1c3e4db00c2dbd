//! Rules that the compiler alone doesn't hold: formatting, lints on both targets, and that `shared` is pure.

use anyhow::{Context as _, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::build::{cargo, run};
use crate::project::Project;

/// What only the Workers runtime, a browser or the system can give.
const IMPURE_CRATES: [&str; 9] =
    ["worker", "worker-sys", "web-sys", "js-sys", "wasm-bindgen", "getrandom", "rand", "tokio", "socket2"];

/// Ways of the standard library to the clock, files, network, environment and threads.
const IMPURE_PATHS: [&str; 12] = [
    "SystemTime",
    "Instant",
    "Utc::now",
    "Local::now",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::io",
    "println!",
    "thread_rng",
];

/// Runs all checks.
///
/// # Errors
/// Where one fails; it has then said why.
pub fn all(project: &Project) -> Result<()> {
    run(cargo(project).args(["fmt", "--all", "--check"]), "cargo fmt --check (`cargo fmt --all` repairs it)")?;
    shared_is_pure(project)?;
    let natively = ["clippy", "--workspace", "--exclude", "weft-worker", "--exclude", "weft-widget", "--all-targets"];
    run(cargo(project).args(natively).args(["--", "--deny", "warnings"]), "clippy, native")?;
    let as_wasm = ["clippy", "--package", "weft-shared", "--package", "weft-worker", "--package", "weft-widget"];
    let target = ["--target", "wasm32-unknown-unknown", "--", "--deny", "warnings"];
    run(cargo(project).args(as_wasm).args(target), "clippy, wasm32")
}

/// `shared` asks nobody for anything: neither by a crate that it depends on nor by the standard library.
fn shared_is_pure(project: &Project) -> Result<()> {
    let tree = ["tree", "--package", "weft-shared", "--edges", "normal", "--all-features", "--target", "all"];
    let output = cargo(project)
        .args(tree)
        .args(["--prefix", "none", "--format", "{lib}"])
        .stderr(Stdio::inherit())
        .output()
        .context("can't start cargo")?;
    if !output.status.success() {
        bail!("cargo tree failed ({})", output.status);
    }
    let names = String::from_utf8_lossy(&output.stdout);
    let crates = impure_crates(&names);
    if !crates.is_empty() {
        bail!("shared must be pure, and depends on: {}", crates.join(", "));
    }
    let mut uses = Vec::new();
    for file in rust_files(&project.path("shared/src"))? {
        let text = fs::read_to_string(&file).with_context(|| format!("can't read {}", file.display()))?;
        let name = file.strip_prefix(project.root()).unwrap_or(&file).display().to_string();
        uses.extend(impure_lines(&text).into_iter().map(|(line, path)| format!("{name}:{line}: {path}")));
    }
    if !uses.is_empty() {
        bail!("shared must be pure, and asks the system:\n    {}", uses.join("\n    "));
    }
    let below: BTreeSet<&str> = names.lines().filter_map(|line| line.split_whitespace().next()).collect();
    println!("shared is pure: {} crates with those below it, and none asks the system.", below.len());
    Ok(())
}

fn impure_crates(names: &str) -> Vec<&'static str> {
    let below = names.lines().filter_map(|line| line.split_whitespace().next()).map(|name| name.replace('_', "-"));
    let below: BTreeSet<String> = below.collect();
    IMPURE_CRATES.into_iter().filter(|name| below.contains(*name)).collect()
}

/// Lines of code, comments left out, that name one of [`IMPURE_PATHS`].
fn impure_lines(text: &str) -> Vec<(usize, &'static str)> {
    let code = text.lines().enumerate().map(|(index, line)| (index + 1, line.split("//").next().unwrap_or_default()));
    code.filter_map(|(number, line)| IMPURE_PATHS.into_iter().find(|path| names(line, path)).map(|path| (number, path)))
        .collect()
}

/// Whether `line` holds `path` as a word of its own.
fn names(line: &str, path: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(is_word);
        let after = line[at + path.len()..].chars().next().is_some_and(is_word);
        !before && !after
    })
}

fn rust_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("can't list {}", dir.display()))? {
        let path = entry.with_context(|| format!("can't list {}", dir.display()))?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impure_crate_is_found_by_either_spelling() {
        assert_eq!(impure_crates("serde\nweb_sys\n"), ["web-sys"]);
        assert_eq!(impure_crates("serde\nweb-sys\ngetrandom"), ["web-sys", "getrandom"]);
        assert!(impure_crates("serde\nrand_core\nrandom\n").is_empty());
    }

    #[test]
    fn impure_line_is_found_in_code_only() {
        let text = "//! No SystemTime here.\nlet instants = 1;\nlet now = SystemTime::now(); // why\nuse std::env;\n";
        assert_eq!(impure_lines(text), [(3, "SystemTime"), (4, "std::env")]);
    }
}
