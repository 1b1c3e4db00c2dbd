//! `GET /widget/config`: what a page's browser is told, and which pages' browsers may read it.

use serde_json::json;
use weft_tests::api::{Answer, ORIGIN, Workspace};

fn allowed(answer: &Answer) -> Option<String> {
    answer.header("Access-Control-Allow-Origin")
}

#[test]
fn the_widget_is_told_the_live_config_and_nothing_more() {
    let workspace = Workspace::shared();
    workspace.deploy(
        "production",
        &json!({
            "base_url": ORIGIN,
            "refresh_path": "/weft/token",
            "require_signed_token": true,
            "per_ip_daily": 5,
            "appearance": { "title": "Ask", "welcome_message": "Hi", "input_placeholder": "?", "accent_color": "#123456",
                "position": "bottom-left", "theme": "dark", "locale": "de", "suggested_questions": ["How long?"] },
            "agent": { "instructions": "canary-of-the-instructions" },
        }),
    );
    let key = workspace.publishable_key("production");
    let config = workspace.deployment.get(&format!("/widget/config?key={key}")).send().expect(200);
    assert_eq!(
        config,
        json!({
            "tenant": workspace.tenant,
            "environment": "production",
            "requireSignedToken": true,
            "refreshPath": "/weft/token",
            "appearance": { "title": "Ask", "welcomeMessage": "Hi", "inputPlaceholder": "?", "accentColor": "#123456",
                "position": "bottom-left", "theme": "dark", "locale": "de", "suggestedQuestions": ["How long?"] },
            "hiddenUntil": null,
        })
    );
}

#[test]
fn a_key_opens_its_own_environment() {
    let workspace = Workspace::shared();
    let (production, staging) = (workspace.publishable_key("production"), workspace.publishable_key("staging"));
    workspace.deploy("production", &json!({ "appearance": { "title": "Production" } }));
    let get = |key: &str| workspace.deployment.get(&format!("/widget/config?key={key}")).send();
    assert_eq!(get(&production).expect(200)["appearance"]["title"], "Production");
    get(&staging).refused("not_found");
    workspace.deploy("staging", &json!({ "appearance": { "title": "Staging" } }));
    assert_eq!(get(&staging).expect(200)["environment"], "staging");
    assert_eq!(get(&staging).expect(200)["appearance"]["title"], "Staging");
    assert_eq!(get(&production).expect(200)["appearance"]["title"], "Production");
}

#[test]
fn only_a_publishable_key_that_was_issued_here_opens_it() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let get = |query: &str| workspace.deployment.get(&format!("/widget/config{query}")).origin(ORIGIN).send();
    get("").refused("missing_authorization");
    for malformed in ["nonsense", "", &key[..key.len() - 1], &format!("{key}x"), &key.to_uppercase()] {
        get(&format!("?key={malformed}")).refused("malformed_key");
    }
    let forged = format!("{}{}", &key[..key.len() - 1], if key.ends_with('x') { 'y' } else { 'x' });
    get(&format!("?key={forged}")).refused("invalid_key");
    let body = &key[key.len() - 40..];
    get(&format!("?key=wf_pk_{}x_{body}", workspace.tenant)).refused("invalid_key");
    let _ = get(&format!("?key={key}")).expect(200);
}

#[test]
fn any_other_credential_in_the_url_is_refused() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let secret = workspace.secret_key(&["settings:read"]);
    let jwt = workspace.forge().token();
    let get = |query: &str| workspace.deployment.get(&format!("/widget/config?{query}")).origin(ORIGIN).send();
    for query in [
        format!("key={secret}"),
        format!("key=sess_{}_{}", workspace.tenant, "A".repeat(40)),
        format!("key={jwt}"),
        format!("key={key}&key={key}"),
        format!("key={key}&token=abc"),
        format!("key={key}&widgetToken={jwt}"),
        format!("key={key}&access_token={jwt}"),
        format!("key={key}&t={jwt}"),
        format!("key={key}&t={secret}"),
        format!("key={key}&historySecret=abc"),
        format!("key={key}&api_key={key}"),
        format!("apiKey={key}"),
    ] {
        get(&query).refused("invalid_request");
    }
    let _ = get(&format!("key={key}&v=3&conversation=abc")).expect(200);
}

#[test]
fn an_allowed_page_may_read_it_and_its_origin_is_echoed_exactly() {
    let workspace = Workspace::shared();
    let other = "http://localhost:5173";
    let key = workspace.open_for_chat(&json!({ "allowed_origins": [ORIGIN, other] }));
    let target = format!("/widget/config?key={key}");
    for origin in [ORIGIN, other] {
        let answer = workspace.deployment.get(&target).origin(origin).send();
        let _ = answer.expect(200);
        assert_eq!(allowed(&answer).as_deref(), Some(origin));
        assert!(answer.header("Vary").is_some_and(|vary| vary.split(", ").any(|name| name == "Origin")));
        // The publishable key is no cookie: nothing is sent along, so nothing is allowed to be.
        assert_eq!(answer.header("Access-Control-Allow-Credentials"), None);
    }
    // From no page at all: no header, but caches still tell the two apart.
    let answer = workspace.deployment.get(&target).send();
    let _ = answer.expect(200);
    assert_eq!(allowed(&answer), None);
    assert_eq!(answer.header("Vary").as_deref(), Some("Origin"));
}

#[test]
fn a_page_of_another_origin_may_not_read_it() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let target = format!("/widget/config?key={key}");
    for origin in [
        "https://evil.example",
        "https://shop.example.evil.example",
        "https://evilshop.example",
        "https://www.shop.example",
        "https://SHOP.example",
        "http://shop.example",
        "https://shop.example:8443",
        "https://shop.example/",
        "https://shop.example.",
        "https://shop.example, https://evil.example",
        "null",
        "*",
        "file://",
    ] {
        let answer = workspace.deployment.get(&target).origin(origin).send();
        answer.refused("origin_not_allowed");
        assert_eq!(allowed(&answer), None, "{origin}");
        let preflight = workspace
            .deployment
            .call("OPTIONS", &target)
            .origin(origin)
            .header("Access-Control-Request-Method", "GET")
            .send();
        preflight.refused("origin_not_allowed");
        assert_eq!(allowed(&preflight), None, "{origin}");
    }
    assert_eq!(workspace.deployment.get(&target).origin(ORIGIN).send().status, 200);
}

#[test]
fn a_preflight_succeeds_for_allowed_pages() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let preflight = |target: &str, method: &str| {
        let call = workspace.deployment.call("OPTIONS", target).origin(ORIGIN);
        call.header("Access-Control-Request-Method", method)
            .header("Access-Control-Request-Headers", "content-type")
            .send()
    };
    let answer = preflight(&format!("/widget/config?key={key}"), "GET");
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert_eq!(allowed(&answer).as_deref(), Some(ORIGIN));
    assert!(answer.header("Access-Control-Allow-Methods").is_some_and(|methods| methods.contains("GET")));
    assert!(answer.header("Vary").is_some_and(|vary| vary.contains("Origin")));
    // What no page may call, no page may ask for.
    for (target, method) in [
        (format!("/widget/config?key={key}"), "DELETE"),
        (workspace.path("/keys"), "POST"),
        ("/widget-token".to_owned(), "POST"),
        ("/v1/tenants".to_owned(), "GET"),
    ] {
        let answer = preflight(&target, method);
        assert!(answer.status >= 400, "{method} {target}: {}", answer.status);
        assert_eq!(allowed(&answer), None, "{target}");
    }
}

#[test]
fn the_base_url_s_origin_is_allowed_unless_others_are_named() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let get = |origin: &str| workspace.deployment.get(&format!("/widget/config?key={key}")).origin(origin).send();
    let other = "https://other.example";
    assert_eq!((get(ORIGIN).status, get(other).status), (200, 403));
    workspace.deploy("production", &json!({ "allowed_origins": [other] }));
    assert_eq!((get(ORIGIN).status, get(other).status), (403, 200));
    workspace.deploy("production", &json!({ "allowed_origins": [] }));
    assert_eq!((get(ORIGIN).status, get(other).status), (403, 403));
    workspace.deploy("production", &json!({ "allowed_origins": null }));
    assert_eq!((get(ORIGIN).status, get(other).status), (200, 403));
    // A config that names no page allows none.
    workspace.deploy("production", &json!({ "base_url": null }));
    assert_eq!(get(ORIGIN).status, 403);
}

#[test]
fn a_page_may_read_why_it_gets_no_config_but_for_its_own_origin() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let undeployed = workspace.publishable_key("staging");
    let get =
        |key: &str, origin: &str| workspace.deployment.get(&format!("/widget/config?key={key}")).origin(origin).send();
    for (key, code) in [("nonsense", "malformed_key"), (&undeployed, "not_found")] {
        let answer = get(key, ORIGIN);
        answer.refused(code);
        assert_eq!(allowed(&answer).as_deref(), Some("*"));
        assert_eq!(answer.header("Access-Control-Allow-Credentials"), None);
    }
    let answer = get(&key, "https://evil.example");
    answer.refused("origin_not_allowed");
    assert_eq!(allowed(&answer), None);
    assert_eq!(allowed(&get(&key, ORIGIN)).as_deref(), Some(ORIGIN));
}
