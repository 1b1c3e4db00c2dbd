//! `cargo xtask bench chat`: what a chat costs.
//!
//! **Delay.** A model's server in this process streams answers of which each piece says when it was sent. The same pieces
//! come back here by Weft's `chat.delta`, and by a bare relay in JavaScript that pipes the stream to a WebSocket, on the
//! same workerd, answer by answer in turn. The difference is Weft's own: reading the stream, cutting it into frames with
//! their `seq`, storing it about once a second, handing it to every socket of the conversation.
//!
//! **Memory.** workerd's resident memory with a thousand sockets more, each of a visitor with an address and an answered
//! message of its own: while their objects are awake, and after all were put to sleep by workerd's own test hook.
//!
//! **Calls and rows.** Counted around the objects of a Worker of its own, after a first message that makes what is made
//! once. Rows are SQLite's count; an alarm that is set is billed as a row and counted by itself.

mod cost;
mod memory;
mod model;

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;
use serde_json::json;
use std::fs;
use std::thread;
use tungstenite::Message;

use super::samples::{Compared, Samples, Times, print_ratios, print_times};
use super::talk::{Talk, connect, kind_of, make_tenant, open_shop, read_text};
use super::worker::Measured;
use super::write_report;
use crate::http::Api;
use crate::processes::{Beside, WorkerdOptions, free_port};
use crate::project::Project;
use cost::Cost;
use memory::Memory;
use model::{Model, PIECES};

/// Answers that count, on each side, and those before them that don't.
const ANSWERS: usize = 40;
const WARM_UP: usize = 3;

const WEFT: &str = "chunk to chat.delta, Weft";
const RELAY: &str = "chunk to frame, bare relay";

#[derive(Serialize)]
struct Report {
    cores: usize,
    /// The machine's load average of the last minute at the end, where it says so.
    load: Option<f64>,
    times: Vec<Times>,
    ratios: Vec<Compared>,
    memory: Memory,
    costs: Vec<Cost>,
}

/// Measures, prints tables and writes the report.
///
/// # Errors
/// Where the Worker doesn't do what is to be measured.
pub(super) fn run(project: &Project) -> Result<()> {
    let model = Model::start()?;
    let base_url = model.base_url();
    let relay = Beside {
        name: "relay".to_owned(),
        port: free_port()?,
        path: project.path("xtask/src/bench/chat/relay.mjs"),
        vars: [("BASE_URL".to_owned(), base_url.clone())].into(),
    };
    let relay_url = format!("http://127.0.0.1:{}", relay.port);
    let vars = [
        ("OPENAI_API_KEY", "bench"),
        ("OPENAI_MODEL", "bench"),
        ("OPENAI_BASE_URL", &base_url),
        // All sockets come from this machine.
        ("HELD_SOCKETS", "100000"),
        ("NEW_SOCKETS_PER_MINUTE", "100000"),
    ];
    let options = WorkerdOptions { has_hooks: true, beside: vec![relay], ..WorkerdOptions::default() };
    let worker = Measured::start(project, "chat", &vars, options)?;
    let admin = Api::new(&worker.url, &worker.admin_key);
    make_tenant(&admin)?;
    let (weft, bare) = delays(&worker, &admin, &model, &relay_url)?;
    let memory = Memory::measure(&worker, &admin)?;
    drop(worker);
    let costs = cost::count(project)?;
    let report = Report {
        cores: thread::available_parallelism().map_or(0, usize::from),
        load: load(),
        times: vec![weft.times(WEFT), bare.times(RELAY)],
        ratios: vec![weft.compared(WEFT, RELAY, &bare)],
        memory,
        costs,
    };
    print(&report);
    write_report(project, "chat", &report)
}

/// The delay of each piece through Weft, and through the relay.
fn delays(worker: &Measured, admin: &Api<'_>, model: &Model, relay: &str) -> Result<(Samples, Samples)> {
    let key = open_shop(admin, "production", json!({ "agent": { "provider": "openai" } }))?;
    let mut talk = Talk::open(worker, &key, None)?;
    let mut pipe = connect(relay, "/", &[])?;
    let (mut weft, mut bare) = (Samples::default(), Samples::default());
    for turn in 0..WARM_UP + ANSWERS {
        talk.send("Go.")?;
        let mut came = Samples::default();
        loop {
            let text = talk.read()?;
            let delays = model.delays(&text);
            if kind_of(&text)? == "chat.completed" {
                break;
            }
            for delay in delays {
                came.push(delay);
            }
        }
        ensure!(came.len() == PIECES, "{} of {PIECES} pieces came through Weft", came.len());
        let mut piped = Samples::default();
        pipe.send(Message::text("Go.")).context("the relay's socket is open")?;
        loop {
            let text = read_text(&mut pipe)?;
            let delays = model.delays(&text);
            if text == "end" {
                break;
            }
            for delay in delays {
                piped.push(delay);
            }
        }
        ensure!(piped.len() == PIECES, "{} of {PIECES} pieces came through the relay", piped.len());
        if turn >= WARM_UP {
            weft.extend(came);
            bare.extend(piped);
        }
    }
    Ok((weft, bare))
}

fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

fn print(report: &Report) {
    let load = report.load.map_or_else(|| "unknown".to_owned(), |load| format!("{load:.1}"));
    println!("\nOne answer after the other, on {} cores, load average {load}:\n", report.cores);
    print_times(&report.times);
    print_ratios(&report.ratios);
    report.memory.print();
    cost::print(&report.costs);
}
