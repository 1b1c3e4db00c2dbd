//! Lists: `limit`, `cursor`, `next_cursor`.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use weft_tests::api::Workspace;

/// Walks a list by pages of this size; the ids in the order in which they came.
fn walk(workspace: &Workspace<'_>, path: &str, name: &str, limit: usize) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    let mut cursor = String::new();
    loop {
        let target = format!("{path}?limit={limit}{cursor}");
        let page = workspace.deployment.admin("GET", &target).send().expect(200);
        let items = page[name].as_array().unwrap_or_else(|| panic!("{name} in {page}"));
        assert!(items.len() <= limit, "{path}");
        ids.extend(items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()));
        match &page["next_cursor"] {
            Value::Null => return ids,
            Value::String(next) => cursor = format!("&cursor={next}"),
            other => panic!("next_cursor: {other}"),
        }
        assert!(!items.is_empty(), "a page with a next one isn't empty: {path}");
    }
}

#[test]
fn pages_together_hold_every_item_once() {
    let workspace = Workspace::shared();
    for environment in ["production", "staging", "development"] {
        let _ = workspace.publishable_key(environment);
        let source = json!({ "title": environment, "body": "A text." });
        let _ = workspace.admin("POST", "/sources").json(&source).send().expect(201);
    }
    for (rest, name) in [("/keys", "keys"), ("/sources", "sources")] {
        let path = workspace.path(rest);
        for limit in [1, 2, 3, 200] {
            let ids = walk(&workspace, &path, name, limit);
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{path}: none twice");
            assert_eq!(ids.len(), 3, "{path} by {limit}");
            assert_eq!(ids, walk(&workspace, &path, name, 200), "{path}: one order");
        }
    }
    let tenants = walk(&workspace, "/v1/tenants", "tenants", 7);
    assert_eq!(tenants.iter().filter(|id| **id == workspace.tenant).count(), 1);
}

#[test]
fn a_limit_is_1_to_200_and_a_cursor_is_one_that_was_given() {
    let workspace = Workspace::shared();
    for rest in
        ["/v1/tenants".to_owned(), workspace.path("/keys"), workspace.path("/sources"), workspace.path("/audit")]
    {
        let get = |query: &str| workspace.deployment.admin("GET", &format!("{rest}?{query}")).send();
        for bad in
            ["limit=0", "limit=201", "limit=-1", "limit=+5", "limit=1.5", "limit=ten", "limit=", "limit=1&limit=2"]
        {
            get(bad).refused_naming("invalid_request", "limit");
        }
        for bad in ["cursor=", "cursor=%27%20OR%201=1", "cursor=../../x", "cursor=a&cursor=b"] {
            get(bad).refused_naming("invalid_request", "cursor");
        }
        // What the other kind of list gives out. A list must not begin anew, or seem to end, at what it never gave out.
        let foreign = if rest == "/v1/tenants" { "cursor=-7" } else { "cursor=acme" };
        get(foreign).refused_naming("invalid_request", "cursor");
        for good in ["limit=1", "limit=200", "utm_source=mail"] {
            let _ = get(good).expect(200);
        }
    }
}
