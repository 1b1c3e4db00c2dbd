//! Long work, told in few lines.

use anyhow::{Context as _, Result, bail};
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use crate::clock::{Stopwatch, in_words};
use crate::processes::Group;

const HEARTBEAT: Duration = Duration::from_secs(15);

/// Runs `command` with its output in the file `log`, and says every quarter of a minute how far it is.
///
/// # Errors
/// Where it fails: with the end of its output.
pub(crate) fn run_quietly(command: &mut Command, what: &str, log: &Path) -> Result<()> {
    let file = File::create(log).with_context(|| format!("can't write {}", log.display()))?;
    let second = file.try_clone().context("can't share a log file")?;
    let mut group = Group::spawn(command.stdout(file).stderr(second))?;
    let stopwatch = Stopwatch::start();
    let mut said = Duration::ZERO;
    let status = loop {
        if let Some(status) = group.try_wait()? {
            break status;
        }
        let elapsed = stopwatch.elapsed();
        if elapsed.saturating_sub(said) >= HEARTBEAT {
            said = elapsed;
            println!("  {what}: {}{}", in_words(elapsed), stage(&read(log)));
        }
        sleep(Duration::from_millis(50));
    };
    if status.success() {
        return Ok(());
    }
    bail!(
        "{what} failed ({status}). Its output ends:\n{}\nAll of it: {}",
        crate::processes::tail(&read(log), 30),
        log.display()
    )
}

fn read(log: &Path) -> String {
    fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// What cargo or npm said last, in few words.
fn stage(output: &str) -> String {
    let compiled = output.lines().filter(|line| line.trim_start().starts_with("Compiling ")).count();
    if compiled > 0 {
        return format!(", {compiled} crates so far");
    }
    let last = output.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    if last.is_empty() { String::new() } else { format!(", {}", last.chars().take(80).collect::<String>()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stage_counts_crates_or_quotes_the_last_line() {
        assert_eq!(stage(""), "");
        assert_eq!(stage("    Updating crates.io index\n"), ", Updating crates.io index");
        assert_eq!(stage("   Compiling a v1\n   Compiling b v1\n"), ", 2 crates so far");
    }

    #[test]
    fn failure_shows_the_end_of_the_output() {
        let log = std::env::temp_dir().join(format!("weft-progress-{}", std::process::id()));
        let result = run_quietly(Command::new("sh").args(["-c", "echo why; exit 3"]), "work", &log);
        let message = result.expect_err("exit 3").to_string();
        fs::remove_file(&log).expect("written");
        assert!(message.contains("work failed (exit status: 3)") && message.contains("    why"), "{message}");
    }
}
