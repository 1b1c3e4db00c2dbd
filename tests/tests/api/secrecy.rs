//! What the Worker writes down: never a credential, a token, a history secret, or what anyone wrote.

use serde_json::json;
use std::time::Duration;
use weft_tests::api::{ORIGIN, Upgrade, Workspace, chat_request, fresh, patiently, resume};

#[test]
fn no_line_of_the_log_holds_a_secret_or_a_message() {
    let workspace = Workspace::shared();
    let at = workspace.deployment;
    let canary = |what: &str| format!("canary{}{}", what, fresh("x").replace('-', ""));
    let mut secrets: Vec<(&str, String)> = Vec::new();

    let publishable = workspace.open_for_chat(&json!({}));
    let secret_key = workspace.secret_key(&["widget:token", "sources:read"]);
    let limited = workspace.secret_key(&[]);
    let user = canary("user");
    let minted =
        at.post("/widget-token").bearer(&secret_key).json(&json!({ "user": { "id": user, "email": user } })).send();
    let token = minted.expect(200)["token"].as_str().expect("a token").to_owned();
    let mut forged = secret_key.clone();
    forged.replace_range(forged.len() - 3.., "zzz");
    let wrong_admin = canary("admin");

    // Refusals of every kind, with the secrets where they belong and where they don't.
    at.post("/widget-token").bearer(&forged).send().refused("invalid_key");
    at.post("/widget-token").bearer(&limited).send().refused("insufficient_scope");
    at.get("/v1/tenants").bearer(&wrong_admin).send().refused("malformed_key");
    at.get("/v1/tenants").bearer(&secret_key).send().refused("insufficient_scope");
    workspace.call("GET", &format!("/sources?api_key={secret_key}")).send().refused("invalid_request");
    workspace.call("GET", &format!("/sources?q={token}")).send().refused("invalid_request");
    let body = canary("body");
    workspace.admin("POST", "/sources").body(format!("{{\"title\":\"{body}")).send().refused("invalid_request");
    workspace.admin("POST", "/sources").json(&json!({ "title": 1, "body": body })).send().refused("invalid_request");
    workspace
        .admin("PATCH", "/config")
        .json(&json!({ "refresh_path": format!("//{body}") }))
        .send()
        .refused("invalid_request");
    workspace.admin("PATCH", "/config").json(&json!({ body.clone(): 1 })).send().refused("invalid_request");

    // A session with all that can go wrong in it.
    let visit = workspace.visit(&publishable);
    let (said, failed, spoilt) = (canary("said"), canary("failed"), canary("spoilt"));
    let bad_token = visit.forge.clone().claim("sub", json!(canary("sub"))).claim("tid", json!("other")).token();
    let wrong_secret = canary("historysecretwhichislong");
    visit.upgrade().query(&format!("&token={token}")).refusal().refused("invalid_request");
    Upgrade::new(at.url(), &format!("/widget/session?key={forged}&conversation={}", visit.conversation))
        .origin(ORIGIN)
        .refusal()
        .refused("invalid_request");
    let mut socket = visit.ready();
    socket.send(&chat_request(&fresh("request"), &said, Some(&bad_token), Some(&visit.secret)));
    let _ = socket.error("invalid_token");
    socket.send(&chat_request(&fresh("request"), &said, Some(&token), Some(&visit.secret)));
    assert_eq!(socket.find("chat.completed")["text"], json!(said));
    socket.send(&chat_request(&fresh("request"), &format!("then=fail say={failed}"), None, None));
    assert_eq!(socket.find("chat.completed")["status"], "interrupted");
    socket.send_text(&format!("{{\"type\":\"chat.request\",\"payload\":\"{spoilt}\""));
    let _ = socket.error("invalid_request");
    let mut socket = visit.ready();
    socket.send(&resume(Some(&token), &wrong_secret, 0));
    let _ = socket.error("wrong_history_secret");
    let mut socket = visit.ready();
    socket.send_text(&spoilt);
    let _ = socket.error("invalid_request");

    secrets.extend([
        ("the admin key", at.admin_key().to_owned()),
        ("a wrong admin key", wrong_admin),
        ("a secret key", random_part(&secret_key)),
        ("a key without scopes", random_part(&limited)),
        ("a forged key", random_part(&forged)),
        ("a publishable key", random_part(&publishable)),
        ("a token's claims", token.split('.').nth(1).expect("claims").to_owned()),
        ("a token's signature", token.split('.').nth(2).expect("a signature").to_owned()),
        ("a refused token", bad_token.split('.').nth(1).expect("claims").to_owned()),
        ("an end user", user),
        ("a body", body),
        ("a history secret", visit.secret.clone()),
        ("a wrong history secret", wrong_secret),
        ("a message", said),
        ("a message that failed", failed),
        ("a spoilt frame", spoilt),
    ]);

    // The last thing that is logged: once its line is there, all others are.
    let last = Workspace::shared();
    last.call("GET", "/config").bearer(&last.secret_key(&[])).send().refused("insufficient_scope");
    let log = patiently(Duration::from_secs(20), || Some(at.log()).filter(|log| log.contains(&last.tenant)));
    let log = log.expect("a refusal is logged with its tenant");
    for (what, secret) in &secrets {
        assert!(!log.contains(secret), "{what} is in the log");
        assert!(!log.contains(&secret[..=secret.len() / 2]), "half of {what} is in the log");
    }
    // Nor anything of the kind, of any test until now: whole keys, and what every JWT begins with.
    for line in log.lines() {
        assert!(!line.contains("eyJ"), "a token: {line}");
        for prefix in ["wf_sk_", "wf_pk_", "sess_"] {
            for rest in line.split(prefix).skip(1) {
                let word: String =
                    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
                assert!(word.len() < 40, "a credential: {line}");
            }
        }
    }
}

/// The 40 characters behind the tenant.
fn random_part(key: &str) -> String {
    key[key.len() - 40..].to_owned()
}
