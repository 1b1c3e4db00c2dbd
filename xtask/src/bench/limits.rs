//! `cargo xtask bench limits`: what a key's window and a visitor's quota add.
//!
//! **The window.** A publishable key and a secret key without scopes ask for the same thing on the same route, and get the
//! same 403 from the same guard. The one difference is that the secret key's request is counted and stored. So the ratio
//! is that of the window alone. `/health`, which asks nobody, is the floor. A window that is full (429) is asked and not
//! written: what an open one takes beyond that is its row, and the wait until it is stored.
//!
//! **The quota.** Two environments with the same page, one with a limit per address and one without. A message's time is
//! that from `chat.request` to `chat.accepted`. Without a limit messages are counted too, but nobody waits for it.

use anyhow::{Context as _, Result, bail, ensure};
use serde::Serialize;
use serde_json::{Value, json};
use std::thread;
use std::time::Duration;

use super::samples::{Compared, Samples, Times, print_ratios, print_times};
use super::talk::{TENANT, Talk, make_tenant, new_key, open_shop};
use super::worker::Measured;
use super::write_report;
use crate::clock::Stopwatch;
use crate::http::Api;
use crate::processes::WorkerdOptions;
use crate::project::Project;

/// Turns that count, and those before them that don't.
const REQUEST_TURNS: usize = 2_000;
const MESSAGE_TURNS: usize = 300;
const WARM_UP: usize = 100;
/// Sockets are used a little more slowly than any cap on frames.
const PAUSE: Duration = Duration::from_millis(60);
/// A limit that is never reached here.
const FAR: u32 = 1_000_000;

#[derive(Serialize)]
struct Report {
    cores: usize,
    times: Vec<Times>,
    ratios: Vec<Compared>,
}

/// Something that is measured, turn by turn with the others.
struct Series<'a> {
    what: &'static str,
    samples: Samples,
    turn: Turn<'a>,
}

/// One turn; none where it took another way than the one that is measured.
type Turn<'a> = Box<dyn FnMut() -> Result<Option<Duration>> + 'a>;

/// Measures, prints a table and writes the report.
///
/// # Errors
/// Where the Worker doesn't do what is to be measured.
pub(super) fn run(project: &Project) -> Result<()> {
    let worker = Measured::start(project, "limits", &[], WorkerdOptions::default())?;
    let admin = Api::new(&worker.url, &worker.admin_key);
    make_tenant(&admin)?;
    let mut requests = requests(&worker, &admin)?;
    take_turns(&mut requests, REQUEST_TURNS)?;
    let mut messages = messages(&worker, &admin)?;
    take_turns(&mut messages, MESSAGE_TURNS)?;

    let times = requests.iter().chain(&messages).map(Series::times).collect();
    let ratios = vec![
        compare(&requests, WINDOW, GUARD)?,
        compare(&requests, FULL, GUARD)?,
        compare(&requests, GUARD, FLOOR)?,
        compare(&messages, QUOTA, NO_QUOTA)?,
    ];
    let report = Report { cores: thread::available_parallelism().map_or(0, usize::from), times, ratios };
    print(&report);
    write_report(project, "limits", &report)
}

const FLOOR: &str = "GET /health";
const GUARD: &str = "guard, no window";
const WINDOW: &str = "guard and window";
const FULL: &str = "guard, window full (429)";
const NO_QUOTA: &str = "message, no limit";
const QUOTA: &str = "message, daily limit";

fn requests<'a>(worker: &'a Measured, admin: &Api<'_>) -> Result<Vec<Series<'a>>> {
    let key = |more: Value| new_key(admin, "production", more);
    let publishable = key(json!({ "type": "publishable" }))?;
    let secret = key(json!({ "type": "secret", "scopes": [], "rate_limit_per_minute": 100_000 }))?;
    let full = key(json!({ "type": "secret", "scopes": [], "rate_limit_per_minute": 1 }))?;
    let path = format!("/v1/tenants/{TENANT}/config");
    let turn = |credential: Option<String>, path: String, status: u16| {
        let caller = Caller::new(worker, credential);
        move || caller.get(&path, status)
    };
    Ok(vec![
        Series::new(FLOOR, turn(None, "/health".to_owned(), 200)),
        Series::new(GUARD, turn(Some(publishable), path.clone(), 403)),
        Series::new(WINDOW, turn(Some(secret), path.clone(), 403)),
        Series::new(FULL, turn(Some(full), path, 429)),
    ])
}

/// A client with a connection of its own.
struct Caller {
    agent: ureq::Agent,
    url: String,
    credential: Option<String>,
}

impl Caller {
    fn new(worker: &Measured, credential: Option<String>) -> Self {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().new_agent();
        Self { agent, url: worker.url.clone(), credential: credential.map(|text| format!("Bearer {text}")) }
    }

    fn get(&self, path: &str, status: u16) -> Result<Option<Duration>> {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        if let Some(credential) = &self.credential {
            request = request.header("Authorization", credential);
        }
        let stopwatch = Stopwatch::start();
        let mut response = request.call().with_context(|| format!("GET {path}"))?;
        response.body_mut().read_to_vec().with_context(|| format!("GET {path} broke off"))?;
        let time = stopwatch.elapsed();
        match response.status().as_u16() {
            found if found == status => Ok(Some(time)),
            // Once a minute a full window lets one through.
            403 if status == 429 => Ok(None),
            found => bail!("GET {path} answered {found}, not {status}"),
        }
    }
}

fn messages<'a>(worker: &Measured, admin: &Api<'_>) -> Result<Vec<Series<'a>>> {
    let talk = |environment: &str, daily: Option<u32>| -> Result<Talk> {
        let fields = json!({ "per_ip_daily": daily, "agent": { "provider": "scripted" } });
        Talk::open(worker, &open_shop(admin, environment, fields)?, None)
    };
    let (mut free, mut limited) = (talk("staging", None)?, talk("development", Some(FAR))?);
    let say = |talk: &mut Talk| {
        thread::sleep(PAUSE);
        talk.say("say=Hi.").map(Some)
    };
    Ok(vec![Series::new(NO_QUOTA, move || say(&mut free)), Series::new(QUOTA, move || say(&mut limited))])
}

/// Lets each have its turn, again and again, each time beginning with another one.
fn take_turns(series: &mut [Series<'_>], turns: usize) -> Result<()> {
    let count = series.len();
    for turn in 0..WARM_UP + turns {
        for index in 0..count {
            if let Some(one) = series.get_mut((turn + index) % count)
                && let Some(time) = (one.turn)()?
                && turn >= WARM_UP
            {
                one.samples.push(time);
            }
        }
    }
    for one in series {
        ensure!(one.samples.len() * 100 >= turns * 99, "{}: only {} of {turns} turns", one.what, one.samples.len());
    }
    Ok(())
}

impl<'a> Series<'a> {
    fn new(what: &'static str, turn: impl FnMut() -> Result<Option<Duration>> + 'a) -> Self {
        Self { what, samples: Samples::default(), turn: Box::new(turn) }
    }

    fn times(&self) -> Times {
        self.samples.times(self.what)
    }
}

fn compare(series: &[Series<'_>], what: &'static str, over: &'static str) -> Result<Compared> {
    let find = |name: &str| series.iter().find(|one| one.what == name).context("a series of this name");
    Ok(find(what)?.samples.compared(what, over, &find(over)?.samples))
}

fn print(report: &Report) {
    println!("\nOne request after the other, on {} cores:\n", report.cores);
    print_times(&report.times);
    print_ratios(&report.ratios);
}
