//! `cargo xtask test`: every test, in parts. The API and browser parts run against one real Worker and one demo site,
//! which this module starts and names in the tests' environment:
//!
//! | variable | value |
//! | --- | --- |
//! | `WEFT_TEST_WORKER_URL` | the Worker's address; `TEST_AGENT` is on |
//! | `WEFT_TEST_ADMIN_KEY`, `WEFT_TEST_MASTER_KEY` | its `ADMIN_API_KEY` and `WEFT_MASTER_KEY` |
//! | `WEFT_TEST_LOG` | the file with all that it prints |
//! | `WEFT_TEST_DEMO_URL` | the demo site's address; its `DEMO_FAULTS` is on |
//! | `WEFT_TEST_DEMO_STATE` | the folder with the demo's `demo.json` (its two keys) and `demo.log` |
//! | `WEFT_TEST_DEMO_PROGRAM` | the demo site's program, to start another one |
//! | `WEFT_TEST_STATE` | a folder for the state of Workers that a test starts itself |
//! | `WEFT_TEST_CHROMIUM` | the browser; unset where only the API part runs |

use anyhow::{Context as _, Result, anyhow, bail};
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::time::Duration;

use crate::build::{self, cargo, run};
use crate::check;
use crate::clock::{Stopwatch, in_words};
use crate::entropy::random_secret;
use crate::processes::{DemoOptions, DemoProcess, WorkerOptions, WorkerProcess, free_port};
use crate::project::{Lock, Project, private_dir};
use crate::provision::Provision;
use crate::schemathesis;
use crate::setup::{Chromium, Tools};
use crate::size;

/// What the command line says.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Options {
    /// Formatting, lints, purity of `shared`.
    pub check: bool,
    /// Unit tests on this machine.
    pub native: bool,
    /// Tests over HTTP and WebSocket against the Worker.
    pub api: bool,
    /// Tests in a browser.
    pub browser: bool,
    /// Only tests whose name holds one of these.
    pub filters: Vec<String>,
}

/// Runs the parts that were asked for; none asked for: all.
///
/// # Errors
/// Where something can't be installed or built, or a test fails.
pub fn run_all(project: &Project, options: &Options) -> Result<()> {
    let all = !(options.check || options.native || options.api || options.browser);
    let mut parts = Parts::default();
    if options.native || all {
        parts.add("native tests", || native(project, &options.filters));
    }
    if options.api || options.browser || all {
        parts.add("tests of the whole", || whole(project, options, all));
    }
    if (options.api || all) && options.filters.is_empty() {
        parts.add("the document, asked", || schemathesis::run(project));
    }
    // Last: who has a failing test wants to hear of that first.
    let is_everything = all && options.filters.is_empty();
    if is_everything {
        parts.add("bytes of a page", || size::print(project));
    }
    if options.check || is_everything {
        parts.add("checks", || check::all(project));
    }
    parts.summarize()
}

fn native(project: &Project, filters: &[String]) -> Result<()> {
    let packages = ["weft-shared", "weft-worker", "weft-widget", "weft-apidoc", "weft-demo-site", "xtask"];
    let packages = packages.into_iter().flat_map(|package| ["--package", package]);
    run(cargo(project).args(["test", "--no-fail-fast"]).args(packages).arg("--").args(filters), "cargo test")
}

fn whole(project: &Project, options: &Options, all: bool) -> Result<()> {
    let waiting = "Another `cargo xtask test` runs in this checkout; waiting for it.";
    let _lock = Lock::wait_for(&project.path(".weft/test.lock"), waiting)?;
    let tools = Tools::ready(project)?;
    let chromium = if options.browser || all { Some(Chromium::ready(project)?) } else { None };
    build::all(project, &tools)?;
    let demo_program = build::demo_site(project)?;
    // Compiled before the Worker starts: else it idles for minutes, and a compile error comes late.
    run(cargo(project).args(["test", "--package", "weft-tests", "--no-run"]), "compiling the tests")?;

    let state = project.path(".weft/test");
    drop(fs::remove_dir_all(&state));
    private_dir(&state)?;
    let (admin_key, master_key) = (random_secret()?, random_secret()?);
    let vars = [("WEFT_MASTER_KEY", master_key.as_str()), ("ADMIN_API_KEY", &admin_key), ("TEST_AGENT", "1")];
    let mut worker = WorkerProcess::start(
        project,
        &WorkerOptions {
            vars: vars.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<BTreeMap<_, _>>(),
            state_dir: state.join("worker"),
            port: None,
            log_prefix: None,
        },
    )?;
    let demo_state = state.join("demo");
    private_dir(&demo_state)?;
    let demo_port = free_port()?;
    let keys = Provision {
        worker_url: &worker.url(),
        admin_key: &admin_key,
        demo_url: &format!("http://127.0.0.1:{demo_port}"),
        help_dir: &project.path("demo-site/help"),
        keys_file: &demo_state.join("demo.json"),
    }
    .run()
    .map_err(|error| worker.log().explain(&error.context("the Worker did not make the tenant demo")))?;
    let demo = DemoProcess::start(&DemoOptions {
        program: demo_program.clone(),
        port: Some(demo_port),
        worker_url: worker.url(),
        publishable_key: keys.publishable,
        secret_key: keys.secret,
        faults_allowed: true,
        state_dir: demo_state.clone(),
        log_prefix: None,
    })?;
    println!("Testing against {} and {}.", worker.url(), demo.url());

    let run_target = |target: &str, threads: Option<&str>| {
        let mut tests = cargo(project);
        tests
            .args(["test", "--package", "weft-tests", "--test", target, "--"])
            .args(&options.filters)
            .env("WEFT_TEST_WORKER_URL", worker.url())
            .env("WEFT_TEST_ADMIN_KEY", &admin_key)
            .env("WEFT_TEST_MASTER_KEY", &master_key)
            .env("WEFT_TEST_LOG", worker.log().path())
            .env("WEFT_TEST_DEMO_URL", demo.url())
            .env("WEFT_TEST_DEMO_STATE", &demo_state)
            .env("WEFT_TEST_DEMO_PROGRAM", &demo_program)
            .env("WEFT_TEST_STATE", &state);
        if let Some(chromium) = &chromium {
            tests.env("WEFT_TEST_CHROMIUM", chromium.program());
        }
        if let Some(threads) = threads.filter(|_| env::var_os("RUST_TEST_THREADS").is_none()) {
            tests.env("RUST_TEST_THREADS", threads);
        }
        run(&mut tests, &format!("the {target} tests"))
    };
    // Each target runs, also after one failed. The API tests mostly wait, so many run at a time.
    let api = if options.api || all { run_target("api", Some("8")) } else { Ok(()) };
    let browser = if options.browser || all { run_target("browser", None) } else { Ok(()) };
    if let Some(status) = worker.ended()? {
        return Err(worker.log().explain(&anyhow!("the Worker ended during the tests ({status})")));
    }
    api.and(browser).with_context(|| format!("logs are in {}", state.display()))
}

/// What ran, how it went and how long it took.
#[derive(Default)]
struct Parts(Vec<(&'static str, Duration, Result<()>)>);

impl Parts {
    fn add(&mut self, name: &'static str, part: impl FnOnce() -> Result<()>) {
        println!("\n== {name} ==");
        let stopwatch = Stopwatch::start();
        let result = part();
        if let Err(error) = &result {
            println!("{name} failed: {error:#}");
        }
        self.0.push((name, stopwatch.elapsed(), result));
    }

    fn summarize(self) -> Result<()> {
        println!("\n== summary ==");
        let mut failed = Vec::new();
        for (name, duration, result) in self.0 {
            let verdict = if result.is_ok() { "passed" } else { "FAILED" };
            println!("{name:<20} {verdict}  {}", in_words(duration));
            if result.is_err() {
                failed.push(name);
            }
        }
        if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
    }
}
