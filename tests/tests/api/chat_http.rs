//! `POST /v1/chat`: who may, what may be sent, and whose conversation it reaches.

use serde_json::{Value, json};
use std::thread;
use weft_tests::api::{Answer, Call, Deployment, Forge, ORIGIN, Workspace, chat_request, fresh, fresh_secret, resume};

/// A message to a session.
pub(crate) fn body(session: &str, message: &str) -> Value {
    json!({ "sessionId": session, "message": message })
}

/// `POST /v1/chat` from an allowed page.
fn page(key: &str, session: &str, message: &str) -> Call {
    Deployment::shared().post("/v1/chat").bearer(key).origin(ORIGIN).json(&body(session, message))
}

/// `POST /v1/chat` from a server.
fn server(key: &str, session: &str, message: &str) -> Call {
    Deployment::shared().post("/v1/chat").bearer(key).json(&body(session, message))
}

/// A workspace whose pages need no token, and a publishable key of it.
fn open() -> (Workspace<'static>, String) {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({ "require_signed_token": false }));
    (workspace, key)
}

/// The conversation that answered.
#[track_caller]
fn conversation(answer: &Answer) -> String {
    answer.expect(200)["conversationId"].as_str().expect("an id").to_owned()
}

#[test]
fn each_credential_of_the_chat_plane_gets_a_whole_answer() {
    let (workspace, key) = open();
    for (credential, origin) in [
        (key.clone(), Some(ORIGIN)),
        (workspace.secret_key(&["messages:write"]), None),
        (workspace.session_token(), None),
    ] {
        for path in ["/v1/chat", "/api/v1/chat"] {
            for (name, value) in [
                ("Authorization", format!("Bearer {credential}")),
                ("X-Api-Key", credential.clone()),
                ("X-Widget-Api-Key", credential.clone()),
            ] {
                let call = workspace.deployment.post(path).header(name, &value).json(&body("s", "say=Hello you."));
                let call = origin.into_iter().fold(call, Call::origin);
                let answer = call.send().expect(200);
                assert_eq!(answer["message"], "Hello you.", "{name} {path}");
                let fields: Vec<_> = answer.as_object().expect("an object").keys().collect();
                assert_eq!(fields, ["conversationId", "message"]);
                let id = answer["conversationId"].as_str().expect("an id");
                assert!((16..=64).contains(&id.len()) && !id.contains('='), "{id}");
            }
        }
    }
}

#[test]
fn whoever_holds_no_such_credential_is_refused() {
    let (workspace, key) = open();
    let at = workspace.deployment;
    let call = || at.post("/v1/chat").origin(ORIGIN).json(&body("s", "say=Hi."));
    call().send().refused("missing_authorization");
    call().header("X-Admin-Api-Key", at.admin_key()).send().refused("missing_authorization");
    call().bearer("nonsense").send().refused("malformed_key");
    call().header("X-Api-Key", "change-me-widget-key").send().refused("malformed_key");
    call().bearer(&key.replace("wf_pk_", "wf_sk_")).send().refused("invalid_key");
    call().bearer(at.admin_key()).send().refused("insufficient_scope");
    for scopes in [&["messages:read"][..], &["conversations:write", "settings:write", "widget:token"], &[]] {
        call().bearer(&workspace.secret_key(scopes)).send().refused("insufficient_scope");
    }
    // Where `Authorization` is there, it alone counts.
    call().bearer("nonsense").header("X-Api-Key", &key).send().refused("malformed_key");
    let in_url = at.post(&format!("/v1/chat?key={key}")).origin(ORIGIN).json(&body("s", "say=Hi."));
    in_url.bearer(&key).send().refused("invalid_request");
    let _ = call().bearer(&key).send().expect(200);

    let made = workspace.key(&json!({ "label": "a", "type": "publishable", "environment": "production" }));
    let (other, id) = (made["key"].as_str().expect("a key"), made["id"].as_str().expect("an id"));
    let _ = call().bearer(other).send().expect(200);
    assert_eq!(workspace.admin("DELETE", &format!("/keys/{id}")).send().status, 204);
    call().bearer(other).send().refused("invalid_key");
}

#[test]
fn a_publishable_key_speaks_for_pages_of_allowed_origins_alone() {
    let (_, key) = open();
    let call = || Deployment::shared().post("/v1/chat").bearer(&key).json(&body("s", "say=Hi."));
    call().send().refused("origin_not_allowed");
    for origin in ["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null"] {
        call().origin(origin).send().refused("origin_not_allowed");
    }
    let _ = call().origin(ORIGIN).send().expect(200);
}

#[test]
fn each_field_has_its_bounds_and_a_refusal_names_it() {
    let (workspace, key) = open();
    let send = |body: &Value| workspace.deployment.post("/v1/chat").bearer(&key).origin(ORIGIN).json(body).send();
    for session in ["s".to_owned(), "Az09._:-".to_owned(), "s".repeat(128)] {
        let _ = send(&body(&session, "say=Hi.")).expect(200);
    }
    for session in
        [String::new(), "s".repeat(129), "a b".to_owned(), "a/b".to_owned(), "ä".to_owned(), "a\n".to_owned()]
    {
        send(&body(&session, "say=Hi.")).refused_naming("invalid_request", "sessionId");
    }
    for message in ["x".to_owned(), "é".repeat(4_000)] {
        let _ = send(&body("s", &message)).expect(200);
    }
    for message in [String::new(), "é".repeat(4_001)] {
        send(&body("s", &message)).refused_naming("invalid_request", "message");
    }
    for (bad, named) in [
        (json!({ "message": "Hi" }), "sessionId"),
        (json!({ "sessionId": "s" }), "message"),
        (json!({ "sessionId": ["s"], "message": "Hi" }), "sessionId"),
        (json!({ "sessionId": "s", "message": null }), "message"),
        (json!({ "sessionId": "s", "message": "Hi", "conversationId": "x" }), "conversationId"),
        (json!(["s", "Hi"]), "body"),
    ] {
        send(&bad).refused_naming("invalid_request", named);
    }
    let call = || workspace.deployment.post("/v1/chat").bearer(&key).origin(ORIGIN);
    call().body("{\"sessionId\":").send().refused("invalid_request");
    call().json(&body("s", &"x".repeat(70_000))).send().refused("payload_too_large");
    for (name, bad) in [("X-History-Secret", "too-short"), ("Idempotency-Key", "a b")] {
        call().json(&body("s", "say=Hi.")).header(name, bad).send().refused_naming("invalid_request", name);
    }
}

#[test]
fn a_session_goes_on_with_its_conversation_and_with_nobody_elses() {
    let (workspace, key) = open();
    let session = fresh("session");
    let own = conversation(&page(&key, &session, "say=One.").send());
    assert_eq!(conversation(&page(&key, &session, "say=Two.").send()), own);
    let another_key = workspace.publishable_key("production");
    assert_eq!(conversation(&page(&another_key, &session, "say=Three.").send()), own);
    let reader = workspace.secret_key(&["messages:read"]);
    let path = format!("/v1/conversations/{own}/messages");
    let list = workspace.deployment.get(&path).bearer(&reader).send().expect(200);
    let texts: Vec<_> = list["messages"].as_array().expect("messages").iter().map(|one| one["text"].clone()).collect();
    assert_eq!(texts, ["say=One.", "One.", "say=Two.", "Two.", "say=Three.", "Three."]);

    // Another session, another environment, another tenant, and the customer's own server.
    workspace.deploy("staging", &json!({ "base_url": ORIGIN, "agent": { "provider": "scripted" } }));
    let (_, theirs) = open();
    let mut all = vec![own];
    for answer in [
        page(&key, &fresh("session"), "say=Hi.").send(),
        page(&workspace.publishable_key("staging"), &session, "say=Hi.").send(),
        page(&theirs, &session, "say=Hi.").send(),
        server(&workspace.secret_key(&["messages:write"]), &session, "say=Hi.").send(),
    ] {
        let id = conversation(&answer);
        assert!(!all.contains(&id), "{id}");
        all.push(id);
    }
    let session_token = workspace.session_token();
    assert_eq!(Some(&conversation(&server(&session_token, &session, "say=Hi.").send())), all.last());
}

#[test]
fn a_required_token_is_asked_for_and_keeps_end_users_apart() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let session = fresh("session");
    let with = |token: &str| page(&key, &session, "say=Hi.").header("X-Widget-Token", token).send();
    let of = |sub: &str| workspace.forge().claim("sub", json!(sub)).token();
    page(&key, &session, "say=Hi.").send().refused("token_required");
    with("nonsense").refused("invalid_token");
    with(&Forge::good(&workspace.deployment.master(), "other", "production").token()).refused("invalid_token");
    with(&Forge::good(&workspace.deployment.master(), &workspace.tenant, "staging").token()).refused("invalid_token");
    with(&workspace.forge().times(-400, -100).token()).refused("expired_token");

    let mia = conversation(&with(&of("mia")));
    assert_eq!(conversation(&with(&of("mia"))), mia, "another token of the same end user");
    assert_ne!(conversation(&with(&of("tom"))), mia, "tom knows mia's session id, and is not mia");
    // A token that comes where none is required is verified all the same, and keeps them apart all the same.
    workspace.deploy("production", &json!({ "require_signed_token": false }));
    with("nonsense").refused("invalid_token");
    assert_eq!(conversation(&with(&of("mia"))), mia);
    assert_ne!(conversation(&page(&key, &session, "say=Hi.").send()), mia);
}

#[test]
fn a_token_whose_minter_was_revoked_is_refused() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let made = workspace.key(&json!({ "label": "a", "type": "secret", "environment": "production" }));
    let minted = workspace.deployment.post("/widget-token").bearer(made["key"].as_str().expect("a key")).send();
    let token = minted.expect(200)["token"].as_str().expect("a token").to_owned();
    let send = || page(&key, "s", "say=Hi.").header("X-Widget-Token", &token).send();
    let _ = send().expect(200);
    let revoke = format!("/keys/{}", made["id"].as_str().expect("an id"));
    assert_eq!(workspace.admin("DELETE", &revoke).send().status, 204);
    send().refused("invalid_key");
}

#[test]
fn hipaas_rules_hold_here_too() {
    let (workspace, key) = open();
    let secret = workspace.secret_key(&["messages:write"]);
    let _ = page(&key, "s", "say=Hi.").send().expect(200);
    let _ = server(&secret, "s", "say=Hi.").send().expect(200);
    let _ = workspace.admin("PATCH", "").json(&json!({ "hipaa": true })).send().expect(200);
    page(&key, "s", "say=Hi.").send().refused("token_required");
    server(&secret, "s", "say=Hi.").send().refused("api_keys_disabled");
    let session = workspace.session_token();
    let _ = server(&session, "s", "say=Hi.").send().expect(200);
    let minted = workspace.deployment.post("/widget-token").bearer(&session).send().expect(200);
    let token = minted["token"].as_str().expect("a token");
    let _ = page(&key, "s", "say=Hi.").header("X-Widget-Token", token).send().expect(200);
}

#[test]
fn an_environment_without_a_live_config_answers_nobody() {
    let workspace = Workspace::shared();
    page(&workspace.publishable_key("production"), "s", "Hi").send().refused("not_found");
    server(&workspace.secret_key(&["messages:write"]), "s", "Hi").send().refused("not_found");
    server(&workspace.session_token(), "s", "Hi").send().refused("not_found");
    let key = workspace.open_for_chat(&json!({ "require_signed_token": false }));
    let _ = page(&key, "s", "Hi").send().expect(200);
}

#[test]
fn messages_sent_at_once_are_answered_one_by_one() {
    let (workspace, key) = open();
    let session = fresh("session");
    let answers: Vec<Value> = thread::scope(|scope| {
        let (key, session) = (&key, &session);
        let all: Vec<_> = (0..5)
            .map(|n| scope.spawn(move || page(key, session, &format!("delay_ms=20 say=Answer {n} is whole.")).send()))
            .collect();
        all.into_iter().map(|one| one.join().expect("it is answered").expect(200)).collect()
    });
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer["message"], format!("Answer {n} is whole."));
    }
    let id = answers[0]["conversationId"].as_str().expect("an id");
    let path = format!("/v1/conversations/{id}/messages");
    let list = workspace.deployment.get(&path).bearer(&workspace.session_token()).send().expect(200);
    let all = list["messages"].as_array().expect("messages");
    assert_eq!(all.len(), 10);
    // Answers are in the order of their messages.
    let of = |role: &str, field: &str| -> Vec<String> {
        let these = all.iter().filter(|one| one["role"] == role);
        these.map(|one| one[field].as_str().expect("a text").to_owned()).collect()
    };
    assert_eq!(of("user", "id"), of("assistant", "requestId"));
}

#[test]
fn an_idempotency_key_makes_the_same_message_the_same() {
    let (workspace, key) = open();
    let session = fresh("session");
    let send = |text: &str, idempotency: &str| page(&key, &session, text).header("Idempotency-Key", idempotency).send();
    let first = send("say=Once.", "order-1").expect(200);
    assert_eq!(send("say=Once.", "order-1").expect(200), first);
    send("say=Twice.", "order-1").refused("conflict");
    let _ = send("say=Twice.", "order-2").expect(200);
    // In another conversation the same key is another message.
    let other = page(&key, &fresh("session"), "say=Else.").header("Idempotency-Key", "order-1").send();
    assert_eq!(other.expect(200)["message"], "Else.");
    let path = format!("/v1/conversations/{}/messages", first["conversationId"].as_str().expect("an id"));
    let list = workspace.deployment.get(&path).bearer(&workspace.session_token()).send().expect(200);
    assert_eq!(list["messages"].as_array().map(Vec::len), Some(4));
}

#[test]
fn an_agent_that_fails_is_a_502_and_what_came_is_kept() {
    let (workspace, key) = open();
    let session = fresh("session");
    let id = conversation(&page(&key, &session, "say=Hi.").send());
    for script in ["then=fail", "words=3 then=fail", "words=3 then=truncate"] {
        page(&key, &session, script).send().refused("agent_failed");
    }
    let path = format!("/v1/conversations/{id}/messages");
    let list = workspace.deployment.get(&path).bearer(&workspace.session_token()).send().expect(200);
    let kept = list["messages"].as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
    assert_eq!((&kept["status"], &kept["text"]), (&json!("interrupted"), &json!("word1 word2 word3")), "{kept}");
    assert_eq!(page(&key, &session, "say=On.").send().expect(200)["message"], "On.");
}

#[test]
fn no_widget_gets_into_a_conversation_over_http() {
    let (workspace, key) = open();
    let id = conversation(&page(&key, &fresh("session"), "say=Mine alone.").send());
    let mut visit = workspace.visit(&key);
    let mut own = visit.ready();
    own.send(&chat_request(&fresh("request"), "say=Hi.", None, Some(&visit.secret)));
    assert_eq!(own.find("chat.completed")["text"], "Hi.", "the widget works where it is at home");
    visit.conversation.clone_from(&id);
    for frame in [
        chat_request(&fresh("request"), "say=Hi.", None, Some(&visit.secret)),
        chat_request(&fresh("request"), "say=Hi.", None, Some(&fresh_secret())),
        resume(None, &visit.secret, 0),
    ] {
        let mut socket = visit.ready();
        socket.send(&frame);
        let _ = socket.error("wrong_history_secret");
        socket.closed(4403);
    }
}

#[test]
fn no_session_id_gets_into_a_widgets_conversation() {
    let (workspace, key) = open();
    let visit = workspace.visit(&key);
    let mut socket = visit.ready();
    socket.send(&chat_request(&fresh("request"), "say=Hi.", None, Some(&visit.secret)));
    let _ = socket.find("chat.completed");
    for credential in [&key, &workspace.session_token(), &workspace.secret_key(&["messages:write"])] {
        let call = page(credential, &visit.conversation, "say=Let me in.");
        assert_ne!(conversation(&call.send()), visit.conversation);
        let call = page(credential, &visit.conversation, "say=Let me in.").header("X-History-Secret", &visit.secret);
        let _ = call.send();
    }
    socket.is_quiet_and_open();
    let path = format!("/v1/conversations/{}/messages", visit.conversation);
    let list = workspace.deployment.get(&path).bearer(&workspace.session_token()).send().expect(200);
    assert_eq!(list["messages"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_history_secret_of_the_clients_own_binds_the_conversation_and_lets_its_widget_see_it_live() {
    let (workspace, key) = open();
    let (session, secret) = (fresh("session"), fresh_secret());
    let with = |secret: &str, text: &str| page(&key, &session, text).header("X-History-Secret", secret).send();
    let id = conversation(&with(&secret, "say=One."));
    // Who knows the session id alone has no way in.
    page(&key, &session, "say=Hi.").send().refused("wrong_history_secret");
    with(&fresh_secret(), "say=Hi.").refused("wrong_history_secret");

    let mut visit = workspace.visit(&key);
    visit.conversation = id;
    let mut socket = visit.ready();
    socket.send(&resume(None, &secret, 0));
    assert_eq!(socket.expect("history")["messages"].as_array().map(Vec::len), Some(2));
    assert_eq!(with(&secret, "say=Two.").expect(200)["message"], "Two.");
    assert_eq!(socket.expect("history")["messages"][0]["text"], "say=Two.");
    assert_eq!(socket.find("chat.completed")["text"], "Two.");
}

#[test]
fn a_limit_counts_messages_over_http_and_by_sockets_together() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({ "require_signed_token": false, "per_ip_daily": 10 }));
    let address = "192.0.2.90";
    let (key, workspace) = (&key, &workspace);
    let accepted: usize = thread::scope(|scope| {
        let sockets = (0..5).map(|_| {
            scope.spawn(move || {
                let visit = workspace.visit(key);
                let mut socket = visit.upgrade().header("CF-Connecting-IP", address).ready();
                for _ in 0..10 {
                    socket.send(&chat_request(&fresh("request"), "say=Hi.", None, Some(&visit.secret)));
                }
                let mut accepted = 0;
                for _ in 0..10 {
                    let is_verdict =
                        |frame: &Value| ["chat.accepted", "limit.reached"].iter().any(|kind| frame["type"] == *kind);
                    let verdict = std::iter::repeat_with(|| socket.next_within(weft_tests::api::PATIENCE))
                        .find_map(|event| match event {
                            Some(weft_tests::api::Event::Frame(frame)) if is_verdict(&frame) => Some(frame),
                            Some(weft_tests::api::Event::Frame(_)) => None,
                            other => panic!("each request is answered, got {other:?}"),
                        })
                        .expect("it repeats for ever");
                    accepted += usize::from(verdict["type"] == "chat.accepted");
                }
                accepted
            })
        });
        let sockets: Vec<_> = sockets.collect();
        let requests: Vec<_> = (0..50)
            .map(|n| {
                scope.spawn(move || {
                    let call = page(key, &format!("session-{}", n % 7), "say=Hi.").header("CF-Connecting-IP", address);
                    let answer = call.send();
                    if answer.status != 200 {
                        answer.refused("quota_exceeded");
                        let secs = answer.header("Retry-After").and_then(|secs| secs.parse::<u32>().ok());
                        assert!(secs.is_some_and(|secs| (1..=86_400).contains(&secs)), "{secs:?}");
                    }
                    usize::from(answer.status == 200)
                })
            })
            .collect();
        sockets.into_iter().chain(requests).map(|one| one.join().expect("each is answered")).sum()
    });
    assert_eq!(accepted, 10);
    page(key, "s", "say=Hi.").header("CF-Connecting-IP", address).send().refused("quota_exceeded");
    let _ = page(key, "s", "say=Hi.").header("CF-Connecting-IP", "192.0.2.91").send().expect(200);
    // A server speaks for all of its visitors: no address counts.
    let secret = workspace.secret_key(&["messages:write"]);
    let _ = server(&secret, "s", "say=Hi.").header("CF-Connecting-IP", address).send().expect(200);
}
