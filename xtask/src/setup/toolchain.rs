//! What the pinned toolchain must have besides the compiler: the WebAssembly target, and the sources of the standard
//! library, which is compiled anew for the widget. `rust-toolchain.toml` names both, so rustup has normally brought them
//! along with the compiler that runs us.

use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::project::Project;

const TARGET: &str = "wasm32-unknown-unknown";
const SOURCES: &str = "rust-src";

pub(super) fn ready(project: &Project) -> Result<()> {
    let has_target = || rustc(project, &["target-libdir", "--target", TARGET]).is_some_and(|dir| has_files(&dir));
    let has_sources = || {
        rustc(project, &["sysroot"]).is_some_and(|dir| dir.join("lib/rustlib/src/rust/library/Cargo.lock").is_file())
    };
    require(project, &["target", "add", TARGET], has_target)?;
    require(project, &["component", "add", SOURCES], has_sources)
}

/// Has rustup install what is missing.
fn require(project: &Project, install: &[&str], is_there: impl Fn() -> bool) -> Result<()> {
    if is_there() {
        return Ok(());
    }
    let what = install.join(" ");
    println!("Completing Rust's toolchain: rustup {what}");
    let done = Command::new("rustup").current_dir(project.root()).args(install).status();
    if done.is_ok_and(|status| status.success()) && is_there() {
        return Ok(());
    }
    bail!(
        "the toolchain is not complete and rustup can't help. With rustup (https://rustup.rs) and a network: rustup {what}"
    )
}

/// A folder that the compiler names.
fn rustc(project: &Project, print: &[&str]) -> Option<PathBuf> {
    let output = Command::new("rustc").current_dir(project.root()).arg("--print").args(print).output().ok()?;
    output.status.success().then(|| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

fn has_files(dir: &Path) -> bool {
    std::fs::read_dir(dir).is_ok_and(|mut files| files.next().is_some())
}
