//! Programs that cargo compiles from crates.io: no release page needs to be reached. Each has a folder of its own,
//! named by its version, in the user's cache: a second checkout finds it there.

use anyhow::{Context as _, Result, bail};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::clock::{Stopwatch, in_words};
use crate::progress::run_quietly;
use crate::project::{Lock, tools_dir};

struct CargoTool {
    package: &'static str,
    program: &'static str,
    version: &'static str,
    /// wasm-bindgen-cli's own lock file names crates that are older than our toolchain likes.
    is_locked: bool,
    purpose: &'static str,
}

// The version of wasm-bindgen-cli must be that of the crate `wasm-bindgen` in Cargo.lock: a test holds that.
const TOOLS: [CargoTool; 3] = [
    CargoTool {
        package: "wasm-bindgen-cli",
        program: "wasm-bindgen",
        version: "0.2.130",
        is_locked: false,
        purpose: "writes the JavaScript around our WebAssembly",
    },
    CargoTool {
        package: "worker-build",
        program: "worker-build",
        version: "0.8.7",
        is_locked: true,
        purpose: "builds the Worker",
    },
    CargoTool {
        package: "wasm-pack",
        program: "wasm-pack",
        version: "0.15.1",
        is_locked: true,
        purpose: "builds the widget",
    },
];

/// The three programs, in the order of [`TOOLS`]; compiles those that are missing.
pub(super) fn ready() -> Result<[PathBuf; 3]> {
    let tools_dir = tools_dir()?;
    if TOOLS.iter().any(|tool| tool.find(&tools_dir).is_none()) {
        install_missing(&tools_dir)?;
    }
    let [wasm_bindgen, worker_build, wasm_pack] = TOOLS.each_ref().map(|tool| tool.find(&tools_dir));
    match (wasm_bindgen, worker_build, wasm_pack) {
        (Some(wasm_bindgen), Some(worker_build), Some(wasm_pack)) => Ok([wasm_bindgen, worker_build, wasm_pack]),
        _ => bail!("a tool that was just installed in {} is not there", tools_dir.display()),
    }
}

/// The versions in one line.
pub(super) fn versions() -> String {
    TOOLS.each_ref().map(|tool| format!("{} {}", tool.package, tool.version)).join(", ")
}

fn install_missing(tools_dir: &Path) -> Result<()> {
    fs::create_dir_all(tools_dir).with_context(|| format!("can't make the folder {}", tools_dir.display()))?;
    // Two commands at once must not compile the same tool twice.
    let _lock = Lock::wait_for(&tools_dir.join(".lock"), "Another command is installing tools; waiting for it.")?;
    // Left over from an install that was interrupted; nobody else can be at work, we have the lock.
    for entry in fs::read_dir(tools_dir).context("can't list the tools' folder")?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(".partial-") {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
    // Another command may have installed it while we waited.
    let missing: Vec<&CargoTool> = TOOLS.iter().filter(|tool| tool.find(tools_dir).is_none()).collect();
    let names: Vec<String> = missing.iter().map(|tool| format!("{} {}", tool.package, tool.version)).collect();
    if !missing.is_empty() {
        println!("Missing: {}. They are compiled once per machine, which takes some minutes.", names.join(", "));
    }
    let build_dir = tools_dir.join(".partial-build");
    let result = missing.iter().try_for_each(|tool| tool.install(tools_dir, &build_dir));
    drop(fs::remove_dir_all(&build_dir));
    result
}

impl CargoTool {
    /// In our cache, or anywhere on `PATH` where the version is the same.
    fn find(&self, tools_dir: &Path) -> Option<PathBuf> {
        let cached = self.dir(tools_dir).join("bin").join(self.program);
        if cached.is_file() {
            return Some(cached);
        }
        let path = env::var_os("PATH")?;
        env::split_paths(&path)
            .map(|dir| dir.join(self.program))
            .find(|program| program.is_file() && self.is_right(program))
    }

    fn dir(&self, tools_dir: &Path) -> PathBuf {
        tools_dir.join(format!("{}-{}", self.package, self.version))
    }

    fn is_right(&self, program: &Path) -> bool {
        let output = Command::new(program).arg("--version").output();
        output.is_ok_and(|output| {
            output.status.success()
                && String::from_utf8_lossy(&output.stdout).split_whitespace().any(|word| word == self.version)
        })
    }

    fn install(&self, tools_dir: &Path, build_dir: &Path) -> Result<()> {
        let Self { package, version, purpose, .. } = self;
        println!("Installing {package} {version}, which {purpose}.");
        let stopwatch = Stopwatch::start();
        // Compiled aside and moved when it is whole: an interrupted install is never taken for a finished one.
        let partial = tools_dir.join(format!(".partial-{package}-{version}"));
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command
            // Away from the project, whose settings are not for tools.
            .current_dir(tools_dir)
            .args(["install", package, "--version", &format!("={version}"), "--root"])
            .arg(&partial)
            .args(self.is_locked.then_some("--locked"))
            .env("CARGO_TARGET_DIR", build_dir)
            // The tools run for seconds and compile for minutes: half of the time is saved here.
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env_remove("RUSTFLAGS");
        run_quietly(&mut command, package, &tools_dir.join(format!("{package}.log")))
            .with_context(|| format!("can't install {package} {version} from crates.io"))?;
        let program = partial.join("bin").join(self.program);
        if !self.is_right(&program) {
            bail!("{} was compiled but is not {package} {version}", program.display());
        }
        let dir = self.dir(tools_dir);
        drop(fs::remove_dir_all(&dir));
        fs::rename(&partial, &dir).with_context(|| format!("can't move the finished tool to {}", dir.display()))?;
        println!("Installed {package} {version} in {}, {}.", dir.display(), in_words(stopwatch.elapsed()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;

    #[test]
    fn wasm_bindgen_is_of_the_locked_version() {
        let lock = fs::read_to_string(Project::find().expect("in the project").path("Cargo.lock")).expect("committed");
        let entry = format!("name = \"wasm-bindgen\"\nversion = \"{}\"", TOOLS[0].version);
        assert!(lock.contains(&entry), "Cargo.lock has another wasm-bindgen than the tool that reads its output");
    }
}
