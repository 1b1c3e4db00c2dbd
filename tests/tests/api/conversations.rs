//! The tenant's conversations: listed, read, exported, deleted. Each beside what must not be seen or done.

use crate::shop::Shop;
use serde_json::{Value, json};
use weft_tests::api::{Event, PATIENCE, Visit, Workspace, chat_request, fresh, patiently, resume};

/// The tenant's list, once it holds that many conversations with that many messages in all.
#[track_caller]
pub(crate) fn indexed(workspace: &Workspace<'_>, conversations: usize, messages: u64) -> Vec<Value> {
    let found = patiently(PATIENCE, || {
        let list = workspace.admin("GET", "/conversations").send().expect(200);
        let list = list["conversations"].as_array().expect("an array").clone();
        let total: u64 = list.iter().map(|item| item["message_count"].as_u64().expect("a count")).sum();
        (list.len() == conversations && total == messages).then_some(list)
    });
    found.unwrap_or_else(|| panic!("{:?}", workspace.admin("GET", "/conversations").send().text))
}

/// Has a message answered, and gives the answer's payload.
#[track_caller]
pub(crate) fn ask(visit: &Visit, text: &str) -> Value {
    let mut socket = visit.ready();
    socket.send(&visit.first(&fresh("request"), text));
    socket.find("chat.completed")
}

#[test]
fn what_was_said_is_listed_newest_first_with_who_said_it() {
    let Shop { workspace, key } = Shop::open();
    let (first, second) = (workspace.visit(&key), workspace.visit(&key));
    ask(&first, "say=The first answer.");
    indexed(&workspace, 1, 2);
    let token = workspace.forge().claim("name", json!("Mia M.")).token();
    let mut socket = second.ready();
    socket.send(&chat_request(&fresh("request"), "say=One\n\n  line.", Some(&token), Some(&second.secret)));
    let _ = socket.find("chat.completed");
    let list = indexed(&workspace, 2, 4);
    let ids: Vec<_> = list.iter().map(|item| item["id"].as_str().expect("an id")).collect();
    assert_eq!(ids, [&second.conversation, &first.conversation]);
    let newest = &list[0];
    let fields: Vec<_> = newest.as_object().expect("an object").keys().cloned().collect();
    let expected =
        ["created_at", "environment", "id", "last_message_at", "message_count", "preview", "session_id", "visitor"];
    assert_eq!(fields, expected);
    assert_eq!(newest["visitor"]["name"], "Mia M.");
    assert_eq!(newest["visitor"]["id"], "visitor-1");
    assert_eq!((&newest["environment"], &newest["preview"]), (&json!("production"), &json!("One line.")));
    assert!(newest["created_at"].as_str() <= newest["last_message_at"].as_str(), "{newest}");

    // Another message brings a conversation to the front.
    ask(&first, "say=Another answer.");
    let list = indexed(&workspace, 2, 6);
    assert_eq!(list[0]["id"], json!(first.conversation));
    assert_eq!((&list[0]["message_count"], &list[0]["preview"]), (&json!(4), &json!("Another answer.")));

    // Page by page, and by environment.
    let page = workspace.admin("GET", "/conversations?limit=1").send().expect(200);
    assert_eq!(page["conversations"], json!([list[0]]));
    let cursor = page["next_cursor"].as_str().expect("there is more");
    let page = workspace.admin("GET", &format!("/conversations?limit=1&cursor={cursor}")).send().expect(200);
    assert_eq!((&page["conversations"], &page["next_cursor"]), (&json!([list[1]]), &Value::Null));
    let count = |query: &str| {
        let page = workspace.admin("GET", &format!("/conversations?{query}")).send().expect(200);
        page["conversations"].as_array().expect("an array").len()
    };
    assert_eq!((count("environment=production"), count("environment=staging")), (2, 0));
}

#[test]
fn a_thread_has_every_message_in_order_and_comes_in_pages() {
    let Shop { workspace, key } = Shop::open();
    let visit = workspace.visit(&key);
    for number in 1..=3 {
        ask(&visit, &format!("say=Answer {number}."));
    }
    let path = format!("/conversations/{}", visit.conversation);
    let thread = workspace.admin("GET", &path).send().expect(200);
    let messages = thread["messages"].as_array().expect("an array");
    let texts: Vec<_> = messages.iter().map(|message| message["text"].as_str().expect("a text")).collect();
    let said = ["say=Answer 1.", "Answer 1.", "say=Answer 2.", "Answer 2.", "say=Answer 3.", "Answer 3."];
    assert_eq!(texts, said);
    let roles: Vec<_> = messages.iter().map(|message| message["role"].as_str().expect("a role")).collect();
    assert_eq!(roles, ["user", "assistant"].repeat(3));
    let seqs: Vec<_> = messages.iter().map(|message| message["seq"].as_u64().expect("a seq")).collect();
    assert!(seqs.is_sorted_by(|one, next| one < next), "{seqs:?}");
    assert_eq!((&messages[0]["status"], &messages[1]["status"]), (&Value::Null, &json!("complete")));
    assert_eq!(messages[1]["request_id"], messages[0]["id"]);
    assert_eq!(thread["next_cursor"], Value::Null);
    let conversation = &thread["conversation"];
    assert_eq!((&conversation["id"], &conversation["message_count"]), (&json!(visit.conversation), &json!(6)));
    assert_eq!(indexed(&workspace, 1, 6), std::slice::from_ref(conversation), "the index says the same of it");

    let (mut walked, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = workspace.admin("GET", &format!("{path}?limit=4{cursor}")).send().expect(200);
        walked.extend(page["messages"].as_array().expect("an array").clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(&walked, messages);
}

#[test]
fn an_answer_that_is_still_coming_is_not_in_the_thread() {
    let Shop { workspace, key } = Shop::open();
    let visit = workspace.visit(&key);
    let mut socket = visit.ready();
    let id = fresh("request");
    socket.send(&visit.first(&id, "words=400 delay_ms=50"));
    let _ = socket.find("chat.delta");
    let thread = workspace.admin("GET", &format!("/conversations/{}", visit.conversation)).send().expect(200);
    assert_eq!(thread["messages"].as_array().map(Vec::len), Some(1));
    socket.send(&json!({ "type": "chat.cancel", "id": id }));
    assert_eq!(socket.find("chat.completed")["status"], "cancelled");
    // What was stopped is told all the same.
    let list = indexed(&workspace, 1, 2);
    assert!(list[0]["preview"].as_str().is_some_and(|preview| preview.starts_with("word1")), "{list:?}");
}

#[test]
fn a_deleted_conversation_is_gone_everywhere_and_comes_back_empty() {
    let Shop { workspace, key } = Shop::open();
    let visit = workspace.visit(&key);
    let kept = workspace.visit(&key);
    ask(&kept, "say=Marmalade stays.");
    let mut socket = visit.begun();
    let mut asleep = visit.ready();
    asleep.send(&resume(Some(&visit.token()), &visit.secret, 0));
    let _ = asleep.expect("history");
    socket.send(&chat_request(&fresh("request"), "say=Marmalade goes.", None, None));
    let last_seq = socket.find("chat.completed")["seq"].as_u64().expect("a seq");
    indexed(&workspace, 2, 6);
    let delete = || workspace.admin("DELETE", &format!("/conversations/{}", visit.conversation)).send();
    let answer = delete();
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));

    let _ = asleep.until_closed(4410);
    let _ = socket.until_closed(4410);
    let list = indexed(&workspace, 1, 2);
    assert_eq!(list[0]["id"], json!(kept.conversation), "the other one stays");
    for rest in ["", "/export"] {
        let path = format!("/conversations/{}{rest}", visit.conversation);
        workspace.admin("GET", &path).send().refused("not_found");
    }
    let found = workspace.admin("GET", "/messages?q=marmalade").send().expect(200);
    let texts: Vec<_> = found["messages"].as_array().expect("an array").iter().map(|m| m["text"].clone()).collect();
    assert_eq!(texts, [json!("Marmalade stays."), json!("say=Marmalade stays.")]);
    delete().refused("not_found");
    let audit = workspace.admin("GET", "/audit").send().expect(200);
    let acts: Vec<_> = audit["entries"]
        .as_array()
        .expect("an array")
        .iter()
        .filter(|entry| entry["action"] == "conversation.deleted")
        .map(|entry| entry["target"].clone())
        .collect();
    assert_eq!(acts, [json!(visit.conversation)], "once, and without a text");

    // A widget that was away learns it, and is not given what it would take for old.
    let mut back = visit.ready();
    back.send(&resume(Some(&visit.token()), &visit.secret, last_seq));
    back.error("not_found");
    back.closed(4410);
    // Under the same id a new conversation begins, with nothing of the old one.
    let mut anew = visit.ready();
    anew.send(&resume(Some(&visit.token()), &visit.secret, 0));
    assert_eq!(anew.expect("history")["messages"], json!([]));
    anew.send(&visit.first(&fresh("request"), "say=Anew."));
    assert_eq!(anew.find("chat.completed")["text"], "Anew.");
    let list = indexed(&workspace, 2, 4);
    assert_eq!((&list[0]["id"], &list[0]["message_count"]), (&json!(visit.conversation), &json!(2)));
    let thread = workspace.admin("GET", &format!("/conversations/{}", visit.conversation)).send().expect(200);
    assert_eq!(thread["messages"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_conversation_is_deleted_in_mid_answer_and_says_nothing_after() {
    let Shop { workspace, key } = Shop::open();
    let visit = workspace.visit(&key);
    let mut socket = visit.ready();
    socket.send(&visit.first(&fresh("request"), "words=400 delay_ms=20"));
    let _ = socket.find("chat.delta");
    let path = format!("/conversations/{}", visit.conversation);
    assert_eq!(workspace.admin("DELETE", &path).send().status, 204);
    let frames = socket.until_closed(4410);
    assert!(frames.iter().all(|frame| frame["type"] != "chat.completed"), "{frames:?}");
    workspace.admin("GET", &path).send().refused("not_found");
    // What the agent still had to say would have come within these words' time; the conversation stays gone.
    let other = workspace.visit(&key);
    ask(&other, "words=40 delay_ms=20");
    indexed(&workspace, 1, 2);
    workspace.admin("GET", &path).send().refused("not_found");
}

#[test]
fn another_tenants_conversation_answers_exactly_as_a_missing_one() {
    let shop = Shop::open();
    let theirs = shop.workspace.visit(&shop.key);
    ask(&theirs, "say=Theirs.");
    let mine = Workspace::shared();
    let key = mine.secret_key(&["conversations:write", "messages:read"]);
    let their_tenant = shop.workspace.tenant.clone();
    let nobody = fresh("nobody");
    for (method, rest) in [("GET", ""), ("GET", "/export"), ("DELETE", "")] {
        let send = |tenant: &str, id: &str| {
            let path = format!("/v1/tenants/{tenant}/conversations/{id}{rest}");
            mine.deployment.call(method, &path).bearer(&key).send()
        };
        let missing = send(&mine.tenant, &fresh("conversation"));
        missing.refused("not_found");
        let wanted = missing.fingerprint();
        for (tenant, id) in [
            (mine.tenant.as_str(), theirs.conversation.as_str()),
            (&their_tenant, &theirs.conversation),
            (&their_tenant, "conversation-that-is-not-there"),
            (&nobody, &theirs.conversation),
            (&mine.tenant, "short"),
            (&mine.tenant, &"x".repeat(65)),
            (&mine.tenant, "x.y.z.x.y.z.x.y.z"),
        ] {
            assert_eq!(send(tenant, id).fingerprint(), wanted, "{method} {tenant} {id}{rest}");
        }
    }
    for list in ["/conversations", "/messages", "/messages?q=theirs"] {
        let send =
            |tenant: &str| mine.deployment.call("GET", &format!("/v1/tenants/{tenant}{list}")).bearer(&key).send();
        send(&their_tenant).refused("not_found");
        assert_eq!(send(&their_tenant).fingerprint(), send(&nobody).fingerprint(), "{list}");
        let own = send(&mine.tenant).expect(200);
        assert!(own["conversations"].as_array().or(own["messages"].as_array()).is_some_and(Vec::is_empty), "{own}");
    }
    // It is there all along.
    let at = mine.deployment;
    let path = format!("/v1/tenants/{their_tenant}/conversations/{}", theirs.conversation);
    let _ = at.admin("GET", &path).send().expect(200);
}

#[test]
fn each_route_needs_its_scope_and_no_other() {
    let Shop { workspace, key: page } = Shop::open();
    let visit = workspace.visit(&page);
    ask(&visit, "say=Hello.");
    indexed(&workspace, 1, 2);
    let one = format!("/conversations/{}", visit.conversation);
    let export = format!("{one}/export");
    let reads = |key: &str| {
        [("/conversations"), &one, &export, "/messages"]
            .map(|path| workspace.call("GET", path).bearer(key).send().status)
    };
    let key = |scope: &str| {
        let body = json!({ "label": scope, "type": "secret", "environment": "production", "scopes": [scope] });
        let made = workspace.key(&body);
        (made["key"].as_str().expect("a key").to_owned(), made["id"].as_str().expect("an id").to_owned())
    };
    for (scope, expected, deletes) in [
        ("conversations:read", [200, 200, 200, 403], 403),
        ("messages:read", [403, 403, 403, 200], 403),
        ("messages:write", [403, 403, 403, 200], 403),
        ("settings:write", [403; 4], 403),
        ("conversations:write", [200, 200, 200, 403], 204),
    ] {
        let (secret, id) = key(scope);
        assert_eq!(reads(&secret), expected, "{scope}");
        assert_eq!(workspace.call("DELETE", &one).bearer(&secret).send().status, deletes, "{scope}");
        assert_eq!(workspace.admin("DELETE", &format!("/keys/{id}")).send().status, 204);
    }
    assert_eq!(reads(&page), [403; 4], "a publishable key reads nothing");
    assert_eq!(workspace.call("GET", &one).send().status, 401);
}

#[test]
fn a_frame_on_a_deleted_conversations_socket_begins_nothing() {
    let Shop { workspace, key } = Shop::open();
    let visit = workspace.visit(&key);
    let mut socket = visit.begun();
    assert_eq!(workspace.admin("DELETE", &format!("/conversations/{}", visit.conversation)).send().status, 204);
    // On its way when the conversation went.
    socket.send(&chat_request(&fresh("request"), "say=Too late.", None, None));
    match socket.next_within(PATIENCE) {
        Some(Event::Closed(4410)) => {}
        other => panic!("{other:?}"),
    }
    workspace.admin("GET", &format!("/conversations/{}", visit.conversation)).send().refused("not_found");
}
