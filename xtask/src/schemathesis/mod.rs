//! `cargo xtask schemathesis`: a stranger's client reads the `OpenAPI` document and asks a real Worker all that it allows, and
//! much that it forbids. No answer may be a server error, or another than the document promises.
//!
//! It runs once per kind of caller, each on what the document says that caller may call, with a fixed seed and a bounded
//! number of requests. `schemathesis.toml` beside this says which ids it uses; [`fixtures`] makes them. What destroys
//! (deleting, rotating, deploying, HIPAA) goes to a spare tenant of the caller's own, so that nothing that another request
//! needs is gone half-way. `hooks.py` picks the credential: a session token passes 100 requests a minute, so there are many.
//!
//! A run that only got refusals would prove nothing: each operation must have succeeded at least once.

mod fixtures;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use crate::build;
use crate::clock::{Stopwatch, in_words};
use crate::entropy::random_secret;
use crate::processes::{WorkerOptions, WorkerProcess};
use crate::progress::run_quietly;
use crate::project::{Lock, Project, private_dir, write_private};
use crate::setup::{Schemathesis, Tools};
use fixtures::{Fixtures, ORIGIN};

const CONFIG: &str = include_str!("schemathesis.toml");
const HOOKS: &str = include_str!("hooks.py");

/// One seed: a failure comes again.
const SEED: &str = "20261122";
/// Requests per operation and phase.
const EXAMPLES: &str = "20";

/// Each holds every answer. `negative_data_rejection` asks that what breaks the document is refused, `unsupported_method`
/// that other methods get a 405.
const CHECKS: [&str; 7] = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
];

/// What schemathesis can't ask: it speaks no WebSocket.
const LEFT_OUT: [&str; 1] = ["widgetSession"];

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The operator.
    Admin,
    /// A server, with a secret key of all scopes.
    Secret,
    /// A server, with session tokens.
    Session,
    /// A page, with a publishable key. It asks what is public too.
    Page,
}

impl Caller {
    const ALL: [Self; 4] = [Self::Admin, Self::Secret, Self::Session, Self::Page];

    /// Its name: of its folder, and of its spare tenant.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Secret => "secret",
            Self::Session => "session",
            Self::Page => "page",
        }
    }

    /// Whether the document lets it call this operation.
    fn may_call(self, operation: &Value) -> bool {
        let schemes: &[&str] = match self {
            Self::Admin => &["adminKey"],
            Self::Secret => &["secretKey"],
            Self::Session => &["sessionToken"],
            Self::Page => &["publishableKey", "publishableKeyInQuery"],
        };
        let security = operation["security"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_public = security.is_empty() && self == Self::Page;
        is_public || security.iter().any(|one| schemes.iter().any(|scheme| one.get(scheme).is_some()))
    }
}

/// Runs it for every caller.
///
/// # Errors
/// Where something can't be installed or built, and where the Worker and the document disagree: the findings are printed.
pub fn run(project: &Project) -> Result<()> {
    let waiting = "Another `cargo xtask schemathesis` runs in this checkout; waiting for it.";
    let _lock = Lock::wait_for(&project.path(".weft/schemathesis.lock"), waiting)?;
    let schemathesis = Schemathesis::ready()?;
    build::all(project, &Tools::ready(project)?)?;
    let state = project.path(".weft/schemathesis");
    drop(fs::remove_dir_all(&state));
    private_dir(&state)?;

    let (master_key, admin_key) = (random_secret()?, random_secret()?);
    let vars = [("WEFT_MASTER_KEY", master_key.as_str()), ("ADMIN_API_KEY", &admin_key)];
    let mut options = WorkerOptions {
        vars: vars.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<BTreeMap<_, _>>(),
        state_dir: state.join("worker"),
        port: None,
        log_prefix: None,
    };
    let worker = WorkerProcess::start(project, &options)?;
    let fixtures = Fixtures::make(&worker.url(), &admin_key)
        .map_err(|error| worker.log().explain(&error.context("the Worker did not make what is asked for")))?;
    drop(worker);
    // The key of that route exists only now, and settings are read at the start.
    options.vars.insert("TEST_WIDGET_TOKEN_API_KEY".to_owned(), fixtures.test_key().to_owned());
    let mut worker = WorkerProcess::start(project, &options)?;

    let document = project.path("docs/openapi.json");
    let text = fs::read_to_string(&document).with_context(|| format!("can't read {}", document.display()))?;
    let operations = operations(&serde_json::from_str(&text).context("docs/openapi.json is JSON")?);
    println!("Asking {} as {} callers.", worker.url(), Caller::ALL.len());
    let results = thread::scope(|scope| {
        let runs = Caller::ALL.map(|caller| {
            let run = Run { schemathesis: &schemathesis, document: &document, dir: state.join(caller.name()), caller };
            let (url, fixtures, operations) = (worker.url(), &fixtures, &operations);
            scope.spawn(move || run.run(&url, fixtures, operations))
        });
        runs.map(|run| run.join().unwrap_or_else(|_| bail!("a run of schemathesis panicked")))
    });
    if let Some(status) = worker.ended()? {
        bail!("the Worker ended ({status}); its log: {}", worker.log().path().display());
    }
    let failed = results.iter().filter_map(|result| result.as_ref().err());
    let failed: Vec<String> = failed.map(|error| format!("{error:#}")).collect();
    if failed.is_empty() { Ok(()) } else { bail!("{}", failed.join("\n\n")) }
}

/// One caller's run.
struct Run<'a> {
    schemathesis: &'a Schemathesis,
    document: &'a Path,
    dir: PathBuf,
    caller: Caller,
}

impl Run<'_> {
    fn run(&self, url: &str, fixtures: &Fixtures, operations: &[Value]) -> Result<()> {
        let (caller, stopwatch) = (self.caller.name(), Stopwatch::start());
        let mine = operations.iter().filter(|operation| self.caller.may_call(operation));
        let mine: Vec<&str> = mine.filter_map(|operation| operation["operationId"].as_str()).collect();
        private_dir(&self.dir)?;
        for (name, values) in fixtures.dictionaries(self.caller) {
            write_private(&self.dir.join(format!("{name}.txt")), &dictionary(&values))?;
        }
        write_private(&self.dir.join("schemathesis.toml"), &self.config(operations, &mine))?;
        write_private(&self.dir.join("hooks.py"), HOOKS)?;
        let log = self.dir.join("schemathesis.log");
        let mut command = Command::new(self.schemathesis.program());
        command
            .current_dir(&self.dir)
            .args(["--config-file", "schemathesis.toml", "run", "--url", url, "--seed", SEED])
            .args(["--checks", &CHECKS.join(","), "--max-examples", EXAMPLES])
            // What it thinks of how well it can make up values says nothing of the Worker.
            .args(["--suppress-health-check", "all"])
            .args(mine.iter().flat_map(|id| ["--include-operation-id", *id]))
            .arg(self.document)
            // Not in the arguments, which every user of the machine can read.
            .env("WEFT_CREDENTIALS", fixtures.credentials(self.caller).to_string())
            .env("WEFT_PUBLISHABLE_KEY", fixtures.publishable_key())
            .env("WEFT_SPARE_TENANT", fixtures.spare_tenant(self.caller))
            .env("WEFT_ORIGIN", if self.caller == Caller::Page { ORIGIN } else { "" })
            .env("SCHEMATHESIS_HOOKS", "hooks")
            .env("PYTHONPATH", &self.dir)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("NO_COLOR", "1")
            .env("COLUMNS", "160");
        let what = format!("schemathesis ({caller})");
        if let Err(error) = run_quietly(&mut command, &what, &log) {
            let output = fs::read_to_string(&log).unwrap_or_default();
            println!("{}", findings(&output));
            return Err(error);
        }
        let statuses = Statuses::read(&self.dir.join("statuses.json"))?;
        let never: Vec<&str> = mine.iter().copied().filter(|id| !statuses.has_succeeded(id)).collect();
        if !never.is_empty() {
            bail!("{what}: nothing but refusals came from {}; see {}", never.join(", "), log.display());
        }
        println!(
            "{what}: {} operations, {} requests, {}.",
            mine.len(),
            statuses.count(),
            in_words(stopwatch.elapsed())
        );
        Ok(())
    }
}

impl Run<'_> {
    /// The committed config, and what of it is this caller's alone.
    fn config(&self, operations: &[Value], mine: &[&str]) -> String {
        let covered = operations.iter().zip(coverers(operations)).filter(|(_, caller)| *caller == self.caller);
        let covered: Vec<&str> = covered.filter_map(|(operation, _)| operation["operationId"].as_str()).collect();
        let others: Vec<&&str> = mine.iter().filter(|id| !covered.contains(id)).collect();
        if others.is_empty() {
            return CONFIG.to_owned();
        }
        // A list of such names is written alike in JSON and in TOML.
        format!("{CONFIG}\n[[operations]]\ninclude-operation-id = {}\nphases.coverage.enabled = false\n", json!(others))
    }
}

/// Who goes through an operation's every bound: that is long, and the same for all who get in. They share the work.
fn coverers(operations: &[Value]) -> Vec<Caller> {
    let mut counts = [0; Caller::ALL.len()];
    let coverer = |operation: &Value| {
        let callers = Caller::ALL.into_iter().enumerate().filter(|(_, caller)| caller.may_call(operation));
        let (at, caller) = callers.min_by_key(|(at, _)| counts[*at]).unwrap_or((0, Caller::Admin));
        counts[at] += 1;
        caller
    };
    operations.iter().map(coverer).collect()
}

/// Every operation that can be asked.
fn operations(document: &Value) -> Vec<Value> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all =
        paths.flat_map(|(_, item)| item.as_object().into_iter().flatten().map(|(_, operation)| operation.clone()));
    all.filter(|operation| !LEFT_OUT.contains(&operation["operationId"].as_str().unwrap_or_default())).collect()
}

/// One value a line, in quotes, as libFuzzer has it.
fn dictionary(values: &[String]) -> String {
    let quoted = values.iter().map(|value| format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")));
    quoted.collect::<Vec<_>>().join("\n") + "\n"
}

/// How often each operation answered with each status.
struct Statuses(BTreeMap<String, BTreeMap<String, u64>>);

impl Statuses {
    /// What `hooks.py` counted.
    fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
        Ok(Self(
            serde_json::from_str(&text).with_context(|| format!("{} is not what hooks.py writes", path.display()))?,
        ))
    }

    fn has_succeeded(&self, operation: &str) -> bool {
        self.0.get(operation).is_some_and(|statuses| statuses.keys().any(|status| status.starts_with('2')))
    }

    fn count(&self) -> u64 {
        self.0.values().flat_map(BTreeMap::values).sum()
    }
}

/// What schemathesis found, without how it came there.
fn findings(output: &str) -> String {
    const MOST: usize = 400;
    let begin = ["= FAILURES", "= ERRORS"].iter().filter_map(|head| output.find(head)).min().unwrap_or(0);
    let lines: Vec<&str> = output[begin..].lines().collect();
    lines[..lines.len().min(MOST)].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        let path = Project::find().expect("in the project").path("docs/openapi.json");
        serde_json::from_str(&fs::read_to_string(path).expect("committed")).expect("JSON")
    }

    #[test]
    fn someone_asks_each_operation_and_one_of_them_at_its_every_bound() {
        let operations = operations(&document());
        assert!(operations.len() > 30, "{}", operations.len());
        for (operation, coverer) in operations.iter().zip(coverers(&operations)) {
            assert!(coverer.may_call(operation), "{}", operation["operationId"]);
        }
        for caller in Caller::ALL {
            assert!(coverers(&operations).contains(&caller), "{} covers nothing", caller.name());
        }
    }

    #[test]
    fn whatever_deletes_goes_to_the_spare_tenant() {
        let lines = CONFIG.lines().filter_map(|line| line.strip_prefix("include-operation-id = "));
        let named: Vec<&str> = lines.flat_map(|line| line.split('"').skip(1).step_by(2)).collect();
        let document = document();
        let known = operations(&document);
        for name in &named {
            assert!(known.iter().any(|operation| operation["operationId"] == **name), "{name} is not in the document");
        }
        let deleting = document["paths"].as_object().expect("an object").values().filter_map(|item| item.get("delete"));
        let deleting: Vec<&str> = deleting.filter_map(|operation| operation["operationId"].as_str()).collect();
        assert!(deleting.len() > 3, "{deleting:?}");
        for name in deleting {
            assert!(named.contains(&name), "add {name} to schemathesis.toml: it would delete what other requests need");
        }
    }

    #[test]
    fn only_a_success_is_a_success() {
        let statuses = Statuses(serde_json::from_str(r#"{"a":{"200":1,"404":2},"b":{"403":1}}"#).expect("JSON"));
        assert!(statuses.has_succeeded("a") && !statuses.has_succeeded("b") && !statuses.has_succeeded("c"));
        assert_eq!(statuses.count(), 4);
    }

    #[test]
    fn findings_are_shown_without_what_came_before() {
        assert_eq!(findings("much\n= ERRORS =\na\n= FAILURES =\nb"), "= ERRORS =\na\n= FAILURES =\nb");
        assert_eq!(findings("crashed"), "crashed");
    }
}
