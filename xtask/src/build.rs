//! Builds what runs: the Worker, the widget's files, the demo site. What hasn't changed isn't built again.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::assets;
use crate::clock::{Stopwatch, in_words};
use crate::fingerprint::{self, Stamp};
use crate::processes::Group;
use crate::project::{Lock, Project};
use crate::setup::Tools;

/// What every crate's result depends on.
const COMMON: [&str; 7] = [
    "shared/Cargo.toml",
    "shared/src",
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    "package-lock.json",
    ".cargo",
];

/// How the widget is compiled, and its standard library with it: for size, without the texts and the formatting of panics
/// that nobody in a browser reads. The flags are unstable; the toolchain is pinned, so they mean the same everywhere.
const WIDGET_RUSTFLAGS: &str = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none \
                              -Clink-arg=-zstack-size=65536";
const WIDGET_CARGO_FLAGS: [&str; 4] = ["-Z", "build-std=std,panic_abort", "-Z", "build-std-features=optimize_for_size"];

/// Builds the Worker and the widget: all that `wrangler dev` and `wrangler deploy` need.
///
/// # Errors
/// Where a build fails; it has then said why.
pub fn all(project: &Project, tools: &Tools) -> Result<()> {
    let _lock = Lock::wait_for(&project.path("build/.lock"), "Another command is building; waiting for it.")?;
    worker(project, tools)?;
    widget(project, tools)
}

/// Builds the widget alone.
///
/// # Errors
/// Where the build fails; it has then said why.
pub fn widget_alone(project: &Project, tools: &Tools) -> Result<()> {
    let _lock = Lock::wait_for(&project.path("build/.lock"), "Another command is building; waiting for it.")?;
    widget(project, tools)
}

fn worker(project: &Project, tools: &Tools) -> Result<()> {
    let stamp = stamp(project, "worker", &["worker", "docs/openapi.json", "docs/openapi.html"])?;
    if stamp.is_fresh() && project.path("build/worker/index.js").is_file() {
        return Ok(());
    }
    stamp.clear();
    println!("Building the Worker.");
    let stopwatch = Stopwatch::start();
    let mut command = tools.worker_build()?;
    // The folder is meant relative to the crate.
    command.current_dir(project.path("worker")).args(["--release", "--out-dir", "../build/worker"]);
    run(&mut command, "worker-build")?;
    println!("Built the Worker, {}.", in_words(stopwatch.elapsed()));
    stamp.set()
}

fn widget(project: &Project, tools: &Tools) -> Result<()> {
    let stamp =
        stamp(project, "widget", &["widget", "xtask/src/assets.rs", "xtask/src/build.rs", "xtask/src/languages.rs"])?;
    if stamp.is_fresh() && assets::are_complete(project) {
        return Ok(());
    }
    stamp.clear();
    println!("Building the widget.");
    let stopwatch = Stopwatch::start();
    let package = project.path("build/widget-pkg");
    drop(fs::remove_dir_all(&package));
    let mut command = tools.wasm_pack()?;
    command
        .current_dir(project.root())
        .args([
            "build",
            "widget",
            "--release",
            "--target",
            "web",
            "--mode",
            "no-install",
            "--no-typescript",
            "--no-pack",
        ])
        .args(["--out-name", "weft", "--out-dir"])
        .arg(&package)
        .arg("--")
        .args(WIDGET_CARGO_FLAGS)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", WIDGET_RUSTFLAGS)
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "z")
        // A folder of its own: the Worker is compiled for the same target with other flags.
        .env("CARGO_TARGET_DIR", target_dir(project).join("widget"));
    run(&mut command, "wasm-pack")?;
    assets::write(project, tools, &package)?;
    println!("Built the widget, {}.", in_words(stopwatch.elapsed()));
    stamp.set()
}

/// Where cargo puts what it compiles.
fn target_dir(project: &Project) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| project.path("target"), |dir| project.root().join(dir))
}

fn stamp(project: &Project, name: &str, inputs: &[&str]) -> Result<Stamp> {
    let inputs: Vec<&str> = COMMON.iter().chain(inputs).copied().collect();
    // RUSTFLAGS changes what the compiler makes of the same sources.
    let rest = format!("{} {}", Tools::versions(), env::var("RUSTFLAGS").unwrap_or_default());
    let fingerprint = fingerprint::of(project.root(), &inputs, &rest)?;
    Ok(Stamp::new(project.path("build/.stamps").join(name), fingerprint))
}

/// Builds the demo site and says where the program is. Cargo itself knows when nothing has changed.
///
/// # Errors
/// Where the build fails; it has then said why.
pub fn demo_site(project: &Project) -> Result<PathBuf> {
    let output = cargo(project)
        .args(["build", "--quiet", "--package", "weft-demo-site", "--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .context("can't start cargo")?;
    if !output.status.success() {
        bail!("cargo could not build the demo site ({})", output.status);
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let program = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find_map(|message| {
        let is_ours = message["target"]["name"] == "weft-demo-site" && message["target"]["kind"][0] == "bin";
        message["executable"].as_str().filter(|_| is_ours).map(PathBuf::from)
    });
    program.context("cargo built the demo site but named no program")
}

/// Cargo, in the project.
#[must_use]
pub fn cargo(project: &Project) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(project.root());
    command
}

/// Runs a command whose output is for the reader.
///
/// # Errors
/// Where it fails.
pub fn run(command: &mut Command, what: &str) -> Result<()> {
    let status = Group::spawn(command)?.wait()?;
    if !status.success() {
        bail!("{what} failed ({status})");
    }
    Ok(())
}
