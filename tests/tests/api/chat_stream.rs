//! `POST /v1/chat/stream` and `POST /chat`: lines that can be read when they are written.

use crate::chat_http::body;
use serde_json::{Value, json};
use weft_tests::api::{Call, Lines, ORIGIN, PATIENCE, Workspace, fresh, patiently};

struct Page {
    workspace: Workspace<'static>,
    key: String,
    session: String,
    /// The customer's server's.
    session_token: String,
}

impl Page {
    fn new() -> Self {
        let workspace = Workspace::shared();
        let key = workspace.open_for_chat(&json!({ "require_signed_token": false }));
        let session_token = workspace.session_token();
        Self { workspace, key, session: fresh("session"), session_token }
    }

    fn call(&self, path: &str, message: &str) -> Call {
        self.workspace.deployment.post(path).bearer(&self.key).origin(ORIGIN).json(&body(&self.session, message))
    }

    fn stream(&self, message: &str) -> Lines {
        self.call("/v1/chat/stream", message).lines()
    }

    /// The last message of a conversation.
    fn last(&self, conversation: &Value) -> Value {
        let path = format!("/v1/conversations/{}/messages", conversation.as_str().expect("an id"));
        let list = self.workspace.deployment.get(&path).bearer(&self.session_token).send().expect(200);
        list["messages"].as_array().and_then(|all| all.last()).cloned().unwrap_or_default()
    }
}

#[test]
fn an_answer_comes_in_the_contracts_lines() {
    let page = Page::new();
    for path in ["/v1/chat/stream", "/chat", "/api/v1/chat/stream"] {
        let lines = page.call(path, "words=3").lines();
        let header =
            |name: &str| lines.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        assert!(header("Content-Type").is_some_and(|kind| kind.starts_with("application/x-ndjson")), "{path}");
        assert!(header("Cache-Control").is_some_and(|cache| cache.contains("no-store")), "{path}");
        assert_eq!(header("X-Content-Type-Options").as_deref(), Some("nosniff"));
        let lines = lines.rest();
        let conversation = &lines[0]["conversationId"];
        assert!(conversation.is_string());
        assert_eq!(
            lines,
            [
                json!({ "type": "start", "conversationId": conversation }),
                json!({ "type": "token", "token": "word1" }),
                json!({ "type": "token", "token": " word2" }),
                json!({ "type": "token", "token": " word3" }),
                json!({ "type": "done", "message": "word1 word2 word3", "conversationId": conversation }),
            ]
        );
        assert_eq!(page.call("/v1/chat", "say=Hi.").send().expect(200)["conversationId"], *conversation);
    }
}

#[test]
fn a_token_can_be_read_while_the_rest_is_not_there_yet() {
    let page = Page::new();
    // The agent says two words and falls silent: whatever is read now is read before the answer is over.
    let mut lines = page.stream("words=2 then=hang");
    let start = lines.expect("start");
    assert_eq!(lines.expect("token")["token"], "word1");
    assert_eq!(lines.expect("token")["token"], " word2");
    let last = page.last(&start["conversationId"]);
    assert_eq!(last["role"], "user", "the answer is not over: {last}");
}

#[test]
fn a_client_that_hangs_up_loses_nothing() {
    let page = Page::new();
    let mut lines = page.stream("words=30 delay_ms=50");
    let conversation = lines.expect("start")["conversationId"].clone();
    let _ = lines.expect("token");
    drop(lines);
    let whole = patiently(PATIENCE, || {
        let last = page.last(&conversation);
        (last["role"] == "assistant").then_some(last)
    });
    let whole = whole.expect("the answer goes on to its end");
    assert_eq!(whole["status"], "complete");
    assert!(whole["text"].as_str().is_some_and(|text| text.starts_with("word1 ") && text.ends_with(" word30")));
    assert_eq!(page.call("/v1/chat", "say=Next.").send().expect(200)["message"], "Next.");
}

#[test]
fn an_answer_that_fails_ends_with_an_error_and_is_never_done() {
    let page = Page::new();
    let lines = page.stream("words=2 then=fail").rest();
    let kinds: Vec<_> = lines.iter().map(|line| line["type"].as_str().expect("a type")).collect();
    assert_eq!(kinds, ["start", "token", "token", "error"]);
    assert_eq!(lines[3], json!({ "type": "error", "error": "agent_failed" }));
    // Cut at its longest: all of it came, and it isn't called whole.
    let lines = page.stream("words=5000").rest();
    assert_eq!(lines.last(), Some(&json!({ "type": "error", "error": "agent_failed" })));
    let text: String = lines.iter().filter_map(|line| line["token"].as_str()).collect();
    assert_eq!(text.chars().count(), 32_768);
    assert_eq!(page.last(&lines[0]["conversationId"])["text"], text);
}

#[test]
fn a_refusal_is_a_plain_answer_before_any_line() {
    let page = Page::new();
    for path in ["/v1/chat/stream", "/chat"] {
        let call = || page.workspace.deployment.post(path).json(&body("s", "say=Hi."));
        call().send().refused("missing_authorization");
        call().bearer(&page.key).send().refused("origin_not_allowed");
        page.call(path, "").send().refused_naming("invalid_request", "message");
        let once = |text: &str| page.call(path, text).header("Idempotency-Key", path);
        assert_eq!(once("say=Hi.").lines().rest().last().map(|line| line["message"].clone()), Some(json!("Hi.")));
        once("say=Ho.").send().refused("conflict");
        // The same again: the same answer, as a stream.
        assert_eq!(once("say=Hi.").lines().rest().last().map(|line| line["message"].clone()), Some(json!("Hi.")));
    }
}
