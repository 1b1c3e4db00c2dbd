//! `/v1/tenants`: the operator's list.

use serde_json::{Value, json};
use weft_tests::api::{Deployment, Workspace, fresh, without};

#[test]
fn a_tenant_is_made_read_and_changed() {
    let at = Deployment::shared();
    let id = fresh("t");
    let made = at.admin("POST", "/v1/tenants").json(&json!({ "id": id, "name": "Acme Ltd" })).send().expect(201);
    assert_eq!(without(made.clone(), "created_at"), json!({ "id": id, "name": "Acme Ltd", "hipaa": false }));
    assert!(is_rfc3339_utc(&made["created_at"]), "{made}");
    let path = format!("/v1/tenants/{id}");
    assert_eq!(at.admin("GET", &path).send().expect(200), made);

    let changed = at.admin("PATCH", &path).json(&json!({ "name": "Acme GmbH" })).send().expect(200);
    assert_eq!((&changed["name"], &changed["hipaa"]), (&json!("Acme GmbH"), &json!(false)));
    let changed = at.admin("PATCH", &path).json(&json!({ "hipaa": true })).send().expect(200);
    assert_eq!((&changed["name"], &changed["hipaa"]), (&json!("Acme GmbH"), &json!(true)));
    let changed = at.admin("PATCH", &path).json(&json!({ "name": null, "hipaa": null })).send().expect(200);
    assert_eq!(changed, {
        let mut back = made;
        back["name"] = json!(id);
        back
    });
    assert_eq!(at.admin("GET", &path).send().expect(200), changed);
}

#[test]
fn a_tenants_name_is_its_id_unless_given() {
    let at = Deployment::shared();
    let id = fresh("t");
    let made = at.admin("POST", "/v1/tenants").json(&json!({ "id": id })).send().expect(201);
    assert_eq!(made["name"], json!(id));
}

#[test]
fn a_tenant_is_made_once() {
    let workspace = Workspace::shared();
    let again = json!({ "id": workspace.tenant, "name": "Another", "hipaa": true });
    workspace.deployment.admin("POST", "/v1/tenants").json(&again).send().refused("conflict");
    let kept = workspace.admin("GET", "").send().expect(200);
    assert_eq!((&kept["name"], &kept["hipaa"]), (&json!(workspace.tenant), &json!(false)));
}

#[test]
fn a_tenants_id_is_a_slug_of_at_most_32_characters() {
    let at = Deployment::shared();
    let create = |id: &Value| at.admin("POST", "/v1/tenants").json(&json!({ "id": id })).send();
    for bad in [
        json!(""),
        json!("-a"),
        json!("a-"),
        json!("a--b"),
        json!("Acme"),
        json!("a_b"),
        json!("a b"),
        json!("a.b"),
        json!("a/b"),
        json!("../a"),
        json!("ä"),
        json!("a\n"),
        json!("a".repeat(33)),
        json!(7),
        json!(null),
        json!(["a"]),
    ] {
        create(&bad).refused_naming("invalid_request", "id");
    }
    // 32 characters, the longest.
    let longest = format!("{:0<32}", fresh("t"));
    assert_eq!(longest.len(), 32);
    assert_eq!(create(&json!(longest)).expect(201)["id"], json!(longest));
}

#[test]
fn what_is_no_tenants_name_or_field_is_refused_by_name() {
    let workspace = Workspace::shared();
    let at = workspace.deployment;
    for (body, field) in [
        (json!({}), "id"),
        (json!({ "id": fresh("t"), "name": "" }), "name"),
        (json!({ "id": fresh("t"), "name": "x".repeat(101) }), "name"),
        (json!({ "id": fresh("t"), "name": "a\nb" }), "name"),
        (json!({ "id": fresh("t"), "name": 7 }), "name"),
        (json!({ "id": fresh("t"), "hipaa": "yes" }), "hipaa"),
        (json!({ "id": fresh("t"), "plan": "free" }), "plan"),
    ] {
        at.admin("POST", "/v1/tenants").json(&body).send().refused_naming("invalid_request", field);
        if let Some(id) = body["id"].as_str() {
            at.admin("GET", &format!("/v1/tenants/{id}")).send().refused("not_found");
        }
    }
    for (body, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": false }), "name"),
        (json!({ "hipaa": 1 }), "hipaa"),
        (json!({ "id": "another" }), "id"),
        (json!({ "name": "good", "plan": "free" }), "plan"),
    ] {
        workspace.admin("PATCH", "").json(&body).send().refused_naming("invalid_request", field);
    }
    assert_eq!(workspace.admin("GET", "").send().expect(200)["name"], json!(workspace.tenant));
    let name = "x".repeat(100);
    assert_eq!(workspace.admin("PATCH", "").json(&json!({ "name": name })).send().expect(200)["name"], json!(name));
}

#[test]
fn a_tenant_that_is_not_there_is_not_found() {
    let at = Deployment::shared();
    let path = format!("/v1/tenants/{}", fresh("nobody"));
    at.admin("GET", &path).send().refused("not_found");
    at.admin("PATCH", &path).json(&json!({ "name": "x" })).send().refused("not_found");
    for rest in ["/keys", "/config", "/sources"] {
        at.admin("GET", &format!("{path}{rest}")).send().refused("not_found");
    }
    for (rest, body) in [
        ("/keys", json!({ "label": "a", "type": "publishable", "environment": "production" })),
        ("/sources", json!({ "title": "a", "body": "b" })),
        ("/config/deploy", json!({ "environment": "production" })),
        ("/config/discard", json!({ "environment": "production" })),
    ] {
        at.admin("POST", &format!("{path}{rest}")).json(&body).send().refused("not_found");
    }
    at.admin("PATCH", &format!("{path}/config")).json(&json!({})).send().refused("not_found");
    // Asking for it has not made it.
    at.admin("GET", &path).send().refused("not_found");
    let _ = at.admin("POST", "/v1/tenants").json(&json!({ "id": path.rsplit('/').next() })).send().expect(201);
    let _ = at.admin("GET", &path).send().expect(200);
}

#[test]
fn a_hipaa_tenants_secret_keys_are_refused_at_creation_and_at_use() {
    let workspace = Workspace::shared();
    let key = workspace.secret_key(&["settings:read"]);
    let read = || workspace.call("GET", "/config").bearer(&key).send();
    let _ = read().expect(200);
    let publishable = workspace.open_for_chat(&json!({ "require_signed_token": false }));
    let config = || workspace.deployment.get(&format!("/widget/config?key={publishable}")).send().expect(200);
    assert_eq!(config()["requireSignedToken"], false);

    let _ = workspace.admin("PATCH", "").json(&json!({ "hipaa": true })).send().expect(200);
    read().refused("api_keys_disabled");
    let another = json!({ "label": "a", "type": "secret", "environment": "staging" });
    workspace.admin("POST", "/keys").json(&another).send().refused("api_keys_disabled");
    // Publishable keys still route, and a signed widget token is required whatever the config says.
    assert_eq!(config()["requireSignedToken"], true);
    let _ = workspace.publishable_key("staging");

    let _ = workspace.admin("PATCH", "").json(&json!({ "hipaa": false })).send().expect(200);
    let _ = read().expect(200);
    assert_eq!(config()["requireSignedToken"], false);
}

fn is_rfc3339_utc(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() >= 20 && text.as_bytes()[10] == b'T' && text.ends_with('Z'))
}
