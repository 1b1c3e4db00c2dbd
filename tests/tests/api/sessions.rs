//! Session tokens: an hour of a tenant's workspace, handed out by the operator.

use serde_json::{Value, json};
use weft_tests::api::{Answer, Jwt, Workspace};

fn create(workspace: &Workspace<'_>) -> Answer {
    workspace.deployment.admin("POST", "/v1/sessions").json(&json!({ "tenant_id": workspace.tenant })).send()
}

fn token(workspace: &Workspace<'_>) -> String {
    create(workspace).expect(200)["token"].as_str().expect("a token").to_owned()
}

fn sessions(workspace: &Workspace<'_>) -> Vec<Value> {
    workspace.admin("GET", "/sessions").send().expect(200)["sessions"].as_array().expect("sessions").clone()
}

#[test]
fn a_session_token_has_the_contracts_shape_and_is_shown_once() {
    let workspace = Workspace::shared();
    let answer = create(&workspace);
    assert_eq!(answer.header("Cache-Control").as_deref(), Some("no-store"));
    let made = answer.expect(200);
    assert_eq!(made.as_object().map(serde_json::Map::len), Some(3), "{made}");
    assert_eq!(made["tenant_id"], workspace.tenant);
    let token = made["token"].as_str().expect("a token");
    let rest = token.strip_prefix(&format!("sess_{}_", workspace.tenant)).expect("its prefix");
    assert!(rest.len() == 40 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));

    let answer = workspace.admin("GET", "/sessions").send();
    assert!(!answer.text.contains(rest) && !answer.text.contains(&rest[..12]));
    let listed = sessions(&workspace);
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["status"], "active");
    assert_eq!(listed[0]["expires_at"], made["expires_at"]);
    assert_eq!(listed[0]["masked"], json!(format!("sess_{}_••••{}", workspace.tenant, &rest[36..])));
    assert!(listed[0]["id"].as_str().is_some_and(|id| id.starts_with("ses_")));
    // An hour, to the second.
    let (from, to) = (listed[0]["created_at"].as_str().expect("a time"), made["expires_at"].as_str().expect("a time"));
    assert_eq!((secs_of_day(from) + 3_600) % 86_400, secs_of_day(to));
    // It is no key.
    assert_eq!(workspace.admin("GET", "/keys").send().expect(200)["keys"], json!([]));
}

/// The seconds of the day in RFC 3339.
fn secs_of_day(at: &str) -> u32 {
    let part = |from: usize| at[from..from + 2].parse::<u32>().expect("digits");
    part(11) * 3_600 + part(14) * 60 + part(17)
}

#[test]
fn a_session_token_works_where_a_secret_key_with_all_scopes_but_keys_does() {
    let workspace = Workspace::shared();
    let token = token(&workspace);
    let call = |method: &str, rest: &str| workspace.call(method, rest).bearer(&token);
    let _ = call("GET", "/config").send().expect(200);
    let _ = call("PATCH", "/config").json(&json!({ "per_ip_daily": 5 })).send().expect(200);
    let _ = call("POST", "/config/deploy").json(&json!({ "environment": "staging" })).send().expect(200);
    let _ = call("POST", "/config/discard").json(&json!({ "environment": "production" })).send().expect(200);
    let made = call("POST", "/sources").json(&json!({ "title": "t", "body": "b" })).send().expect(201);
    let _ = call("GET", "/sources").send().expect(200);
    assert_eq!(call("DELETE", &format!("/sources/{}", made["id"].as_str().expect("an id"))).send().status, 204);
    let _ = call("GET", "/audit").send().expect(200);
    // Keys are beyond it, and so is what only the operator does.
    let body = json!({ "label": "a", "type": "publishable", "environment": "production" });
    call("GET", "/keys").send().refused("insufficient_scope");
    call("POST", "/keys").json(&body).send().refused("insufficient_scope");
    for (method, rest) in [
        ("POST", "/keys/key_0123456789abcdef01234567/rotate"),
        ("DELETE", "/keys/key_0123456789abcdef01234567"),
        ("GET", "/sessions"),
        ("DELETE", "/sessions/ses_0123456789abcdef01234567"),
        ("GET", ""),
        ("PATCH", ""),
    ] {
        call(method, rest).send().refused("insufficient_scope");
    }
    let at = workspace.deployment;
    at.get("/v1/tenants").bearer(&token).send().refused("insufficient_scope");
    let own = json!({ "tenant_id": workspace.tenant });
    at.post("/v1/sessions").bearer(&token).json(&own).send().refused("insufficient_scope");
    at.get(&format!("/widget/config?key={token}")).send().refused("invalid_request");
    // Another tenant's workspace isn't there.
    Workspace::shared().call("GET", "/config").bearer(&token).send().refused("not_found");
}

#[test]
fn a_session_token_mints_for_the_environment_that_it_names() {
    let workspace = Workspace::shared();
    let token = token(&workspace);
    let id = sessions(&workspace)[0]["id"].clone();
    let mint = |body: Value| {
        let minted = workspace.deployment.post("/widget-token").bearer(&token).json(&body).send().expect(200);
        Jwt::read(minted["token"].as_str().expect("a token"), &workspace.deployment.master(), &workspace.tenant).claims
    };
    let claims = mint(json!({}));
    assert_eq!((&claims["env"], &claims["azp"]), (&json!("production"), &id));
    assert_eq!(mint(json!({ "environment": "staging" }))["env"], "staging");
    let bad = json!({ "environment": "Staging" });
    let answer = workspace.deployment.post("/widget-token").bearer(&token).json(&bad).send();
    answer.refused_naming("invalid_request", "environment");
}

#[test]
fn a_revoked_session_token_is_refused_from_the_answer_on() {
    let workspace = Workspace::shared();
    let (first, second) = (token(&workspace), token(&workspace));
    let listed = sessions(&workspace);
    // Newest first.
    let id = listed[1]["id"].as_str().expect("an id").to_owned();
    let delete = |id: &str| workspace.admin("DELETE", &format!("/sessions/{id}")).send();
    let read = |token: &str| workspace.call("GET", "/sources").bearer(token).send();
    let _ = read(&first).expect(200);
    assert_eq!(delete(&id).status, 204);
    read(&first).refused("invalid_key");
    let _ = read(&second).expect(200);
    let ended = sessions(&workspace).into_iter().find(|session| session["id"] == json!(id)).expect("listed");
    assert_eq!(ended["status"], "revoked");
    assert_eq!(delete(&id).status, 204);
    for missing in ["ses_0123456789abcdef01234567", "key_0123456789abcdef01234567", "ses_0"] {
        delete(missing).refused("not_found");
    }
    // By the route of keys it isn't found, and a key isn't by this one.
    let live = listed[0]["id"].as_str().expect("an id");
    workspace.admin("DELETE", &format!("/keys/{live}")).send().refused("not_found");
    let key = workspace.key(&json!({ "label": "a", "type": "secret", "environment": "production" }));
    delete(key["id"].as_str().expect("an id")).refused("not_found");
    let _ = read(&second).expect(200);
    // Nor is it from another tenant.
    let other = Workspace::shared();
    other.admin("DELETE", &format!("/sessions/{live}")).send().refused("not_found");
    let _ = read(&second).expect(200);
}

#[test]
fn session_tokens_have_no_cap_and_are_listed_page_by_page() {
    let workspace = Workspace::shared();
    for _ in 0..5 {
        let _ = token(&workspace);
    }
    let all = sessions(&workspace);
    assert_eq!(all.len(), 5);
    let page = workspace.admin("GET", "/sessions?limit=3").send().expect(200);
    let cursor = page["next_cursor"].as_str().expect("more").to_owned();
    let rest = workspace.admin("GET", &format!("/sessions?limit=3&cursor={cursor}")).send().expect(200);
    assert_eq!(rest["next_cursor"], Value::Null);
    let pages = [&page, &rest].map(|page| page["sessions"].as_array().expect("sessions").clone());
    assert_eq!(pages.concat(), all);
}

#[test]
fn what_is_no_tenant_gets_no_session_token() {
    let workspace = Workspace::shared();
    let ask = |body: Value| workspace.deployment.admin("POST", "/v1/sessions").json(&body).send();
    ask(json!({ "tenant_id": "never-existed" })).refused("not_found");
    for (bad, field) in [
        (json!({}), "tenant_id"),
        (json!({ "tenant_id": "" }), "tenant_id"),
        (json!({ "tenant_id": "Acme" }), "tenant_id"),
        (json!({ "tenant_id": 1 }), "tenant_id"),
        (json!({ "tenant_id": workspace.tenant, "ttl_seconds": 60 }), "ttl_seconds"),
    ] {
        ask(bad).refused_naming("invalid_request", field);
    }
    let body = json!({ "tenant_id": workspace.tenant });
    workspace.deployment.post("/v1/sessions").json(&body).send().refused("missing_authorization");
}
