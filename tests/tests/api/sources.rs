//! `…/sources`: what the default agent answers from.

use serde_json::{Value, json};
use weft_tests::api::{Workspace, without};

#[test]
fn a_source_is_added_listed_and_deleted() {
    let workspace = Workspace::shared();
    let sources = || workspace.admin("GET", "/sources").send().expect(200)["sources"].clone();
    assert_eq!(sources(), json!([]));
    let full =
        json!({ "title": "Returns", "body": "# Returns\n\nSend it back.", "url": "https://shop.example/help/returns" });
    let first = workspace.admin("POST", "/sources").json(&full).send().expect(201);
    let bare = without(without(first.clone(), "id"), "created_at");
    assert_eq!(bare, full);
    let second =
        workspace.admin("POST", "/sources").json(&json!({ "title": "Sizes", "body": "S to XL." })).send().expect(201);
    assert_eq!(second["url"], Value::Null);
    assert_eq!(sources(), json!([second, first]), "newest first");

    let path = |source: &Value| format!("/sources/{}", source["id"].as_str().expect("an id"));
    let deleted = workspace.admin("DELETE", &path(&first)).send();
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    assert_eq!(sources(), json!([second]));
    workspace.admin("DELETE", &path(&first)).send().refused("not_found");
    assert_eq!(workspace.admin("DELETE", &path(&second)).send().status, 204);
    assert_eq!(sources(), json!([]));
}

#[test]
fn what_breaks_a_source_s_rules_is_refused_by_name() {
    let workspace = Workspace::shared();
    let add = |body: &Value| workspace.admin("POST", "/sources").json(body).send();
    for (bad, field) in [
        (json!({ "body": "b" }), "title"),
        (json!({ "title": "t" }), "body"),
        (json!({ "title": "", "body": "b" }), "title"),
        (json!({ "title": " ", "body": "b" }), "title"),
        (json!({ "title": "x".repeat(201), "body": "b" }), "title"),
        (json!({ "title": "a\nb", "body": "b" }), "title"),
        (json!({ "title": "t", "body": "" }), "body"),
        (json!({ "title": "t", "body": "a\u{0}b" }), "body"),
        (json!({ "title": "t", "body": "x".repeat(60_001) }), "body"),
        (json!({ "title": "t", "body": "b", "id": "src_mine" }), "id"),
        (json!({ "title": "t", "body": "b", "url": "" }), "url"),
        (json!({ "title": "t", "body": "b", "url": "/help" }), "url"),
        (json!({ "title": "t", "body": "b", "url": "javascript:alert(1)" }), "url"),
        (json!({ "title": "t", "body": "b", "url": "java\tscript:alert(1)" }), "url"),
        (json!({ "title": "t", "body": "b", "url": " https://shop.example" }), "url"),
        (json!({ "title": "t", "body": "b", "url": "data:text/html,x" }), "url"),
        (json!({ "title": "t", "body": "b", "url": "//shop.example" }), "url"),
        (json!({ "title": "t", "body": "b", "url": "https://shop.example@evil.example" }), "url"),
        (json!({ "title": "t", "body": "b", "url": "https:\\\\shop.example" }), "url"),
        (json!({ "title": "t", "body": "b", "url": format!("https://shop.example/{}", "x".repeat(2_000)) }), "url"),
    ] {
        add(&bad).refused_naming("invalid_request", field);
    }
    assert_eq!(workspace.admin("GET", "/sources").send().expect(200)["sources"], json!([]));
    let _ = add(&json!({ "title": "é".repeat(200), "body": "x".repeat(60_000) })).expect(201);
    let _ = add(&json!({ "title": "t", "body": "two\n\tlines", "url": "http://shop.example/a?b#c" })).expect(201);
}

#[test]
fn quotes_in_a_source_are_text_and_never_sql() {
    let workspace = Workspace::shared();
    let title = "Robert'); DROP TABLE sources;--";
    let body = json!({ "title": title, "body": "\" OR 1=1 -- ' UNION SELECT * FROM keys" });
    let made = workspace.admin("POST", "/sources").json(&body).send().expect(201);
    let listed = workspace.admin("GET", "/sources").send().expect(200);
    assert_eq!(listed["sources"], json!([made]));
    assert_eq!((&made["title"], &made["body"]), (&json!(title), &body["body"]));
}

#[test]
fn a_page_of_long_sources_ends_before_it_is_too_large() {
    let workspace = Workspace::shared();
    let text = "a".repeat(60_000);
    for number in 0..20 {
        let body = json!({ "title": format!("Source {number}"), "body": text });
        let _ = workspace.admin("POST", "/sources").json(&body).send().expect(201);
    }
    let mut titles = Vec::new();
    let mut target = "/sources?limit=200".to_owned();
    let mut pages = 0;
    loop {
        let page = workspace.admin("GET", &target).send();
        assert!(page.text.len() < 1_100_000, "{} bytes", page.text.len());
        let page = page.expect(200);
        let sources = page["sources"].as_array().expect("an array");
        titles.extend(sources.iter().filter_map(|source| source["title"].as_str().map(str::to_owned)));
        pages += 1;
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        target = format!("/sources?limit=200&cursor={cursor}");
    }
    let newest_first: Vec<String> = (0..20).rev().map(|number| format!("Source {number}")).collect();
    assert_eq!((titles, pages), (newest_first, 2));
}
