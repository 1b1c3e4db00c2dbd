//! Conversations are kept as long as their tenant says, by the rule as it is now. Days are not waited for: the Worker is
//! stopped, what its objects have stored is made older, and it is started again.

use crate::conversations::{ask, indexed};
use serde_json::json;
use weft_tests::api::{PATIENCE, Settings, Workspace, patiently};

const TEN_DAYS_MS: u64 = 10 * 86_400_000;

#[test]
fn what_is_older_than_the_tenant_keeps_is_deleted_everywhere_and_nothing_else() {
    let settings = Settings::new("retention");
    let started = settings.start();
    let workspace = Workspace::new(&started.deployment);
    let key = workspace.open_for_chat(&json!({}));
    let (old, young) = (workspace.visit(&key), workspace.visit(&key));
    ask(&old, "say=Marmalade zebra.");
    ask(&young, "say=Marmalade quince.");
    indexed(&workspace, 2, 4);
    let tenant = workspace.tenant.clone();
    started.crash();

    // The index takes both for old; the conversation itself has the last word, and one of them is young.
    let conversation = |id: &str| settings.stored_object("Conversation", &format!("{tenant}/{id}"));
    let [old_stored, young_stored] = [&old, &young].map(|visit| conversation(&visit.conversation));
    old_stored.change(&format!("UPDATE messages SET created_at = created_at - {TEN_DAYS_MS}"));
    let index = settings.stored_object("Tenant", &tenant);
    // Whether a word stands in a text, and in the index of words.
    let has_word = |word: &str| {
        [("message_texts_content", "CAST(c0 AS BLOB)"), ("message_texts_data", "block")].map(|(table, column)| {
            let query = format!("SELECT COUNT(*) AS n FROM {table} WHERE instr({column}, CAST('{word}' AS BLOB)) > 0");
            index.rows(&query)[0]["n"] != json!(0)
        })
    };
    assert_eq!((has_word("zebra"), has_word("quince")), ([true; 2], [true; 2]));
    index.change(&format!("UPDATE conversations SET last_message_at = last_message_at - {TEN_DAYS_MS}"));

    let started = settings.start();
    let workspace = Workspace { deployment: &started.deployment, tenant: tenant.clone() };
    let keep = |days: serde_json::Value| {
        let tenant = workspace.admin("PATCH", "").json(&json!({ "retention_days": days })).send().expect(200);
        assert_eq!(tenant["retention_days"], days);
    };
    let is_there = |id: &str| match workspace.admin("GET", &format!("/conversations/{id}")).send().status {
        200 => true,
        404 => false,
        other => panic!("{other}"),
    };
    for bad in [json!(0), json!(3_651), json!("7"), json!(1.5)] {
        let body = json!({ "retention_days": bad });
        workspace.admin("PATCH", "").json(&body).send().refused_naming("invalid_request", "retention_days");
    }
    // Longer than they are old, and for ever: both stay. What shows that the rule isn't merely slow is that the next one
    // works within the same time.
    keep(json!(11));
    keep(json!(null));
    keep(json!(3_650));
    indexed(&workspace, 2, 4);
    assert!(is_there(&old.conversation) && is_there(&young.conversation));

    keep(json!(9));
    let gone = patiently(PATIENCE, || (!is_there(&old.conversation)).then_some(()));
    assert!(gone.is_some(), "it is deleted by alarm");
    let list = patiently(PATIENCE, || {
        let list = workspace.admin("GET", "/conversations").send().expect(200)["conversations"].take();
        (list.as_array().map(Vec::len) == Some(1)).then_some(list)
    });
    let list = list.expect("the index has the young one alone");
    assert_eq!(list[0]["id"], json!(young.conversation));
    let corrected = patiently(PATIENCE, || {
        let list = workspace.admin("GET", "/conversations").send().expect(200);
        let view = list["conversations"][0].clone();
        (view["last_message_at"].as_str() >= view["created_at"].as_str()).then_some(())
    });
    assert!(corrected.is_some(), "the index has learnt how old it is");
    assert!(is_there(&young.conversation));
    let found = workspace.admin("GET", "/messages?q=marmalade").send().expect(200);
    let messages = found["messages"].as_array().expect("an array");
    assert!(messages.iter().all(|message| message["conversation_id"] == json!(young.conversation)), "{found}");
    assert_eq!(messages.len(), 2);
    let audit = workspace.admin("GET", "/audit").send().expect(200);
    let changed: Vec<_> = audit["entries"]
        .as_array()
        .expect("an array")
        .iter()
        .filter(|entry| entry["action"] == "tenant.updated")
        .map(|entry| entry["changes"]["retention_days"].clone())
        .collect();
    assert_eq!(changed, [json!(9), json!(3_650), json!(null), json!(11)]);
    started.crash();

    // Gone from SQLite: no table is left of the conversation, and no word of it in the index.
    assert_eq!(old_stored.tables(), [""; 0]);
    assert!(young_stored.tables().contains(&"messages".to_owned()));
    assert_eq!((has_word("zebra"), has_word("quince")), ([false; 2], [true; 2]));
}
