//! Search over a tenant's messages: words in any order and form of writing, and nothing that is typed is syntax.

use crate::conversations::{ask, indexed};
use crate::shop::Shop;
use serde_json::Value;
use weft_tests::api::{Deployment, Workspace};

fn escape(text: &str) -> String {
    text.bytes().flat_map(|byte| ['%', hex(byte >> 4), hex(byte & 15)]).collect()
}

fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16).expect("below 16").to_ascii_uppercase()
}

/// The texts of the messages that are found.
#[track_caller]
fn texts(workspace: &Workspace<'_>, query: &str) -> Vec<String> {
    let found = workspace.admin("GET", &format!("/messages?{query}")).send().expect(200);
    let messages = found["messages"].as_array().expect("an array");
    messages.iter().map(|message| message["text"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn messages_and_conversations_are_found_by_their_words() {
    let Shop { workspace, key } = Shop::open();
    let (tea, coffee) = (workspace.visit(&key), workspace.visit(&key));
    ask(&tea, "say=Grüner Tee zieht zwei Minuten.");
    indexed(&workspace, 1, 2);
    ask(&coffee, "say=The espresso machine needs descaling. SELECT * FROM users; DROP TABLE messages");
    indexed(&workspace, 2, 4);

    for q in ["gruner tee", "TEE grüner", "GRÜ zwei", "minuten"] {
        let found = texts(&workspace, &format!("q={}", escape(q)));
        assert_eq!(found[0], "Grüner Tee zieht zwei Minuten.", "{q}");
        assert_eq!(found.len(), 2, "{q}: the message and its answer");
    }
    for (q, count) in [("espresso", 2), ("the", 2), ("espresso tee", 0), ("presso", 0), ("say", 2)] {
        assert_eq!(texts(&workspace, &format!("q={}", escape(q))).len(), count, "{q}");
    }
    let conversations = |q: &str| -> Vec<Value> {
        let path = format!("/conversations?q={}", escape(q));
        let found = workspace.admin("GET", &path).send().expect(200);
        found["conversations"].as_array().expect("an array").iter().map(|item| item["id"].clone()).collect()
    };
    assert_eq!(conversations("tee"), [Value::from(tea.conversation.clone())]);
    assert_eq!(conversations("say"), [coffee.conversation, tea.conversation].map(Value::from));
    assert!(conversations("nowhere").is_empty());

    // All of them, newest first, page by page.
    let all = texts(&workspace, "");
    assert_eq!((all.len(), all[3].as_str()), (4, "say=Grüner Tee zieht zwei Minuten."));
    let page = workspace.admin("GET", "/messages?limit=3").send().expect(200);
    let cursor = page["next_cursor"].as_str().expect("there is more");
    assert_eq!(texts(&workspace, &format!("limit=3&cursor={cursor}")), all[3..]);
    assert_eq!(texts(&workspace, "environment=staging").len(), 0);
    let first = &page["messages"][0];
    let fields: Vec<_> = first.as_object().expect("an object").keys().cloned().collect();
    assert_eq!(fields, ["conversation_id", "created_at", "environment", "id", "role", "text"]);
}

#[test]
fn nothing_that_is_typed_is_syntax() {
    let Shop { workspace, key } = Shop::open();
    ask(&workspace.visit(&key), "say=Plain words only.");
    indexed(&workspace, 1, 2);
    for (q, count) in [
        ("plain\" OR \"x", 0),
        ("plain AND words", 0),
        ("plain NOT words", 0),
        ("plain*", 2),
        ("^plain", 2),
        ("text:plain", 0),
        ("NEAR(plain words)", 0),
        ("{plain}", 2),
        ("plain -words", 2),
        ("plain' OR 1=1 --", 0),
        ("plain;words", 2),
        ("plain\0words", 2),
        ("'''plain", 2),
        ("กขค plain", 0),
        ("नमस्ते", 0),
        ("पि plain", 0),
    ] {
        assert_eq!(texts(&workspace, &format!("q={}", escape(q))).len(), count, "{q:?}");
    }
    for list in ["/messages", "/conversations"] {
        let get = |query: &str| workspace.admin("GET", &format!("{list}?{query}")).send();
        for bad in ["q=", "q=%20", "q=%22%22", &format!("q={}", "a".repeat(201)), "q=a&q=b"] {
            get(bad).refused_naming("invalid_request", "q");
        }
        get("environment=Prod").refused_naming("invalid_request", "environment");
        get("cursor=x").refused_naming("invalid_request", "cursor");
        get("limit=0").refused_naming("invalid_request", "limit");
        let _ = get(&format!("q={}", "a+".repeat(100))).expect(200);
    }
}

#[test]
fn a_tenant_that_nobody_wrote_to_has_empty_lists() {
    let workspace = Workspace::shared();
    for (list, name) in [("/conversations", "conversations"), ("/messages", "messages")] {
        let page = workspace.admin("GET", list).send().expect(200);
        assert_eq!(page, serde_json::json!({ name: [], "next_cursor": null }));
    }
    let nobody = "/v1/tenants/nobody-wrote-here-ever/conversations";
    Deployment::shared().admin("GET", nobody).send().refused("not_found");
}
