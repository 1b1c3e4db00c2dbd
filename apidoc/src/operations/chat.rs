//! Chat without the widget: for pages with an interface of their own, and for servers.

use super::CHAT;
use crate::operation::{Content, Group, Operation};
use serde_json::{Value, json};
use weft_shared::error::ErrorCode;
use weft_shared::ids::ConversationId;
use weft_shared::protocol::http::{ChatBody, ChatLine, ChatReply, HistoryPage};
use weft_shared::protocol::routes::Route;

const CONVERSATION: &str = "BAseksoEpxJ9HP0e_JxPNE2eZhljceza";

/// What a page's request can be refused with, by the live config's rules.
const RULES: [ErrorCode; 5] = [
    ErrorCode::OriginNotAllowed,
    ErrorCode::TokenRequired,
    ErrorCode::InvalidToken,
    ErrorCode::ExpiredToken,
    ErrorCode::WrongHistorySecret,
];

pub(super) fn group() -> (Group, Vec<Operation>) {
    let group = Group {
        name: "Chat",
        about: "Chat without the widget. From a page, with a publishable key, the live config's rules hold: allowed \
                origins, signed tokens, limits of an address. A server, with a secret key or session token, speaks for \
                its own users.",
        plane: CHAT,
    };
    let conversation_id = ConversationId::parse(CONVERSATION).expect("32 characters of an id");
    let piece = |text: &str| ChatLine::Token { token: text.to_owned() };
    let example = [
        ChatLine::Start { conversation_id: conversation_id.clone() },
        piece("30 "),
        piece("days."),
        ChatLine::Done { message: "30 days.".to_owned(), conversation_id },
    ];
    let example: String = example.iter().map(ChatLine::to_line).collect();
    let lines = || Content::lines::<ChatLine>(&example);
    let streamed =
        "One line of JSON each (NDJSON), sent as it comes: `start`, `token`…, and `done` or `error` at the end.";
    let operations = vec![
        message(Operation::new(Route::Chat, "chatWhole", "Ask, and get the whole answer"))
            .about(
                "A `sessionId` is the client's own name for its conversation. Whoever knows it can go on with that \
                 conversation, unless a signed token keeps end users apart: it should be random. Pages and servers never \
                 share one.",
            )
            .answers::<ChatReply>(
                200,
                "The whole answer.",
                json!({ "conversationId": CONVERSATION, "message": "30 days." }),
            )
            .refuses([ErrorCode::AgentFailed]),
        message(Operation::new(Route::ChatStream, "chatStream", "Ask, and get the answer as it comes"))
            .about("What goes wrong once the message is stored is the last line, `error`, with a code of the errors.")
            .sends("X-Accel-Buffering")
            .answers_with(200, streamed, Some(lines())),
        message(Operation::new(Route::OldChatStream, "oldChatStream", "The same, by its older name"))
            .about("For clients of Open Chat Widget.")
            .sends("X-Accel-Buffering")
            .answers_with(200, streamed, Some(lines())),
        Operation::new(Route::ReadMessages, "readMessages", "Read a conversation")
            .about(
                "The visitor's browser needs the conversation's history secret; the customer's server doesn't. A page also \
                 ends where its texts would be more than 250,000 characters.",
            )
            .id::<ConversationId>()
            .query("limit", false, &json!({ "type": "integer", "minimum": 1, "maximum": 200, "default": 50 }), "How many messages a page has at most.")
            .query("cursor", false, &json!({ "type": "string", "pattern": "^[1-9][0-9]{0,15}$" }), "Where the page begins: `next_cursor` of the page before.")
            .header("X-History-Secret", false, &text(), "The conversation's history secret; for pages.")
            .header("X-Widget-Token", false, &text(), "A signed widget token, where the live config requires one.")
            .answers::<HistoryPage>(
                200,
                "Messages that are over, the oldest first.",
                json!({
                    "messages": [
                        { "id": "m_8kR2vB6nD4sF0gHj", "seq": 1, "role": "user", "text": "How long may I return a grinder?",
                          "createdAt": "2026-11-22T04:22:23.000Z" },
                        { "id": "m_8kR2vB6nD4sF0gHj.a", "seq": 4, "role": "assistant", "text": "30 days.",
                          "createdAt": "2026-11-22T04:22:23.100Z", "requestId": "m_8kR2vB6nD4sF0gHj",
                          "status": "complete", "sources": [{ "title": "Returns" }] }
                    ],
                    "next_cursor": null
                }),
            )
            .refuses(RULES),
    ];
    (group, operations)
}

/// What the three ways to send a message share.
fn message(operation: Operation) -> Operation {
    operation
        .takes::<ChatBody>(json!({ "sessionId": "7c1d3f0a-5b7e-4d0f-9a52-2f6f0c8e1b34", "message": "How long may I return a grinder?" }))
        .header("X-Widget-Token", false, &text(), "A signed widget token, where the live config requires one.")
        .header(
            "X-History-Secret",
            false,
            &json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{22,128}$" }),
            "Binds the conversation to this secret of the client's own, which then comes with each message and opens the history.",
        )
        .header(
            "Idempotency-Key",
            false,
            &json!({ "type": "string", "pattern": "^[!-~]{1,255}$" }),
            "The same key with the same message again gets the same answer; with another message it is `conflict`.",
        )
        .refuses(RULES)
        .refuses([ErrorCode::NotFound, ErrorCode::Conflict, ErrorCode::QuotaExceeded])
}

fn text() -> Value {
    json!({ "type": "string" })
}
