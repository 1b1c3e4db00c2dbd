//! `cargo xtask bench widget`: what a page pays for our widget, beside what it pays for others, in one run.
//!
//! **The pages.** Each widget is on a page of its own, as its documentation says to embed it, served from this machine.
//! Each has a backend that gives the same answer at once: over HTTP, as a stream of events or over a WebSocket, whatever
//! the widget speaks. So what is measured is the widget's own work, and none of a network's or a model's.
//!
//! **The turns.** Round by round each page is loaded anew, in a browser context without cache, with the processor slowed
//! down four times. Three moments count: the page is loaded and the launcher is to be seen; the panel is open; the first
//! answer is on the screen. At each, the browser is asked for what the page has used since it began: script and main
//! thread time, the JavaScript heap after a collection, WebAssembly's memory. What the browser compiles on other threads
//! is in none of the times. Bytes are those of the files that the page has asked for until then, brotli 11 each.

mod contender;
mod peers;
mod site;

use anyhow::{Context as _, Result, anyhow, bail};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;
use std::{fs, thread};

use super::write_report;
use crate::clock::Stopwatch;
use crate::devtools::{Browser, Connection};
use crate::project::Project;
use crate::setup::Chromium;
use crate::size::Size;
use contender::{CONTENDERS, Contender};
use site::{LAST_WORD, Site};

const ROUNDS: usize = 5;
const SLOWDOWN: u32 = 4;
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs before the page's own scripts, on each page alike: closed shadow roots are kept to be looked into, and the
/// WebAssembly memories to be measured.
pub(super) const PRELUDE: &str = r"
    const roots = [document], memories = [];
    const attach = Element.prototype.attachShadow;
    Element.prototype.attachShadow = function (options) {
        const root = attach.call(this, options);
        roots.push(root);
        return root;
    };
    for (const name of ['instantiate', 'instantiateStreaming']) {
        const own = WebAssembly[name];
        WebAssembly[name] = async (...given) => {
            const result = await own.apply(WebAssembly, given);
            for (const value of Object.values((result.instance ?? result).exports))
                if (value instanceof WebAssembly.Memory) memories.push(value);
            return result;
        };
    }
    window.all = (selector) => roots.flatMap((root) => [...root.querySelectorAll(selector)]);
    window.says = (text) => roots.some((root) => (root.body ?? root).textContent.includes(text));
    window.wasmBytes = () => memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
";

/// What a page has used until one moment.
#[derive(Debug, Clone, Default)]
struct Moment {
    script_ms: f64,
    main_thread_ms: f64,
    heap_kib: f64,
    wasm_kib: f64,
    files: BTreeSet<PathBuf>,
}

/// The median over the rounds, with the least and the most.
#[derive(Debug, Clone, Copy, Serialize)]
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

#[derive(Debug, Serialize)]
struct Told {
    moment: &'static str,
    script_ms: Spread,
    main_thread_ms: Spread,
    heap_kib: Spread,
    wasm_kib: f64,
    brotli_bytes: usize,
    files: usize,
}

#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    version: &'static str,
    /// Requests to other hosts than the page's own.
    foreign_requests: usize,
    moments: Vec<Told>,
}

#[derive(Debug, Serialize)]
struct Report {
    cores: usize,
    browser: String,
    rounds: usize,
    slowdown: u32,
    widgets: Vec<Row>,
}

const MOMENTS: [&str; 3] = ["launcher", "open", "answer"];

/// Measures, prints a table and writes the report.
///
/// # Errors
/// Where a widget doesn't do what is to be measured.
pub(super) fn run(project: &Project) -> Result<()> {
    let chromium = Chromium::ready(project)?;
    let files: Vec<PathBuf> = CONTENDERS.iter().map(|one| one.files(project)).collect::<Result<_>>()?;
    let profile = project.path("target/bench/chromium");
    drop(fs::remove_dir_all(&profile));
    let browser = Browser::start(chromium.program(), &profile)?;
    let mut rounds: Vec<Vec<(Vec<Moment>, usize)>> = CONTENDERS.iter().map(|_| Vec::new()).collect();
    for round in 0..ROUNDS {
        for (place, contender) in CONTENDERS.iter().enumerate() {
            let turn = take_turn(&browser, contender, files[place].clone());
            rounds[place].push(turn.with_context(|| format!("{}, round {}", contender.name, round + 1))?);
        }
        println!("Round {} of {ROUNDS}.", round + 1);
    }
    let widgets =
        CONTENDERS.iter().zip(&rounds).map(|(contender, turns)| row(contender, turns)).collect::<Result<_>>()?;
    let report = Report {
        cores: thread::available_parallelism().map_or(0, usize::from),
        browser: browser.version()?,
        rounds: ROUNDS,
        slowdown: SLOWDOWN,
        widgets,
    };
    print(&report);
    write_report(project, "widget", &report)
}

fn take_turn(browser: &Browser, contender: &Contender, files: PathBuf) -> Result<(Vec<Moment>, usize)> {
    let site = contender.site(files)?;
    let mut tab = Tab::open(browser)?;
    tab.call("Page.navigate", &json!({ "url": site.origin() }))?;
    let loaded = "document.readyState === 'complete' && location.protocol === 'http:'";
    tab.wait_until(&format!("{loaded} && ({})", contender.is_there))?;
    let mut moments = vec![tab.moment(&site)?];
    if !contender.open.is_empty() {
        tab.evaluate(&format!("void {}", contender.open))?;
    }
    tab.wait_until(contender.is_open)?;
    moments.push(tab.moment(&site)?);
    if !contender.ask.is_empty() {
        tab.evaluate(&format!("void {}", contender.ask))?;
        tab.wait_until(&format!("says({})", json!(LAST_WORD)))?;
    }
    moments.push(tab.moment(&site)?);
    let foreign = tab.foreign_requests(&site)?;
    Ok((moments, foreign))
}

/// A tab of a context of its own: no cache, no storage.
struct Tab {
    connection: Connection,
    _browser: Connection,
    foreign: BTreeSet<String>,
}

impl Tab {
    fn open(browser: &Browser) -> Result<Self> {
        let mut own = browser.connect().map_err(|error| anyhow!(error))?;
        let told = |error: String| anyhow!(error);
        let context = own.call("Target.createBrowserContext", &json!({ "disposeOnDetach": true })).map_err(told)?;
        let params = json!({
            "url": "about:blank", "browserContextId": context["browserContextId"], "newWindow": true,
            "width": 1280, "height": 900,
        });
        let target = own.call("Target.createTarget", &params).map_err(told)?;
        let id = target["targetId"].as_str().context("a target has an id")?;
        let connection = browser.page(id).map_err(told)?;
        let mut tab = Self { connection, _browser: own, foreign: BTreeSet::new() };
        for domain in ["Page", "Network", "Performance", "HeapProfiler"] {
            tab.call(&format!("{domain}.enable"), &json!({}))?;
        }
        tab.call("Emulation.setFocusEmulationEnabled", &json!({ "enabled": true }))?;
        tab.call("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": PRELUDE }))?;
        tab.call("Emulation.setCPUThrottlingRate", &json!({ "rate": SLOWDOWN }))?;
        Ok(tab)
    }

    fn call(&mut self, method: &str, params: &Value) -> Result<Value> {
        self.connection.call(method, params).map_err(|error| anyhow!(error))
    }

    fn evaluate(&mut self, expression: &str) -> Result<Value> {
        let params = json!({ "expression": expression, "returnByValue": true, "userGesture": true });
        let mut reply = self.call("Runtime.evaluate", &params)?;
        if !reply["exceptionDetails"].is_null() {
            bail!("{expression}: {}", reply["exceptionDetails"]["exception"]["description"]);
        }
        Ok(reply["result"]["value"].take())
    }

    /// Asks seldom: each question is work for the page that is measured.
    fn wait_until(&mut self, expression: &str) -> Result<()> {
        let stopwatch = Stopwatch::start();
        while stopwatch.elapsed() < PATIENCE {
            // While a page comes there is nothing to ask yet.
            if self.evaluate(expression).is_ok_and(|value| value == true) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(250));
        }
        bail!("waited in vain for {expression}")
    }

    fn moment(&mut self, site: &Site) -> Result<Moment> {
        // What the last step has set going is to be in it.
        thread::sleep(Duration::from_millis(1500));
        let metrics = self.call("Performance.getMetrics", &json!({}))?;
        let metric = |name: &str| {
            let found = metrics["metrics"].as_array().into_iter().flatten().find(|metric| metric["name"] == name);
            found.and_then(|metric| metric["value"].as_f64()).with_context(|| format!("the browser tells no {name}"))
        };
        let (script, main_thread) = (metric("ScriptDuration")?, metric("TaskDuration")?);
        // After the times are taken: a collection is no work of the widget's.
        self.call("HeapProfiler.collectGarbage", &json!({}))?;
        let heap = self.call("Runtime.getHeapUsage", &json!({}))?;
        Ok(Moment {
            script_ms: script * 1000.0,
            main_thread_ms: main_thread * 1000.0,
            heap_kib: heap["usedSize"].as_f64().context("the heap has a size")? / 1024.0,
            wasm_kib: self.evaluate("wasmBytes()")?.as_f64().unwrap_or_default() / 1024.0,
            files: site.asked(),
        })
    }

    fn foreign_requests(&mut self, site: &Site) -> Result<usize> {
        self.connection.pump().map_err(|error| anyhow!(error))?;
        for event in self.connection.take_events() {
            let url = event.params["request"]["url"].as_str().unwrap_or_default();
            if event.method == "Network.requestWillBeSent"
                && url.starts_with("http")
                && !url.starts_with(&site.origin())
            {
                self.foreign.insert(url.to_owned());
            }
        }
        Ok(self.foreign.len())
    }
}

/// Sizes of files, each compressed once: that takes its time.
#[derive(Default)]
struct Sizes(BTreeMap<PathBuf, usize>);

impl Sizes {
    fn brotli_bytes(&mut self, files: &BTreeSet<PathBuf>) -> Result<usize> {
        let mut sum = 0;
        for file in files {
            if !self.0.contains_key(file) {
                let content = fs::read(file).with_context(|| format!("can't read {}", file.display()))?;
                self.0.insert(file.clone(), Size::of(&content)?.brotli);
            }
            sum += self.0.get(file).copied().unwrap_or_default();
        }
        Ok(sum)
    }
}

fn row(contender: &Contender, turns: &[(Vec<Moment>, usize)]) -> Result<Row> {
    let mut told = Vec::new();
    let mut sizes = Sizes::default();
    for (at, moment) in MOMENTS.into_iter().enumerate() {
        let all: Vec<&Moment> = turns.iter().map(|(moments, _)| &moments[at]).collect();
        let of = |value: fn(&Moment) -> f64| spread(all.iter().map(|moment| value(moment)).collect());
        // What was asked for in any round.
        let files = all.iter().flat_map(|moment| moment.files.clone()).collect();
        told.push(Told {
            moment,
            script_ms: of(|moment| moment.script_ms),
            main_thread_ms: of(|moment| moment.main_thread_ms),
            heap_kib: of(|moment| moment.heap_kib),
            wasm_kib: of(|moment| moment.wasm_kib).median,
            brotli_bytes: sizes.brotli_bytes(&files)?,
            files: files.len(),
        });
    }
    let foreign_requests = turns.iter().map(|(_, foreign)| *foreign).max().unwrap_or_default();
    Ok(Row { name: contender.name, version: contender.version(), foreign_requests, moments: told })
}

fn spread(mut values: Vec<f64>) -> Spread {
    values.sort_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or_default();
    Spread { median: at(values.len() / 2), least: at(0), most: at(values.len().saturating_sub(1)) }
}

fn print(report: &Report) {
    println!(
        "{}, {} rounds in turn, processor slowed down {} times. Times and heap: median (least to most).\n",
        report.browser, report.rounds, report.slowdown
    );
    println!(
        "{:<20}{:<10}{:>9}{:>7}{:>26}{:>26}{:>26}{:>10}",
        "", "until", "brotli B", "files", "script ms", "main thread ms", "heap KiB", "WASM KiB"
    );
    for row in &report.widgets {
        for told in &row.moments {
            let words = |spread: &Spread| format!("{:.0} ({:.0} to {:.0})", spread.median, spread.least, spread.most);
            println!(
                "{:<20}{:<10}{:>9}{:>7}{:>26}{:>26}{:>26}{:>10.0}",
                row.name,
                told.moment,
                told.brotli_bytes,
                told.files,
                words(&told.script_ms),
                words(&told.main_thread_ms),
                words(&told.heap_kib),
                told.wasm_kib
            );
        }
        if row.foreign_requests > 0 {
            println!("{:<20}asks {} addresses of other hosts", "", row.foreign_requests);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_is_the_middle_and_the_ends() {
        let is = |values: &[f64], wanted: [f64; 3]| {
            let Spread { median, least, most } = spread(values.to_vec());
            [median, least, most].iter().zip(wanted).all(|(value, wanted)| (value - wanted).abs() < 1e-9)
        };
        assert!(is(&[5.0, 1.0, 9.0], [5.0, 1.0, 9.0]));
        assert!(is(&[2.0], [2.0, 2.0, 2.0]));
    }
}
