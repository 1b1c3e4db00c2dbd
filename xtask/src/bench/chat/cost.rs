//! What a message costs in calls of objects and rows written.

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::Duration;
use ureq::http::Method;

use crate::bench::talk::{Talk, make_tenant, new_key, open_shop};
use crate::bench::worker::Measured;
use crate::http::Api;
use crate::processes::WorkerdOptions;
use crate::project::Project;

/// What comes after the answer is told by then.
const SETTLE: Duration = Duration::from_secs(2);

/// What one kind of message costs, each.
#[derive(Debug, Serialize)]
pub(super) struct Cost {
    what: &'static str,
    messages: u32,
    /// By class of object.
    objects: BTreeMap<String, Each>,
}

#[derive(Debug, Serialize)]
struct Each {
    calls: f64,
    frames: f64,
    rows_written: f64,
    alarms_set: f64,
}

/// Counts.
///
/// # Errors
/// Where the Worker doesn't do what is to be counted.
pub(super) fn count(project: &Project) -> Result<Vec<Cost>> {
    let options = WorkerdOptions { has_hooks: true, is_counted: true, ..WorkerdOptions::default() };
    let worker = Measured::start(project, "chat-cost", &[], options)?;
    let admin = Api::new(&worker.url, &worker.admin_key);
    make_tenant(&admin)?;
    let fields = json!({ "require_signed_token": true, "per_ip_daily": 1_000, "agent": { "provider": "scripted" } });
    let key = open_shop(&admin, "production", fields)?;
    let secret = new_key(&admin, "production", json!({ "type": "secret", "scopes": ["widget:token"] }))?;
    let minted = Api::new(&worker.url, &secret).post("/widget-token", &json!({ "ttl_seconds": 3_600 }))?;
    let minted = minted.success("minting a widget token")?;
    let token = minted["token"].as_str().context("a token")?;

    let take = || -> Result<Value> {
        sleep(SETTLE);
        worker.process.hook(Method::DELETE, "/counts", None)
    };
    Talk::open(&worker, &key, Some(token))?.say("say=Hi.")?;
    take()?;
    let mut talk = Talk::open(&worker, &key, Some(token))?;
    let opening = Cost::of("a socket opened", 1, &take()?);
    talk.say("say=Hi.")?;
    let first = Cost::of("a conversation's first message", 1, &take()?);
    let mut several = |what, text: &str, messages: u32| -> Result<Cost> {
        for _ in 0..messages {
            talk.say(text)?;
            // As a person would: each exchange is told to the tenant by itself.
            sleep(Duration::from_millis(300));
        }
        Ok(Cost::of(what, messages, &take()?))
    };
    let short = several("a further message, short answer", "say=Hi.", 20)?;
    let long = several("a further message, 3 s of streaming", "words=60 delay_ms=50", 5)?;
    Ok(vec![opening, first, short, long])
}

impl Cost {
    fn of(what: &'static str, messages: u32, counts: &Value) -> Self {
        let each = |class: &Value| {
            let objects = || class.as_object().into_iter().flatten();
            let all = |name: &str| objects().filter_map(|(_, object)| object[name].as_u64()).sum::<u64>();
            let count = |name: &str| f64::from(u32::try_from(all(name)).unwrap_or(u32::MAX)) / f64::from(messages);
            Each {
                calls: count("fetch"),
                frames: count("webSocketMessage"),
                rows_written: count("rows_written"),
                alarms_set: count("alarms_set"),
            }
        };
        let objects =
            counts.as_object().into_iter().flatten().map(|(name, class)| (name.clone(), each(class))).collect();
        Self { what, messages, objects }
    }
}

/// Prints what was counted.
pub(super) fn print(costs: &[Cost]) {
    for Cost { what, messages, objects } in costs {
        println!("{:<40}{:>8}{:>8}{:>8}{:>8}   (of {messages})", *what, "calls", "frames", "rows", "alarms");
        let mut sums = [0.0; 4];
        for (name, Each { calls, frames, rows_written, alarms_set }) in objects {
            let row = [*calls, *frames, *rows_written, *alarms_set];
            if row.iter().any(|count| *count > 0.0) {
                println!("  {name:<38}{calls:>8.2}{frames:>8.2}{rows_written:>8.2}{alarms_set:>8.2}");
            }
            for (sum, count) in sums.iter_mut().zip(row) {
                *sum += count;
            }
        }
        let [calls, frames, rows, alarms] = sums;
        println!("  {:<38}{calls:>8.2}{frames:>8.2}{rows:>8.2}{alarms:>8.2}\n", "all");
    }
}
