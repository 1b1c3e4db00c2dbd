//! The built Worker in workerd, without the proxy of `wrangler dev` before it: for load, for crashes, and for workerd's
//! own test hooks.

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use ureq::http::Method;

use super::group::Group;
use super::log::Log;
use super::ports::free_port;
use crate::clock::{Stopwatch, in_words};
use crate::http::{self, Api};
use crate::project::{Project, private_dir, write_private};
use crate::setup::NodeTools;

const START_DEADLINE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);
/// What `serve.mjs` prints before a process's number.
const PROCESS: &str = "workerd is process ";

/// How to start it.
#[derive(Debug, Clone, Default)]
pub struct WorkerdOptions {
    /// Secrets and settings, by the names of `.dev.vars`.
    pub vars: BTreeMap<String, String>,
    /// Where objects, KV and the log are kept.
    pub state_dir: PathBuf,
    /// Whether to start workerd's test hooks beside it.
    pub has_hooks: bool,
    /// Whether to count what its objects are asked and write. Needs the hooks, which tell.
    pub is_counted: bool,
    /// Small Workers of one module, on the same workerd.
    pub beside: Vec<Beside>,
}

/// A small Worker of one module.
#[derive(Debug, Clone, Serialize)]
pub struct Beside {
    /// Its name.
    pub name: String,
    /// Its port on 127.0.0.1.
    pub port: u16,
    /// Its module.
    pub path: PathBuf,
    /// Its variables.
    pub vars: BTreeMap<String, String>,
}

/// A running Worker. Dropping it ends it.
#[derive(Debug)]
pub struct WorkerdProcess {
    group: Group,
    log: Log,
    config: PathBuf,
    url: String,
    hooks: Option<String>,
}

impl WorkerdProcess {
    /// Starts the Worker that `cargo xtask build` built and waits until it answers.
    ///
    /// # Errors
    /// Where it doesn't answer in time; with the end of its log.
    pub fn start(project: &Project, options: &WorkerdOptions) -> Result<Self> {
        private_dir(&options.state_dir)?;
        let state = options.state_dir.canonicalize().context("the state folder is there")?;
        let port = free_port()?;
        let hooks = if options.has_hooks { Some(free_port()?) } else { None };
        // Through a file: a command line is for every user of the machine to see.
        let config = state.join("workerd.json");
        let values = json!({
            "port": port,
            "storage": state.join("storage"),
            "vars": options.vars,
            "hooks": hooks,
            "counts": options.is_counted,
            "beside": options.beside,
        });
        write_private(&config, &values.to_string())?;
        let node = NodeTools::find(project)?;
        let log = Log::open(state.join("worker.log"), None)?;
        let mut command = Command::new(node.node());
        command
            .current_dir(project.root())
            .arg("--no-warnings")
            .arg(project.path("xtask/src/processes/workerd/serve.mjs"))
            .arg(&config)
            .env("PATH", node.path_env()?)
            .env("WRANGLER_SEND_METRICS", "false")
            .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
            .env_remove("NODE_OPTIONS")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut group = Group::spawn(&mut command)?;
        let (stdout, stderr) = group.take_output();
        if let Some(stdout) = stdout {
            log.follow(stdout);
        }
        if let Some(stderr) = stderr {
            log.follow(stderr);
        }
        let url = |port| format!("http://127.0.0.1:{port}");
        let mut worker = Self { group, log, config, url: url(port), hooks: hooks.map(url) };
        let ready = worker.wait_until_ready();
        ready.map_err(|error| worker.log.explain(&error.context("workerd did not start")))?;
        Ok(worker)
    }

    /// Its address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// All that it has printed.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// The number of the workerd process.
    ///
    /// # Errors
    /// Where it wasn't printed.
    pub fn process(&self) -> Result<i32> {
        let text = self.log.text()?;
        let line = text.lines().rev().find_map(|line| line.strip_prefix(PROCESS)).context("no process was named")?;
        line.trim().parse().context("a process has a number")
    }

    /// Ends workerd as a crash does: at once, nothing flushed. It is started again on what it had stored;
    /// [`Self::wait_until_back`] waits for that.
    ///
    /// # Errors
    /// Where it wasn't running.
    pub fn kill9(&self) -> Result<()> {
        let pid = Pid::from_raw(self.process()?).context("a process has a number above 0")?;
        kill_process(pid, Signal::KILL).context("workerd was running")
    }

    /// Waits until there is another workerd than `killed`, and it answers.
    ///
    /// # Errors
    /// Where there is none in time.
    pub fn wait_until_back(&mut self, killed: i32) -> Result<()> {
        let stopwatch = Stopwatch::start();
        while self.process()? == killed {
            ensure!(stopwatch.elapsed() < START_DEADLINE, "workerd was not started again");
            sleep(POLL);
        }
        self.wait_until_ready()
    }

    /// Calls one of the hooks of `hooks.mjs`.
    ///
    /// # Errors
    /// Where it wasn't started with them, or the hook says so.
    pub fn hook(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let hooks = self.hooks.as_ref().context("it runs without hooks")?;
        let answer = Api::without_credential(hooks).call(method, path, body)?;
        ensure!(answer.status == 200, "{path}: {}", answer.body);
        Ok(answer.body)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let health = format!("{}/health", self.url);
        let stopwatch = Stopwatch::start();
        while stopwatch.elapsed() < START_DEADLINE {
            if let Some(status) = self.group.try_wait()? {
                bail!("it ended with {status}");
            }
            if http::answers(&health) {
                return Ok(());
            }
            sleep(POLL);
        }
        bail!("GET {health} did not answer 200 within {}", in_words(START_DEADLINE))
    }
}

impl Drop for WorkerdProcess {
    fn drop(&mut self) {
        self.group.stop();
        drop(fs::remove_file(&self.config));
    }
}
