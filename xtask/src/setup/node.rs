//! Programs that npm installs by the lock file, and the Node that runs them.

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::clock::{Stopwatch, in_words};
use crate::fingerprint::hex;
use crate::progress::run_quietly;
use crate::project::Project;

/// The oldest Node that Wrangler runs on.
const NEEDED: (u32, u32) = (22, 12);

/// A Node that is new enough, and the project's npm programs.
#[derive(Debug, Clone)]
pub struct NodeTools {
    node: PathBuf,
    bin_dir: PathBuf,
}

impl NodeTools {
    /// Finds what [`super::Tools::ready`] has installed.
    ///
    /// # Errors
    /// Where it isn't there.
    pub fn find(project: &Project) -> Result<Self> {
        // npm's own `node` comes with the lock file; where it has none for a platform, the system's may do.
        for node in [project.npm_program("node"), PathBuf::from("node")] {
            if version(&node).is_some_and(|version| version >= NEEDED) {
                return Ok(Self { node, bin_dir: project.path("node_modules/.bin") });
            }
        }
        bail!(
            "no Node {}.{} or newer: neither did npm install one for this platform, nor is one on PATH",
            NEEDED.0,
            NEEDED.1
        )
    }

    /// The Node.
    #[must_use]
    pub fn node(&self) -> &Path {
        &self.node
    }

    /// `PATH` with the npm programs first.
    ///
    /// # Errors
    /// Where `PATH` can't be written.
    pub fn path_env(&self) -> Result<OsString> {
        self.path_env_with(None)
    }

    /// As [`Self::path_env`], with one more folder after the npm programs.
    pub(super) fn path_env_with(&self, second: Option<&Path>) -> Result<OsString> {
        let path = env::var_os("PATH").unwrap_or_default();
        let dirs = [Some(&*self.bin_dir), second].into_iter().flatten().map(Path::to_owned);
        let dirs = dirs.chain(env::split_paths(&path));
        env::join_paths(dirs).context("a folder's name with a colon in it can't stand in PATH")
    }
}

/// Installs by the lock file, unless that was done since the lock file changed.
pub(super) fn ready(project: &Project) -> Result<NodeTools> {
    let lock = project.path("package-lock.json");
    let content = fs::read(&lock).with_context(|| format!("can't read {}", lock.display()))?;
    let fingerprint = hex(&Sha256::digest(&content));
    // Inside: who deletes node_modules deletes the stamp.
    let stamp = project.path("node_modules/.weft-installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == fingerprint)
        && let Ok(node) = NodeTools::find(project)
    {
        return Ok(node);
    }
    if version(Path::new("node")).is_none() {
        bail!("Node 20 or newer is needed and `node` is not on PATH: see https://nodejs.org/en/download");
    }
    if Command::new("npm").arg("--version").output().is_err() {
        bail!("npm is needed and not on PATH; it comes with Node: see https://nodejs.org/en/download");
    }
    println!("Installing npm's tools by package-lock.json: wrangler, esbuild, binaryen, node.");
    let stopwatch = Stopwatch::start();
    let logs = project.path(".weft/logs");
    fs::create_dir_all(&logs).with_context(|| format!("can't make the folder {}", logs.display()))?;
    let mut command = Command::new("npm");
    command.current_dir(project.root()).args(["ci", "--no-audit", "--no-fund", "--loglevel", "error"]);
    run_quietly(&mut command, "npm ci", &logs.join("npm.log"))?;
    let node = NodeTools::find(project)?;
    fs::write(&stamp, fingerprint).with_context(|| format!("can't write {}", stamp.display()))?;
    println!("Installed npm's tools in node_modules, {}.", in_words(stopwatch.elapsed()));
    Ok(node)
}

fn version(node: &Path) -> Option<(u32, u32)> {
    let output = Command::new(node).arg("--version").output().ok().filter(|output| output.status.success())?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

/// `v22.23.3` → (22, 23).
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions_are_compared_as_numbers() {
        assert_eq!(parse_version("v22.23.3\n"), Some((22, 23)));
        assert!(parse_version("v9.0.0") < Some(NEEDED));
        assert!(parse_version("v22.11.0") < Some(NEEDED));
        assert!(parse_version("v22.12.0") >= Some(NEEDED));
        assert!(parse_version("v24.0.0") >= Some(NEEDED));
        assert_eq!(parse_version("22"), None);
    }

    #[test]
    fn lock_file_names_no_registry() {
        // An address in it would bind every checkout to one registry, or to one that others can't reach.
        let lock = fs::read_to_string(Project::find().expect("in the project").path("package-lock.json"));
        assert!(!lock.expect("committed").contains("\"resolved\""));
    }
}
