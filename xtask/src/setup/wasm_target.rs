//! The WebAssembly target of the pinned toolchain. `rust-toolchain.toml` names it, so rustup has normally brought it
//! along with the compiler that runs us.

use anyhow::{Result, bail};
use std::path::Path;
use std::process::Command;

use crate::project::Project;

const TARGET: &str = "wasm32-unknown-unknown";

pub(super) fn ready(project: &Project) -> Result<()> {
    if is_there(project) {
        return Ok(());
    }
    println!("Installing Rust's target {TARGET} through rustup.");
    let added = Command::new("rustup").current_dir(project.root()).args(["target", "add", TARGET]).status();
    if added.is_ok_and(|status| status.success()) && is_there(project) {
        return Ok(());
    }
    bail!(
        "Rust's target {TARGET} is missing and rustup can't install it. With rustup (https://rustup.rs) and a network: \
         rustup target add {TARGET}"
    )
}

fn is_there(project: &Project) -> bool {
    let output = Command::new("rustc")
        .current_dir(project.root())
        .args(["--print", "target-libdir", "--target", TARGET])
        .output();
    output.is_ok_and(|output| {
        let dir = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success() && std::fs::read_dir(Path::new(&dir)).is_ok_and(|mut files| files.next().is_some())
    })
}
