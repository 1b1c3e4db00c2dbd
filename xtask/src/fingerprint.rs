//! Whether anything that a build reads has changed since it last succeeded. By content: a fresh checkout, a branch
//! switched forth and back, or a touched file build nothing anew.

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Bytes in lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The fingerprint of files and folders below `root`, and of `rest`.
///
/// # Errors
/// Where a file can't be read.
pub fn of(root: &Path, inputs: &[&str], rest: &str) -> Result<String> {
    let mut files = Vec::new();
    for input in inputs {
        collect(&root.join(input), &mut files)?;
    }
    files.sort();
    let mut hasher = Sha256::new();
    for file in files {
        let content = fs::read(&file).with_context(|| format!("can't read {}", file.display()))?;
        let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().into_owned();
        // Lengths between, so that no two trees look alike.
        hasher.update(format!("{} {name} {} ", name.len(), content.len()));
        hasher.update(content);
    }
    hasher.update(rest);
    Ok(hex(&hasher.finalize()))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path).with_context(|| format!("can't list {}", path.display()))? {
            let entry = entry.with_context(|| format!("can't list {}", path.display()))?;
            // What builds leave behind.
            if !["target", "pkg", "build", "node_modules"].iter().any(|name| entry.file_name() == *name) {
                collect(&entry.path(), files)?;
            }
        }
    } else if path.exists() {
        files.push(path.to_owned());
    }
    Ok(())
}

/// The note that a build succeeded, beside what it made.
#[derive(Debug)]
pub struct Stamp {
    path: PathBuf,
    fingerprint: String,
}

impl Stamp {
    /// The stamp at `path` for inputs of this fingerprint.
    #[must_use]
    pub fn new(path: PathBuf, fingerprint: String) -> Self {
        Self { path, fingerprint }
    }

    /// Whether the last success had the same inputs.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|stored| stored == self.fingerprint)
    }

    /// Before a build: what is there is no longer to be trusted.
    pub fn clear(&self) {
        drop(fs::remove_file(&self.path));
    }

    /// After a success.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn set(&self) -> Result<()> {
        if let Some(dir) = self.path.parent() {
            fs::create_dir_all(dir).with_context(|| format!("can't make the folder {}", dir.display()))?;
        }
        fs::write(&self.path, &self.fingerprint).with_context(|| format!("can't write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_an_input_shows() {
        let root = std::env::temp_dir().join(format!("weft-fingerprint-{}", std::process::id()));
        let put = |name: &str, text: &str| {
            let path = root.join(name);
            fs::create_dir_all(path.parent().expect("has one")).expect("made");
            fs::write(path, text).expect("written");
        };
        let read = || of(&root, &["src", "one.toml", "absent"], "v1").expect("readable");
        put("src/a.rs", "ab");
        put("src/deep/b.rs", "c");
        put("one.toml", "x");
        let first = read();
        assert_eq!(first, read());
        put("src/target/junk", "ignored");
        put("other.toml", "ignored");
        assert_eq!(first, read());
        assert_ne!(first, of(&root, &["src", "one.toml", "absent"], "v2").expect("readable"));
        put("src/a.rs", "a");
        let second = read();
        assert_ne!(first, second);
        put("src/a.rs", "ab");
        assert_eq!(first, read());
        fs::rename(root.join("src/deep/b.rs"), root.join("src/deep/c.rs")).expect("renamed");
        assert_ne!(first, read());
        fs::remove_dir_all(&root).expect("removed");
    }
}
