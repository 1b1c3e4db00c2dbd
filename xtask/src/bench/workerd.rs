//! The built Worker in workerd, without the proxy of `wrangler dev` before it.

use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::clock::{Stopwatch, in_words};
use crate::entropy::random_secret;
use crate::http;
use crate::processes::{Group, Log, free_port};
use crate::project::{Project, private_dir, write_private};
use crate::setup::NodeTools;

const START_DEADLINE: Duration = Duration::from_mins(1);

/// A running Worker with storage of its own. Dropping it ends it.
pub(super) struct Workerd {
    group: Group,
    log: Log,
    vars: PathBuf,
    /// Its address, without a slash at the end.
    pub(super) url: String,
    /// `ADMIN_API_KEY`
    pub(super) admin_key: String,
}

impl Workerd {
    /// Starts it on empty storage, with the test agent on and these variables on top.
    ///
    /// # Errors
    /// Where it doesn't answer in time; with the end of its log.
    pub(super) fn start(project: &Project, name: &str, more: &[(&str, &str)]) -> Result<Self> {
        let state = project.path(".weft/bench").join(name);
        drop(fs::remove_dir_all(&state));
        private_dir(&state)?;
        let (master_key, admin_key) = (random_secret()?, random_secret()?);
        let own = [("WEFT_MASTER_KEY", master_key.as_str()), ("ADMIN_API_KEY", &admin_key), ("TEST_AGENT", "1")];
        let values: BTreeMap<&str, &str> = own.into_iter().chain(more.iter().copied()).collect();
        // Through a file: a command line is for every user of the machine to see.
        let vars = state.join("vars.json");
        write_private(&vars, &serde_json::to_string(&values).context("texts are JSON")?)?;
        let node = NodeTools::find(project)?;
        let log = Log::open(state.join("worker.log"), None)?;
        let port = free_port()?;
        let mut command = Command::new(node.node());
        command
            .current_dir(project.root())
            .arg("--no-warnings")
            .arg(project.path("xtask/src/bench/serve.mjs"))
            .arg(port.to_string())
            .args([&state.join("storage"), &vars])
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
        let mut worker = Self { group, log, vars, url: format!("http://127.0.0.1:{port}"), admin_key };
        let ready = worker.wait_until_ready();
        ready.map_err(|error| worker.log.explain(&error.context("workerd did not start")))?;
        Ok(worker)
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
            sleep(Duration::from_millis(100));
        }
        bail!("GET {health} did not answer 200 within {}", in_words(START_DEADLINE))
    }
}

impl Drop for Workerd {
    fn drop(&mut self) {
        self.group.stop();
        drop(fs::remove_file(&self.vars));
    }
}
