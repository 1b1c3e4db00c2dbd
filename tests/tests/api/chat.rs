//! Messages and answers on one socket or several.

use crate::answers::streamed;
use crate::shop::visit;
use serde_json::{Value, json};
use weft_tests::api::{Event, PATIENCE, Visit, Workspace, chat_request, fresh, fresh_secret, resume};

/// The `seq` of all frames that have one, in the order in which they came.
fn seqs(frames: &[Value]) -> Vec<u64> {
    frames.iter().filter_map(|frame| frame["payload"]["seq"].as_u64()).collect()
}

#[track_caller]
fn rises(seqs: &[u64]) {
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "seq rises: {seqs:?}");
}

#[test]
fn a_message_is_accepted_answered_piece_by_piece_and_completed() {
    let visit = visit();
    let mut socket = visit.ready();
    let id = fresh("request");
    socket.send(&visit.first(&id, "words=20 delay_ms=5"));
    let frames = socket.until("chat.completed");
    assert_eq!(frames[0]["type"], "chat.accepted");
    assert_eq!(frames[0]["payload"]["requestId"], json!(id));
    assert_eq!(frames[0]["payload"].get("duplicate"), None);
    let (completed, deltas) = (&frames[frames.len() - 1]["payload"], &frames[1..frames.len() - 1]);
    assert!(deltas.len() > 3 && deltas.iter().all(|frame| frame["type"] == "chat.delta"), "{frames:?}");
    let text = completed["text"].as_str().expect("a text");
    assert!(text.starts_with("word1 word2 ") && text.ends_with(" word20"), "{text}");
    assert_eq!(streamed(&frames, &id), text);
    assert_eq!((&completed["requestId"], &completed["status"]), (&json!(id), &json!("complete")));
    assert!(completed["messageId"].as_str().is_some_and(|id| !id.is_empty()));
    assert_eq!(completed.get("sources"), None);
    rises(&seqs(&frames));
    socket.is_quiet_and_open();
}

#[test]
fn a_message_sent_twice_is_one_message_with_one_answer() {
    let visit = visit();
    let mut socket = visit.ready();
    let id = fresh("request");
    let frame = visit.first(&id, "words=30 delay_ms=20");
    socket.send(&frame);
    socket.send(&frame);
    let mut frames = socket.until("chat.completed");
    // After its end too.
    socket.send(&frame);
    frames.extend(socket.until("chat.accepted"));
    let accepted: Vec<&Value> =
        frames.iter().filter(|frame| frame["type"] == "chat.accepted").map(|frame| &frame["payload"]).collect();
    assert_eq!(accepted.len(), 3);
    assert!(accepted.iter().all(|again| again["seq"] == accepted[0]["seq"] && again["requestId"] == json!(id)));
    assert_eq!(accepted.iter().map(|one| one["duplicate"] == true).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(frames.iter().filter(|frame| frame["type"] == "chat.completed").count(), 1);
    assert_eq!(streamed(&frames, &id).matches("word1 ").count(), 1, "one answer");
    let mut other = visit.ready();
    other.send(&resume(None, &visit.secret, 0));
    assert_eq!(other.expect("history")["messages"].as_array().map(Vec::len), Some(2));
}

#[test]
fn an_id_used_again_with_another_text_is_a_conflict_and_changes_nothing() {
    let visit = visit();
    let mut socket = visit.ready();
    let id = fresh("request");
    socket.send(&visit.first(&id, "say=One."));
    assert_eq!(socket.find("chat.completed")["text"], "One.");
    socket.send(&visit.first(&id, "say=Two."));
    assert_eq!(socket.error("conflict")["requestId"], json!(id));
    socket.is_quiet_and_open();
    socket.send(&visit.first(&id, "say=One."));
    assert_eq!(socket.find("chat.accepted")["duplicate"], true);
    let _ = socket.until("chat.completed");
    socket.send(&visit.first(&fresh("request"), "say=Two."));
    assert_eq!(socket.find("chat.completed")["text"], "Two.");
}

#[test]
fn two_fast_messages_are_answered_in_order_one_after_the_other() {
    let visit = visit();
    let mut socket = visit.ready();
    let (one, two) = (fresh("request"), fresh("request"));
    socket.send(&visit.first(&one, "words=10 delay_ms=20"));
    socket.send(&chat_request(&two, "words=3", None, None));
    let mut frames = socket.until("chat.completed");
    let first_ends = frames.len();
    frames.extend(socket.until("chat.completed"));
    rises(&seqs(&frames));
    let of = |frame: &Value| frame["payload"]["requestId"].clone();
    assert_eq!((of(&frames[first_ends - 1]), of(&frames[frames.len() - 1])), (json!(one), json!(two)));
    let accepted: Vec<Value> = frames.iter().filter(|frame| frame["type"] == "chat.accepted").map(of).collect();
    assert_eq!(accepted, [json!(one), json!(two)]);
    assert!(streamed(&frames[..first_ends], &two).is_empty(), "the second answer waits for the first");
    assert_eq!(streamed(&frames, &two), "word1 word2 word3");
}

#[test]
fn a_page_that_a_deploy_takes_off_the_list_is_cut_off_at_its_next_message() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let (visit, other) = (workspace.visit(&key), workspace.visit(&key));
    let (mut socket, mut idle) = (visit.begun(), other.ready());
    workspace.deploy("production", &json!({ "base_url": "https://new.example" }));
    socket.send(&visit.first(&fresh("request"), "say=Still here?"));
    let _ = socket.error("origin_not_allowed");
    socket.closed(4403);
    idle.send(&other.first(&fresh("request"), "say=Still here?"));
    let _ = idle.error("origin_not_allowed");
    idle.closed(4403);
    // It is still the conversation's: once the page is back, so is what was said.
    workspace.deploy("production", &json!({ "base_url": weft_tests::api::ORIGIN }));
    let mut socket = visit.ready();
    socket.send(&resume(None, &visit.secret, 0));
    assert_eq!(socket.expect("history")["messages"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_deploy_that_asks_for_tokens_holds_for_open_sockets() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({ "require_signed_token": false }));
    let visit = workspace.visit(&key);
    let mut socket = visit.ready();
    let without_token = |text: &str| chat_request(&fresh("request"), text, None, Some(&visit.secret));
    socket.send(&without_token("say=One."));
    assert_eq!(socket.find("chat.completed")["text"], "One.");
    workspace.deploy("production", &json!({ "require_signed_token": true }));
    socket.send(&without_token("say=Two."));
    let _ = socket.error("token_required");
    socket.send(&visit.first(&fresh("request"), "say=Three."));
    assert_eq!(socket.find("chat.completed")["text"], "Three.");
}

#[test]
fn two_sockets_of_one_conversation_both_see_everything() {
    let visit = visit();
    let mut one = visit.begun();
    let mut two = visit.ready();
    two.send(&resume(Some(&visit.token()), &visit.secret, 0));
    assert_eq!(two.expect("history")["messages"].as_array().map(Vec::len), Some(2));
    for turn in 0..2 {
        let id = fresh("request");
        let (asking, watching) = if turn == 0 { (&mut one, &mut two) } else { (&mut two, &mut one) };
        asking.send(&chat_request(&id, "words=8 delay_ms=10", None, None));
        let seen = asking.until("chat.completed");
        let watched = watching.until("chat.completed");
        let answer = |frames: &[Value]| {
            let wanted = |frame: &&Value| frame["type"] == "chat.delta" || frame["type"] == "chat.completed";
            frames.iter().filter(wanted).cloned().collect::<Vec<_>>()
        };
        assert_eq!(answer(&seen), answer(&watched), "the same frames");
        let told = watched.iter().find(|frame| frame["type"] == "history").expect("the other's message");
        let message = &told["payload"]["messages"][0];
        assert_eq!(
            (&message["id"], &message["role"], &message["text"]),
            (&json!(id), &json!("user"), &json!("words=8 delay_ms=10"))
        );
    }
    one.is_quiet_and_open();
    two.is_quiet_and_open();
}

#[test]
fn a_socket_that_showed_no_secret_sees_nothing() {
    let visit = visit();
    let mut owner = visit.begun();
    let mut stranger = visit.ready();
    owner.send(&chat_request(&fresh("request"), "say=For the owner alone.", None, None));
    assert_eq!(owner.find("chat.completed")["text"], "For the owner alone.");
    stranger.is_quiet_and_open();
}

#[test]
fn a_wrong_history_secret_opens_nothing_and_closes_the_socket() {
    let visit = visit();
    let _ = visit.begun();
    let wrong = fresh_secret();
    for frame in [
        resume(Some(&visit.token()), &wrong, 0),
        resume(None, &wrong, 0),
        chat_request(&fresh("request"), "say=Hello.", Some(&visit.token()), Some(&wrong)),
    ] {
        let mut socket = visit.ready();
        socket.send(&frame);
        let _ = socket.error("wrong_history_secret");
        socket.closed(4403);
    }
    let mut socket = visit.ready();
    socket.send(&resume(None, &visit.secret, 0));
    assert_eq!(socket.expect("history")["messages"].as_array().map(Vec::len), Some(2), "nothing was added");
}

#[test]
fn a_conversation_does_not_answer_in_another_environment() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({ "require_signed_token": false }));
    let visit = workspace.visit(&key);
    let _ = visit.begun();
    workspace.deploy("staging", &json!({ "base_url": weft_tests::api::ORIGIN }));
    let staging = Visit {
        conversation: visit.conversation.clone(),
        secret: visit.secret.clone(),
        ..workspace.visit(&workspace.publishable_key("staging"))
    };
    for frame in [resume(None, &visit.secret, 0), chat_request(&fresh("request"), "Hello?", None, Some(&visit.secret))]
    {
        let mut socket = staging.ready();
        socket.send(&frame);
        let _ = socket.error("wrong_history_secret");
        socket.closed(4403);
    }
    let mut socket = visit.ready();
    socket.send(&resume(None, &visit.secret, 0));
    assert_eq!(socket.expect("history")["messages"].as_array().map(Vec::len), Some(2));
}

#[test]
fn the_same_conversation_id_at_two_tenants_is_two_conversations() {
    let one = visit();
    let other = Visit { conversation: one.conversation.clone(), ..visit() };
    let _ = one.begun();
    let mut socket = other.ready();
    socket.send(&resume(None, &other.secret, 0));
    assert_eq!(socket.expect("history"), json!({ "messages": [] }));
    let _ = other.begun();
}

#[test]
fn what_a_socket_is_told_first_is_that_the_session_is_ready() {
    let visit = visit();
    let mut socket = visit.upgrade().open();
    // Sent before it has read anything: it still comes second.
    socket.send(&visit.first(&fresh("request"), "say=Hello."));
    match socket.next_within(PATIENCE) {
        Some(Event::Frame(frame)) => assert_eq!(frame["type"], "session.ready"),
        other => panic!("{other:?}"),
    }
    let _ = socket.expect("chat.accepted");
}
