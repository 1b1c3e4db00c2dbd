//! A conversation has at most 2,000 messages; at the bound the visitor is told what to do, and loses nothing.

use crate::conversations::indexed;
use serde_json::json;
use weft_tests::api::{Settings, Workspace, chat_request, fresh, resume};

#[test]
fn the_thousandth_question_is_answered_and_the_next_ends_the_conversation() {
    let settings = Settings::new("conversation-bound");
    let started = settings.start();
    let workspace = Workspace::new(&started.deployment);
    let key = workspace.open_for_chat(&json!({}));
    let visit = workspace.visit(&key);
    drop(visit.begun());
    indexed(&workspace, 1, 2);
    let nothing = fresh("conversation");
    for (method, rest) in [("GET", ""), ("GET", "/export"), ("DELETE", "")] {
        workspace.admin(method, &format!("/conversations/{nothing}{rest}")).send().refused("not_found");
    }
    let tenant = workspace.tenant.clone();
    started.crash();

    let missing = settings.stored_object("Conversation", &format!("{tenant}/{nothing}"));
    assert_eq!(missing.tables(), [""; 0], "asking for what isn't there stores nothing");
    let full = settings.stored_object("Conversation", &format!("{tenant}/{}", visit.conversation));
    assert!(full.tables().contains(&"heads".to_owned()));
    // 998 questions more, each with its answer.
    let insert = |id: &str, role: &str, status: &str, seq: &str| {
        format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 998)
             INSERT INTO messages (id, seq, role, text, request_id, status, sources, created_at, reserved_seq)
             SELECT {id}, {seq}, '{role}', 'Text ' || n, 'request-made-' || (10000 + n), {status}, '[]',
                    (SELECT MIN(created_at) FROM messages), 99000 FROM numbers;"
        )
    };
    full.change(&insert("'request-made-' || (10000 + n)", "user", "NULL", "10000 + 2 * n"));
    full.change(&insert("'request-made-' || (10000 + n) || '.a'", "assistant", "'complete'", "10001 + 2 * n"));

    let started = settings.start();
    let workspace = Workspace { deployment: &started.deployment, tenant };
    let visit = weft_tests::api::Visit { base: started.deployment.url().to_owned(), ..visit };
    let mut socket = visit.ready();
    socket.send(&visit.first(&fresh("request"), "say=The last one."));
    assert_eq!(socket.find("chat.completed")["text"], "The last one.");
    // All that was put in is told too, in notes of a bounded size.
    indexed(&workspace, 1, 2_000);

    socket.send(&chat_request(&fresh("request"), "say=One too many.", None, None));
    let error = socket.error("conflict");
    assert_eq!(error["message"], "This conversation is full. Begin a new one.");
    assert_eq!(error.get("requestId"), None, "it speaks of the conversation: the message is kept for the next one");
    socket.closed(4410);
    // What is there can be read, and deleted.
    let mut again = visit.ready();
    again.send(&resume(Some(&visit.token()), &visit.secret, 0));
    let mut count = 0;
    while count < 2_000 {
        count += again.expect("history")["messages"].as_array().expect("an array").len();
    }
    assert_eq!(count, 2_000);
    let path = format!("/conversations/{}", visit.conversation);
    let export = workspace.admin("GET", &format!("{path}/export")).send().expect(200);
    assert_eq!(export["messages"].as_array().map(Vec::len), Some(2_000));
    assert_eq!(workspace.admin("DELETE", &path).send().status, 204);
    indexed(&workspace, 0, 0);
}
