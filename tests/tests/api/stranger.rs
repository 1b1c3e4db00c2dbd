//! A stranger's client: what Open Chat Widget's README says to send, sent word for word, and what its widget and its
//! headless page do with the answers. (github.com/farrugiag/open-chat-widget, MIT)

use serde_json::{Value, json};
use weft_tests::api::{Answer, Call, PATIENCE, Settings, Workspace, fresh, patiently};

const KEY: &str = "change-me-widget-key";
const SITE: &str = "https://site.example";

/// As in the README: `x-api-key`, or `x-widget-api-key` as its widget sends.
fn post(base: &str, path: &str, header: &str, key: &str, session: &str, message: &str) -> Call {
    let body = json!({ "sessionId": session, "message": message });
    Call::new("POST", base, path).header("Content-Type", "application/json").header(header, key).json(&body)
}

fn readable_by(answer: &Answer) -> Option<String> {
    answer.header("Access-Control-Allow-Origin")
}

#[test]
fn open_chat_widgets_clients_work_unchanged_from_the_first_deploy_of_the_worker_on() {
    let settings = Settings::new("stranger").with("WIDGET_API_KEY", KEY);
    let started = settings.start();
    let at = &started.deployment;
    let base = at.url();
    let session = "headless-test-session";

    // Nothing was set up but the two variables. First, the headless page's `json` mode.
    let hello = || post(base, "/v1/chat", "x-api-key", KEY, session, "Hello from headless chat.");
    let reply = hello().send().expect(200);
    let conversation = reply["conversationId"].as_str().expect("an id").to_owned();
    assert!(reply["message"].as_str().is_some_and(|message| !message.is_empty()), "{reply}");
    // Its `stream` mode, and the widget's own call of `data-api-url`, which is `/chat`: lines of the four types.
    for (path, header) in [("/v1/chat/stream", "x-api-key"), ("/chat", "x-widget-api-key")] {
        let lines = post(base, path, header, KEY, session, "Hello").origin(SITE).lines();
        let allowed = lines.headers.get("Access-Control-Allow-Origin").map(|origin| origin.as_bytes().to_vec());
        assert_eq!(allowed.as_deref(), Some(SITE.as_bytes()), "the page may read it");
        let lines = lines.rest();
        assert_eq!(lines[0], json!({ "type": "start", "conversationId": conversation }));
        let assembled: String = lines.iter().filter_map(|line| line["token"].as_str()).collect();
        let done = lines.last().cloned().unwrap_or_default();
        assert_eq!(done, json!({ "type": "done", "message": assembled, "conversationId": conversation }));
    }
    // Both admin calls: the conversation is listed, with its messages, once the answers were told.
    let admin = |path: &str| at.get(path).header("x-admin-api-key", at.admin_key()).send().expect(200);
    let listed = patiently(PATIENCE, || {
        let list = admin("/v1/admin/conversations?limit=100");
        let found = list["conversations"].as_array()?.iter().find(|one| one["_id"] == conversation.as_str())?.clone();
        assert!(list["total"].as_u64().is_some_and(|total| total >= 1), "{list}");
        Some(found)
    });
    let listed = listed.expect("the conversation is listed");
    assert_eq!(listed["sessionId"], session);
    assert!(listed["lastMessage"].is_string() && listed["createdAt"].is_number(), "{listed}");
    let thread = admin(&format!("/v1/admin/conversations/{conversation}"));
    assert_eq!(thread["conversation"]["_id"], conversation.as_str());
    let roles: Vec<_> = thread["messages"].as_array().expect("messages").iter().map(|one| &one["role"]).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant", "user", "assistant"]);
    assert_eq!(thread["messages"][0]["content"], "Hello from headless chat.");
    // A wrong key, as the page tells of it: 401, with the reason in `error`.
    let wrong = post(base, "/v1/chat", "x-api-key", "not-the-widget-key", session, "Hello").send();
    assert_eq!(wrong.status, 401);
    assert!(wrong.expect(401)["error"].is_string());
    // The key opens the chat plane of the tenant `default` and nothing else.
    at.get("/v1/tenants/default/sources").bearer(KEY).send().refused("malformed_key");
    at.post("/widget-token").bearer(KEY).send().refused("malformed_key");
    at.get(&format!("/widget/config?key={KEY}")).send().refused("malformed_key");
    let path = format!("/v1/conversations/{conversation}/messages");
    at.get(&path).bearer(KEY).send().refused("wrong_history_secret");

    // The tenant is there now: the operator gives it something to answer from, and a config, whose rules hold.
    let workspace = Workspace { deployment: at, tenant: "default".to_owned() };
    let source = json!({ "title": "Returns", "body": "You may return a grinder within 30 days." });
    let _ = workspace.admin("POST", "/sources").json(&source).send().expect(201);
    let ask = |address: &str| {
        let call = post(base, "/v1/chat", "x-api-key", KEY, session, "May I return a grinder?");
        call.header("CF-Connecting-IP", address)
    };
    let reply = ask("192.0.2.1").send().expect(200);
    assert!(reply["message"].as_str().is_some_and(|message| message.contains("30 days")), "{reply}");
    assert_eq!(reply["conversationId"], conversation.as_str());
    workspace.deploy("production", &json!({ "base_url": SITE, "per_ip_daily": 2 }));
    let page = ask("192.0.2.2").origin(SITE).send();
    assert_eq!((page.status, readable_by(&page).as_deref()), (200, Some(SITE)));
    let evil = ask("192.0.2.2").origin("https://evil.example").send();
    evil.refused("origin_not_allowed");
    assert_eq!(readable_by(&evil), None);
    let _ = ask("192.0.2.2").send().expect(200);
    let full = ask("192.0.2.2").origin(SITE).send();
    full.refused("quota_exceeded");
    assert_eq!(readable_by(&full).as_deref(), Some(SITE), "the page may read why");
    workspace.deploy("production", &json!({ "require_signed_token": true }));
    ask("192.0.2.3").send().refused("token_required");
    let _ = ask("192.0.2.3").header("X-Widget-Token", &workspace.forge().token()).send().expect(200);
    workspace.deploy("production", &json!({ "require_signed_token": false }));
    let _ = workspace.admin("PATCH", "").json(&json!({ "hipaa": true })).send().expect(200);
    ask("192.0.2.3").send().refused("token_required");

    // What the server's operator reads.
    let list = at.get(&path).bearer(&workspace.session_token()).send().expect(200);
    let first: &Value = &list["messages"][0];
    assert_eq!((&first["role"], &first["text"]), (&json!("user"), &json!("Hello from headless chat.")));
    let log = at.log();
    assert!(!log.contains(KEY) && !log.contains("Hello from headless chat."), "neither key nor text is logged");
    started.crash();

    // In production no page of anywhere may, before there is a list; a server may.
    let settings =
        Settings::new("stranger-in-production").with("WIDGET_API_KEY", KEY).with("ENVIRONMENT", "production");
    let started = settings.start();
    let call = || {
        let call = post(started.deployment.url(), "/v1/chat", "x-api-key", KEY, session, "Hello");
        call.header("CF-Connecting-IP", "192.0.2.1")
    };
    call().origin(SITE).send().refused("origin_not_allowed");
    let _ = call().send().expect(200);
    started.crash();
}

#[test]
fn where_the_variable_is_not_set_there_is_no_such_key() {
    let workspace = Workspace::shared();
    let base = workspace.deployment.url();
    for key in [KEY, "", " "] {
        let answer = post(base, "/v1/chat", "x-api-key", key, &fresh("session"), "Hello").send();
        assert_eq!(answer.status, 401, "{key:?}: {}", answer.text);
    }
}

#[test]
fn a_session_goes_on_after_a_change_of_the_master_key() {
    let first = Settings::new("session-over-keys").with("WIDGET_API_KEY", KEY);
    let started = first.start();
    let send = |base: &str, idempotency: &str, text: &str| {
        post(base, "/v1/chat", "x-api-key", KEY, "s", text).header("Idempotency-Key", idempotency).send().expect(200)
    };
    let before = send(started.deployment.url(), "one", "Hello");
    started.crash();
    let old = first.get("WEFT_MASTER_KEY").to_owned();
    let second = first.with("WEFT_MASTER_KEY", &weft_tests::api::fresh_secret());
    let started = second.clone().with("WEFT_MASTER_KEY_PREVIOUS", &old).start();
    let base = started.deployment.url();
    assert_eq!(send(base, "one", "Hello"), before, "the same message, under the same id");
    assert_eq!(send(base, "two", "Hello")["conversationId"], before["conversationId"]);
    let fresh = post(base, "/v1/chat", "x-api-key", KEY, "another", "Hello").send().expect(200);
    started.crash();
    // A conversation that began since goes on when the previous key is gone; the one from before is begun anew.
    let started = second.start();
    let base = started.deployment.url();
    let again = post(base, "/v1/chat", "x-api-key", KEY, "another", "Hello").send().expect(200);
    assert_eq!(again["conversationId"], fresh["conversationId"]);
    assert_ne!(send(base, "three", "Hello")["conversationId"], before["conversationId"]);
    started.crash();
}
