//! `/v1/admin/conversations` in Open Chat Widget's shapes, as its README has it.

use crate::conversations::{ask, indexed};
use crate::shop::Shop;
use serde_json::json;
use weft_tests::api::{Deployment, Settings, fresh};

#[test]
fn the_list_and_the_thread_have_open_chat_widgets_fields() {
    let Shop { workspace, key } = Shop::open();
    let visit = workspace.visit(&key);
    ask(&visit, "say=Hello there.");
    indexed(&workspace, 1, 2);
    let at = workspace.deployment;
    let get = |path: &str| {
        let path = format!("/v1/admin/conversations{path}tenant={}", workspace.tenant);
        at.get(&path).header("x-admin-api-key", at.admin_key()).send().expect(200)
    };
    let list = get("?limit=100&");
    assert_eq!((&list["total"], list["conversations"].as_array().map(Vec::len)), (&json!(1), Some(1)));
    let one = &list["conversations"][0];
    let fields: Vec<_> = one.as_object().expect("an object").keys().cloned().collect();
    assert_eq!(fields, ["_creationTime", "_id", "createdAt", "lastMessage", "sessionId", "updatedAt"]);
    assert_eq!((&one["_id"], &one["lastMessage"]), (&json!(visit.conversation), &json!("Hello there.")));
    assert_eq!(one["sessionId"], one["_id"]);
    let millis = |value: &serde_json::Value| value.as_u64().is_some_and(|at| at > 1_600_000_000_000);
    assert!(millis(&one["createdAt"]) && millis(&one["updatedAt"]), "{one}");

    let thread = get(&format!("/{}?", visit.conversation));
    assert_eq!(&thread["conversation"], one);
    let messages = thread["messages"].as_array().expect("an array");
    let said: Vec<_> = messages
        .iter()
        .map(|message| (message["role"].as_str().expect("a role"), message["content"].as_str().expect("a text")))
        .collect();
    assert_eq!(said, [("user", "say=Hello there."), ("assistant", "Hello there.")]);
    for message in messages {
        let fields: Vec<_> = message.as_object().expect("an object").keys().cloned().collect();
        assert_eq!(fields, ["_creationTime", "_id", "content", "conversationId", "createdAt", "role"]);
        assert!(millis(&message["createdAt"]) && message["conversationId"] == one["_id"], "{message}");
    }
}

#[test]
fn only_the_admin_key_opens_it() {
    let Shop { workspace, key: page } = Shop::open();
    let visit = workspace.visit(&page);
    ask(&visit, "say=Hello.");
    let at = workspace.deployment;
    let secret = workspace.secret_key(&["conversations:write", "messages:write", "settings:write"]);
    for path in ["/v1/admin/conversations".to_owned(), format!("/v1/admin/conversations/{}", visit.conversation)] {
        let path = format!("{path}?tenant={}", workspace.tenant);
        at.get(&path).send().refused("missing_authorization");
        for credential in [&secret, &page] {
            at.get(&path).bearer(credential).send().refused("insufficient_scope");
            at.get(&path).header("X-Admin-Api-Key", credential).send().refused("insufficient_scope");
        }
        at.get(&path).header("X-Admin-Api-Key", "nonsense").send().refused("malformed_key");
        let _ = at.admin("GET", &path).send().expect(200);
    }
    at.admin("GET", "/v1/admin/conversations?limit=0").send().refused_naming("invalid_request", "limit");
    at.admin("GET", "/v1/admin/conversations?limit=201").send().refused_naming("invalid_request", "limit");
    at.admin("GET", "/v1/admin/conversations?tenant=A").send().refused_naming("invalid_request", "tenant");
    at.admin("GET", &format!("/v1/admin/conversations?tenant={}", fresh("nobody"))).send().refused("not_found");
    let missing = format!("/v1/admin/conversations/{}", fresh("conversation"));
    at.admin("GET", &missing).send().refused("not_found");
}

#[test]
fn without_an_admin_key_it_is_503_and_a_tenant_default_that_was_never_created_has_none() {
    let settings = Settings::new("admin-conversations");
    let started = settings.start();
    let at = &started.deployment;
    assert_eq!(
        at.admin("GET", "/v1/admin/conversations").send().expect(200),
        json!({ "conversations": [], "total": 0, "next_cursor": null })
    );
    at.admin("GET", "/v1/tenants/default").send().refused("not_found");
    started.crash();
    let started = settings.without("ADMIN_API_KEY").start();
    let at: &Deployment = &started.deployment;
    for path in ["/v1/admin/conversations", "/v1/admin/conversations/conversation-0123"] {
        at.get(path).header("X-Admin-Api-Key", "anything").send().refused("admin_not_configured");
    }
}
