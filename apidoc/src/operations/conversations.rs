//! A tenant's conversations, and the operator's routes in Open Chat Widget's shapes.

use super::MANAGEMENT;
use crate::operation::{Group, Operation};
use serde_json::{Value, json};
use weft_shared::error::ErrorCode;
use weft_shared::ids::{ConversationId, Environment, TenantId};
use weft_shared::protocol::http::{
    AdminConversationList, AdminThread, ConversationExport, ConversationList, DEFAULT_ADMIN_LIMIT, DEFAULT_LIMIT,
    MAX_LIMIT, MessageList, Thread,
};
use weft_shared::protocol::routes::Route;

const ID: &str = "c_3hJ9wQzY7tK1mN5x";
const BEGAN: &str = "2026-11-22T04:22:23.000Z";
const ENDED: &str = "2026-11-22T04:22:25.500Z";

pub(super) fn group() -> (Group, Vec<Operation>) {
    let group = Group {
        name: "Conversations",
        about: "What visitors and the agent said. Lists and searches lag by seconds: a conversation is told to them when \
                an answer has ended. One conversation is read as it is.",
        plane: MANAGEMENT,
    };
    let operations = vec![
        by_time(DEFAULT_LIMIT, found(Operation::new(Route::ListConversations, "listConversations", "List conversations")))
            .answers::<ConversationList>(
                200,
                "A page of conversations, those with the newest message first.",
                json!({ "conversations": [conversation()], "next_cursor": null }),
            ),
        Operation::new(Route::ReadConversation, "readConversation", "Read a conversation")
            .about("An answer that is still coming isn't among the messages.")
            .id::<ConversationId>()
            .paged()
            .answers::<Thread>(
                200,
                "The conversation and a page of its messages, oldest first.",
                json!({ "conversation": conversation(), "messages": messages(), "next_cursor": null }),
            ),
        Operation::new(Route::ExportConversation, "exportConversation", "Export a conversation")
            .about("All that is stored about it, as one file; but for the hash of its history secret, which is a credential.")
            .id::<ConversationId>()
            .sends("Content-Disposition")
            .answers::<ConversationExport>(
                200,
                "The file.",
                json!({
                    "tenant": "acme", "conversation": conversation(), "messages": messages(), "exported_at": ENDED
                }),
            ),
        Operation::new(Route::DeleteConversation, "deleteConversation", "Delete a conversation")
            .about("Its sockets are closed with 4410. Whoever uses its id again begins a new conversation.")
            .id::<ConversationId>()
            .answers_with(204, "It is gone, from lists and searches too.", None),
        found(Operation::new(Route::ListMessages, "listMessages", "List and search messages"))
            .paged()
            .answers::<MessageList>(
                200,
                "A page of messages, newest first.",
                json!({
                    "messages": [{
                        "id": "m_8kR2vB6nD4sF0gHj", "conversation_id": ID, "environment": "production", "role": "user",
                        "text": "Can I return a hat?", "created_at": BEGAN
                    }],
                    "next_cursor": null
                }),
            ),
        by_time(
            DEFAULT_ADMIN_LIMIT,
            of_tenant(Operation::new(
                Route::AdminListConversations,
                "adminListConversations",
                "List conversations as Open Chat Widget does",
            )),
        )
        .about("Times are milliseconds since 1970.")
        .refuses([ErrorCode::NotFound])
        .answers::<AdminConversationList>(
            200,
            "A page of conversations, those with the newest message first.",
            json!({ "conversations": [admin()], "total": 1, "next_cursor": null }),
        ),
        of_tenant(Operation::new(
            Route::AdminReadConversation,
            "adminReadConversation",
            "Read a conversation as Open Chat Widget does",
        ))
        .id::<ConversationId>()
        .answers::<AdminThread>(
            200,
            "The conversation and all of its messages, oldest first.",
            json!({
                "conversation": admin(),
                "messages": [{
                    "_id": "m_8kR2vB6nD4sF0gHj", "_creationTime": 1_795_321_343_000_i64, "conversationId": ID,
                    "role": "user", "content": "Can I return a hat?", "createdAt": 1_795_321_343_000_i64
                }]
            }),
        ),
    ];
    (group, operations)
}

fn found(operation: Operation) -> Operation {
    let q = json!({ "type": "string", "minLength": 1, "maxLength": 200 });
    operation.query_of::<Environment>("environment", false, "That environment's alone.").query(
        "q",
        false,
        &q,
        "Words that a message must have, each as the beginning of a word.",
    )
}

/// `limit` and `cursor` of a list by time.
fn by_time(default: u32, operation: Operation) -> Operation {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": default });
    let cursor = json!({ "type": "string", "pattern": "^[0-9]{1,16}\\.[1-9][0-9]{0,9}$" });
    operation.query("limit", false, &limit, "How many items a page has at most.").query(
        "cursor",
        false,
        &cursor,
        "Where the page begins: `next_cursor` of the page before.",
    )
}

fn of_tenant(operation: Operation) -> Operation {
    operation.query_of::<TenantId>("tenant", false, "Whose; `default` where absent, which `WIDGET_API_KEY` opens.")
}

fn conversation() -> Value {
    json!({
        "id": ID, "environment": "production", "session_id": null,
        "visitor": { "id": "user-17", "name": "Mia" }, "created_at": BEGAN, "last_message_at": ENDED,
        "message_count": 2, "preview": "You have 30 days."
    })
}

fn messages() -> Value {
    json!([
        {
            "id": "m_8kR2vB6nD4sF0gHj", "seq": 1, "role": "user", "text": "Can I return a hat?", "created_at": BEGAN,
            "request_id": "m_8kR2vB6nD4sF0gHj", "status": null, "sources": []
        },
        {
            "id": "m_8kR2vB6nD4sF0gHj.a", "seq": 9, "role": "assistant", "text": "You have 30 days.",
            "created_at": ENDED, "request_id": "m_8kR2vB6nD4sF0gHj", "status": "complete",
            "sources": [{ "title": "Returns", "url": "https://shop.example/returns" }]
        }
    ])
}

fn admin() -> Value {
    json!({
        "_id": ID, "_creationTime": 1_795_321_343_000_i64, "sessionId": "my-session-id",
        "createdAt": 1_795_321_343_000_i64, "updatedAt": 1_795_321_345_500_i64, "lastMessage": "You have 30 days."
    })
}
