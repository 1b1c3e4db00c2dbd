//! What sockets that say nothing cost in memory.

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::json;
use std::process::Command;
use ureq::http::Method;

use crate::bench::talk::{Talk, open_shop};
use crate::bench::worker::Measured;
use crate::http::Api;

const SOCKETS: usize = 1_000;

/// workerd's resident memory, in MiB.
#[derive(Debug, Serialize)]
pub(super) struct Memory {
    /// Before the sockets; objects asleep.
    before_mib: f64,
    /// After a thousand sockets: awake, then asleep.
    first: Thousand,
    /// After a thousand more: what the first thousand made grow once isn't in the difference.
    second: Thousand,
}

#[derive(Debug, Serialize)]
struct Thousand {
    awake_mib: f64,
    asleep_mib: f64,
}

impl Memory {
    /// Opens the sockets, has one message answered on each, and weighs.
    ///
    /// # Errors
    /// Where a socket doesn't open, or there is no `ps`.
    pub(super) fn measure(worker: &Measured, admin: &Api<'_>) -> Result<Self> {
        let fields = json!({ "agent": { "provider": "scripted" } });
        let key = open_shop(admin, "staging", fields)?;
        Talk::open(worker, &key, None)?.say("say=Hi.")?;
        put_to_sleep(worker)?;
        let before_mib = resident_mib(worker)?;
        let mut held = Vec::new();
        let mut thousand = |block: usize| -> Result<Thousand> {
            for index in 0..SOCKETS {
                let address = format!("10.{block}.{}.{}", index / 250, index % 250 + 1);
                let mut talk = Talk::open_from(worker, &key, None, &address)?;
                talk.say("say=Hi.")?;
                held.push(talk);
            }
            let awake_mib = resident_mib(worker)?;
            put_to_sleep(worker)?;
            let asleep_mib = resident_mib(worker)?;
            Ok(Thousand { awake_mib, asleep_mib })
        };
        let (first, second) = (thousand(1)?, thousand(2)?);
        // They did sleep, and they do live.
        for talk in held.iter_mut().step_by(100) {
            talk.say("say=Still there.")?;
        }
        Ok(Self { before_mib, first, second })
    }

    pub(super) fn print(&self) {
        let Self { before_mib, first, second } = self;
        println!("{:<40}{:>12}{:>12}", "resident memory of workerd, MiB", "awake", "asleep");
        println!("{:<40}{:>12}{before_mib:>12.1}", "before", "");
        println!("{:<40}{:>12.1}{:>12.1}", "with 1,000 sockets", first.awake_mib, first.asleep_mib);
        println!("{:<40}{:>12.1}{:>12.1}", "with 2,000 sockets", second.awake_mib, second.asleep_mib);
        let (one, two) = (first.asleep_mib - before_mib, second.asleep_mib - first.asleep_mib);
        println!("{:<40}{:>12}{one:>12.1}", "the first 1,000 that sleep", "");
        println!("{:<40}{:>12}{two:>12.1}\n", "the second 1,000 that sleep", "");
    }
}

fn put_to_sleep(worker: &Measured) -> Result<()> {
    worker.process.hook(Method::POST, "/evict-all", None).map(drop)
}

fn resident_mib(worker: &Measured) -> Result<f64> {
    let process = worker.process.process()?.to_string();
    let said = Command::new("ps").args(["-o", "rss=", "-p", &process]).output().context("there is no `ps`")?;
    let kib: f64 = String::from_utf8_lossy(&said.stdout).trim().parse().context("`ps` names a number of KiB")?;
    Ok(kib / 1_024.0)
}
