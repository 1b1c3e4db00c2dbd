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
use std::net::TcpStream;
use std::thread;
use std::time::Duration;
use tungstenite::client::IntoClientRequest as _;
use tungstenite::{Message, WebSocket};

use super::samples::{Ratio, Samples};
use super::worker::Measured;
use super::write_report;
use crate::clock::Stopwatch;
use crate::http::Api;
use crate::processes::WorkerdOptions;
use crate::project::Project;

const TENANT: &str = "bench";
const ORIGIN: &str = "https://shop.example";
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

#[derive(Serialize)]
struct Times {
    what: &'static str,
    count: usize,
    p50_ms: f64,
    p99_ms: f64,
}

#[derive(Serialize)]
struct Compared {
    what: &'static str,
    over: &'static str,
    #[serde(flatten)]
    ratio: Ratio,
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
    admin.post("/v1/tenants", &json!({ "id": TENANT }))?.success("making the tenant")?;
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
        let config = format!("/v1/tenants/{TENANT}/config?environment={environment}");
        let fields = json!({
            "base_url": ORIGIN,
            "require_signed_token": false,
            "per_ip_daily": daily,
            "agent": { "provider": "scripted" },
        });
        admin.patch(&config, &fields)?.success("staging a config")?;
        let deploy = format!("/v1/tenants/{TENANT}/config/deploy");
        admin.post(&deploy, &json!({ "environment": environment }))?.success("deploying a config")?;
        Talk::open(worker, &new_key(admin, environment, json!({ "type": "publishable" }))?)
    };
    let (mut free, mut limited) = (talk("staging", None)?, talk("development", Some(FAR))?);
    Ok(vec![Series::new(NO_QUOTA, move || free.say()), Series::new(QUOTA, move || limited.say())])
}

/// A conversation on one socket.
struct Talk {
    socket: WebSocket<TcpStream>,
    secret: String,
    said: u32,
}

impl Talk {
    fn open(worker: &Measured, key: &str) -> Result<Self> {
        let conversation = crate::entropy::random_secret()?;
        let host = worker.url.trim_start_matches("http://");
        let url = format!("ws://{host}/widget/session?key={key}&conversation={conversation}");
        let mut request = url.into_client_request().context("an address of our own")?;
        request.headers_mut().append("Origin", ORIGIN.parse().context("an origin of our own")?);
        let stream = TcpStream::connect(host).context("workerd listens")?;
        stream.set_nodelay(true).context("a TCP stream")?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).context("a TCP stream")?;
        // Its error holds the request, and with it the key.
        let opened = tungstenite::client(request, stream);
        let (socket, _) = opened.ok().context("the socket did not open")?;
        let mut talk = Self { socket, secret: crate::entropy::random_secret()?, said: 0 };
        talk.next("session.ready")?;
        Ok(talk)
    }

    /// Says something. The time until it is accepted; then its answer is waited for.
    fn say(&mut self) -> Result<Option<Duration>> {
        thread::sleep(PAUSE);
        self.said += 1;
        let id = format!("request-{:012}", self.said);
        let payload = json!({ "message": { "text": "say=Hi." }, "historySecret": self.secret });
        let frame = json!({ "type": "chat.request", "id": id, "payload": payload }).to_string();
        let stopwatch = Stopwatch::start();
        self.socket.send(Message::text(frame)).context("the socket is open")?;
        self.next("chat.accepted")?;
        let time = stopwatch.elapsed();
        while self.read()? != "chat.completed" {}
        Ok(Some(time))
    }

    fn next(&mut self, wanted: &str) -> Result<()> {
        let found = self.read()?;
        ensure!(found == wanted, "wanted {wanted}, got {found}");
        Ok(())
    }

    /// The type of the next frame.
    fn read(&mut self) -> Result<String> {
        loop {
            if let Message::Text(text) = self.socket.read().context("the socket ended")? {
                let frame: Value = serde_json::from_str(&text).context("a frame is JSON")?;
                let kind = frame["type"].as_str().context("a frame has a type")?;
                ensure!(kind != "chat.error", "chat.error {}", frame["payload"]["error"]);
                return Ok(kind.to_owned());
            }
        }
    }
}

fn new_key(admin: &Api<'_>, environment: &str, mut body: Value) -> Result<String> {
    body["label"] = json!("bench");
    body["environment"] = json!(environment);
    let made = admin.post(&format!("/v1/tenants/{TENANT}/keys"), &body)?.success("making a key")?;
    Ok(made["key"].as_str().context("a key")?.to_owned())
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
        let millis = |percent| self.samples.percentile(percent).as_secs_f64() * 1_000.0;
        Times { what: self.what, count: self.samples.len(), p50_ms: millis(50), p99_ms: millis(99) }
    }
}

fn compare(series: &[Series<'_>], what: &'static str, over: &'static str) -> Result<Compared> {
    let find = |name: &str| series.iter().find(|one| one.what == name).context("a series of this name");
    Ok(Compared { what, over, ratio: find(what)?.samples.ratio_to(&find(over)?.samples) })
}

fn print(report: &Report) {
    println!("\nOne request after the other, on {} cores:\n", report.cores);
    println!("{:<28}{:>8}{:>10}{:>10}", "", "count", "p50 ms", "p99 ms");
    for Times { what, count, p50_ms, p99_ms } in &report.times {
        println!("{what:<28}{count:>8}{p50_ms:>10.2}{p99_ms:>10.2}");
    }
    println!("\n{:<52}{:>8}{:>8}   p50 in tenths of the run", "ratio", "p50", "p99");
    for Compared { what, over, ratio } in &report.ratios {
        let Ratio { p50, p99, p50_least, p50_most } = ratio;
        println!("{:<52}{p50:>8.2}{p99:>8.2}   {p50_least:.2} to {p50_most:.2}", format!("{what} / {over}"));
    }
    println!();
}
