//! Tokens that end while the socket is open, and their renewal on that same socket.

use crate::shop::visit;
use serde_json::json;
use std::time::Duration;
use weft_tests::api::{Event, Socket, Visit, Workspace, chat_request, fresh, now_secs, patiently};

fn refresh(socket: &mut Socket, token: &str) {
    socket.send(&json!({ "type": "auth.refresh", "payload": { "widgetToken": token } }));
}

/// Sends a message without a token; its `chat.completed` or `chat.error`.
#[track_caller]
fn ask(socket: &mut Socket) -> serde_json::Value {
    socket.send(&chat_request(&fresh("request"), "say=Hello.", None, None));
    loop {
        match socket.next_within(Duration::from_secs(20)) {
            Some(Event::Frame(frame)) if frame["type"] == "chat.completed" || frame["type"] == "chat.error" => {
                return frame;
            }
            Some(Event::Frame(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_request_after_the_token_s_end_is_refused_until_a_fresh_one_comes() {
    let visit = visit();
    let ends = now_secs() + 5;
    let short = Visit { forge: visit.forge.clone().times(0, 5), ..visit.clone() };
    let mut socket = short.begun();
    let refusal =
        patiently(Duration::from_secs(20), || Some(ask(&mut socket)).filter(|frame| frame["type"] == "chat.error"));
    assert_eq!(refusal.expect("refused in the end")["payload"]["error"], "expired_token");
    assert!(now_secs() >= ends, "not before its time");
    // In an auth.refresh, or in the request itself.
    refresh(&mut socket, &visit.token());
    assert_eq!(ask(&mut socket)["type"], "chat.completed");
    socket.send(&visit.first(&fresh("request"), "say=Again."));
    assert_eq!(socket.find("chat.completed")["text"], "Again.");
}

#[test]
fn the_end_of_a_token_is_announced_in_time_to_renew_it() {
    let visit = visit();
    let short = Visit { forge: visit.forge.clone().times(0, 16), ..visit.clone() };
    let ends = now_secs() + 16;
    let mut socket = short.begun();
    let expiring = socket.expect("auth.expiring");
    let left = expiring["expiresInSecs"].as_i64().expect("seconds");
    assert!((1..=16).contains(&left), "{expiring}");
    assert!(now_secs() < ends, "before its end");
    refresh(&mut socket, &visit.token());
    // The old one's end is no end any more.
    let is_past = patiently(Duration::from_secs(30), || (now_secs() > ends).then_some(()));
    assert!(is_past.is_some());
    assert_eq!(ask(&mut socket)["type"], "chat.completed");
    socket.is_quiet_and_open();
}

#[test]
fn a_refused_renewal_leaves_the_token_that_is_there() {
    let visit = visit();
    let mut socket = visit.begun();
    refresh(&mut socket, "nonsense");
    let _ = socket.error("invalid_token");
    refresh(&mut socket, &visit.forge.clone().times(-400, -100).token());
    let _ = socket.error("expired_token");
    assert_eq!(ask(&mut socket)["type"], "chat.completed");
    refresh(&mut socket, &visit.token());
    socket.is_quiet_and_open();
}

#[test]
fn a_token_may_come_before_the_first_request() {
    let visit = visit();
    let mut socket = visit.ready();
    refresh(&mut socket, &visit.token());
    socket.send(&chat_request(&fresh("request"), "say=Hello.", None, Some(&visit.secret)));
    assert_eq!(socket.find("chat.completed")["text"], "Hello.");
}

#[test]
fn a_token_from_the_widget_token_route_gets_in() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let backend = workspace.secret_key(&["widget:token"]);
    let minted =
        workspace.deployment.post("/widget-token").bearer(&backend).json(&json!({ "user": { "id": "u" } })).send();
    let minted = minted.expect(200);
    let visit = workspace.visit(&key);
    let mut socket = visit.ready();
    socket.send(&chat_request(&fresh("request"), "say=Hello.", minted["token"].as_str(), Some(&visit.secret)));
    assert_eq!(socket.find("chat.completed")["text"], "Hello.");
}
