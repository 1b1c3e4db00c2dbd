//! The browser for tests: the system's own.

use anyhow::{Context as _, Result, bail};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::clock::{Stopwatch, in_words};
use crate::progress::run_quietly;
use crate::project::Project;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const MAC: [&str; 2] = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// An installed Chromium or Chrome.
#[derive(Debug, Clone)]
pub struct Chromium {
    program: PathBuf,
}

impl Chromium {
    /// Finds the program that `CHROME` names, else the first on `PATH`, else where macOS keeps it.
    #[must_use]
    pub fn find() -> Option<Self> {
        find_in(env::var_os("CHROME").map(PathBuf::from), env::var_os("PATH").unwrap_or_default().as_ref())
    }

    /// Finds it, and installs Debian's where that is possible: apt-get is there and we are root.
    ///
    /// # Errors
    /// Says what to install.
    pub fn ready(project: &Project) -> Result<Self> {
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        if let Some(named) = env::var_os("CHROME").filter(|named| !named.is_empty()) {
            bail!("CHROME names {}, which is not a program", Path::new(&named).display());
        }
        let has_apt = Command::new("apt-get").arg("--version").output().is_ok_and(|output| output.status.success());
        if !has_apt || !rustix::process::geteuid().is_root() {
            bail!(
                "the browser tests need Chromium or Chrome, and this user can't install it here. Install it with the \
                 system's package manager (Debian, Ubuntu: sudo apt-get install chromium), or name one: CHROME=/path/to/chrome"
            );
        }
        println!("Installing the package chromium with apt-get: the browser tests need a browser.");
        let stopwatch = Stopwatch::start();
        let logs = project.path(".weft/logs");
        std::fs::create_dir_all(&logs).with_context(|| format!("can't make the folder {}", logs.display()))?;
        let log = logs.join("apt.log");
        run_quietly(Command::new("apt-get").arg("update"), "apt-get update", &log)?;
        run_quietly(
            Command::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args([
                "install",
                "-y",
                "--no-install-recommends",
                "chromium",
            ]),
            "apt-get install chromium",
            &log,
        )?;
        println!("Installed chromium, {}.", in_words(stopwatch.elapsed()));
        Self::find().context("the package chromium was installed, but no program of that name is on PATH")
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }
}

fn find_in(named: Option<PathBuf>, path: &std::ffi::OsStr) -> Option<Chromium> {
    if let Some(program) = named.filter(|named| !named.as_os_str().is_empty()) {
        return program.is_file().then_some(Chromium { program });
    }
    let on_path = NAMES.iter().flat_map(|name| env::split_paths(path).map(move |dir| dir.join(name)));
    on_path.chain(MAC.iter().map(PathBuf::from)).find(|program| program.is_file()).map(|program| Chromium { program })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_program_comes_first_and_must_exist() {
        let here = env::current_exe().expect("we run");
        let found = find_in(Some(here.clone()), "".as_ref()).expect("exists");
        assert_eq!(found.program(), here);
        assert!(find_in(Some("/nowhere/chrome".into()), "/usr/bin".as_ref()).is_none());
    }
}
