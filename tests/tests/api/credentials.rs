//! Credentials: where they stand in a request, what shape they have, and which are known.

use serde_json::json;
use weft_tests::api::{Workspace, fresh_secret};

/// Every management route: method, path below the tenant's own, a body that it takes.
const ROUTES: [(&str, &str, &str); 9] = [
    ("GET", "/keys", ""),
    ("POST", "/keys", r#"{"label":"a","type":"publishable","environment":"development"}"#),
    ("GET", "/config", ""),
    ("PATCH", "/config", "{}"),
    ("POST", "/config/deploy", r#"{"environment":"development"}"#),
    ("POST", "/config/discard", r#"{"environment":"development"}"#),
    ("GET", "/sources", ""),
    ("POST", "/sources", r#"{"title":"t","body":"b"}"#),
    ("DELETE", "/sources/src_00000000000000000000", ""),
];
/// Those for the operator alone.
const OPERATORS: [(&str, &str); 2] = [("GET", ""), ("PATCH", "")];

#[test]
fn no_route_of_the_workspace_opens_without_a_credential() {
    let workspace = Workspace::shared();
    for (method, rest, body) in ROUTES {
        workspace.call(method, rest).body(body).send().refused("missing_authorization");
        for empty in ["", " "] {
            workspace
                .call(method, rest)
                .header("Authorization", empty)
                .body(body)
                .send()
                .refused("missing_authorization");
        }
        let status = workspace.admin(method, rest).body(body).send().status;
        assert!(matches!(status, 200 | 201 | 404), "{method} {rest}: {status}");
    }
    for (method, rest) in OPERATORS {
        workspace.call(method, rest).body("{}").send().refused("missing_authorization");
    }
    let at = workspace.deployment;
    at.get("/v1/tenants").send().refused("missing_authorization");
    at.post("/v1/tenants").body("{}").send().refused("missing_authorization");
    at.post("/widget-token").send().refused("missing_authorization");
}

#[test]
fn what_has_no_credentials_shape_is_malformed() {
    let workspace = Workspace::shared();
    let good = workspace.secret_key(&["sources:read"]);
    let body = &good[good.len() - 40..];
    let tenant = &workspace.tenant;
    let get = |authorization: &str| workspace.call("GET", "/sources").header("Authorization", authorization).send();
    for bad in [
        "Bearer".to_owned(),
        "Bearer nonsense".to_owned(),
        format!("Basic {body}"),
        format!("Token {good}"),
        good.clone(),
        format!("Bearer {good} {good}"),
        format!("Bearer {good},{good}"),
        format!("Bearer \"{good}\""),
        format!("Bearer wf_xk_{tenant}_{body}"),
        format!("Bearer wf_sk_{}_{body}", tenant.to_uppercase()),
        format!("Bearer wf_sk__{body}"),
        format!("Bearer wf_sk_{body}"),
        format!("Bearer wf_sk_{tenant}{body}"),
        format!("Bearer {}", &good[..good.len() - 1]),
        format!("Bearer {good}a"),
        format!("Bearer {}-", &good[..good.len() - 1]),
        format!("Bearer {}", good.to_uppercase()),
        format!("Bearer {}", "a".repeat(5_000)),
        format!("Bearer eyJhbGciOiJIUzI1NiJ9.e30.{body}"),
    ] {
        get(&bad).refused("malformed_key");
    }
    for fine in [format!("Bearer {good}"), format!("bearer {good}"), format!("BEARER  {good} ")] {
        let _ = get(&fine).expect(200);
    }
}

#[test]
fn what_was_never_issued_here_is_invalid_whoever_asks_for_whatever() {
    let workspace = Workspace::shared();
    let good = workspace.secret_key(&["sources:read"]);
    let get = |key: &str| workspace.call("GET", "/sources").bearer(key).send();
    // One character changed, at each place of the random part and the tag.
    for at in good.len() - 40..good.len() {
        let other = if good.as_bytes()[at] == b'x' { 'y' } else { 'x' };
        get(&format!("{}{other}{}", &good[..at], &good[at + 1..])).refused("invalid_key");
    }
    // The same text as another kind or another tenant's.
    let body = &good[good.len() - 40..];
    for forged in [
        format!("wf_pk_{}_{body}", workspace.tenant),
        format!("sess_{}_{body}", workspace.tenant),
        format!("wf_sk_{}x_{body}", workspace.tenant),
        format!("wf_sk_{}_{}", workspace.tenant, "0".repeat(40)),
    ] {
        get(&forged).refused("invalid_key");
        workspace.deployment.post("/widget-token").bearer(&forged).send().refused("invalid_key");
    }
    let _ = get(&good).expect(200);
}

#[test]
fn an_unknown_key_answers_alike_for_tenants_that_are_there_and_that_are_not() {
    let workspace = Workspace::shared();
    let key = format!("wf_sk_{}_{}", workspace.tenant, "A".repeat(40));
    let there = workspace.call("GET", "/sources").bearer(&key).send();
    there.refused("invalid_key");
    let nowhere = workspace.deployment.get("/v1/tenants/nobody-of-this-name/sources").bearer(&key).send();
    assert_eq!(there.fingerprint(), nowhere.fingerprint());
}

#[test]
fn the_admin_key_opens_by_either_header_and_nothing_like_it_does() {
    let workspace = Workspace::shared();
    let at = workspace.deployment;
    let admin = at.admin_key();
    let _ = at.get("/v1/tenants").bearer(admin).send().expect(200);
    let _ = at.get("/v1/tenants").header("X-Admin-Api-Key", admin).send().expect(200);
    for wrong in [fresh_secret(), format!("{admin}x"), admin[1..].to_owned(), admin.to_lowercase(), "admin".to_owned()]
    {
        for rest in ["/v1/tenants".to_owned(), workspace.path("/keys")] {
            at.get(&rest).bearer(&wrong).send().refused("malformed_key");
            at.get(&rest).header("X-Admin-Api-Key", &wrong).send().refused("malformed_key");
        }
    }
    // The chat plane's headers carry nothing here, and where Authorization is there it alone counts.
    for name in ["X-Api-Key", "X-Widget-Api-Key", "Proxy-Authorization", "Cookie"] {
        at.get("/v1/tenants").header(name, admin).send().refused("missing_authorization");
    }
    at.get("/v1/tenants").bearer("wrong").header("X-Admin-Api-Key", admin).send().refused("malformed_key");
}

#[test]
fn operators_routes_are_for_the_admin_key_alone() {
    let workspace = Workspace::shared();
    let key = workspace.secret_key(&["settings:write", "keys:write", "sources:write", "widget:token"]);
    let at = workspace.deployment;
    for (method, rest) in OPERATORS {
        workspace.call(method, rest).bearer(&key).body("{}").send().refused("insufficient_scope");
        let _ = workspace.admin(method, rest).body("{}").send().expect(200);
    }
    at.get("/v1/tenants").bearer(&key).send().refused("insufficient_scope");
    at.post("/v1/tenants").bearer(&key).json(&json!({ "id": "x" })).send().refused("insufficient_scope");
    // Nor does the admin key act as a tenant's own.
    at.post("/widget-token").bearer(at.admin_key()).send().refused("insufficient_scope");
}

#[test]
fn a_publishable_key_opens_nothing_of_the_workspace() {
    let workspace = Workspace::shared();
    let key = workspace.publishable_key("production");
    for (method, rest, body) in ROUTES {
        workspace.call(method, rest).bearer(&key).body(body).send().refused("insufficient_scope");
    }
    for (method, rest) in OPERATORS {
        workspace.call(method, rest).bearer(&key).body("{}").send().refused("insufficient_scope");
    }
    workspace.deployment.get("/v1/tenants").bearer(&key).send().refused("insufficient_scope");
    workspace.deployment.post("/widget-token").bearer(&key).send().refused("insufficient_scope");
    // It does open the widget plane.
    workspace.deploy("production", &json!({}));
    let _ = workspace.deployment.get(&format!("/widget/config?key={key}")).send().expect(200);
}

#[test]
fn a_credential_in_the_url_is_refused_even_beside_a_good_one() {
    let workspace = Workspace::shared();
    let key = workspace.secret_key(&["sources:read"]);
    let publishable = workspace.publishable_key("production");
    let jwt = workspace.forge().token();
    let get = |query: &str| workspace.call("GET", &format!("/sources?{query}")).bearer(&key).send();
    let mut queries: Vec<String> = [
        "key",
        "api_key",
        "apikey",
        "apiKey",
        "api-key",
        "x-api-key",
        "X-Widget-Api-Key",
        "token",
        "access_token",
        "auth_token",
        "widget_token",
        "widgetToken",
        "session_token",
        "authorization",
        "Authorization",
        "bearer",
        "secret",
        "admin_api_key",
        "historySecret",
    ]
    .iter()
    .map(|name| format!("{name}=abc"))
    .collect();
    for value in [&key, &publishable, &jwt, &format!("sess_{}_{}", workspace.tenant, "A".repeat(40))] {
        queries.push(format!("q={value}"));
        queries.push(format!("q=Bearer%20{value}"));
        queries.push(format!("limit=5&page={value}"));
        queries.push(value.clone());
    }
    queries.push(format!("q=%77f_sk{}", &key[5..]));
    for query in &queries {
        get(query).refused("invalid_request");
        workspace.call("GET", &format!("/sources?{query}")).send().refused("invalid_request");
    }
    workspace.deployment.post(&format!("/widget-token?key={key}")).send().refused("invalid_request");
    for fine in ["", "limit=5", "tokens=5", "utm_term=keys"] {
        let _ = get(fine).expect(200);
    }
}
