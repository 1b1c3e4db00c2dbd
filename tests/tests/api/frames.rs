//! Frames that break protocol 1, and sockets that say nothing.

use crate::shop::visit;
use serde_json::{Value, json};
use std::time::Duration;
use weft_tests::api::{Event, PATIENCE, Socket, Visit, chat_request, fresh, fresh_secret, patiently, resume, without};

const LARGEST: usize = 64 * 1024;

/// Holds that the Worker answers `invalid_request`, which repeats nothing of `sent`, and then closes with 4400.
#[track_caller]
fn breaks_off(mut socket: Socket, sent: &str) {
    let error = match socket.next_within(PATIENCE) {
        Some(Event::Frame(frame)) if frame["type"] == "chat.error" => frame["payload"].clone(),
        other => panic!("{sent}: {other:?}"),
    };
    assert_eq!(error["error"], "invalid_request", "{sent}");
    assert!(!error["message"].as_str().expect("a message").contains("canary"), "{error}");
    assert_eq!(socket.next_within(PATIENCE), Some(Event::Closed(4400)), "{sent}");
}

/// Nothing of this conversation is stored: any secret finds it empty and may begin it.
#[track_caller]
fn has_not_begun(visit: &Visit) {
    let mut socket = visit.ready();
    socket.send(&resume(Some(&visit.token()), &fresh_secret(), 0));
    assert_eq!(socket.expect("history"), json!({ "messages": [] }));
    let _ = visit.begun();
}

#[test]
fn what_is_no_frame_closes_the_socket() {
    let visit = visit();
    for text in [
        "",
        " ",
        "hello",
        "null",
        "true",
        "7",
        r#""chat.request""#,
        "[]",
        r#"["ping"]"#,
        "{}",
        "{",
        r#"{"type":"ping"}}"#,
        r#"{"type":"ping"} {"type":"ping"}"#,
        r#"{"type":7}"#,
        r#"{"type":null}"#,
        r#"{"type":["ping"]}"#,
        r#"{"Type":"ping"}"#,
        r#"{"type":"ping","type":"ping"}"#,
        "{'type':'ping'}",
        "\u{feff}{\"type\":\"ping\"}",
        "<ping/>",
        "type=ping",
    ] {
        let mut socket = visit.ready();
        socket.send_text(text);
        breaks_off(socket, text);
    }
    for depth in [1_000, 30_000] {
        let mut socket = visit.ready();
        socket.send_text(&format!(r#"{{"type":"ping","payload":{}"#, "[".repeat(depth)));
        breaks_off(socket, "nested without end");
    }
    has_not_begun(&visit);
}

#[test]
fn an_unknown_type_closes_the_socket() {
    let visit = visit();
    for kind in [
        "",
        "chat",
        "chat.Request",
        "CHAT.REQUEST",
        "chat.accepted",
        "session.ready",
        "pong",
        "auth.expiring",
        "__proto__",
        "Ping",
    ] {
        let mut socket = visit.ready();
        socket.send(&json!({ "type": kind, "id": fresh("request"), "payload": {} }));
        breaks_off(socket, kind);
    }
    has_not_begun(&visit);
}

#[test]
fn a_binary_frame_closes_the_socket() {
    let visit = visit();
    for bytes in [&b""[..], b"\0\x01\x02", br#"{"type":"ping"}"#] {
        let mut socket = visit.ready();
        socket.send_binary(bytes);
        breaks_off(socket, "binary");
    }
    // Also after a good beginning.
    let mut socket = visit.begun();
    socket.send_binary(br#"{"type":"ping"}"#);
    breaks_off(socket, "binary");
}

#[test]
fn a_text_frame_that_is_no_utf_8_closes_the_socket() {
    let visit = visit();
    let mut socket = visit.ready();
    socket.send_raw_text(b"{\"type\":\"ping\xff\xfe\"}");
    let ended = patiently(PATIENCE, || match socket.next_within(PATIENCE) {
        Some(Event::Closed(code)) => Some(code),
        _ => None,
    });
    // RFC 6455 section 8.1 has 1007 for it, which the server in front of the Worker may send by itself.
    assert!(matches!(ended, Some(1007 | 4400)), "{ended:?}");
    has_not_begun(&visit);
}

#[test]
fn a_known_type_of_another_shape_closes_the_socket() {
    let visit = visit();
    let request = || visit.first(&fresh("request"), "say=Hello.");
    let with = |field: &str, value: Value| {
        let mut frame = request();
        frame[field] = value;
        frame
    };
    let payload = |field: &str, value: Value| {
        let mut frame = request();
        frame["payload"][field] = value;
        frame
    };
    for bad in [
        without(request(), "id"),
        with("id", Value::Null),
        with("id", json!(7)),
        with("id", json!("")),
        with("id", json!("a".repeat(15))),
        with("id", json!("a".repeat(65))),
        with("id", json!("aaaaaaaaaaaaaaaa/b")),
        with("id", json!("aaaaaaaaaaaaaaaa\n")),
        with("id", json!("é".repeat(16))),
        without(request(), "payload"),
        with("payload", Value::Null),
        with("payload", json!([])),
        with("payload", json!("canary, expected canary")),
        payload("message", Value::Null),
        payload("message", json!("say=canary")),
        payload("message", json!({})),
        payload("message", json!(["say=Hello."])),
        payload("message", json!({ "text": null })),
        payload("message", json!({ "text": 7 })),
        payload("message", json!({ "text": ["a"] })),
        payload("message", json!({ "text": "" })),
        payload("message", json!({ "text": "x".repeat(4_001) })),
        payload("message", json!({ "text": "é".repeat(4_001) })),
        payload("widgetToken", json!(7)),
        payload("widgetToken", json!({ "canary": "canary" })),
        payload("historySecret", Value::Null),
        payload("historySecret", json!(7)),
        payload("historySecret", json!("")),
        payload("historySecret", json!("a".repeat(21))),
        payload("historySecret", json!("a".repeat(129))),
        payload("historySecret", json!("canary-aaaaaaaaaaaaaaaaaa/")),
        json!({ "type": "chat.resume" }),
        json!({ "type": "chat.resume", "payload": { "historySecret": visit.secret } }),
        json!({ "type": "chat.resume", "payload": { "lastSeq": 0 } }),
        json!({ "type": "chat.resume", "payload": { "historySecret": visit.secret, "lastSeq": -1 } }),
        json!({ "type": "chat.resume", "payload": { "historySecret": visit.secret, "lastSeq": 1.5 } }),
        json!({ "type": "chat.resume", "payload": { "historySecret": visit.secret, "lastSeq": "0" } }),
        json!({ "type": "chat.resume", "payload": [null, visit.secret, 0] }),
        json!({ "type": "chat.cancel" }),
        json!({ "type": "chat.cancel", "id": "short" }),
        json!({ "type": "auth.refresh" }),
        json!({ "type": "auth.refresh", "payload": {} }),
        json!({ "type": "auth.refresh", "payload": [visit.token()] }),
        json!({ "type": "auth.refresh", "payload": { "widgetToken": null } }),
    ] {
        let mut socket = visit.ready();
        socket.send(&bad);
        breaks_off(socket, &bad.to_string());
    }
    has_not_begun(&visit);
}

#[test]
fn the_first_request_of_a_socket_brings_the_history_secret() {
    let visit = visit();
    let mut socket = visit.ready();
    socket.send(&chat_request(&fresh("request"), "say=Hello.", Some(&visit.token()), None));
    breaks_off(socket, "without a secret");
    // A later one need not.
    let mut socket = visit.begun();
    socket.send(&chat_request(&fresh("request"), "say=Again.", None, None));
    assert_eq!(socket.find("chat.completed")["text"], "Again.");
}

#[test]
fn nothing_can_be_cancelled_before_the_history_secret_was_shown() {
    let visit = visit();
    let mut owner = visit.ready();
    let id = fresh("request");
    owner.send(&visit.first(&id, "words=40 delay_ms=50"));
    let _ = owner.until("chat.delta");
    let mut stranger = visit.ready();
    stranger.send(&json!({ "type": "chat.cancel", "id": id }));
    breaks_off(stranger, "a stranger's cancel");
    assert_eq!(owner.find("chat.completed")["status"], "complete");
}

#[test]
fn a_message_has_1_to_4000_characters() {
    let visit = visit();
    let mut socket = visit.ready();
    for text in ["x".to_owned(), "é".repeat(4_000), "🍵".repeat(4_000)] {
        socket.send(&visit.first(&fresh("request"), &text));
        assert_eq!(socket.find("chat.completed")["text"], json!(text), "echoed");
    }
}

#[test]
fn an_id_and_a_secret_may_have_their_shortest_and_longest_form() {
    for (id, secret) in [("_-".repeat(8), "a-".repeat(11)), ("z9".repeat(32), "B_".repeat(64))] {
        let visit = Visit { secret, ..visit() };
        let mut socket = visit.ready();
        socket.send(&visit.first(&id, "say=Hello."));
        assert_eq!(socket.find("chat.completed")["text"], "Hello.");
    }
}

#[test]
fn a_frame_of_more_than_64_kib_closes_the_socket() {
    let visit = visit();
    let of = |bytes: usize| {
        let mut frame = visit.first(&fresh("request"), "say=Hello.").to_string();
        frame.push_str(&" ".repeat(bytes - frame.len()));
        frame
    };
    for bytes in [LARGEST + 1, 4 * LARGEST] {
        let mut sockets = [visit.ready(), visit.ready()];
        sockets[0].send_text(&of(bytes));
        sockets[1].send_binary(&vec![0; bytes]);
        for mut socket in sockets {
            let mut event = socket.next_within(PATIENCE);
            if let Some(Event::Frame(frame)) = &event {
                assert_eq!(frame["payload"]["error"], "payload_too_large");
                event = socket.next_within(PATIENCE);
            }
            assert_eq!(event, Some(Event::Closed(4413)), "{bytes} bytes");
        }
    }
    has_not_begun(&visit);
    let mut socket = visit.ready();
    socket.send_text(&of(LARGEST));
    assert_eq!(socket.find("chat.completed")["text"], "Hello.");
}

#[test]
fn a_ping_is_answered_at_any_time() {
    let visit = visit();
    visit.ready().is_quiet_and_open();
    let mut socket = visit.begun();
    socket.is_quiet_and_open();
    // Written in another way it means the same.
    socket.send_text("{ \"type\": \"ping\" }");
    assert_eq!(socket.next_within(PATIENCE), Some(Event::Frame(json!({ "type": "pong" }))));
    socket.send(&chat_request(&fresh("request"), "words=10 delay_ms=50", None, None));
    let _ = socket.until("chat.delta");
    socket.send_text(r#"{"type":"ping"}"#);
    let _ = socket.until("pong");
    assert_eq!(socket.find("chat.completed")["status"], "complete");
}

#[test]
fn who_says_nothing_of_substance_in_ten_seconds_is_cut_off() {
    let visit = visit();
    let mut silent = visit.ready();
    let mut pinging = visit.ready();
    let mut renewing = visit.ready();
    pinging.send_text(r#"{"type":"ping"}"#);
    renewing.send(&json!({ "type": "auth.refresh", "payload": { "widgetToken": visit.token() } }));
    assert_eq!(pinging.next_within(PATIENCE), Some(Event::Frame(json!({ "type": "pong" }))));
    let talking = Visit { conversation: fresh("conversation"), ..visit.clone() };
    let mut talking_socket = talking.begun();
    // Not long before the ten seconds are over, and not long after.
    assert_eq!(silent.next_within(Duration::from_secs(2)), None);
    for (socket, what) in [(&mut silent, "silent"), (&mut pinging, "pinging"), (&mut renewing, "renewing")] {
        assert_eq!(socket.next_within(PATIENCE), Some(Event::Closed(4408)), "{what}");
    }
    talking_socket.is_quiet_and_open();
    has_not_begun(&visit);
}
