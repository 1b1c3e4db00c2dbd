//! A conversation as one file.

use crate::conversations::{ask, indexed};
use crate::shop::Shop;
use serde_json::{Value, json};

#[test]
fn an_export_holds_all_that_is_stored_and_downloads_under_its_id() {
    let Shop { workspace, key } = Shop::open();
    let visit = workspace.visit(&key);
    let question = "say=\"Quotes\", <b>tags</b>, \u{2028} and emoji 🦊.";
    ask(&visit, question);
    ask(&visit, "words=3");
    let list = indexed(&workspace, 1, 4);
    let answer = workspace.admin("GET", &format!("/conversations/{}/export", visit.conversation)).send();
    let export = answer.expect(200);
    let disposition = format!("attachment; filename=\"conversation-{}.json\"", visit.conversation);
    assert_eq!(answer.header("Content-Disposition"), Some(disposition));
    assert_eq!(answer.header("Cache-Control").as_deref(), Some("no-store"));
    assert_eq!((&export["tenant"], &export["conversation"]), (&json!(workspace.tenant), &list[0]));
    let messages = export["messages"].as_array().expect("an array");
    let texts: Vec<_> = messages.iter().map(|message| message["text"].as_str().expect("a text")).collect();
    assert_eq!(texts, [question, &question[4..], "words=3", "word1 word2 word3"]);
    assert!(export["exported_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{export}");
    assert!(!answer.text.contains(&visit.secret) && !answer.text.contains("history_secret"), "no credential is in it");
    // It is what the thread shows, whole.
    let thread = workspace.admin("GET", &format!("/conversations/{}", visit.conversation)).send().expect(200);
    assert_eq!(thread["messages"], Value::Array(messages.clone()));
}
