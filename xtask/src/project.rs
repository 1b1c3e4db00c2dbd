//! Where the project's files are, and the user's cache.

use anyhow::{Context as _, Result, bail};
use std::env;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// The checkout that a command works on.
#[derive(Debug, Clone)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// Finds the checkout: cargo says where the running package is, and every package is a folder of the root. A
    /// program started without cargo falls back to where it was built.
    ///
    /// # Errors
    /// Where that folder is not this project.
    pub fn find() -> Result<Self> {
        let manifest_dir = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let built_in = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        for dir in manifest_dir.into_iter().chain([built_in]) {
            if let Some(root) = dir.parent().filter(|root| root.join("wrangler.toml").is_file()) {
                return Ok(Self { root: root.to_owned() });
            }
        }
        bail!("the project's folder was not found; run this as `cargo xtask …` inside it")
    }

    /// The checkout's folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file or folder of the checkout.
    #[must_use]
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A program that npm installed.
    #[must_use]
    pub fn npm_program(&self, name: &str) -> PathBuf {
        self.root.join("node_modules/.bin").join(name)
    }
}

/// Where tools are kept between checkouts: `$XDG_CACHE_HOME/weft/tools`, or below `~/.cache`.
///
/// # Errors
/// Where neither variable says where that is.
pub fn tools_dir() -> Result<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    // A relative XDG_CACHE_HOME is to be ignored: XDG Base Directory Specification.
    let cache = absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .context("neither HOME nor XDG_CACHE_HOME is set: nowhere to keep tools")?;
    Ok(cache.join("weft/tools"))
}

/// Makes a folder that only its owner can read, and keeps one that is there.
///
/// # Errors
/// Where it can't be made.
pub fn private_dir(dir: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("can't make the folder {}", dir.display()))
}

/// Writes a file that only its owner can read, whatever was there before. The content is complete or not there.
///
/// # Errors
/// Where it can't be written.
pub fn write_private(path: &Path, content: &str) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let partial = path.with_extension("partial");
    let write = || {
        // Left over from an interrupted run, perhaps with another mode: `mode` counts only for a new file.
        drop(fs::remove_file(&partial));
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()?;
        fs::rename(&partial, path)
    };
    write().with_context(|| format!("can't write {}", path.display()))
}

/// Holds a file's lock until it is dropped, or the program ends in whatever way.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, and waits where another program has it, after saying `waiting`.
    ///
    /// # Errors
    /// Where the file can't be locked.
    pub fn wait_for(path: &Path, waiting: &str) -> Result<Self> {
        if let Some(lock) = Self::try_take(path)? {
            return Ok(lock);
        }
        println!("{waiting}");
        let file = open_lock(path)?;
        file.lock().with_context(|| format!("can't lock {}", path.display()))?;
        Ok(Self { _file: file })
    }

    /// Takes the lock, or none where another program has it.
    ///
    /// # Errors
    /// Where the file can't be locked.
    pub fn try_take(path: &Path) -> Result<Option<Self>> {
        let file = open_lock(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("can't lock {}", path.display())),
        }
    }
}

fn open_lock(path: &Path) -> Result<File> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).with_context(|| format!("can't make the folder {}", dir.display()))?;
    }
    File::create(path).with_context(|| format!("can't write {}", path.display()))
}
