//! What is answered, and how an answer ends.

use crate::shop::visit;
use serde_json::{Value, json};
use std::time::Duration;
use weft_tests::api::{Event, Workspace, chat_request, fresh};

/// The deltas among `frames` that belong to this request, put together.
pub(crate) fn streamed(frames: &[Value], request: &str) -> String {
    let of_request = |frame: &&Value| frame["type"] == "chat.delta" && frame["payload"]["requestId"] == request;
    frames.iter().filter(of_request).map(|frame| frame["payload"]["text"].as_str().expect("a text")).collect()
}

#[test]
fn an_answer_quotes_the_tenants_sources_and_names_them() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({ "agent": { "provider": "sources" } }));
    let url = "https://shop.example/help/returns";
    for source in [
        json!({ "title": "Returns and refunds", "body": "# Returns\n\nUnused teapots can be returned within 30 days. The refund \
            reaches you in five working days after the parcel has arrived here.", "url": url }),
        json!({ "title": "Brewing oolong", "body": "Warm the pot, use water of 90 degrees, and let oolong steep for three \
            minutes. It can be steeped again." }),
    ] {
        let _ = workspace.admin("POST", "/sources").json(&source).send().expect(201);
    }
    let visit = workspace.visit(&key);
    let mut socket = visit.ready();
    let mut ask = |question: &str| {
        let id = fresh("request");
        socket.send(&visit.first(&id, question));
        let frames = socket.until("chat.completed");
        let completed = frames[frames.len() - 1]["payload"].clone();
        assert_eq!(streamed(&frames, &id), completed["text"].as_str().expect("a text"));
        assert_eq!(completed["status"], "complete");
        completed
    };
    let text = |completed: &Value| completed["text"].as_str().expect("a text").to_owned();

    let answer = ask("How can I return a teapot?");
    assert!(text(&answer).contains("within 30 days") && text(&answer).contains("Returns and refunds"), "{answer}");
    assert_eq!(answer["sources"], json!([{ "title": "Returns and refunds", "url": url }]));
    let answer = ask("How long should oolong steep?");
    assert!(text(&answer).contains("three") && !text(&answer).contains("30 days"), "{answer}");
    assert_eq!(answer["sources"], json!([{ "title": "Brewing oolong" }]));
    // Nothing fits: it says so and quotes nothing.
    for question in ["What is the airspeed velocity of a swallow?", "Recommend a restaurant in Lisbon"] {
        let answer = ask(question);
        assert_eq!(answer.get("sources"), None, "{answer}");
        assert!(!text(&answer).contains("30 days") && !text(&answer).contains("oolong"), "{answer}");
    }
    // What looks like a search expression is a question like any other.
    for question in
        ["\" OR * NEAR(title:returns ^ AND NOT", "returns'); DROP TABLE sources;--", "***", "()", "\u{0}\u{1}"]
    {
        let _ = ask(question);
    }
    assert!(text(&ask("How can I return a teapot?")).contains("within 30 days"));
}

#[test]
fn a_deleted_source_is_no_longer_quoted_and_another_tenants_never() {
    let body = json!({ "title": "Opening hours", "body": "The tea room is open from Tuesday to Saturday, nine to six o'clock." });
    let theirs = Workspace::shared();
    let _ = theirs.admin("POST", "/sources").json(&body).send().expect(201);
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({ "agent": { "provider": "sources" } }));
    let visit = workspace.visit(&key);
    let mut socket = visit.ready();
    let mut quotes = || {
        socket.send(&visit.first(&fresh("request"), "When is the tea room open?"));
        socket.find("chat.completed")["text"].as_str().expect("a text").contains("Tuesday")
    };
    assert!(!quotes(), "another tenant's");
    let source = workspace.admin("POST", "/sources").json(&body).send().expect(201);
    assert!(quotes(), "its own");
    let path = format!("/sources/{}", source["id"].as_str().expect("an id"));
    assert_eq!(workspace.admin("DELETE", &path).send().status, 204);
    assert!(!quotes(), "deleted");
}

#[test]
fn an_agent_that_fails_or_breaks_off_is_never_silently_complete() {
    let visit = visit();
    let mut socket = visit.ready();
    for ending in ["fail", "truncate"] {
        let id = fresh("request");
        socket.send(&visit.first(&id, &format!("words=3 then={ending}")));
        let frames = socket.until("chat.completed");
        let completed = &frames[frames.len() - 1]["payload"];
        assert_eq!(
            (&completed["status"], &completed["text"]),
            (&json!("interrupted"), &json!("word1 word2 word3")),
            "{ending}"
        );
        let error = frames.iter().find(|frame| frame["type"] == "chat.error").expect("an error");
        assert_eq!((&error["payload"]["error"], &error["payload"]["requestId"]), (&json!("agent_failed"), &json!(id)));
    }
    socket.send(&visit.first(&fresh("request"), "words=0 then=fail"));
    assert_eq!(socket.find("chat.completed")["status"], "interrupted");
    socket.send(&visit.first(&fresh("request"), "say=Well again."));
    assert_eq!(socket.find("chat.completed")["text"], "Well again.");
}

#[test]
fn an_agent_that_falls_silent_is_given_up_and_can_be_stopped_before() {
    let visit = visit();
    let mut socket = visit.ready();
    let id = fresh("request");
    socket.send(&visit.first(&id, "words=2 then=hang"));
    let _ = socket.until("chat.delta");
    let _ = socket.until("chat.delta");
    socket.send(&json!({ "type": "chat.cancel", "id": id }));
    let stopped = socket.expect("chat.completed");
    assert_eq!((&stopped["status"], &stopped["text"]), (&json!("cancelled"), &json!("word1 word2")));

    socket.send(&visit.first(&fresh("request"), "words=2 then=hang"));
    let _ = socket.until("chat.delta");
    let _ = socket.until("chat.delta");
    match socket.next_within(Duration::from_secs(90)) {
        Some(Event::Frame(frame)) => assert_eq!(frame["payload"]["error"], "agent_failed", "{frame}"),
        other => panic!("{other:?}"),
    }
    let given_up = socket.expect("chat.completed");
    assert_eq!((&given_up["status"], &given_up["text"]), (&json!("interrupted"), &json!("word1 word2")));
    socket.send(&visit.first(&fresh("request"), "say=Well again."));
    assert_eq!(socket.find("chat.completed")["text"], "Well again.");
}

#[test]
fn an_answer_has_at_most_32768_characters() {
    let visit = visit();
    let mut socket = visit.ready();
    let id = fresh("request");
    socket.send(&visit.first(&id, "words=6000"));
    let frames = socket.until("chat.completed");
    let completed = &frames[frames.len() - 1]["payload"];
    let text = completed["text"].as_str().expect("a text");
    assert_eq!((text.chars().count(), &completed["status"]), (32_768, &json!("interrupted")));
    assert_eq!(streamed(&frames, &id), text);
    socket.send(&visit.first(&fresh("request"), "say=Short."));
    assert_eq!(socket.find("chat.completed")["text"], "Short.");
}

#[test]
fn a_cancelled_answer_stops_there_and_the_next_one_comes() {
    let visit = visit();
    let mut socket = visit.ready();
    let (id, waiting) = (fresh("request"), fresh("request"));
    socket.send(&visit.first(&id, "words=5000 delay_ms=20"));
    let mut frames = socket.until("chat.delta");
    frames.extend(socket.until("chat.delta"));
    socket.send(&chat_request(&waiting, "say=Next.", None, None));
    socket.send(&json!({ "type": "chat.cancel", "id": id }));
    frames.extend(socket.until("chat.completed"));
    let completed = &frames[frames.len() - 1]["payload"];
    assert_eq!((&completed["requestId"], &completed["status"]), (&json!(id), &json!("cancelled")));
    assert_eq!(completed["text"], json!(streamed(&frames, &id)), "what was streamed is kept");
    let rest = socket.until("chat.completed");
    assert!(streamed(&rest, &id).is_empty(), "nothing comes after it");
    assert_eq!(rest[rest.len() - 1]["payload"]["text"], "Next.");
    // What is over can't be stopped; that is no one's fault.
    socket.send(&json!({ "type": "chat.cancel", "id": id }));
    socket.is_quiet_and_open();
}

#[test]
fn a_message_that_waits_can_be_cancelled_before_its_answer_begins() {
    let visit = visit();
    let mut socket = visit.ready();
    let (one, two) = (fresh("request"), fresh("request"));
    socket.send(&visit.first(&one, "words=20 delay_ms=50"));
    socket.send(&chat_request(&two, "say=Never said.", None, None));
    let _ = socket.until("chat.accepted");
    let _ = socket.until("chat.accepted");
    socket.send(&json!({ "type": "chat.cancel", "id": two }));
    let stopped = socket.find("chat.completed");
    assert_eq!(
        (&stopped["requestId"], &stopped["status"], &stopped["text"]),
        (&json!(two), &json!("cancelled"), &json!(""))
    );
    let completed = socket.find("chat.completed");
    assert_eq!((&completed["requestId"], &completed["status"]), (&json!(one), &json!("complete")));
    socket.is_quiet_and_open();
}
