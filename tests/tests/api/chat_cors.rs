//! The chat plane from pages of other origins: whose browser may read what.

use crate::chat_http::body;
use serde_json::json;
use weft_tests::api::{Answer, Call, Deployment, ORIGIN, Workspace, fresh_secret};

const EVIL: &str = "https://evil.example";

fn allowed(answer: &Answer) -> Option<String> {
    assert_eq!(answer.header("Access-Control-Allow-Credentials"), None, "no cookies are taken");
    assert!(answer.header("Vary").is_some_and(|vary| vary.contains("Origin")), "no cache mixes origins up");
    answer.header("Access-Control-Allow-Origin")
}

fn routes() -> [(&'static str, &'static str); 4] {
    let messages = "/v1/conversations/abcdefghijklmnop/messages";
    [("POST", "/v1/chat"), ("POST", "/v1/chat/stream"), ("POST", "/chat"), ("GET", messages)]
}

#[test]
fn a_preflight_says_the_same_to_everyone_and_needs_no_key() {
    for (method, path) in routes() {
        let preflight = |origin: &str| {
            let call = Deployment::shared().call("OPTIONS", path).origin(origin);
            call.header("Access-Control-Request-Method", method)
                .header("Access-Control-Request-Headers", "content-type,x-widget-api-key")
                .send()
        };
        let (mine, theirs) = (preflight(ORIGIN), preflight(EVIL));
        assert_eq!((mine.status, mine.text.as_str()), (204, ""));
        assert_eq!(allowed(&mine).as_deref(), Some(ORIGIN));
        assert_eq!(mine.fingerprint().replace(ORIGIN, EVIL), theirs.fingerprint(), "it knows of no tenant");
        assert_eq!(mine.header("Access-Control-Allow-Methods").as_deref(), Some(method));
        let headers = mine.header("Access-Control-Allow-Headers").unwrap_or_default().to_ascii_lowercase();
        for name in [
            "authorization",
            "content-type",
            "idempotency-key",
            "x-api-key",
            "x-history-secret",
            "x-widget-api-key",
            "x-widget-token",
        ] {
            assert!(headers.split(", ").any(|one| one == name), "{name}: {headers}");
        }
        let other = Deployment::shared().call("OPTIONS", path).origin(ORIGIN);
        let other = other.header("Access-Control-Request-Method", "DELETE").send();
        other.refused("method_not_allowed");
        assert_eq!(other.header("Access-Control-Allow-Origin"), None);
    }
}

#[test]
fn an_allowed_page_may_read_answers_and_refusals_and_no_other_may() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let (token, secret) = (workspace.forge().token(), fresh_secret());
    for (method, path) in routes() {
        let call = || {
            let call = workspace.deployment.call(method, path).header("X-Api-Key", &key);
            if method == "POST" { call.json(&body("s", "say=Hi.")).header("X-History-Secret", &secret) } else { call }
        };
        let page = |origin: &str| call().origin(origin);
        // Answers, or as far as it comes.
        let signed = page(ORIGIN).header("X-Widget-Token", &token).send();
        assert_eq!(signed.status, if method == "POST" { 200 } else { 404 }, "{path}: {}", signed.text);
        assert_eq!(allowed(&signed).as_deref(), Some(ORIGIN));
        let exposed = signed.header("Access-Control-Expose-Headers").unwrap_or_default();
        assert!(exposed.contains("Retry-After"), "{exposed}");
        let refused = page(ORIGIN).send();
        refused.refused("token_required");
        assert_eq!(allowed(&refused).as_deref(), Some(ORIGIN));
        for origin in [EVIL, "null", "https://shop.example.evil.example"] {
            let refused = page(origin).header("X-Widget-Token", &token).send();
            refused.refused("origin_not_allowed");
            assert_eq!(allowed(&refused), None, "{origin}");
        }
    }
    let bad = workspace.deployment.post("/v1/chat").bearer(&key).origin(ORIGIN).json(&body("a b", "Hi")).send();
    bad.refused("invalid_request");
    assert_eq!(allowed(&bad).as_deref(), Some(ORIGIN));
}

#[test]
fn no_page_may_read_what_an_unknown_key_or_a_servers_key_is_answered() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({ "require_signed_token": false }));
    let call = |key: &str| {
        workspace.deployment.post("/v1/chat").origin(ORIGIN).header("X-Api-Key", key).json(&body("s", "say=Hi."))
    };
    for credential in ["nonsense", &key.replace("wf_pk_", "wf_sk_")] {
        let answer = call(credential).send();
        assert_eq!((answer.status, allowed(&answer)), (401, None));
    }
    // It works, as it would from any server; a page that holds such a key is a mistake that isn't made comfortable.
    for credential in [workspace.secret_key(&["messages:write"]), workspace.session_token()] {
        let answer: Answer = Call::send(call(&credential));
        assert_eq!((answer.status, allowed(&answer)), (200, None));
    }
    let answer = call(&key).send();
    assert_eq!((answer.status, allowed(&answer).as_deref()), (200, Some(ORIGIN)));
}
