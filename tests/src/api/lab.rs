//! The Worker on a workerd of a test's own, which can be killed and comes back on what it had stored, and whose objects can
//! be put to sleep by workerd's own test hooks.

use super::deployment::{Deployment, Settings};
use serde_json::{Value, json};
use ureq::http::Method;
use xtask::processes::{WorkerdOptions, WorkerdProcess};
use xtask::project::Project;

/// A running Worker of a test's own. Dropping it ends it.
#[derive(Debug)]
pub struct Lab {
    /// The Worker, from outside.
    pub deployment: Deployment,
    process: WorkerdProcess,
}

impl Settings {
    /// Starts it without `wrangler dev` before it, so that it can be killed.
    ///
    /// # Panics
    /// Where it doesn't answer.
    #[must_use]
    pub fn start_lab(&self) -> Lab {
        self.start_workerd(false)
    }

    /// The same, with workerd's test hooks, and with its objects counted.
    ///
    /// # Panics
    /// Where it doesn't answer.
    #[must_use]
    pub fn start_with_hooks(&self) -> Lab {
        self.start_workerd(true)
    }

    fn start_workerd(&self, has_hooks: bool) -> Lab {
        let project = Project::find().expect("the tests run in the project");
        let options = WorkerdOptions {
            vars: self.vars().clone(),
            state_dir: self.state_dir().to_owned(),
            has_hooks,
            is_counted: has_hooks,
            beside: Vec::new(),
        };
        let process = WorkerdProcess::start(&project, &options).unwrap_or_else(|error| panic!("{error:#}"));
        let deployment = self.deployment(process.url().to_owned(), process.log().path().to_owned());
        Lab { deployment, process }
    }
}

impl Lab {
    /// The number of its process: what [`Self::wait_until_back`] wants to know.
    ///
    /// # Panics
    /// Where it has none.
    #[must_use]
    #[track_caller]
    pub fn process(&self) -> i32 {
        self.process.process().unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// `kill -9`.
    ///
    /// # Panics
    /// Where it wasn't running.
    #[track_caller]
    pub fn kill9(&self) {
        self.process.kill9().unwrap_or_else(|error| panic!("{error:#}"));
    }

    /// Waits until it answers again, in another process than the one that was `killed`.
    ///
    /// # Panics
    /// Where it doesn't.
    #[track_caller]
    pub fn wait_until_back(&mut self, killed: i32) {
        self.process.wait_until_back(killed).unwrap_or_else(|error| panic!("{error:#}"));
    }

    /// Puts an object to sleep. Returns when it has left memory: it waits for what is under way there.
    ///
    /// # Panics
    /// Where it wasn't in memory.
    #[track_caller]
    pub fn evict(&self, binding: &str, name: &str) {
        let _ = self.hook(Method::POST, "/evict", Some(&json!({ "binding": binding, "name": name })));
    }

    /// Puts every object to sleep, in the same way.
    ///
    /// # Panics
    /// Where it can't.
    #[track_caller]
    pub fn evict_all(&self) {
        let _ = self.hook(Method::POST, "/evict-all", None);
    }

    /// What was counted since it was taken last.
    ///
    /// # Panics
    /// Where it wasn't started with hooks.
    #[must_use]
    #[track_caller]
    pub fn counts(&self) -> Counts {
        Counts(self.hook(Method::GET, "/counts", None))
    }

    /// The same, and begins to count anew.
    ///
    /// # Panics
    /// Where it wasn't started with hooks.
    #[must_use]
    #[track_caller]
    pub fn take_counts(&self) -> Counts {
        Counts(self.hook(Method::DELETE, "/counts", None))
    }

    #[track_caller]
    fn hook(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        self.process.hook(method, path, body).unwrap_or_else(|error| panic!("{error:#}"))
    }
}

/// What the objects of each class were asked and wrote.
#[derive(Debug, Clone)]
pub struct Counts(Value);

impl Counts {
    /// How often the objects of a class whose names begin so did that: `made`, `fetch`, `webSocketMessage`, `alarm`,
    /// `rows_written`, `alarms_set`.
    #[must_use]
    pub fn of(&self, class: &str, name: &str, what: &str) -> u64 {
        let objects = self.0[class].as_object().into_iter().flatten();
        objects.filter(|(known, _)| known.starts_with(name)).filter_map(|(_, counts)| counts[what].as_u64()).sum()
    }
}
