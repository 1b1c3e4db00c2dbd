//! Paths and methods: what there is, what there isn't, and how the Worker says so.

use serde_json::json;
use weft_tests::api::{Deployment, Workspace};

#[test]
fn health_is_for_everyone_and_holds_nothing_else() {
    let at = Deployment::shared();
    assert_eq!(at.get("/health").send().expect(200), json!({ "status": "ok" }));
    assert_eq!(at.get("/health").bearer("nonsense").send().expect(200), json!({ "status": "ok" }));
}

#[test]
fn what_is_no_path_is_not_found_with_or_without_a_credential() {
    let at = Deployment::shared();
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v2/tenants",
        "/v1/tenants/",
        "/v1/Tenants",
        "/V1/tenants",
        "/v1/tenants/acme/",
        "/v1/tenants/acme/keys/",
        "/v1/tenants/acme/keys/extra/more/and/more",
        "/v1/tenants%2facme",
        "/v1/%74enants",
        "/api/health",
        "/api/widget/config",
        "/api/api/v1/tenants",
        "/health/",
        "/widget",
        "/widget/nothing",
        "/widget-token/",
        "/.dev.vars",
        "/wrangler.toml",
    ] {
        at.get(path).send().refused("not_found");
        at.admin("GET", path).send().refused("not_found");
    }
    let _ = at.admin("GET", "/v1/tenants").send().expect(200);
}

#[test]
fn a_method_that_a_path_does_not_take_is_named_with_those_that_it_does() {
    let workspace = Workspace::shared();
    let at = workspace.deployment;
    let below = |rest: &str| workspace.path(rest);
    for (method, path, allowed) in [
        ("POST", "/health".to_owned(), vec!["GET", "HEAD"]),
        ("DELETE", "/v1/tenants".to_owned(), vec!["GET", "HEAD", "POST"]),
        ("PUT", below(""), vec!["GET", "HEAD", "PATCH"]),
        ("DELETE", below(""), vec!["GET", "HEAD", "PATCH"]),
        ("POST", below("/config"), vec!["GET", "HEAD", "PATCH"]),
        ("GET", below("/config/deploy"), vec!["POST"]),
        ("GET", below("/config/discard"), vec!["POST"]),
        ("PATCH", below("/sources"), vec!["GET", "HEAD", "POST"]),
        ("PURGE", below("/sources"), vec!["GET", "HEAD", "POST"]),
        ("GET", "/widget-token".to_owned(), vec!["POST"]),
        ("POST", "/widget/config".to_owned(), vec!["GET", "HEAD", "OPTIONS"]),
    ] {
        let answer = at.admin(method, &path).send();
        answer.refused("method_not_allowed");
        let allow = answer.header("Allow").unwrap_or_default();
        let mut listed: Vec<&str> = allow.split(", ").collect();
        listed.sort_unstable();
        assert_eq!(listed, allowed, "{method} {path}");
    }
    let _ = workspace.admin("GET", "/sources").send().expect(200);
}

#[test]
fn api_v1_is_v1() {
    let workspace = Workspace::shared();
    let at = workspace.deployment;
    let direct = workspace.admin("GET", "").send();
    let alias = at.admin("GET", &format!("/api{}", workspace.path(""))).send();
    assert_eq!(alias.expect(200), direct.expect(200));
    let body = json!({ "title": "T", "body": "B" });
    let _ = at.admin("POST", &format!("/api{}", workspace.path("/sources"))).json(&body).send().expect(201);
    at.get(&format!("/api{}", workspace.path("/keys"))).send().refused("missing_authorization");
}

#[test]
fn head_is_get_without_the_body() {
    let workspace = Workspace::shared();
    let answer = workspace.admin("HEAD", "").send();
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    assert_eq!(workspace.call("HEAD", "").send().status, 401);
    assert_eq!(workspace.deployment.call("HEAD", "/health").send().status, 200);
}

#[test]
fn no_answer_is_kept_by_a_cache_or_taken_for_a_page() {
    let workspace = Workspace::shared();
    let at = workspace.deployment;
    for answer in [
        at.get("/health").send(),
        workspace.admin("GET", "/config").send(),
        workspace.call("GET", "/config").send(),
        at.get("/nothing").send(),
    ] {
        assert_eq!(answer.header("Cache-Control").as_deref(), Some("no-store"), "{}", answer.what);
        assert_eq!(answer.header("X-Content-Type-Options").as_deref(), Some("nosniff"), "{}", answer.what);
        assert_eq!(answer.header("Access-Control-Allow-Origin"), None, "{}", answer.what);
        assert_eq!(answer.header("Set-Cookie"), None, "{}", answer.what);
    }
}
