//! `GET /v1/conversations/{id}/messages`: the history over HTTP, for the visitor's browser and for the customer's server.

use serde_json::{Value, json};
use weft_tests::api::{Answer, Call, ORIGIN, Workspace, chat_request, fresh, fresh_secret};

/// A visitor's conversation of some messages, and the workspace's key.
struct Talk {
    workspace: Workspace<'static>,
    key: String,
    conversation: String,
    secret: String,
}

impl Talk {
    fn of(messages: usize) -> Self {
        let workspace = Workspace::shared();
        let key = workspace.open_for_chat(&json!({ "require_signed_token": false }));
        let visit = workspace.visit(&key);
        let mut socket = visit.ready();
        for number in 1..=messages {
            let text = format!("say=Answer {number}.");
            socket.send(&chat_request(&fresh("request"), &text, None, Some(&visit.secret)));
            assert_eq!(socket.find("chat.completed")["status"], "complete");
        }
        Self { workspace, key, conversation: visit.conversation, secret: visit.secret }
    }

    fn get(&self, query: &str) -> Call {
        let target = format!("/v1/conversations/{}/messages{query}", self.conversation);
        self.workspace.deployment.get(&target)
    }

    /// From the visitor's browser.
    fn page(&self, secret: &str) -> Answer {
        self.get("").bearer(&self.key).origin(ORIGIN).header("X-History-Secret", secret).send()
    }
}

#[track_caller]
fn messages(list: &Value) -> Vec<Value> {
    list["messages"].as_array().expect("messages").clone()
}

#[test]
fn the_visitors_browser_reads_it_with_its_secret() {
    let talk = Talk::of(2);
    let list = talk.page(&talk.secret).expect(200);
    assert_eq!(list["next_cursor"], json!(null));
    let all = messages(&list);
    let texts: Vec<_> = all.iter().map(|one| one["text"].as_str().expect("a text")).collect();
    assert_eq!(texts, ["say=Answer 1.", "Answer 1.", "say=Answer 2.", "Answer 2."]);
    let fields = |one: &Value| one.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields(&all[0]), ["createdAt", "id", "role", "seq", "text"]);
    assert_eq!(fields(&all[1]), ["createdAt", "id", "requestId", "role", "seq", "status", "text"]);
    assert_eq!((&all[0]["role"], &all[1]["role"]), (&json!("user"), &json!("assistant")));
    assert!(all[0]["createdAt"].as_str().is_some_and(|at| at.ends_with('Z')));
    let seqs: Vec<_> = all.iter().map(|one| one["seq"].as_u64().expect("a number")).collect();
    assert!(seqs.is_sorted_by(|one, next| one < next), "{seqs:?}");
}

#[test]
fn another_secret_and_none_are_refused() {
    let talk = Talk::of(1);
    let mut almost = talk.secret.clone();
    let last = if almost.pop() == Some('A') { 'B' } else { 'A' };
    almost.push(last);
    for wrong in [&fresh_secret(), &almost, "short", &talk.secret[..30], &format!("{}A", talk.secret)] {
        talk.page(wrong).refused("wrong_history_secret");
    }
    talk.get("").bearer(&talk.key).origin(ORIGIN).send().refused("wrong_history_secret");
    // A secret opens its own conversation alone.
    let other = Talk::of(1);
    other.page(&talk.secret).refused("wrong_history_secret");
    let _ = other.page(&other.secret).expect(200);
    let _ = talk.page(&talk.secret).expect(200);
}

#[test]
fn the_customers_server_reads_it_by_scope() {
    let talk = Talk::of(1);
    let with = |credential: &str| talk.get("").bearer(credential).send();
    for credential in [
        talk.workspace.secret_key(&["messages:read"]),
        talk.workspace.secret_key(&["messages:write"]),
        talk.workspace.session_token(),
    ] {
        assert_eq!(messages(&with(&credential).expect(200)).len(), 2);
    }
    with(&talk.workspace.secret_key(&["conversations:write", "settings:read"])).refused("insufficient_scope");
    with(talk.workspace.deployment.admin_key()).refused("insufficient_scope");
    talk.get("").send().refused("missing_authorization");
}

#[test]
fn a_conversation_that_is_not_there_or_anothers_is_not_found_alike() {
    let talk = Talk::of(1);
    let other = Talk::of(1);
    talk.workspace.deploy("staging", &json!({ "base_url": ORIGIN }));
    let staging = talk.workspace.publishable_key("staging");
    let body = json!({ "label": "a", "type": "secret", "environment": "staging", "scopes": ["messages:read"] });
    let staging_secret = talk.workspace.key(&body)["key"].as_str().expect("a key").to_owned();
    let read = |id: &str, credential: &str| {
        let target = format!("/v1/conversations/{id}/messages");
        let call = talk.workspace.deployment.get(&target).bearer(credential).origin(ORIGIN);
        call.header("X-History-Secret", &talk.secret).send()
    };
    let (own_server, their_server) =
        (talk.workspace.secret_key(&["messages:read"]), other.workspace.secret_key(&["messages:read"]));
    for credential in [&other.key, &their_server, &other.workspace.session_token(), &staging, &staging_secret] {
        let theirs = read(&talk.conversation, credential);
        theirs.refused("not_found");
        let missing = read(&fresh("conversation"), credential);
        assert_eq!(theirs.fingerprint(), missing.fingerprint());
    }
    for id in ["short", "abcdefghijklmno.", &"a".repeat(65)] {
        read(id, &own_server).refused("not_found");
        read(id, &talk.key).refused("not_found");
    }
    for credential in [&talk.key, &own_server, &talk.workspace.session_token()] {
        let _ = read(&talk.conversation, credential).expect(200);
    }
}

#[test]
fn a_look_at_what_is_not_there_leaves_it_free() {
    let talk = Talk::of(1);
    let visit = talk.workspace.visit(&talk.key);
    let target = format!("/v1/conversations/{}/messages", visit.conversation);
    let session = talk.workspace.session_token();
    for _ in 0..2 {
        talk.workspace.deployment.get(&target).bearer(&session).send().refused("not_found");
    }
    // Nothing was bound by it: the visitor who comes now begins the conversation.
    let mut socket = visit.ready();
    socket.send(&chat_request(&fresh("request"), "say=Mine.", None, Some(&visit.secret)));
    assert_eq!(socket.find("chat.completed")["text"], "Mine.");
    let _ = talk.workspace.deployment.get(&target).bearer(&session).send().expect(200);
}

#[test]
fn a_required_token_is_required_here_too() {
    let talk = Talk::of(1);
    for rule in ["config", "hipaa"] {
        if rule == "config" {
            talk.workspace.deploy("production", &json!({ "require_signed_token": true }));
        } else {
            talk.workspace.deploy("production", &json!({ "require_signed_token": false }));
            assert_eq!(talk.page(&talk.secret).status, 200);
            let _ = talk.workspace.admin("PATCH", "").json(&json!({ "hipaa": true })).send().expect(200);
        }
        talk.page(&talk.secret).refused("token_required");
        let with = |token: &str| {
            let call = talk.get("").bearer(&talk.key).origin(ORIGIN);
            call.header("X-History-Secret", &talk.secret).header("X-Widget-Token", token).send()
        };
        with("nonsense").refused("invalid_token");
        let _ = with(&talk.workspace.forge().token()).expect(200);
        // A session token is the customer's own server's.
        let _ = talk.get("").bearer(&talk.workspace.session_token()).send().expect(200);
    }
}

#[test]
fn pages_hold_as_many_as_asked_for_and_lose_none() {
    let talk = Talk::of(4);
    let key = talk.workspace.secret_key(&["messages:read"]);
    let whole = messages(&talk.get("").bearer(&key).send().expect(200));
    assert_eq!(whole.len(), 8);
    for limit in [1, 3, 4, 7, 8, 200] {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let list = talk.get(&format!("?limit={limit}{cursor}")).bearer(&key).send().expect(200);
            let page = messages(&list);
            assert!((1..=limit).contains(&page.len()), "{limit}: {}", page.len());
            all.extend(page);
            match list["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(all, whole, "{limit}");
    }
    for bad in ["?limit=0", "?limit=201", "?limit=x", "?limit=1&limit=2"] {
        talk.get(bad).bearer(&key).send().refused_naming("invalid_request", "limit");
    }
    for bad in ["?cursor=0", "?cursor=-1", "?cursor=x", "?cursor="] {
        talk.get(bad).bearer(&key).send().refused_naming("invalid_request", "cursor");
    }
}
