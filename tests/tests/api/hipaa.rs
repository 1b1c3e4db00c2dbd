//! HIPAA tenants, above all the moment at which the flag is switched on while keys are in use.

use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use weft_tests::api::{PATIENCE, Workspace, chat_request, fresh, patiently, resume};

fn switch(workspace: &Workspace<'_>, is_on: bool) {
    let tenant = workspace.admin("PATCH", "").json(&json!({ "hipaa": is_on })).send().expect(200);
    assert_eq!(tenant["hipaa"], is_on);
}

fn session(workspace: &Workspace<'_>) -> String {
    let body = json!({ "tenant_id": workspace.tenant });
    let made = workspace.deployment.admin("POST", "/v1/sessions").json(&body).send().expect(200);
    made["token"].as_str().expect("a token").to_owned()
}

fn minted(workspace: &Workspace<'_>, credential: &str) -> String {
    let answer = workspace.deployment.post("/widget-token").bearer(credential).send().expect(200);
    answer["token"].as_str().expect("a token").to_owned()
}

#[test]
fn switched_on_the_flag_ends_secret_keys_and_leaves_session_tokens() {
    let workspace = Workspace::shared();
    let at = workspace.deployment;
    let before = session(&workspace);
    let made = workspace.key(&json!({ "label": "a", "type": "secret", "environment": "production" }));
    let (key, id) = (made["key"].as_str().expect("a key"), made["id"].as_str().expect("an id"));
    let read = |credential: &str| workspace.call("GET", "/sources").bearer(credential).send();
    for credential in [key, &before] {
        let _ = read(credential).expect(200);
        let _ = minted(&workspace, credential);
    }
    switch(&workspace, true);
    read(key).refused("api_keys_disabled");
    at.post("/widget-token").bearer(key).send().refused("api_keys_disabled");
    workspace.admin("POST", &format!("/keys/{id}/rotate")).send().refused("api_keys_disabled");
    let another = json!({ "label": "a", "type": "secret", "environment": "staging" });
    workspace.admin("POST", "/keys").json(&another).send().refused("api_keys_disabled");
    for credential in [before, session(&workspace)] {
        let _ = read(&credential).expect(200);
        let _ = minted(&workspace, &credential);
    }
    // It can still be revoked, and publishable keys are made, rotated and revoked as ever.
    assert_eq!(workspace.admin("DELETE", &format!("/keys/{id}")).send().status, 204);
    let page = workspace.key(&json!({ "label": "a", "type": "publishable", "environment": "staging" }));
    let rotate = format!("/keys/{}/rotate", page["id"].as_str().expect("an id"));
    let _ = workspace.admin("POST", &rotate).send().expect(201);
    switch(&workspace, false);
    read(key).refused("invalid_key");
}

#[test]
fn of_requests_begun_after_the_switch_none_is_accepted_with_a_secret_key() {
    let workspace = Workspace::shared();
    let made = workspace.key(&json!({
        "label": "a", "type": "secret", "environment": "production", "rate_limit_per_minute": 100_000,
    }));
    let key = made["key"].as_str().expect("a key");
    let (is_on, accepted) = (AtomicBool::new(false), AtomicU32::new(0));
    thread::scope(|scope| {
        let hammer = || {
            let mut refused = 0;
            while refused < 15 {
                let is_after = is_on.load(Ordering::SeqCst);
                let answer = workspace.call("GET", "/sources").bearer(key).send();
                match answer.status {
                    200 if is_after => panic!("accepted after the switch was answered"),
                    200 => drop(accepted.fetch_add(1, Ordering::SeqCst)),
                    _ => {
                        answer.refused("api_keys_disabled");
                        refused += i32::from(is_after);
                    }
                }
            }
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(hammer)).collect();
        let in_use = patiently(PATIENCE, || (accepted.load(Ordering::SeqCst) >= 20).then_some(()));
        let answer = workspace.admin("PATCH", "").json(&json!({ "hipaa": true })).send();
        // Set before anything can fail here: the others end by it.
        is_on.store(true, Ordering::SeqCst);
        in_use.expect("the key works, and is in use");
        let _ = answer.expect(200);
        for thread in threads {
            thread.join().expect("none was accepted");
        }
    });
}

#[test]
fn a_signed_token_is_required_whatever_the_config_says_and_on_open_sockets_too() {
    let workspace = Workspace::shared();
    let page = workspace.open_for_chat(&json!({ "require_signed_token": false }));
    let key = workspace.secret_key(&["widget:token"]);
    let by_key = minted(&workspace, &key);
    let anonymous = workspace.visit(&page);
    let ask = |token: Option<&str>, secret: Option<&str>| chat_request(&fresh("request"), "say=Hello.", token, secret);

    let mut open = anonymous.ready();
    open.send(&ask(None, Some(&anonymous.secret)));
    assert_eq!(open.find("chat.completed")["text"], "Hello.");
    let known = workspace.visit(&page);
    let mut on_key = known.ready();
    on_key.send(&ask(Some(&by_key), Some(&known.secret)));
    let _ = on_key.find("chat.completed");

    switch(&workspace, true);
    let config: Value = workspace.deployment.get(&format!("/widget/config?key={page}")).send().expect(200);
    assert_eq!(config["requireSignedToken"], true);
    open.send(&ask(None, None));
    let _ = open.error("token_required");
    // A token that a secret key minted falls with the keys.
    on_key.send(&ask(None, None));
    let _ = on_key.error("api_keys_disabled");
    on_key.closed(4401);
    // History is no exception: its secret alone doesn't open it.
    let mut reader = anonymous.ready();
    reader.send(&resume(None, &anonymous.secret, 0));
    let _ = reader.error("token_required");
    let by_session = minted(&workspace, &session(&workspace));
    reader.send(&resume(Some(&by_session), &anonymous.secret, 0));
    assert_eq!(reader.expect("history")["messages"].as_array().map(Vec::len), Some(2));
    // With a token that a session minted, the open socket goes on.
    open.send(&ask(Some(&by_session), None));
    assert_eq!(open.find("chat.completed")["text"], "Hello.");
}
