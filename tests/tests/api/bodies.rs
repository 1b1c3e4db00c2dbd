//! Request bodies: how large, and of what.

use serde_json::json;
use weft_tests::api::{Answer, Workspace};

const LARGEST: usize = 64 * 1024;

fn post(workspace: &Workspace<'_>, body: impl Into<Vec<u8>>) -> Answer {
    workspace.admin("POST", "/sources").header("Content-Type", "application/json").body(body).send()
}

#[test]
fn a_body_has_at_most_64_kib() {
    let workspace = Workspace::shared();
    let of = |bytes: usize| {
        let mut body = json!({ "title": "T", "body": "B" }).to_string();
        body.push_str(&" ".repeat(bytes - body.len()));
        body
    };
    let _ = post(&workspace, of(LARGEST)).expect(201);
    post(&workspace, of(LARGEST + 1)).refused("payload_too_large");
    post(&workspace, of(20 * LARGEST)).refused("payload_too_large");
    // The same on each route that takes a body.
    for (method, rest) in [
        ("PATCH", ""),
        ("POST", "/keys"),
        ("PATCH", "/config"),
        ("POST", "/config/deploy"),
        ("POST", "/config/discard"),
    ] {
        let answer = workspace.admin(method, rest).body(of(LARGEST + 1)).send();
        answer.refused("payload_too_large");
    }
    workspace.deployment.admin("POST", "/v1/tenants").body(of(LARGEST + 1)).send().refused("payload_too_large");
}

#[test]
fn a_body_that_does_not_say_how_long_it_is_is_measured_all_the_same() {
    let workspace = Workspace::shared();
    let chunked = |body: String| workspace.admin("POST", "/sources").body(body).send_chunked();
    let _ = chunked(json!({ "title": "T", "body": "B" }).to_string()).expect(201);
    chunked(" ".repeat(LARGEST + 1)).refused("payload_too_large");
}

#[test]
fn what_is_not_json_is_refused_and_never_echoed() {
    let workspace = Workspace::shared();
    let bodies: [&[u8]; 12] = [
        b"",
        b"canary-of-the-body",
        b"title=canary-of-the-body&body=x",
        b"<canary-of-the-body/>",
        br#"{"title":"canary-of-the-body""#,
        br#"{"title":"canary-of-the-body","body":"b"} trailing"#,
        br#"{"title":"canary-of-the-body","body":"b"}{}"#,
        b"{\"title\":\"canary-of-the-body\",\"body\":\"\xff\xfe\"}",
        br#"{"title":"canary-of-the-body","body":"\ud800"}"#,
        b"{'title':'canary-of-the-body','body':'b'}",
        br#"{"title":"canary-of-the-body","body":NaN}"#,
        b"\xef\xbb\xbf\x00canary-of-the-body",
    ];
    for body in bodies {
        let message = post(&workspace, body).refused("invalid_request");
        assert!(!message.contains("canary-of-the-body"), "{message}");
    }
    for depth in [200, 30_000] {
        post(&workspace, "[".repeat(depth)).refused("invalid_request");
        post(&workspace, format!(r#"{{"title":{}"#, "[".repeat(depth))).refused("invalid_request");
    }
    let _ = post(&workspace, json!({ "title": "T", "body": "B" }).to_string()).expect(201);
}

#[test]
fn json_of_another_shape_is_refused_with_the_field_and_without_its_value() {
    let workspace = Workspace::shared();
    for (body, field) in [
        ("[]", "body"),
        (r#"["canary-of-the-body","b"]"#, "body"),
        ("null", "body"),
        (r#""text""#, "body"),
        (r#"{"body":"canary-of-the-body"}"#, "title"),
        (r#"{"title":7,"body":"canary-of-the-body"}"#, "title"),
        (r#"{"title":"canary-of-the-body","title":"b","body":"c"}"#, "title"),
        (r#"{"title":"t","body":["canary-of-the-body"]}"#, "body"),
        (r#"{"title":"t","body":"b","extra":"canary-of-the-body"}"#, "extra"),
        (r#"{"title":"t","body":"b","url":{"href":"canary-of-the-body"}}"#, "url"),
    ] {
        let message = post(&workspace, body).refused("invalid_request");
        assert!(message.contains(field) && !message.contains("canary-of-the-body"), "{body}: {message}");
    }
    assert_eq!(workspace.admin("GET", "/sources").send().expect(200)["sources"], json!([]));
}
