//! Bodies and lines of `/v1/chat`, `/v1/chat/stream` and `/v1/conversations/{id}/messages`. The shapes are Open Chat
//! Widget's, so that its widget and its headless page work here unchanged.

use crate::error::{ErrorCode, Refusal};
use crate::ids::{ChatSessionId, ConversationId};
use crate::protocol::ws::{HistoryMessage, MAX_TEXT_CHARS, is_message_text};
use serde::{Deserialize, Serialize};

/// Body of `POST /v1/chat` and `POST /v1/chat/stream`. Open Chat Widget's own clients send exactly these two fields.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChatBody {
    /// Which conversation: the client's own name for it.
    pub session_id: ChatSessionId,
    /// What the visitor says.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_TEXT_CHARS)))]
    pub message: String,
}

impl ChatBody {
    /// Checks the message: 1 to 4,000 characters, as in `chat.request`.
    ///
    /// # Errors
    /// `invalid_request` outside of that.
    pub fn check(&self) -> Result<(), Refusal> {
        if is_message_text(&self.message) {
            Ok(())
        } else {
            Err(Refusal::invalid(format!("message must have 1 to {MAX_TEXT_CHARS} characters.")))
        }
    }
}

/// Answer of `POST /v1/chat`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChatReply {
    /// The conversation that the session stands for.
    pub conversation_id: ConversationId,
    /// The whole answer.
    pub message: String,
}

/// One line of `POST /v1/chat/stream`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum ChatLine {
    /// The first: the message is stored.
    Start {
        /// The conversation that the session stands for.
        conversation_id: ConversationId,
    },
    /// The next piece of the answer.
    Token {
        /// The piece.
        token: String,
    },
    /// The last: the answer is whole.
    Done {
        /// The whole answer.
        message: String,
        /// The conversation that the session stands for.
        conversation_id: ConversationId,
    },
    /// The last: there is no whole answer. What came of it is kept in the conversation.
    Error {
        /// Why.
        error: ErrorCode,
    },
}

impl ChatLine {
    /// The line as it is sent, its end included (NDJSON: one JSON text per line).
    #[must_use]
    pub fn to_line(&self) -> String {
        // Texts alone: there always is a JSON form, and JSON escapes line breaks.
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

/// The media type of the lines.
pub const NDJSON: &str = "application/x-ndjson; charset=utf-8";

/// A page of `GET /v1/conversations/{id}/messages`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct HistoryPage {
    /// Messages that are over, the oldest first.
    pub messages: Vec<HistoryMessage>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// The longest `Idempotency-Key`, in characters.
const MAX_IDEMPOTENCY_KEY_CHARS: usize = 255;

/// Checks an `Idempotency-Key`: 1 to 255 visible ASCII characters.
///
/// # Errors
/// `invalid_request` outside of that.
pub fn check_idempotency_key(key: &str) -> Result<(), Refusal> {
    if (1..=MAX_IDEMPOTENCY_KEY_CHARS).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(Refusal::invalid(format!(
            "Idempotency-Key must have 1 to {MAX_IDEMPOTENCY_KEY_CHARS} visible ASCII characters."
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::http::read_body;

    fn read(body: &serde_json::Value) -> Result<(String, String), Refusal> {
        let body: ChatBody = read_body(body.to_string().as_bytes())?;
        body.check()?;
        Ok((body.session_id.as_str().to_owned(), body.message))
    }

    #[test]
    fn a_body_holds_its_bounds_and_a_refusal_names_the_field() {
        let chat = |session: &str, message: &str| serde_json::json!({ "sessionId": session, "message": message });
        for session in ["a".to_owned(), "A.b_c:d-9".to_owned(), "s".repeat(128)] {
            assert_eq!(read(&chat(&session, "Hi")), Ok((session, "Hi".to_owned())));
        }
        for session in [String::new(), "s".repeat(129), "a b".to_owned(), "a/b".to_owned(), "é".to_owned()] {
            let refusal = read(&chat(&session, "Hi")).expect_err("out of bounds");
            assert!(refusal.message.starts_with("sessionId must be"), "{}", refusal.message);
        }
        for message in ["x".to_owned(), "é".repeat(4_000)] {
            assert_eq!(read(&chat("s", &message)), Ok(("s".to_owned(), message)));
        }
        for message in [String::new(), "é".repeat(4_001)] {
            let refusal = read(&chat("s", &message)).expect_err("out of bounds");
            assert!(refusal.message.starts_with("message must have"), "{}", refusal.message);
        }
        for (bad, named) in [
            (serde_json::json!({ "message": "Hi" }), "sessionId"),
            (serde_json::json!({ "sessionId": "s" }), "message"),
            (serde_json::json!({ "sessionId": 1, "message": "Hi" }), "sessionId"),
            (serde_json::json!({ "sessionId": "s", "message": ["Hi"] }), "message"),
            (serde_json::json!({ "sessionId": "s", "message": "Hi", "stream": true }), "stream"),
        ] {
            let refusal = read(&bad).expect_err("refused");
            assert!(refusal.message.contains(named), "{bad}: {}", refusal.message);
        }
    }

    #[test]
    fn lines_are_pinned_letter_by_letter() {
        let conversation_id = ConversationId::parse("abcdefghijklmnop").expect("an id");
        let lines = [
            ChatLine::Start { conversation_id: conversation_id.clone() },
            ChatLine::Token { token: "a \"b\"\nc".to_owned() },
            ChatLine::Done { message: "a".to_owned(), conversation_id: conversation_id.clone() },
            ChatLine::Error { error: ErrorCode::AgentFailed },
        ];
        let lines: String = lines.iter().map(ChatLine::to_line).collect();
        assert_eq!(
            lines,
            "{\"type\":\"start\",\"conversationId\":\"abcdefghijklmnop\"}\n\
             {\"type\":\"token\",\"token\":\"a \\\"b\\\"\\nc\"}\n\
             {\"type\":\"done\",\"message\":\"a\",\"conversationId\":\"abcdefghijklmnop\"}\n\
             {\"type\":\"error\",\"error\":\"agent_failed\"}\n"
        );
        let reply = ChatReply { conversation_id, message: "a".to_owned() };
        let reply = serde_json::to_string(&reply).expect("JSON");
        assert_eq!(reply, r#"{"conversationId":"abcdefghijklmnop","message":"a"}"#);
    }

    #[test]
    fn an_idempotency_key_has_1_to_255_visible_characters() {
        for good in ["a", "8e03978e-40d5-43e8-bc93-6894a57f9324", &"k".repeat(255)] {
            assert_eq!(check_idempotency_key(good), Ok(()));
        }
        for bad in ["", "a b", "é", &"k".repeat(256)] {
            assert!(check_idempotency_key(bad).is_err_and(|refusal| refusal.message.contains("Idempotency-Key")));
        }
    }
}
