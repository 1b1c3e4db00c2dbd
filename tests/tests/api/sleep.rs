//! Objects that sleep in mid-conversation, put to sleep by workerd's own test hooks: sockets live on, nothing is lost,
//! nothing comes twice. Each test sees by the count of objects made that they did sleep.

use serde_json::{Value, json};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use weft_tests::api::{
    Counts, Event, Lab, PATIENCE, Settings, Socket, Visit, Workspace, chat_request, fresh, patiently, resume,
};
use xtask::clock::Stopwatch;

/// One Worker for all of these tests, one after the other: they put every object to sleep.
fn lab() -> MutexGuard<'static, Lab> {
    static LAB: LazyLock<Mutex<Lab>> = LazyLock::new(|| Mutex::new(Settings::new("sleep").start_with_hooks()));
    LAB.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts every object to sleep, and counts from there.
#[track_caller]
fn put_to_sleep(lab: &Lab) {
    lab.evict_all();
    let _ = lab.take_counts();
}

/// What was counted since the last time, once the tenant was told, which comes after the visitor was answered.
#[track_caller]
fn settled_counts(lab: &Lab, tenant: &str) -> Counts {
    let is_told = || {
        let counts = lab.counts();
        (counts.of("Tenant", tenant, "fetch") > 0 && counts.of("Conversation", tenant, "rows_written") >= 3)
            .then_some(())
    };
    assert!(patiently(PATIENCE, is_told).is_some(), "{:?}", lab.counts());
    lab.take_counts()
}

/// Holds that these woke up since: of the tenant's objects, the one of each class.
#[track_caller]
fn woke(counts: &Counts, tenant: &str, classes: &[&str]) {
    for class in classes {
        assert_eq!(counts.of(class, tenant, "made"), 1, "{class} slept and woke once: {counts:?}");
    }
}

fn words(count: usize) -> String {
    (1..=count).map(|number| format!("word{number}")).collect::<Vec<_>>().join(" ")
}

fn seq(payload: &Value) -> u64 {
    payload["seq"].as_u64().unwrap_or_else(|| panic!("no seq: {payload}"))
}

/// Sends a message and takes its answer, each piece once. Gives the `seq` of all that came, in order.
#[track_caller]
fn ask(socket: &mut Socket, visit: &Visit, text: &str, answer: &str) -> Vec<u64> {
    let id = fresh("request");
    socket.send(&chat_request(&id, text, None, Some(&visit.secret)));
    let frames = socket.until("chat.completed");
    let kinds: Vec<_> = frames.iter().filter_map(|frame| frame["type"].as_str()).collect();
    assert_eq!(kinds.first(), Some(&"chat.accepted"), "{kinds:?}");
    assert!(kinds[1..kinds.len() - 1].iter().all(|kind| *kind == "chat.delta"), "{kinds:?}");
    assert!(frames.iter().all(|frame| frame["payload"]["requestId"] == json!(id)), "{frames:?}");
    assert_eq!(frames[0]["payload"].get("duplicate"), None);
    let end = &frames[frames.len() - 1]["payload"];
    assert_eq!((&end["status"], &end["text"]), (&json!("complete"), &json!(answer)));
    assert_eq!(crate::answers::streamed(&frames, &id), answer);
    frames.iter().map(|frame| seq(&frame["payload"])).collect()
}

#[test]
fn sockets_live_on_while_all_objects_sleep_and_what_is_said_after_is_answered() {
    let lab = lab();
    let workspace = Workspace::new(&lab.deployment);
    let key = workspace.open_for_chat(&json!({ "per_ip_daily": 100 }));
    let visit = workspace.visit(&key);
    let (mut socket, mut other) = (visit.begun(), visit.ready());
    other.send(&resume(None, &visit.secret, 0));
    assert_eq!(other.expect("history")["messages"].as_array().map(Vec::len), Some(2));
    let mut seqs = Vec::new();
    for round in 1..=3 {
        put_to_sleep(&lab);
        // The runtime answers this one itself.
        socket.is_quiet_and_open();
        assert_eq!(lab.take_counts().of("Conversation", &workspace.tenant, "made"), 0, "a ping wakes nobody");
        let answer = format!("Round {round}.");
        let new = ask(&mut socket, &visit, &format!("say={answer}"), &answer);
        woke(&settled_counts(&lab, &workspace.tenant), &workspace.tenant, &["Conversation", "Tenant"]);
        // The other socket gets the message and the answer, with the same numbers.
        let heard = other.until("chat.completed");
        assert_eq!(heard[0]["type"], "history");
        assert_eq!(heard[0]["payload"]["messages"][0]["seq"], json!(new[0]));
        assert_eq!(heard[1..].iter().map(|frame| seq(&frame["payload"])).collect::<Vec<_>>(), new[1..]);
        seqs.extend(new);
    }
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "{seqs:?}");

    put_to_sleep(&lab);
    let last = seqs[seqs.len() - 1];
    let mut late = visit.ready();
    late.send(&resume(None, &visit.secret, 0));
    let history = late.expect("history");
    let texts: Vec<&str> =
        history["messages"].as_array().expect("messages").iter().filter_map(|one| one["text"].as_str()).collect();
    assert_eq!(texts.len(), 8, "{texts:?}");
    assert_eq!(texts[2..], ["say=Round 1.", "Round 1.", "say=Round 2.", "Round 2.", "say=Round 3.", "Round 3."]);
    late.send(&resume(None, &visit.secret, last));
    assert_eq!(late.expect("history"), json!({ "messages": [] }), "nothing twice");
}

#[test]
fn each_object_that_a_message_asks_may_have_slept() {
    let lab = lab();
    let workspace = Workspace::new(&lab.deployment);
    let key = workspace.open_for_chat(&json!({ "per_ip_daily": 100 }));
    let visit = workspace.visit(&key);
    let mut socket = visit.begun();
    put_to_sleep(&lab);
    let _ = ask(&mut socket, &visit, "say=Awake.", "Awake.");
    let counts = settled_counts(&lab, &workspace.tenant);
    woke(&counts, &workspace.tenant, &["Conversation", "IpQuota", "Tenant"]);
    // That of the page's key, and that of whoever minted the token.
    assert_eq!(counts.of("KeyGuard", "", "made"), 2, "{counts:?}");
}

#[test]
fn an_answer_writes_at_most_three_rows_and_one_per_second_of_streaming() {
    let lab = lab();
    let workspace = Workspace::new(&lab.deployment);
    let key = workspace.open_for_chat(&json!({ "per_ip_daily": 100 }));
    let visit = workspace.visit(&key);
    let mut socket = visit.begun();
    let _ = settled_counts(&lab, &workspace.tenant);
    for (script, answer) in [("say=Short.", "Short.".to_owned()), ("words=70 delay_ms=50", words(70))] {
        let clock = Stopwatch::start();
        let _ = ask(&mut socket, &visit, script, &answer);
        let secs = clock.elapsed().as_secs();
        let counts = settled_counts(&lab, &workspace.tenant);
        // The message, its answer, and that the tenant was told of both. Alarms that are set are billed as rows are.
        let rows = counts.of("Conversation", &workspace.tenant, "rows_written")
            + counts.of("Conversation", &workspace.tenant, "alarms_set");
        assert!((3..=3 + secs).contains(&rows), "{rows} rows in {secs} s: {counts:?}");
        assert_eq!(counts.of("Tenant", &workspace.tenant, "fetch"), 1, "told once: {counts:?}");
        if secs >= 3 {
            assert!(rows > 3, "streamed text is stored while it comes: {counts:?}");
        }
    }
}

#[test]
fn an_eviction_asked_for_in_mid_answer_loses_nothing() {
    let lab = lab();
    let workspace = Workspace::new(&lab.deployment);
    let key = workspace.open_for_chat(&json!({}));
    let visit = workspace.visit(&key);
    let mut socket = visit.begun();
    let name = format!("{}/{}", workspace.tenant, visit.conversation);
    for _ in 0..3 {
        let id = fresh("request");
        socket.send(&visit.first(&id, "words=50 delay_ms=40"));
        let mut frames = socket.until("chat.delta");
        let _ = lab.take_counts();
        thread::scope(|scope| {
            let eviction = scope.spawn(|| lab.evict("CONVERSATION", &name));
            frames.extend(socket.until("chat.completed"));
            eviction.join().expect("evicted");
        });
        let end = &frames[frames.len() - 1]["payload"];
        assert_eq!((&end["status"], &end["text"]), (&json!("complete"), &json!(words(50))));
        assert_eq!(crate::answers::streamed(&frames, &id), words(50));
        let seqs = ask(&mut socket, &visit, "say=Next.", "Next.");
        assert!(seqs[0] > seq(end));
        woke(&settled_counts(&lab, &workspace.tenant), &workspace.tenant, &["Conversation"]);
    }
}

#[test]
fn a_token_s_end_is_announced_to_a_conversation_that_sleeps_and_holds() {
    let lab = lab();
    let workspace = Workspace::new(&lab.deployment);
    let key = workspace.open_for_chat(&json!({}));
    let visit = workspace.visit(&key);
    let short = Visit { forge: visit.forge.clone().times(0, 24), ..visit.clone() };
    let mut socket = short.begun();
    put_to_sleep(&lab);
    let expiring = socket.expect("auth.expiring");
    assert!((1..=24).contains(&expiring["expiresInSecs"].as_i64().expect("seconds")), "{expiring}");
    let counts = lab.take_counts();
    woke(&counts, &workspace.tenant, &["Conversation"]);
    assert_eq!(counts.of("Conversation", &workspace.tenant, "alarm"), 1, "{counts:?}");
    put_to_sleep(&lab);
    let refused = patiently(PATIENCE, || {
        socket.send(&chat_request(&fresh("request"), "say=Hello.", None, None));
        match socket.next_within(PATIENCE) {
            Some(Event::Frame(frame)) if frame["type"] == "chat.error" => Some(frame),
            Some(Event::Frame(_)) => {
                let _ = socket.until("chat.completed");
                None
            }
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(refused.expect("refused in the end")["payload"]["error"], "expired_token");
    // Renewed while it sleeps, it counts.
    put_to_sleep(&lab);
    socket.send(&json!({ "type": "auth.refresh", "payload": { "widgetToken": visit.token() } }));
    put_to_sleep(&lab);
    let _ = ask(&mut socket, &visit, "say=Renewed.", "Renewed.");
}

#[test]
fn limits_and_windows_count_on_after_sleep() {
    let lab = lab();
    let workspace = Workspace::new(&lab.deployment);
    let key = workspace.open_for_chat(&json!({ "per_ip_daily": 3 }));
    let visit = workspace.visit(&key);
    let mut socket = visit.begun();
    for _ in 0..2 {
        put_to_sleep(&lab);
        let _ = ask(&mut socket, &visit, "say=Within.", "Within.");
    }
    put_to_sleep(&lab);
    socket.send(&chat_request(&fresh("request"), "say=Beyond.", None, None));
    assert_eq!(socket.expect("limit.reached")["limit"], "daily");
    woke(&lab.take_counts(), &workspace.tenant, &["IpQuota"]);

    let limited = json!({ "label": "test", "type": "secret", "environment": "production", "rate_limit_per_minute": 3 });
    let made = workspace.key(&limited);
    let (id, secret) = (made["id"].as_str().expect("an id"), made["key"].as_str().expect("a key"));
    let ask = || workspace.call("GET", "/config").bearer(secret).send().status;
    for _ in 0..3 {
        assert_eq!(ask(), 200);
        put_to_sleep(&lab);
    }
    assert_eq!(ask(), 429);
    assert_eq!(lab.take_counts().of("KeyGuard", id, "made"), 1, "its guard slept");
}

#[test]
fn a_revoked_key_stays_revoked_while_its_guard_sleeps() {
    let lab = lab();
    let workspace = Workspace::new(&lab.deployment);
    let key = workspace.open_for_chat(&json!({}));
    let made = workspace.key(&json!({ "label": "test", "type": "publishable", "environment": "production" }));
    let (id, plain) = (made["id"].as_str().expect("an id"), made["key"].as_str().expect("a key"));
    let (gone, stays) = (workspace.visit(plain), workspace.visit(&key));
    let (mut gone_socket, mut stays_socket) = (gone.begun(), stays.begun());
    let _ = workspace.admin("DELETE", &format!("/keys/{id}")).send();
    put_to_sleep(&lab);
    gone_socket.send(&gone.first(&fresh("request"), "say=Hello."));
    let _ = gone_socket.error("invalid_key");
    gone_socket.closed(4401);
    let _ = ask(&mut stays_socket, &stays, "say=Hello.", "Hello.");
}
