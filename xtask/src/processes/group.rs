//! A child in its own process group, with everything that it starts.

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::clock::Stopwatch;

/// How long a group may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// Waits for the end of its standard input, which comes when we die, even by `kill -9`, and then ends the group. A
/// line on it says that the group has ended already: the number may be another's by then.
const WATCHDOG: &str = r#"trap "" INT TERM HUP
read -r line && exit 0
kill -s TERM -- "-$1"
sleep 3
kill -s KILL -- "-$1""#;

/// A running process group. Dropping it ends it.
#[derive(Debug)]
pub struct Group {
    leader: Child,
    id: Pid,
    watchdog: Child,
    status: Option<ExitStatus>,
}

impl Group {
    /// Starts `command` as the leader of a new group, without standard input.
    ///
    /// # Errors
    /// Where it can't be started.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let leader =
            command.stdin(Stdio::null()).process_group(0).spawn().with_context(|| format!("can't start {name}"))?;
        let id = Pid::from_child(&leader);
        let watchdog = Command::new("sh")
            .args(["-c", WATCHDOG, "weft-watchdog", &id.as_raw_nonzero().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Out of reach of the terminal's Ctrl-C.
            .process_group(0)
            .spawn();
        match watchdog {
            Ok(watchdog) => Ok(Self { leader, id, watchdog, status: None }),
            Err(error) => {
                let _ = kill_process_group(id, Signal::KILL);
                Err(error).context("can't start sh, which ends programs that are left behind")
            }
        }
    }

    /// The leader's process id, which is also the group's.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.leader.id()
    }

    /// The leader's output, where it is a pipe; once.
    pub fn take_output(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.leader.stdout.take(), self.leader.stderr.take())
    }

    /// How the leader ended, if it has. What it left behind in the group is ended then too.
    ///
    /// # Errors
    /// Where the system doesn't say.
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        if self.status.is_none()
            && let Some(status) = self.leader.try_wait().context("can't ask for a program's end")?
        {
            self.ended(status);
        }
        Ok(self.status)
    }

    /// Waits for the leader's end.
    ///
    /// # Errors
    /// Where the system doesn't say.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.status {
            return Ok(status);
        }
        let status = self.leader.wait().context("can't wait for a program's end")?;
        self.ended(status);
        Ok(status)
    }

    /// Asks the group to end, and ends it by force where it hasn't after 5 seconds.
    pub fn stop(&mut self) {
        if self.status.is_none() {
            let _ = kill_process_group(self.id, Signal::TERM);
            let stopwatch = Stopwatch::start();
            while stopwatch.elapsed() < GRACE {
                if matches!(self.try_wait(), Ok(Some(_))) {
                    return;
                }
                sleep(POLL);
            }
            self.kill();
        }
    }

    /// Ends the group at once, as a crash does.
    pub fn kill(&mut self) {
        if self.status.is_none() {
            let _ = kill_process_group(self.id, Signal::KILL);
            let _ = self.wait();
        }
    }

    fn ended(&mut self, status: ExitStatus) {
        use std::io::Write as _;
        self.status = Some(status);
        let _ = kill_process_group(self.id, Signal::KILL);
        if let Some(mut stdin) = self.watchdog.stdin.take() {
            let _ = stdin.write_all(b"ended\n");
        }
        let _ = self.watchdog.wait();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::sync::mpsc;
    use std::thread;

    fn shell(script: &str) -> Group {
        Group::spawn(Command::new("sh").args(["-c", script]).stdout(Stdio::piped())).expect("sh is everywhere")
    }

    /// The pipe's end comes when the last process that holds it is gone.
    fn is_gone(stdout: Option<ChildStdout>) -> bool {
        let mut stdout = stdout.expect("piped");
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(stdout.read_to_end(&mut Vec::new()).is_ok()));
        receiver.recv_timeout(Duration::from_secs(10)) == Ok(true)
    }

    #[test]
    fn status_of_the_leader_is_kept() {
        let mut group = shell("exit 7");
        assert_eq!(group.wait().expect("waits").code(), Some(7));
        assert_eq!(group.try_wait().expect("asks").and_then(|status| status.code()), Some(7));
    }

    #[test]
    fn stopping_ends_grandchildren_too() {
        let mut group = shell("sleep 1000 & sleep 1000");
        let (stdout, _) = group.take_output();
        assert!(group.try_wait().expect("asks").is_none());
        group.stop();
        assert!(is_gone(stdout));
    }

    #[test]
    fn group_that_ignores_the_request_is_ended_by_kill() {
        let mut group = shell(r#"trap "" TERM; while :; do sleep 1; done"#);
        let (stdout, _) = group.take_output();
        group.kill();
        assert!(is_gone(stdout));
    }

    #[test]
    fn leader_that_ends_takes_the_group_with_it() {
        let mut group = shell("sleep 1000 & exit 0");
        let (stdout, _) = group.take_output();
        group.wait().expect("waits");
        assert!(is_gone(stdout));
    }

    #[test]
    fn group_ends_when_its_owner_is_gone() {
        let mut group = shell("sleep 1000 & sleep 1000");
        let (stdout, _) = group.take_output();
        // What the system does to our end of the pipe when we are killed.
        drop(group.watchdog.stdin.take());
        assert!(is_gone(stdout));
    }
}
