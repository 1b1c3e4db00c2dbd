//! The refresh path: the widget sends the visitor's cookies there, so no text may lead it to another origin.

use serde_json::json;
use weft_tests::api::{ORIGIN, Workspace};

#[test]
fn what_could_lead_the_widget_elsewhere_is_refused() {
    let workspace = Workspace::shared();
    let stage = |path: &str| workspace.admin("PATCH", "/config").json(&json!({ "refresh_path": path })).send();
    // With and without a base URL to resolve it against.
    for base in [None, Some(ORIGIN)] {
        let _ = workspace
            .admin("PATCH", "/config")
            .json(&json!({ "base_url": base, "refresh_path": "/good" }))
            .send()
            .expect(200);
        for bad in [
            // URLs and relative paths.
            "",
            "widget-token",
            "./widget-token",
            "../widget-token",
            "?token",
            "#token",
            "https://evil.example",
            "https://evil.example/token",
            "https://shop.example/token",
            "HTTPS:/evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "data:text/plain,x",
            "blob:https://evil.example/x",
            // Another host.
            "//evil.example",
            "///evil.example",
            "//evil.example/token",
            "/\\evil.example",
            "/\\/evil.example",
            "\\/evil.example",
            "\\\\evil.example",
            "//@evil.example",
            "/@evil.example",
            "/a@evil.example/",
            // Browsers drop tabs and line breaks: these are "//evil.example".
            "/\t/evil.example",
            "/\n/evil.example",
            "/\r/evil.example",
            "/\r\n/evil.example",
            "\t//evil.example",
            " //evil.example",
            "/\t\\evil.example",
            // Other control characters, blanks, look-alikes.
            "/token\0",
            "/to\u{1f}ken",
            "/to\u{7f}ken",
            "/to\u{85}ken",
            "/to\u{200b}ken",
            "/to\u{2028}ken",
            "/to ken",
            " /token",
            "/token ",
            "/\u{ff0f}evil.example",
            "/\u{2215}evil.example",
            "\u{feff}/token",
            "/a\\b",
            // Encoded slashes, backslashes, dots, controls, and twice encoded.
            "/%2f..",
            "/%2fevil.example",
            "/%2F%2Fevil.example",
            "/%5cevil.example",
            "/%5Cevil.example",
            "/%252fevil.example",
            "/%255cevil.example",
            "/a%00",
            "/%09/evil.example",
            "/a%0d%0aSet-Cookie:x",
            "/%2e%2e/token",
            "/.%2e/token",
            "/%c0%af",
            "/%",
            "/a%2",
            "/a%zz",
            // Dot segments and empty ones.
            "/..",
            "/../token",
            "/a/../../token",
            "/./token",
            "/..//evil.example",
            "/a//evil.example",
            // No path any more.
            "/token?next=//evil.example",
            "/token?",
            "/token#x",
            "/<script>",
            "/\"onload=\"",
        ] {
            stage(bad).refused_naming("invalid_request", "refresh_path");
        }
        stage(&format!("/{}", "a".repeat(5_000))).refused_naming("invalid_request", "refresh_path");
        let config = workspace.admin("GET", "/config").send().expect(200);
        assert_eq!(config["draft"]["refresh_path"], "/good");
    }
    for bad in [json!(7), json!(["/token"]), json!({ "path": "/token" }), json!(true)] {
        let answer = workspace.admin("PATCH", "/config").json(&json!({ "refresh_path": bad })).send();
        answer.refused_naming("invalid_request", "refresh_path");
    }
}

#[test]
fn a_plain_path_reaches_the_widget_as_it_is() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    for good in [
        "/",
        "/widget-token",
        "/api/v1/weft/token",
        "/token;v=1",
        "/caf%C3%A9",
        "/a%20b",
        "/it's(fine)*~!$&",
        "/a.b/..c",
    ] {
        workspace.deploy("production", &json!({ "refresh_path": good }));
        let config = workspace.deployment.get(&format!("/widget/config?key={key}")).send().expect(200);
        assert_eq!(config["refreshPath"], good);
    }
}
