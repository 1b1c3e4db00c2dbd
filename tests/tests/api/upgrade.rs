//! `GET /widget/session` before it is a WebSocket: each refusal is a plain HTTP answer.

use serde_json::json;
use weft_tests::api::{ORIGIN, Upgrade, Workspace, fresh};

#[test]
fn a_page_of_an_allowed_origin_is_greeted() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let mut socket = workspace.visit(&key).upgrade().open();
    assert_eq!(socket.expect("session.ready"), json!({ "protocol": 1, "requireSignedToken": true }));
    socket.is_quiet_and_open();
    workspace.deploy("production", &json!({ "require_signed_token": false }));
    let mut socket = workspace.visit(&key).upgrade().open();
    assert_eq!(socket.expect("session.ready"), json!({ "protocol": 1, "requireSignedToken": false }));
}

#[test]
fn a_page_of_another_origin_or_no_page_at_all_is_refused() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let visit = workspace.visit(&key);
    for origin in [
        "https://evil.example",
        "https://shop.example.evil.example",
        "https://www.shop.example",
        "https://SHOP.example",
        "http://shop.example",
        "https://shop.example:8443",
        "https://shop.example/",
        "null",
        "*",
    ] {
        visit.upgrade_without_origin().origin(origin).refusal().refused("origin_not_allowed");
    }
    visit.upgrade_without_origin().refusal().refused("origin_not_allowed");
    // Headers that only claim an origin are none.
    visit.upgrade_without_origin().header("Referer", ORIGIN).refusal().refused("origin_not_allowed");
    visit.upgrade_without_origin().header("X-Forwarded-Host", "shop.example").refusal().refused("origin_not_allowed");
    visit.ready().is_quiet_and_open();
}

#[test]
fn a_key_that_does_not_open_it_is_refused() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let base = workspace.deployment.url();
    let ask = |key: &str| {
        let target = format!("/widget/session?conversation={}{key}", fresh("conversation"));
        Upgrade::new(base, &target).origin(ORIGIN).refusal()
    };
    ask("").refused("missing_authorization");
    ask("&key=").refused("malformed_key");
    ask("&key=nonsense").refused("malformed_key");
    ask(&format!("&key={}", &key[..key.len() - 1])).refused("malformed_key");
    let forged = format!("{}{}", &key[..key.len() - 1], if key.ends_with('x') { 'y' } else { 'x' });
    ask(&format!("&key={forged}")).refused("invalid_key");
    // A header is no way in for a WebSocket: browsers can't send it.
    let headed = Upgrade::new(base, &format!("/widget/session?conversation={}", fresh("conversation"))).origin(ORIGIN);
    headed.header("Authorization", &format!("Bearer {key}")).refusal().refused("missing_authorization");
    workspace.visit(&key).ready().is_quiet_and_open();
}

#[test]
fn a_token_in_the_url_is_refused() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let secret_key = workspace.secret_key(&["messages:write", "widget:token"]);
    let visit = workspace.visit(&key);
    let token = visit.token();
    for query in [
        format!("&token={token}"),
        format!("&widgetToken={token}"),
        format!("&widget_token={token}"),
        format!("&access_token={token}"),
        format!("&jwt={token}"),
        format!("&x={token}"),
        format!("&x=Bearer%20{token}"),
        format!("&{token}"),
        "&token=".to_owned(),
        format!("&historySecret={}", visit.secret),
        format!("&x={secret_key}"),
        format!("&key={key}"),
    ] {
        visit.upgrade().query(&query).refusal().refused("invalid_request");
    }
    let with_secret_key = Upgrade::new(
        workspace.deployment.url(),
        &format!("/widget/session?key={secret_key}&conversation={}", visit.conversation),
    );
    with_secret_key.origin(ORIGIN).refusal().refused("invalid_request");
    visit.upgrade().query("&v=1").ready().is_quiet_and_open();
}

#[test]
fn a_conversation_has_an_id_of_its_shape() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let base = workspace.deployment.url();
    let at = |query: &str| Upgrade::new(base, &format!("/widget/session?key={key}{query}")).origin(ORIGIN);
    at("").refusal().refused_naming("invalid_request", "conversation");
    for bad in [
        "",
        "short",
        &"a".repeat(15),
        &"a".repeat(65),
        "aaaaaaaaaaaaaaaa/b",
        "aaaaaaaaaaaaaaaa%2F..",
        "aaaaaaaaaaaaaaaa%20",
        "ääääääääääääääää",
    ] {
        let bad: String = bad.chars().map(|c| if c.is_ascii() { c.to_string() } else { "%C3%A4".to_owned() }).collect();
        at(&format!("&conversation={bad}")).refusal().refused_naming("invalid_request", "conversation");
    }
    let twice = format!("&conversation={}&conversation={}", fresh("conversation"), fresh("conversation"));
    at(&twice).refusal().refused_naming("invalid_request", "conversation");
    for good in ["a".repeat(16), format!("{:-<64}", fresh("conversation"))] {
        at(&format!("&conversation={good}")).ready().is_quiet_and_open();
    }
}

#[test]
fn an_environment_without_a_live_config_is_not_there() {
    let workspace = Workspace::shared();
    let key = workspace.publishable_key("production");
    let visit = workspace.visit(&key);
    visit.upgrade().refusal().refused("not_found");
    let _ = workspace.open_for_chat(&json!({}));
    visit.ready().is_quiet_and_open();
}

#[test]
fn what_asks_for_no_websocket_gets_none() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let target = format!("/widget/session?key={key}&conversation={}", fresh("conversation"));
    workspace.deployment.get(&target).origin(ORIGIN).send().refused("invalid_request");
    workspace.deployment.post(&target).origin(ORIGIN).send().refused("method_not_allowed");
}

#[test]
fn forwarded_addresses_change_nothing() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    for (name, value) in [
        ("CF-Connecting-IP", "192.0.2.7"),
        ("CF-Connecting-IP", "2001:db8::7"),
        ("X-Forwarded-For", "192.0.2.8"),
        ("X-Real-IP", "nonsense"),
        ("Forwarded", "for=192.0.2.9"),
    ] {
        let visit = workspace.visit(&key);
        let mut socket = visit.upgrade().header(name, value).ready();
        socket.send(&visit.first(&fresh("request"), "say=Hello."));
        assert_eq!(socket.find("chat.completed")["text"], "Hello.", "{name}: {value}");
    }
}
