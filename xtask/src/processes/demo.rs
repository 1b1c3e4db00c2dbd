//! The demo site: a customer's page with its own backend.

use anyhow::{Result, bail};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::group::Group;
use super::log::Log;
use super::ports::{free_port, is_free};
use crate::clock::{Stopwatch, in_words};
use crate::http;
use crate::project::private_dir;

const START_DEADLINE: Duration = Duration::from_secs(30);

/// How to start a demo site.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// The program, as `build::demo_site` gives it.
    pub program: PathBuf,
    /// The port on 127.0.0.1; none: a free one.
    pub port: Option<u16>,
    /// Where Weft is.
    pub worker_url: String,
    /// The key for its pages.
    pub publishable_key: String,
    /// The key for its backend.
    pub secret_key: String,
    /// Lets tests ask the refresh endpoint to fail (`DEMO_FAULTS`).
    pub faults_allowed: bool,
    /// Where its log goes.
    pub state_dir: PathBuf,
    /// Print the log too, behind this prefix.
    pub log_prefix: Option<&'static str>,
}

/// A running demo site. Dropping it ends it.
#[derive(Debug)]
pub struct DemoProcess {
    group: Group,
    log: Log,
    port: u16,
}

impl DemoProcess {
    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// Where it doesn't answer in time; with the end of its log.
    pub fn start(options: &DemoOptions) -> Result<Self> {
        private_dir(&options.state_dir)?;
        let port = match options.port {
            Some(port) if !is_free(port) => bail!("port {port} is in use by another program"),
            Some(port) => port,
            None => free_port()?,
        };
        let log = Log::open(options.state_dir.join("demo.log"), options.log_prefix)?;
        let mut command = Command::new(&options.program);
        command
            .env("PORT", port.to_string())
            .env("WEFT_URL", &options.worker_url)
            .env("WEFT_PUBLISHABLE_KEY", &options.publishable_key)
            .env("WEFT_SECRET_KEY", &options.secret_key)
            .env("DEMO_FAULTS", if options.faults_allowed { "1" } else { "0" })
            .env("NO_COLOR", "1")
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
        let mut demo = Self { group, log, port };
        demo.wait_until_ready().map_err(|error| demo.log.explain(&error.context("the demo site did not start")))?;
        Ok(demo)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let page = format!("{}/", self.url());
        let stopwatch = Stopwatch::start();
        while stopwatch.elapsed() < START_DEADLINE {
            if let Some(status) = self.group.try_wait()? {
                bail!("it ended with {status}");
            }
            if http::answers(&page) {
                return Ok(());
            }
            sleep(Duration::from_millis(50));
        }
        bail!("GET {page} did not answer 200 within {}", in_words(START_DEADLINE))
    }

    /// The site's address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All that it has printed.
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

    /// Ends it.
    pub fn stop(&mut self) {
        self.group.stop();
    }
}
