//! The document and its page as they are served. That every answer is as the document says is held wherever a test sends a
//! request (`tests/src/api/document.rs`).

use serde_json::Value;
use weft_tests::api::{Deployment, OPENAPI};

#[test]
fn anyone_may_read_the_document() {
    let deployment = Deployment::shared();
    for path in ["/v1/openapi.json", "/api/v1/openapi.json"] {
        let answer = deployment.get(path).send();
        let document: Value = answer.expect(200);
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(answer.text, OPENAPI, "the committed one");
        assert_eq!(answer.header("Cache-Control").as_deref(), Some("public, max-age=300"));
        assert_eq!(answer.header("X-Content-Type-Options").as_deref(), Some("nosniff"));
    }
    let head = deployment.call("HEAD", "/v1/openapi.json").send();
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert_eq!(head.header("Content-Type").as_deref(), Some("application/json; charset=utf-8"));
    let refused = deployment.post("/v1/openapi.json").send();
    refused.refused("method_not_allowed");
    assert_eq!(refused.header("Allow").as_deref(), Some("GET, HEAD"));
    // Public or not: what stands in a URL ends in logs.
    let key = format!("/v1/openapi.json?key={}", deployment.admin_key());
    deployment.get(&key).send().refused("invalid_request");
}

#[test]
fn the_page_runs_nothing_and_loads_nothing() {
    let answer = Deployment::shared().get("/docs").send();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("Content-Type").as_deref(), Some("text/html; charset=utf-8"));
    let policy = answer.header("Content-Security-Policy").expect("a policy");
    for rule in ["default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"] {
        assert!(policy.split("; ").any(|one| one == rule), "{policy}");
    }
    assert!(!policy.contains("script-src"), "{policy}");
    for loading in
        ["<script", "<img", "<link", "<iframe", "<object", "@import", "url(", " src=", " onclick", "javascript:"]
    {
        assert!(!answer.text.contains(loading), "{loading}");
    }
    assert!(answer.text.contains("style-src &#39;sha256-") || answer.text.contains("style-src 'sha256-"));
    let document: Value = serde_json::from_str(OPENAPI).expect("JSON");
    let ids = document["tags"].as_array().expect("groups").iter().filter_map(|tag| tag["x-weft-operations"].as_array());
    let mut shown = 0;
    for id in ids.flatten().filter_map(Value::as_str) {
        assert!(answer.text.contains(&format!("id=\"{id}\"")), "{id}");
        shown += 1;
    }
    assert!(shown > 20, "{shown}");
}
