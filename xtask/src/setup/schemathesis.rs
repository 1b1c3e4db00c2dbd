//! schemathesis, which asks an HTTP API what its `OpenAPI` document says: from `PyPI`, into an environment of its own.

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::clock::{Stopwatch, in_words};
use crate::fingerprint::hex;
use crate::progress::run_quietly;
use crate::project::{Lock, tools_dir};

/// It and all that it stands on, each with its version.
const REQUIREMENTS: &str = include_str!("requirements.txt");
/// The oldest Python that it runs on.
const NEEDED: (u32, u32) = (3, 10);

/// An installed schemathesis.
#[derive(Debug, Clone)]
pub struct Schemathesis {
    program: PathBuf,
}

impl Schemathesis {
    /// Finds it, and installs it where it is missing.
    ///
    /// # Errors
    /// Says what to install where there is no Python, and otherwise why it failed.
    pub fn ready() -> Result<Self> {
        let tools_dir = tools_dir()?;
        let dir = tools_dir.join(format!("schemathesis-{}", &hex(&Sha256::digest(REQUIREMENTS))[..16]));
        let found = Self { program: dir.join("bin/schemathesis") };
        // Written last: what an interrupted install left is never taken for a finished one. (Its programs hold their own
        // folder's name, so it can't be made aside and moved.)
        let stamp = dir.join(".weft-installed");
        if !stamp.is_file() || !found.works() {
            install(&tools_dir, &dir, &stamp)?;
        }
        if !found.works() {
            bail!("{} was installed but doesn't run; remove its folder and try again", found.program.display());
        }
        Ok(found)
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// A Python that was updated or removed leaves an environment that can't start.
    fn works(&self) -> bool {
        Command::new(&self.program).arg("--version").output().is_ok_and(|output| output.status.success())
    }
}

fn install(tools_dir: &Path, dir: &Path, stamp: &Path) -> Result<()> {
    let python = python()?;
    fs::create_dir_all(tools_dir).with_context(|| format!("can't make the folder {}", tools_dir.display()))?;
    let _lock = Lock::wait_for(&tools_dir.join(".lock"), "Another command is installing tools; waiting for it.")?;
    if stamp.is_file() {
        return Ok(());
    }
    println!("Installing schemathesis, which holds the Worker against its OpenAPI document.");
    let stopwatch = Stopwatch::start();
    drop(fs::remove_dir_all(dir));
    let log = tools_dir.join("schemathesis.log");
    run_quietly(Command::new(python).args(["-m", "venv"]).arg(dir), "python3 -m venv", &log).context(
        "can't make an environment for schemathesis; the package for it may be missing (Debian, Ubuntu: sudo apt-get install \
         python3-venv)",
    )?;
    let requirements = dir.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS).with_context(|| format!("can't write {}", requirements.display()))?;
    let mut pip = Command::new(dir.join("bin/python"));
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--only-binary", ":all:", "-r"]);
    run_quietly(pip.arg(&requirements), "pip install schemathesis", &log)
        .context("can't install schemathesis from PyPI")?;
    fs::write(stamp, "").with_context(|| format!("can't write {}", stamp.display()))?;
    println!("Installed schemathesis in {}, {}.", dir.display(), in_words(stopwatch.elapsed()));
    Ok(())
}

fn python() -> Result<&'static str> {
    let output = Command::new("python3").args(["-c", "import sys; print(*sys.version_info[:2])"]).output();
    let Some(output) = output.ok().filter(|output| output.status.success()) else {
        bail!(
            "the tests of the OpenAPI document need Python {}.{} or newer, and `python3` is not on PATH. Install it with the \
             system's package manager (Debian, Ubuntu: sudo apt-get install python3 python3-venv)",
            NEEDED.0,
            NEEDED.1
        );
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match parse_version(&text) {
        Some(version) if version >= NEEDED => Ok("python3"),
        _ => bail!(
            "the tests of the OpenAPI document need Python {}.{} or newer; `python3` is {}",
            NEEDED.0,
            NEEDED.1,
            text.trim().replace(' ', ".")
        ),
    }
}

/// `3 11` → (3, 11).
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split_whitespace().map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_versions_are_compared_as_numbers() {
        assert!(parse_version("3 9\n") < Some(NEEDED));
        assert!(parse_version("3 10\n") >= Some(NEEDED));
        assert!(parse_version("4 0") >= Some(NEEDED));
        assert_eq!(parse_version("3"), None);
    }

    #[test]
    fn every_requirement_has_its_version() {
        let lines: Vec<&str> = REQUIREMENTS.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.iter().any(|line| line.starts_with("schemathesis==")));
        assert!(lines.iter().all(|line| line.split_once("==").is_some_and(|(_, version)| !version.is_empty())));
    }
}
