//! The Worker, under `wrangler dev`: the real workerd with local Durable Objects and KV.

use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::group::Group;
use super::log::Log;
use super::ports::{free_port, is_free};
use crate::clock::{Stopwatch, in_words};
use crate::http;
use crate::project::{Project, private_dir, write_private};
use crate::setup::NodeTools;
use crate::vars::env_file;

/// Generous: a busy machine that starts two workerds and a bundler.
const START_DEADLINE: Duration = Duration::from_secs(90);

/// How to start a Worker.
#[derive(Debug, Default, Clone)]
pub struct WorkerOptions {
    /// Secrets and settings, by the names of `.dev.vars`. Nothing else is set: `.dev.vars` is not read.
    pub vars: BTreeMap<String, String>,
    /// Where objects, KV and the log are kept. A Worker that is started on the folder of an earlier one finds what
    /// that had stored.
    pub state_dir: PathBuf,
    /// The port on 127.0.0.1; none: a free one.
    pub port: Option<u16>,
    /// Print the log too, behind this prefix.
    pub log_prefix: Option<&'static str>,
}

/// A running Worker. Dropping it ends it.
#[derive(Debug)]
pub struct WorkerProcess {
    group: Group,
    log: Log,
    port: u16,
    state_dir: PathBuf,
}

impl WorkerProcess {
    /// Starts the Worker that `cargo xtask build` built and waits until it answers.
    ///
    /// # Errors
    /// Where it isn't built, or doesn't answer in time; with the end of its log.
    pub fn start(project: &Project, options: &WorkerOptions) -> Result<Self> {
        private_dir(&options.state_dir)?;
        let state_dir = options.state_dir.canonicalize().context("the state folder is there")?;
        let mut tries = 0;
        loop {
            let port = match options.port {
                Some(port) if !is_free(port) => bail!("port {port} is in use by another program"),
                Some(port) => port,
                None => free_port()?,
            };
            let mut worker = Self::spawn(project, options, &state_dir, port)?;
            match worker.wait_until_ready() {
                Ok(()) => return Ok(worker),
                // Between our look and its start another program may have taken the port.
                Err(_) if options.port.is_none() && tries < 2 && worker.lost_its_port() => tries += 1,
                Err(error) => {
                    worker.kill9();
                    return Err(worker.log.explain(&error.context("the Worker did not start")));
                }
            }
        }
    }

    fn spawn(project: &Project, options: &WorkerOptions, state_dir: &Path, port: u16) -> Result<Self> {
        let node = NodeTools::find(project)?;
        let vars = state_dir.join("vars.env");
        write_private(&vars, &env_file(&options.vars)?)?;
        let scratch = state_dir.join("scratch");
        private_dir(&scratch)?;
        let log = Log::open(state_dir.join("worker.log"), options.log_prefix)?;

        let mut command = Command::new(node.node());
        command
            .current_dir(project.root())
            // What `node_modules/.bin/wrangler` would start, without one more process between.
            .arg("--no-warnings")
            .arg(project.path("node_modules/wrangler/wrangler-dist/cli.js"))
            .args(["dev", "--ip", "127.0.0.1", "--port", &port.to_string()])
            // Values go through a file: a command line is for every user of the machine to see.
            .arg("--env-file")
            .arg(&vars)
            .arg("--persist-to")
            .arg(state_dir.join("storage"))
            // 0: a free one. The default would clash with another Worker's.
            .args(["--inspector-port", "0", "--show-interactive-dev-session=false", "--log-level", "log"])
            .env("PATH", node.path_env()?)
            .env("TMPDIR", &scratch)
            // Two Workers of one name must not find each other.
            .env("WRANGLER_REGISTRY_PATH", scratch.join("registry"))
            // Nothing outside of the project is written, and no address outside is called.
            .env("XDG_CONFIG_HOME", scratch.join("config"))
            .env("WRANGLER_WRITE_LOGS", "false")
            .env("WRANGLER_SEND_METRICS", "false")
            .env("WRANGLER_SEND_ERROR_REPORTS", "false")
            .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
            // Its store of traces would keep the URL of each request, credentials in the wrong place included.
            .env("X_LOCAL_OBSERVABILITY", "false")
            .env("NO_COLOR", "1")
            .env("FORCE_COLOR", "0")
            .env_remove("CLOUDFLARE_ENV")
            .env_remove("CLOUDFLARE_INCLUDE_PROCESS_ENV")
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
        Ok(Self { group, log, port, state_dir: state_dir.to_owned() })
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let health = format!("{}/health", self.url());
        let stopwatch = Stopwatch::start();
        while stopwatch.elapsed() < START_DEADLINE {
            if let Some(status) = self.group.try_wait()? {
                bail!("it ended with {status}");
            }
            if http::answers(&health) {
                return Ok(());
            }
            sleep(Duration::from_millis(100));
        }
        bail!("GET {health} did not answer 200 within {}", in_words(START_DEADLINE))
    }

    fn lost_its_port(&self) -> bool {
        self.log.text().is_ok_and(|text| text.contains("ddress already in use") || text.contains("EADDRINUSE"))
    }

    /// The Worker's address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The id of the process group that wrangler and its workerd run in.
    #[must_use]
    pub fn group_id(&self) -> u32 {
        self.group.id()
    }

    /// All that it has printed, restarts included.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Whether it has ended, with how.
    ///
    /// # Errors
    /// Where the system doesn't say.
    pub fn ended(&mut self) -> Result<Option<std::process::ExitStatus>> {
        self.group.try_wait()
    }

    /// Ends it in order.
    pub fn stop(&mut self) {
        self.group.stop();
        self.clean();
    }

    /// Ends it as a crash does: all of its processes at once, nothing flushed.
    pub fn kill9(&mut self) {
        self.group.kill();
        self.clean();
    }

    /// The values it was started with, and its bundles, are no longer needed.
    fn clean(&self) {
        drop(fs::remove_file(self.state_dir.join("vars.env")));
        drop(fs::remove_dir_all(self.state_dir.join("scratch")));
    }
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        self.stop();
    }
}
