//! Lost connections: the answer goes on, and the widget takes up where it was.

use crate::shop::visit;
use serde_json::{Value, json};
use weft_tests::api::{PATIENCE, Socket, fresh, patiently, resume};

/// What a widget has of one answer: each delta with its `seq`.
#[derive(Default)]
struct Seen {
    deltas: Vec<(u64, String)>,
    completed: Option<Value>,
}

impl Seen {
    /// Takes frames until there are `count` deltas, or the answer is completed.
    #[track_caller]
    fn take(&mut self, socket: &mut Socket, count: usize) {
        while self.deltas.len() < count && self.completed.is_none() {
            let frame = match socket.next_within(PATIENCE) {
                Some(weft_tests::api::Event::Frame(frame)) => frame,
                other => panic!("{other:?}"),
            };
            let payload = &frame["payload"];
            match frame["type"].as_str() {
                Some("chat.delta") => {
                    let seq = payload["seq"].as_u64().expect("a seq");
                    self.deltas.push((seq, payload["text"].as_str().expect("a text").to_owned()));
                }
                Some("chat.completed") => self.completed = Some(payload.clone()),
                Some("chat.accepted") => {}
                // What the history holds is over: the answer that still comes is not in it.
                Some("history") => {
                    let messages = payload["messages"].as_array().expect("messages");
                    assert!(messages.iter().all(|message| message["role"] == "user"), "{payload}");
                }
                _ => panic!("{frame}"),
            }
        }
    }

    fn last_seq(&self) -> u64 {
        self.deltas.last().map_or(0, |(seq, _)| *seq)
    }

    #[track_caller]
    fn is_whole(&self, text: &str) {
        let completed = self.completed.as_ref().expect("completed");
        assert_eq!((&completed["status"], &completed["text"]), (&json!("complete"), &json!(text)));
        assert!(self.deltas.windows(2).all(|pair| pair[0].0 < pair[1].0), "each seq once, in order");
        assert!(completed["seq"].as_u64() > Some(self.last_seq()), "and the end above them");
        assert_eq!(self.deltas.iter().map(|(_, text)| text.as_str()).collect::<String>(), text, "each piece once");
    }
}

fn words(count: usize) -> String {
    (1..=count).map(|number| format!("word{number}")).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_answer_that_a_lost_connection_cut_is_resumed_with_each_piece_once() {
    let visit = visit();
    let mut socket = visit.ready();
    socket.send(&visit.first(&fresh("request"), "words=80 delay_ms=40"));
    let mut seen = Seen::default();
    for count in [5, 20, 40, usize::MAX] {
        seen.take(&mut socket, count);
        if seen.completed.is_none() {
            socket.drop_connection();
            socket = visit.ready();
            socket.send(&resume(Some(&visit.token()), &visit.secret, seen.last_seq()));
        }
    }
    seen.is_whole(&words(80));
    socket.is_quiet_and_open();
}

#[test]
fn a_resume_needs_no_token_only_the_history_secret() {
    let visit = visit();
    let mut socket = visit.ready();
    socket.send(&visit.first(&fresh("request"), "words=30 delay_ms=40"));
    let mut seen = Seen::default();
    seen.take(&mut socket, 5);
    socket.drop_connection();
    let mut socket = visit.ready();
    socket.send(&resume(None, &visit.secret, seen.last_seq()));
    seen.take(&mut socket, usize::MAX);
    seen.is_whole(&words(30));
    // To ask again it takes one.
    socket.send(&weft_tests::api::chat_request(&fresh("request"), "say=Hello.", None, None));
    let _ = socket.error("token_required");
}

#[test]
fn a_message_sent_again_because_its_acknowledgement_was_lost_is_one_message() {
    let visit = visit();
    let id = fresh("request");
    let frame = visit.first(&id, "words=10 delay_ms=20");
    for _ in 0..3 {
        let mut socket = visit.ready();
        socket.send(&frame);
        socket.drop_connection();
    }
    let mut socket = visit.ready();
    socket.send(&frame);
    assert_eq!(socket.find("chat.completed")["text"], json!(words(10)));
    let mut other = visit.ready();
    other.send(&resume(None, &visit.secret, 0));
    let history = other.expect("history");
    let roles: Vec<&Value> = history["messages"].as_array().expect("messages").iter().map(|one| &one["role"]).collect();
    assert_eq!(roles, ["user", "assistant"]);
}

#[test]
fn an_answer_goes_on_while_nobody_listens() {
    let visit = visit();
    let mut socket = visit.ready();
    let id = fresh("request");
    socket.send(&visit.first(&id, "words=20 delay_ms=50"));
    let _ = socket.until("chat.delta");
    socket.drop_connection();
    let answer = patiently(PATIENCE, || {
        let mut socket = visit.ready();
        socket.send(&resume(None, &visit.secret, 0));
        let history = socket.expect("history");
        history["messages"].as_array().expect("messages").iter().find(|message| message["role"] == "assistant").cloned()
    });
    assert_eq!(answer.expect("in the history")["text"], json!(words(20)));
}

#[test]
fn the_history_holds_every_message_once_in_order() {
    let visit = visit();
    let mut socket = visit.ready();
    let mut expected = Vec::new();
    for text in ["One.", "Two.", "Three."] {
        let id = fresh("request");
        socket.send(&visit.first(&id, &format!("say={text}")));
        let accepted = socket.expect("chat.accepted");
        let completed = socket.find("chat.completed");
        expected.push((json!(id), accepted["seq"].clone(), json!("user"), json!(format!("say={text}"))));
        expected.push((completed["messageId"].clone(), completed["seq"].clone(), json!("assistant"), json!(text)));
    }
    let history = |last_seq: u64| {
        let mut socket = visit.ready();
        socket.send(&resume(None, &visit.secret, last_seq));
        let history = socket.expect("history");
        let rows = history["messages"].as_array().expect("messages").clone();
        assert!(rows.iter().all(|row| row["createdAt"].as_str().is_some_and(|at| at.ends_with('Z'))), "{rows:?}");
        rows.into_iter()
            .map(|row| (row["id"].clone(), row["seq"].clone(), row["role"].clone(), row["text"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(history(0), expected);
    let after_two = expected[3].1.as_u64().expect("a seq");
    assert_eq!(history(after_two), expected[4..]);
    let last = expected[5].1.as_u64().expect("a seq");
    assert_eq!(history(last), []);
    assert_eq!(history(u64::from(u32::MAX)), []);
}

#[test]
fn an_end_that_was_missed_comes_as_it_would_have_come() {
    let visit = visit();
    let mut socket = visit.ready();
    socket.send(&visit.first(&fresh("request"), "words=10 delay_ms=20"));
    let mut seen = Seen::default();
    seen.take(&mut socket, 3);
    // Another socket sees the end; this one is asleep.
    socket.drop_connection();
    let mut other = visit.ready();
    other.send(&resume(None, &visit.secret, seen.last_seq()));
    let end = other.find("chat.completed");
    let mut socket = visit.ready();
    socket.send(&resume(None, &visit.secret, seen.last_seq()));
    assert_eq!(socket.find("chat.completed"), end);
    assert_eq!(end["text"], json!(words(10)));
}

#[test]
fn a_conversation_that_never_began_has_an_empty_history() {
    let visit = visit();
    let mut socket = visit.ready();
    socket.send(&resume(Some(&visit.token()), &visit.secret, 0));
    assert_eq!(socket.expect("history"), json!({ "messages": [] }));
    // And begins with the first message on that same socket.
    socket.send(&weft_tests::api::chat_request(&fresh("request"), "say=Hello.", None, None));
    assert_eq!(socket.find("chat.completed")["text"], "Hello.");
}
