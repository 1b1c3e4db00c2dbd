//! A change of `WEFT_MASTER_KEY`: what was issued before it stays valid while `WEFT_MASTER_KEY_PREVIOUS` is set, and no
//! longer.

use serde_json::json;
use weft_tests::api::{Forge, Jwt, Settings, Upgrade, Workspace, chat_request, fresh, fresh_secret, master_bytes};

#[test]
fn what_was_issued_before_stays_valid_while_the_previous_master_key_is_set() {
    let first = Settings::new("previous-master");
    let started = first.start();
    let workspace = Workspace::new(&started.deployment);
    let page = workspace.open_for_chat(&json!({}));
    let made = workspace.key(&json!({ "label": "a", "type": "secret", "environment": "production" }));
    let (key, id) = (made["key"].as_str().expect("a key").to_owned(), made["id"].as_str().expect("an id").to_owned());
    let body = json!({ "tenant_id": workspace.tenant });
    let session = started.deployment.admin("POST", "/v1/sessions").json(&body).send().expect(200);
    let session = session["token"].as_str().expect("a token").to_owned();
    let token = started.deployment.post("/widget-token").bearer(&key).json(&json!({ "ttl_seconds": 3_600 })).send();
    let token = token.expect(200)["token"].as_str().expect("a token").to_owned();
    let tenant = workspace.tenant.clone();
    started.crash();

    let (old, new) = (first.get("WEFT_MASTER_KEY").to_owned(), fresh_secret());
    let second = first.clone().with("WEFT_MASTER_KEY", &new).with("WEFT_MASTER_KEY_PREVIOUS", &old);
    let started = second.start();
    let at = &started.deployment;
    let workspace = Workspace { deployment: at, tenant: tenant.clone() };
    let read = |credential: &str| workspace.call("GET", "/sources").bearer(credential).send();
    for credential in [&key, &session] {
        let _ = read(credential).expect(200);
        let minted = at.post("/widget-token").bearer(credential).send().expect(200);
        let _ = Jwt::read(minted["token"].as_str().expect("a token"), &master_bytes(&new), &tenant);
    }
    let visit = workspace.visit(&page);
    let mut socket = visit.ready();
    socket.send(&chat_request(&fresh("request"), "say=Hello.", Some(&token), Some(&visit.secret)));
    assert_eq!(socket.find("chat.completed")["text"], "Hello.");
    // Rotated, a key of the old master key has a successor of the new one; revoked, it is as dead as any.
    let rotated = workspace.admin("POST", &format!("/keys/{id}/rotate")).send().expect(201);
    let successor = rotated["key"].as_str().expect("a key").to_owned();
    let young = workspace.secret_key(&[]);
    let stranger = Forge::good(&master_bytes(&fresh_secret()), &tenant, "production").token();
    let visit = workspace.visit(&page);
    let mut socket = visit.ready();
    socket.send(&chat_request(&fresh("request"), "say=Hello.", Some(&stranger), Some(&visit.secret)));
    let _ = socket.error("invalid_token");
    started.crash();

    let started = second.without("WEFT_MASTER_KEY_PREVIOUS").start();
    let at = &started.deployment;
    let workspace = Workspace { deployment: at, tenant };
    let read = |credential: &str| workspace.call("GET", "/sources").bearer(credential).send();
    read(&key).refused("invalid_key");
    read(&session).refused("invalid_key");
    at.get(&format!("/widget/config?key={page}")).send().refused("invalid_key");
    Upgrade::new(at.url(), &format!("/widget/session?key={page}&conversation={}", fresh("conversation")))
        .refusal()
        .refused("invalid_key");
    let _ = read(&successor).expect(200);
    read(&young).refused("insufficient_scope");
    let new_page = workspace.publishable_key("production");
    let visit = workspace.visit(&new_page);
    let mut socket = visit.ready();
    socket.send(&chat_request(&fresh("request"), "say=Hello.", Some(&token), Some(&visit.secret)));
    let _ = socket.error("invalid_token");
    socket.send(&visit.first(&fresh("request"), "say=Hello."));
    assert_eq!(socket.find("chat.completed")["text"], "Hello.");
}
