//! `…/audit`: who did what, when, from where; never a secret.

use serde_json::{Value, json};
use weft_tests::api::{Workspace, fresh};

fn entries(workspace: &Workspace<'_>) -> Vec<Value> {
    workspace.admin("GET", "/audit?limit=200").send().expect(200)["entries"].as_array().expect("entries").clone()
}

/// The newest entry, which must be about this.
#[track_caller]
fn newest(workspace: &Workspace<'_>, action: &str) -> Value {
    let entry = entries(workspace).first().cloned().expect("an entry");
    assert_eq!(entry["action"], action, "{entry}");
    entry
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

#[test]
fn every_act_is_written_down_with_who_what_when_and_where() {
    let workspace = Workspace::shared();
    let at = workspace.deployment;
    let created = newest(&workspace, "tenant.created");
    assert_eq!(created["actor"], json!({ "type": "admin" }));
    assert!(text(&created["at"]).ends_with('Z') && created["id"].is_u64());
    let address = text(&created["address"]);
    assert!(address.len() == 64 && !address.contains("127"), "a pseudonym: {address}");

    let _ = workspace.admin("PATCH", "").json(&json!({ "name": "Acme & Sons" })).send().expect(200);
    assert_eq!(newest(&workspace, "tenant.updated")["changes"], json!({ "name": "Acme & Sons" }));

    let key = workspace.key(&json!({
        "label": "Shop", "type": "secret", "environment": "staging", "scopes": ["keys:write", "settings:write"],
    }));
    let (id, plain) = (text(&key["id"]), text(&key["key"]));
    let entry = newest(&workspace, "key.created");
    assert_eq!(entry["target"], id);
    assert_eq!(
        entry["changes"],
        json!({ "label": "Shop", "type": "secret", "environment": "staging", "scopes": ["keys:write", "settings:write"] })
    );

    // A key and a session token stand in it by their ids, another address by another pseudonym.
    let from = |call: weft_tests::api::Call| call.header("CF-Connecting-IP", "192.0.2.9");
    let _ = from(workspace.call("PATCH", "/config?environment=staging").bearer(&plain))
        .json(&json!({ "per_ip_daily": 5, "appearance": { "title": "Hi" } }))
        .send()
        .expect(200);
    let entry = newest(&workspace, "config.staged");
    assert_eq!(entry["actor"], json!({ "type": "key", "id": id }));
    assert_eq!(entry["target"], "staging");
    assert_eq!(entry["changes"], json!({ "per_ip_daily": 5, "appearance.title": "Hi" }));
    assert_ne!(text(&entry["address"]), address);
    assert!(!text(&entry["address"]).contains("192.0.2.9"));

    let session = at.admin("POST", "/v1/sessions").json(&json!({ "tenant_id": workspace.tenant })).send().expect(200);
    let session_id = text(&workspace.admin("GET", "/sessions").send().expect(200)["sessions"][0]["id"]);
    assert_eq!(newest(&workspace, "session.created")["target"], session_id);
    let by_session = |method: &str, rest: &str| workspace.call(method, rest).bearer(&text(&session["token"]));
    let _ = by_session("POST", "/config/deploy").json(&json!({ "environment": "staging" })).send().expect(200);
    let entry = newest(&workspace, "config.deployed");
    assert_eq!(entry["actor"], json!({ "type": "session", "id": session_id }));
    assert_eq!((&entry["changes"]["version"], &entry["changes"]["per_ip_daily"]), (&json!(1), &json!(5)));
    let _ = by_session("PATCH", "/config?environment=staging").json(&json!({ "per_ip_daily": 6 })).send().expect(200);
    let _ = by_session("POST", "/config/discard").json(&json!({ "environment": "staging" })).send().expect(200);
    assert_eq!(newest(&workspace, "config.discarded")["target"], "staging");
    let source = by_session("POST", "/sources").json(&json!({ "title": "Tea", "body": "b" })).send().expect(201);
    let entry = newest(&workspace, "source.created");
    assert_eq!((&entry["target"], &entry["changes"]), (&source["id"], &json!({ "title": "Tea" })));
    assert_eq!(by_session("DELETE", &format!("/sources/{}", text(&source["id"]))).send().status, 204);
    assert_eq!(newest(&workspace, "source.deleted")["target"], source["id"]);

    let rotate = workspace.call("POST", &format!("/keys/{id}/rotate")).bearer(&plain);
    let successor = rotate.json(&json!({ "grace_seconds": 60 })).send().expect(201);
    let entry = newest(&workspace, "key.rotated");
    assert_eq!((&entry["target"], &entry["changes"]["successor"]), (&json!(id), &successor["id"]));
    assert_eq!(entry["actor"], json!({ "type": "key", "id": id }));
    assert_eq!(workspace.admin("DELETE", &format!("/keys/{id}")).send().status, 204);
    assert_eq!(newest(&workspace, "key.revoked")["target"], id);
    assert_eq!(workspace.admin("DELETE", &format!("/sessions/{session_id}")).send().status, 204);
    assert_eq!(newest(&workspace, "session.revoked")["target"], session_id);

    // Newest first, and each number once.
    let ids: Vec<u64> = entries(&workspace).iter().filter_map(|entry| entry["id"].as_u64()).collect();
    assert!(ids.windows(2).all(|pair| pair[0] > pair[1]), "{ids:?}");
    let whole = workspace.admin("GET", "/audit?limit=200").send().text;
    for secret in [&plain, &text(&session["token"]), &text(&successor["key"])] {
        assert!(!whole.contains(&secret[secret.len() - 40..]) && !whole.contains(&secret[secret.len() - 20..]));
    }
}

#[test]
fn what_changes_nothing_and_what_is_refused_is_no_act() {
    let workspace = Workspace::shared();
    let key = workspace.key(&json!({ "label": "a", "type": "secret", "environment": "production" }));
    let path = format!("/keys/{}", text(&key["id"]));
    workspace.deploy("production", &json!({}));
    assert_eq!(workspace.admin("DELETE", &path).send().status, 204);
    let before = entries(&workspace);
    assert_eq!(workspace.admin("DELETE", &path).send().status, 204);
    let _ = workspace.admin("PATCH", "").json(&json!({})).send().expect(200);
    let _ = workspace.admin("PATCH", "/config").json(&json!({})).send().expect(200);
    let _ = workspace.admin("POST", "/config/discard").json(&json!({ "environment": "production" })).send().expect(200);
    workspace.admin("PATCH", "/config").json(&json!({ "per_ip_daily": -1 })).send().refused("invalid_request");
    workspace.admin("POST", &format!("{path}/rotate")).send().refused("conflict");
    workspace.admin("DELETE", "/sources/src_00000000000000000000").send().refused("not_found");
    workspace.admin("POST", "/keys").json(&json!({ "label": "" })).send().refused("invalid_request");
    assert_eq!(entries(&workspace), before);
}

#[test]
fn the_log_is_read_page_by_page_with_settings_read_and_in_ones_own_tenant_alone() {
    let workspace = Workspace::shared();
    let reader = workspace.secret_key(&["settings:read"]);
    for _ in 0..4 {
        let _ = workspace.admin("PATCH", "").json(&json!({ "name": fresh("name") })).send().expect(200);
    }
    let read = |rest: &str| workspace.call("GET", &format!("/audit{rest}")).bearer(&reader).send();
    let all = read("?limit=200").expect(200)["entries"].as_array().expect("entries").clone();
    assert_eq!(all.len(), 6, "a tenant, a key, four changes");
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = read(&format!("?limit=4{cursor}")).expect(200);
        pages.extend(page["entries"].as_array().expect("entries").clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(pages, all);
    for bad in ["?limit=0", "?limit=201", "?limit=x"] {
        read(bad).refused_naming("invalid_request", "limit");
    }
    read("?cursor=%20").refused_naming("invalid_request", "cursor");
    let narrow = workspace.secret_key(&["sources:write", "keys:write"]);
    workspace.call("GET", "/audit").bearer(&narrow).send().refused("insufficient_scope");
    Workspace::shared().call("GET", "/audit").bearer(&reader).send().refused("not_found");
    workspace.call("GET", "/audit").send().refused("missing_authorization");
    for method in ["POST", "DELETE", "PATCH"] {
        workspace.admin(method, "/audit").send().refused("method_not_allowed");
    }
}

#[test]
fn a_label_cannot_forge_a_line() {
    let workspace = Workspace::shared();
    let label = "ok\u{202e}\u{2028}2026-11-22 admin key.revoked";
    let _ = workspace.key(&json!({ "label": label, "type": "secret", "environment": "production" }));
    let answer = workspace.admin("GET", "/audit").send();
    assert_eq!(answer.expect(200)["entries"][0]["changes"]["label"], r"ok\u{202e}\u{2028}2026-11-22 admin key.revoked");
    assert!(!answer.text.contains(['\n', '\r', '\u{2028}', '\u{202e}']));
    // What is outright a line break doesn't get as far.
    let broken = json!({ "label": "a\nb", "type": "secret", "environment": "production" });
    workspace.admin("POST", "/keys").json(&broken).send().refused_naming("invalid_request", "label");
    let _ =
        workspace.admin("PATCH", "/config").json(&json!({ "agent": { "instructions": "a\nb" } })).send().expect(200);
    assert_eq!(entries(&workspace)[0]["changes"]["agent.instructions"], r"a\u{a}b");
}
