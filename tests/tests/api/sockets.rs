//! How many sockets one address may open and hold, and how fast one may send: checked before a conversation is woken.

use crate::stored::files_with;
use serde_json::json;
use std::thread;
use std::time::Duration;
use weft_tests::api::{
    Deployment, PATIENCE, Settings, Socket, Upgrade, Visit, Workspace, chat_request, fresh, patiently,
};

/// A lease may be on its way for so long; then a gate that is full asks after it.
const RECONCILED: Duration = Duration::from_secs(90);

fn open_for_chat(deployment: &Deployment) -> (Workspace<'_>, String) {
    let workspace = Workspace::new(deployment);
    let key = workspace.open_for_chat(&json!({ "require_signed_token": false }));
    (workspace, key)
}

fn from(visit: &Visit, address: &str) -> Upgrade {
    visit.upgrade().header("CF-Connecting-IP", address)
}

#[track_caller]
fn is_refused(upgrade: &Upgrade) {
    let refusal = upgrade.refusal();
    refusal.refused("rate_limited");
    let wait: u32 = refusal.header("Retry-After").expect("Retry-After").parse().expect("whole seconds");
    assert!((1..=60).contains(&wait), "{wait}");
}

#[test]
fn an_address_holds_so_many_sockets_and_gets_another_when_one_is_gone() {
    let settings = Settings::new("sockets-held").with("HELD_SOCKETS", "3").with("NEW_SOCKETS_PER_MINUTE", "1000");
    let mut started = settings.start();
    let (workspace, key) = open_for_chat(&started.deployment);
    let tenant = workspace.tenant.clone();
    let visit = workspace.visit(&key);
    let mut sockets: Vec<Socket> = (0..3).map(|_| from(&visit, "192.0.2.70").ready()).collect();
    is_refused(&from(&visit, "192.0.2.70"));
    is_refused(&from(&workspace.visit(&key), "192.0.2.70").header("X-Forwarded-For", "203.0.113.9"));
    let _other = from(&visit, "192.0.2.71").ready();
    sockets[0].send(&chat_request(&fresh("request"), "say=Still here.", None, Some(&visit.secret)));
    assert_eq!(sockets[0].find("chat.completed")["text"], "Still here.", "those that are in stay in");
    // One that breaks off, without a word.
    sockets.pop().expect("three").drop_connection();
    let again = patiently(PATIENCE, || from(&visit, "192.0.2.70").try_open().ok());
    assert!(again.is_some(), "its place is free");
    is_refused(&from(&visit, "192.0.2.70"));
    // Places whose conversations died with the Worker are found out.
    started.crash();
    started = settings.start();
    let workspace = Workspace { deployment: &started.deployment, tenant };
    let visit = workspace.visit(&key);
    let mut held = Vec::new();
    for _ in 0..3 {
        let socket = patiently(RECONCILED, || from(&visit, "192.0.2.70").try_open().ok());
        held.push(socket.expect("a place whose socket is gone is free"));
    }
    is_refused(&from(&visit, "192.0.2.70"));
}

#[test]
fn an_address_opens_so_many_sockets_a_minute() {
    let settings = Settings::new("sockets-new").with("HELD_SOCKETS", "100").with("NEW_SOCKETS_PER_MINUTE", "5");
    let started = settings.start();
    let (workspace, key) = open_for_chat(&started.deployment);
    let visit = workspace.visit(&key);
    for _ in 0..5 {
        from(&visit, "2001:db8:70::1").ready().drop_connection();
    }
    is_refused(&from(&visit, "2001:db8:70::1"));
    is_refused(&from(&visit, "2001:db8:70:0:ffff::2"));
    from(&visit, "2001:db8:71::1").ready().is_quiet_and_open();
    // What is refused for another reason takes no place.
    for _ in 0..10 {
        let stranger = visit.upgrade_without_origin().origin("https://evil.example");
        stranger.header("CF-Connecting-IP", "192.0.2.72").refusal().refused("origin_not_allowed");
    }
    from(&visit, "192.0.2.72").ready().is_quiet_and_open();
}

#[test]
fn a_thousand_silent_sockets_from_one_address_are_bounded_and_store_nothing() {
    let settings = Settings::new("sockets-silent");
    let started = settings.start();
    let (workspace, key) = open_for_chat(&started.deployment);
    let talk = workspace.visit(&key);
    let mut socket = from(&talk, "192.0.2.73").ready();
    socket.send(&chat_request(&fresh("request"), "say=Hello.", None, Some(&talk.secret)));
    let _ = socket.find("chat.completed");
    // Under `wrangler dev` the process grows with each request, sockets or not, and gives nothing back to the machine: its
    // inspector keeps what is logged. So this bounds what a round may take; it can't show that all of it comes back.
    let mut resident = Vec::new();
    for address in ["192.0.2.74", "2001:db8:74::1"] {
        let attempts: Vec<Result<Socket, u16>> = thread::scope(|scope| {
            let knocking: Vec<_> = (0..10)
                .map(|_| {
                    let (workspace, key) = (&workspace, &key);
                    scope.spawn(move || {
                        (0..100).map(|_| from(&workspace.visit(key), address).try_open()).collect::<Vec<_>>()
                    })
                })
                .collect();
            knocking.into_iter().flat_map(|one| one.join().expect("each is answered")).collect()
        });
        let refused = attempts.iter().filter(|attempt| matches!(attempt, Err(429))).count();
        let held: Vec<Socket> = attempts.into_iter().filter_map(Result::ok).collect();
        assert_eq!((held.len(), refused), (100, 900));
        resident.push(started.resident_kib());
        // The visitor from before isn't troubled.
        socket.send(&chat_request(&fresh("request"), "say=Still here.", None, None));
        assert_eq!(socket.find("chat.completed")["text"], "Still here.");
        held.into_iter().for_each(Socket::drop_connection);
        let again = patiently(PATIENCE, || from(&workspace.visit(&key), address).try_open().ok());
        assert!(again.is_some(), "their places are free");
    }
    let stored = files_with(settings.state_dir(), b"CREATE TABLE heads");
    assert_eq!(stored, 1, "conversations on disk: the one that has a message");
    eprintln!("workerd held {} and {} KiB with 100 silent sockets, 1,000 tried each time", resident[0], resident[1]);
    assert!(resident[1] < resident[0] + 256 * 1024, "from {} to {} KiB", resident[0], resident[1]);
}

#[test]
fn a_flood_of_refused_requests_is_turned_away_before_anything_is_woken() {
    let (workspace, key) = open_for_chat(Deployment::shared());
    let target = format!("/widget/config?key={key}");
    let ask = |address: &str| {
        let call = workspace.deployment.get(&target).origin("https://evil.example");
        call.header("CF-Connecting-IP", address).send()
    };
    ask("192.0.2.75").refused("origin_not_allowed");
    let turned_away: usize = thread::scope(|scope| {
        let flood: Vec<_> =
            (0..8).map(|_| scope.spawn(|| (0..400).filter(|_| ask("192.0.2.76").status == 429).count())).collect();
        flood.into_iter().map(|one| one.join().expect("each is answered")).sum()
    });
    assert!((1..=2_000).contains(&turned_away), "of 3,200, 1,200 a minute pass: {turned_away}");
    ask("192.0.2.75").refused("origin_not_allowed");
}

#[test]
fn a_socket_that_sends_faster_than_any_widget_is_cut() {
    let (workspace, key) = open_for_chat(Deployment::shared());
    let visit = workspace.visit(&key);
    let frame = json!({ "type": "ping", "id": "not the ping that the runtime answers" });
    let mut socket = from(&visit, "192.0.2.77").ready();
    for _ in 0..40 {
        socket.send(&frame);
    }
    for _ in 0..40 {
        let _ = socket.next_within(PATIENCE);
    }
    socket.is_quiet_and_open();
    let mut socket = from(&visit, "192.0.2.77").ready();
    for _ in 0..200 {
        socket.send(&frame);
    }
    let frames = socket.until("chat.error");
    let error = &frames.last().expect("the last")["payload"];
    assert_eq!((&error["error"], &error["retryAfterSecs"]), (&json!("rate_limited"), &json!(1)), "{error}");
    let ended = patiently(PATIENCE, || match socket.next_within(PATIENCE) {
        Some(weft_tests::api::Event::Closed(code)) => Some(code),
        _ => None,
    });
    assert_eq!(ended, Some(4429));
}
