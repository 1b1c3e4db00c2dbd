//! What an exchange costs in rows, as SQLite counts them: an object is billed for each. The Worker writes the count into
//! its log where the test agent is on.

use crate::shop::Shop;
use serde_json::Value;
use weft_tests::api::{PATIENCE, Workspace, chat_request, fresh, patiently};
use xtask::clock::Stopwatch;

/// What the log says that this request cost.
#[track_caller]
fn rows(workspace: &Workspace<'_>, field: &str, id: &str) -> f64 {
    let found = patiently(PATIENCE, || {
        workspace.deployment.log().lines().find_map(|line| {
            let line: Value = serde_json::from_str(&line[line.find('{')?..]).ok()?;
            let is_it = line["event"] == "rows_written" && line["details"][field] == id;
            is_it.then(|| line["details"]["rows"].as_f64()).flatten()
        })
    });
    found.unwrap_or_else(|| panic!("no count for {id}"))
}

#[test]
fn an_answer_costs_at_most_three_rows_and_one_per_second_of_streaming() {
    let Shop { workspace, key } = Shop::open();
    let visit = workspace.visit(&key);
    let mut socket = visit.begun();
    for (script, secs) in [("say=At once.", 0.0), ("words=80 delay_ms=50", 4.0)] {
        let id = fresh("request");
        let stopwatch = Stopwatch::start();
        socket.send(&chat_request(&id, script, None, None));
        assert_eq!(socket.find("chat.completed")["status"], "complete");
        let streamed = stopwatch.elapsed().as_secs_f64();
        assert!(streamed >= secs, "it did stream: {streamed} s");
        let rows = rows(&workspace, "request", &id);
        assert!(rows <= 3.0 + streamed.floor(), "{script}: {rows} rows in {streamed} s");
        // The message, the whole answer, the mark of what the tenant knows; and the answer came to the storage in between.
        assert!(rows >= 3.0 + (secs / 2.0).floor(), "{script}: {rows} rows, so something isn't counted");
    }
}

#[test]
fn the_tenant_writes_a_bounded_number_of_rows_for_an_exchange() {
    let Shop { workspace, key } = Shop::open();
    let mut socket = workspace.visit(&key).begun();
    let id = fresh("request");
    socket.send(&chat_request(&id, "words=200", None, None));
    let _ = socket.find("chat.completed");
    let rows = rows(&workspace, "message", &format!("{id}.a"));
    // Two messages, each with an entry in one index and its text; the conversation's row and its entry by time.
    assert!((6.0..=9.0).contains(&rows), "{rows} rows");
}
