//! `cargo xtask dev`: the Worker and a demo customer on this machine, until Ctrl-C.

use anyhow::{Context as _, Result, anyhow, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::env;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use crate::build;
use crate::clock::{Stopwatch, in_words};
use crate::processes::{DemoOptions, DemoProcess, WorkerOptions, WorkerProcess, is_free};
use crate::project::{Lock, Project, private_dir};
use crate::provision::Provision;
use crate::setup::Tools;
use crate::vars;

/// What the command line says.
#[derive(Debug, Clone)]
pub struct Options {
    /// The Worker's port.
    pub port: u16,
    /// The demo site's port.
    pub demo_port: u16,
    /// Where objects, KV, keys and logs are kept; `.weft/dev` unless given.
    pub state: Option<PathBuf>,
}

/// Runs until a signal comes or one of the two ends.
///
/// # Errors
/// Where a port is taken, something can't be installed, built or started, or one of the two ends by itself.
pub fn run(project: &Project, options: &Options) -> Result<()> {
    if options.port == options.demo_port {
        bail!("--port and --demo-port are both {}: they must differ", options.port);
    }
    for (flag, port) in [("--port", options.port), ("--demo-port", options.demo_port)] {
        if !is_free(port) {
            bail!("port {port} is in use by another program: end that, or choose another port with {flag}");
        }
    }
    let state = options.state.clone().unwrap_or_else(|| project.path(".weft/dev"));
    private_dir(&state)?;
    let state = state.canonicalize().with_context(|| format!("can't find {}", state.display()))?;
    let Some(_lock) = Lock::try_take(&state.join("lock"))? else {
        bail!("another `cargo xtask dev` runs on {}: end that, or choose another folder with --state", state.display());
    };
    let stopwatch = Stopwatch::start();
    let tools = Tools::ready(project)?;
    build::all(project, &tools)?;
    let demo_program = build::demo_site(project)?;
    let dev_vars = vars::read_dev_vars(&project.path(".dev.vars"))?;
    let vars = vars::with_environment(dev_vars, |name| env::var(name).ok());
    let admin_key = vars.get("ADMIN_API_KEY").filter(|key| !key.is_empty()).cloned();
    let admin_key =
        admin_key.context("ADMIN_API_KEY in .dev.vars is empty: the tenant demo can't be made without it")?;

    for log in ["worker.log", "demo.log"] {
        drop(fs::remove_file(state.join(log)));
    }
    let mut worker = WorkerProcess::start(
        project,
        &WorkerOptions { vars, state_dir: state.clone(), port: Some(options.port), log_prefix: Some("worker") },
    )?;
    let demo_url = format!("http://127.0.0.1:{}", options.demo_port);
    let keys = Provision {
        worker_url: &worker.url(),
        admin_key: &admin_key,
        demo_url: &demo_url,
        help_dir: &project.path("demo-site/help"),
        keys_file: &state.join("demo.json"),
    }
    .run()
    .map_err(|error| worker.log().explain(&error.context("the Worker did not make the tenant demo")))?;
    let mut demo = DemoProcess::start(&DemoOptions {
        program: demo_program,
        port: Some(options.demo_port),
        worker_url: worker.url(),
        publishable_key: keys.publishable,
        secret_key: keys.secret,
        faults_allowed: false,
        state_dir: state.clone(),
        log_prefix: Some("demo"),
    })?;
    // From here on a signal ends the two in order. Before, it ends us as it ends any program, and they follow.
    let is_told_to_end = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // The second Ctrl-C ends us at once; the two follow.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&is_told_to_end))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&is_told_to_end)))
            .context("can't listen for Ctrl-C")?;
    }
    println!("\nReady, {}.", in_words(stopwatch.elapsed()));
    println!("  Worker     {}", worker.url());
    println!("  Demo site  {}", demo.url());
    println!("  State and logs in {}. Ctrl-C ends both.\n", state.display());
    let result = watch(&mut worker, &mut demo, &is_told_to_end);
    demo.stop();
    worker.stop();
    if result.is_ok() {
        println!("Ended both.");
    }
    result
}

fn watch(worker: &mut WorkerProcess, demo: &mut DemoProcess, is_told_to_end: &AtomicBool) -> Result<()> {
    while !is_told_to_end.load(Ordering::Relaxed) {
        if let Some(status) = worker.ended()? {
            return Err(worker.log().explain(&anyhow!("the Worker ended by itself ({status})")));
        }
        if let Some(status) = demo.ended()? {
            return Err(demo.log().explain(&anyhow!("the demo site ended by itself ({status})")));
        }
        sleep(Duration::from_millis(100));
    }
    Ok(())
}
