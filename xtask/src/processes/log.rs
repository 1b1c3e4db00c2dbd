//! What a program prints, kept in a file and, where wanted, shown line by line.

use anyhow::{Context as _, Error, Result, anyhow};
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A program's log file. It grows; a restarted program goes on where the last one ended.
#[derive(Debug, Clone)]
pub struct Log {
    path: PathBuf,
    file: Arc<Mutex<File>>,
    prefix: Option<&'static str>,
}

impl Log {
    /// Opens the file for appending. With a `prefix`, every line is printed behind it too.
    ///
    /// # Errors
    /// Where the file can't be opened.
    pub fn open(path: PathBuf, prefix: Option<&'static str>) -> Result<Self> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("can't write {}", path.display()))?;
        Ok(Self { path, file: Arc::new(Mutex::new(file)), prefix })
    }

    /// Takes lines from `source` until it ends.
    pub fn follow(&self, source: impl Read + Send + 'static) {
        let log = self.clone();
        thread::spawn(move || {
            let mut lines = BufReader::new(source);
            let mut line = Vec::new();
            while matches!(lines.read_until(b'\n', &mut line), Ok(read) if read > 0) {
                log.write(&line);
                line.clear();
            }
        });
    }

    fn write(&self, line: &[u8]) {
        let line = [line.strip_suffix(b"\n").unwrap_or(line), b"\n"].concat();
        if let Ok(mut file) = self.file.lock() {
            let _ = file.write_all(&line);
        }
        if let Some(prefix) = self.prefix {
            // Not `print!`, which panics once the terminal is gone.
            let _ = write!(std::io::stdout(), "[{prefix}] {}", String::from_utf8_lossy(&line));
        }
    }

    /// Where the log is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All of it, as far as it has come.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn text(&self) -> Result<String> {
        let bytes = std::fs::read(&self.path).with_context(|| format!("can't read {}", self.path.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// `error`, with what the program printed last.
    #[must_use]
    pub fn explain(&self, error: &Error) -> Error {
        // The last words of a program that has just ended are still on their way.
        thread::sleep(Duration::from_millis(200));
        let tail = tail(&self.text().unwrap_or_default(), 25);
        anyhow!("{error:#}\nIts log ends:\n{tail}\nAll of it: {}", self.path.display())
    }
}

/// The last `count` lines of `text`, indented.
#[must_use]
pub(crate) fn tail(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(count)..];
    if last.is_empty() { "    (it printed nothing)".to_owned() } else { format!("    {}", last.join("\n    ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tail_is_the_last_lines() {
        assert_eq!(tail("a\n\nb\nc\n", 2), "    b\n    c");
        assert_eq!(tail("a", 2), "    a");
        assert_eq!(tail("", 2), "    (it printed nothing)");
    }
}
