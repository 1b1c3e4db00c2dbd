//! A running Worker and the secrets that its operator holds.

use super::forge::master_bytes;
use super::http::Call;
use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use xtask::processes::{WorkerOptions, WorkerProcess};
use xtask::project::Project;

/// A running Worker, seen from outside, with its operator's secrets.
#[derive(Debug, Clone)]
pub struct Deployment {
    url: String,
    admin_key: String,
    master_key: String,
    log: PathBuf,
}

impl Deployment {
    /// The one that `cargo xtask test` started for all tests.
    ///
    /// # Panics
    /// Where the tests were started in another way.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Deployment> = OnceLock::new();
        SHARED.get_or_init(|| Self {
            url: variable("WEFT_TEST_WORKER_URL"),
            admin_key: variable("WEFT_TEST_ADMIN_KEY"),
            master_key: variable("WEFT_TEST_MASTER_KEY"),
            log: variable("WEFT_TEST_LOG").into(),
        })
    }

    /// Its address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its host and port.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// `ADMIN_API_KEY`
    #[must_use]
    pub fn admin_key(&self) -> &str {
        &self.admin_key
    }

    /// The 32 bytes of `WEFT_MASTER_KEY`.
    #[must_use]
    pub fn master(&self) -> [u8; 32] {
        master_bytes(&self.master_key)
    }

    /// All that it has printed so far.
    ///
    /// # Panics
    /// Where its log can't be read.
    #[must_use]
    pub fn log(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_else(|error| panic!("{}: {error}", self.log.display()));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A request without a credential.
    pub fn call(&self, method: &str, target: &str) -> Call {
        Call::new(method, &self.url, target)
    }

    /// A `GET` without a credential.
    pub fn get(&self, target: &str) -> Call {
        self.call("GET", target)
    }

    /// A `POST` without a credential.
    pub fn post(&self, target: &str) -> Call {
        self.call("POST", target)
    }

    /// A request of the operator's.
    pub fn admin(&self, method: &str, target: &str) -> Call {
        self.call(method, target).bearer(&self.admin_key)
    }
}

/// What a Worker of a test's own is started with. It has its own state, kept over restarts.
#[derive(Debug, Clone)]
pub struct Settings {
    vars: BTreeMap<String, String>,
    state_dir: PathBuf,
}

impl Settings {
    /// A working deployment of this name, with secrets of its own and the test agent on.
    ///
    /// # Panics
    /// Where the system gives no randomness, or the tests weren't started by `cargo xtask test`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let secret = || xtask::entropy::random_secret().expect("the system gives randomness");
        let settings = Self { vars: BTreeMap::new(), state_dir: Path::new(&variable("WEFT_TEST_STATE")).join(name) };
        settings.with("WEFT_MASTER_KEY", &secret()).with("ADMIN_API_KEY", &secret()).with("TEST_AGENT", "1")
    }

    /// With a variable set.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.vars.insert(name.to_owned(), value.to_owned());
        self
    }

    /// With a variable not set.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.vars.remove(name);
        self
    }

    /// A variable's value; empty where it isn't set.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.vars.get(name).map_or("", String::as_str)
    }

    pub(super) const fn vars(&self) -> &BTreeMap<String, String> {
        &self.vars
    }

    /// A Worker that was started with them.
    pub(super) fn deployment(&self, url: String, log: PathBuf) -> Deployment {
        let (admin_key, master_key) = (self.get("ADMIN_API_KEY").to_owned(), self.get("WEFT_MASTER_KEY").to_owned());
        Deployment { url, admin_key, master_key, log }
    }

    /// Where its state is kept.
    #[must_use]
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// Starts it, and waits until it answers.
    ///
    /// # Panics
    /// Where it doesn't.
    #[must_use]
    pub fn start(&self) -> Started {
        let project = Project::find().expect("the tests run in the project");
        let options =
            WorkerOptions { vars: self.vars.clone(), state_dir: self.state_dir.clone(), port: None, log_prefix: None };
        let process = WorkerProcess::start(&project, &options).unwrap_or_else(|error| panic!("{error:#}"));
        let deployment = self.deployment(process.url(), process.log().path().to_owned());
        Started { deployment, process }
    }
}

/// A Worker that a test started. Dropping it ends it.
#[derive(Debug)]
pub struct Started {
    /// The Worker, from outside.
    pub deployment: Deployment,
    process: WorkerProcess,
}

impl Started {
    /// What its `workerd` holds of the machine's memory, in KiB.
    ///
    /// # Panics
    /// Where it isn't found: this reads Linux's `/proc`.
    #[must_use]
    pub fn resident_kib(&self) -> u64 {
        let group = self.process.group_id().to_string();
        let processes = std::fs::read_dir("/proc").expect("Linux").flatten();
        let held = processes.filter_map(|process| {
            let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
            // "pid (name) state parent group …"; a name may hold anything.
            let (name, rest) = stat.split_once('(')?.1.rsplit_once(") ")?;
            let is_ours = name == "workerd" && rest.split(' ').nth(2) == Some(&group);
            let status = std::fs::read_to_string(process.path().join("status")).ok().filter(|_| is_ours)?;
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok())
        });
        let held: u64 = held.sum();
        assert!(held > 0, "no workerd in group {group}");
        held
    }

    /// Ends it as a crash does, nothing flushed.
    pub fn crash(mut self) {
        self.process.kill9();
    }
}

fn variable(name: &str) -> String {
    env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: these tests need a running Worker. Run `cargo xtask test`."))
}
