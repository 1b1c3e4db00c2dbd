//! Answers of `/v1/tenants/{tenant}/conversations` and `…/messages`. Queries: [`Find`].

use super::{Cursor, Page, Query};
use crate::agent::match_words;
use crate::conversation::index::{Indexed, preview};
use crate::conversation::{Head, Participant, StoredMessage};
use crate::error::Refusal;
use crate::ids::{ConversationId, Environment, RequestId, TenantId};
use crate::protocol::ws::{AnswerStatus, Role, SourceRef};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The longest `q`, in characters.
const MAX_SEARCH_CHARS: usize = 200;

/// Which conversations or messages are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Find<C> {
    /// `limit` and `cursor`.
    pub page: Page<C>,
    /// `environment`: that one alone.
    pub environment: Option<Environment>,
    /// `q` as an FTS5 expression.
    pub expression: Option<String>,
}

impl<C: Cursor> Find<C> {
    /// Reads a query.
    ///
    /// # Errors
    /// `invalid_request` naming the parameter.
    pub fn read(query: &Query) -> Result<Self, Refusal> {
        let environment = query.get("environment")?.map(Environment::parse).transpose()?;
        let expression = query.get("q")?.map(search_expression).transpose()?;
        Ok(Self { page: query.page()?, environment, expression })
    }
}

fn search_expression(q: &str) -> Result<String, Refusal> {
    let is_short = q.chars().take(MAX_SEARCH_CHARS + 1).count() <= MAX_SEARCH_CHARS;
    let expression = if is_short { match_words(q) } else { None };
    expression
        .ok_or_else(|| Refusal::invalid(format!("q must have 1 to {MAX_SEARCH_CHARS} characters, a word among them.")))
}

/// Where a list by time goes on: behind the item of this instant and number. Written `<milliseconds>.<number>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeCursor {
    /// The item's instant.
    pub at: Timestamp,
    /// The item's number, for those of one instant.
    pub number: u32,
}

impl core::fmt::Display for TimeCursor {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{}", self.at.as_millis(), self.number)
    }
}

impl Cursor for TimeCursor {
    fn read(text: &str) -> Option<Self> {
        let (at, number) = text.split_once('.')?;
        let cursor = Self { at: Timestamp::from_millis(at.parse().ok()?), number: u32::read(number)? };
        // One spelling alone is given out, of an instant that JavaScript can count to.
        (cursor.to_string() == text && (0..1 << 53).contains(&cursor.at.as_millis())).then_some(cursor)
    }
}

/// Who writes in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct VisitorView {
    /// `sub` of the widget token.
    pub id: String,
    /// Their name, where the token has one.
    pub name: Option<String>,
}

impl From<Participant> for VisitorView {
    fn from(participant: Participant) -> Self {
        Self { id: participant.sub, name: participant.name }
    }
}

/// A conversation as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ConversationView {
    /// The id that the browser picked.
    pub id: ConversationId,
    /// In which environment.
    pub environment: Environment,
    /// The id that a client of the chat API gave it.
    pub session_id: Option<String>,
    /// Who writes there; null where no token told.
    pub visitor: Option<VisitorView>,
    /// When its first message was stored.
    #[serde(with = "crate::time::rfc3339")]
    #[cfg_attr(feature = "openapi", schemars(with = "Timestamp"))]
    pub created_at: Timestamp,
    /// When its last message was stored.
    #[serde(with = "crate::time::rfc3339")]
    #[cfg_attr(feature = "openapi", schemars(with = "Timestamp"))]
    pub last_message_at: Timestamp,
    /// How many messages it has, answers included.
    pub message_count: u64,
    /// How its last message begins: at most 500 characters on one line.
    pub preview: String,
}

impl From<Indexed> for ConversationView {
    fn from(indexed: Indexed) -> Self {
        let Indexed { id, environment, session, visitor, created_at, last_message_at, message_count, preview, .. } =
            indexed;
        let (session_id, visitor) = (session, visitor.map(VisitorView::from));
        Self { id, environment, session_id, visitor, created_at, last_message_at, message_count, preview }
    }
}

/// A page of conversations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ConversationList {
    /// Those with the newest message first.
    pub conversations: Vec<ConversationView>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// A message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct MessageView {
    /// Its id within the conversation.
    pub id: String,
    /// Its place in the conversation.
    pub seq: u64,
    /// Who wrote it.
    pub role: Role,
    /// What it says.
    pub text: String,
    /// When it was stored first.
    #[serde(with = "crate::time::rfc3339")]
    #[cfg_attr(feature = "openapi", schemars(with = "Timestamp"))]
    pub created_at: Timestamp,
    /// The visitor's message that it is or answers.
    pub request_id: RequestId,
    /// How an answer ended; null on a visitor's message, and on an answer that is still coming.
    pub status: Option<AnswerStatus>,
    /// What an answer rests on.
    pub sources: Vec<SourceRef>,
}

impl MessageView {
    /// Whether nothing more comes to it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.role == Role::User || self.status.is_some()
    }
}

impl From<StoredMessage> for MessageView {
    fn from(message: StoredMessage) -> Self {
        let StoredMessage { id, seq, role, text, request_id, status, sources, created_at, .. } = message;
        Self { id, seq, role, text, created_at, request_id, status, sources }
    }
}

/// One conversation and a page of its messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Thread {
    /// The conversation.
    pub conversation: ConversationView,
    /// Oldest first.
    pub messages: Vec<MessageView>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// All that is stored about a conversation, but for the hash of its history secret: a credential, of no use to a reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ConversationExport {
    /// Whose it is.
    pub tenant: TenantId,
    /// The conversation.
    pub conversation: ConversationView,
    /// Oldest first, an answer that is still coming included.
    pub messages: Vec<MessageView>,
    /// When this was written.
    #[serde(with = "crate::time::rfc3339")]
    #[cfg_attr(feature = "openapi", schemars(with = "Timestamp"))]
    pub exported_at: Timestamp,
}

impl ConversationView {
    /// As the conversation itself knows it, from its head and all of its messages.
    #[must_use]
    pub fn of(id: ConversationId, head: &Head, messages: &[StoredMessage]) -> Self {
        let over = || messages.iter().filter(|message| message.is_over());
        let last = over().max_by_key(|message| message.seq);
        Self {
            id,
            environment: head.environment.clone(),
            session_id: head.session.clone(),
            visitor: head.visitor.clone().map(VisitorView::from),
            created_at: head.created_at,
            last_message_at: over().map(|message| message.created_at).max().unwrap_or(head.created_at),
            message_count: u64::try_from(over().count()).unwrap_or(u64::MAX),
            preview: last.map(|message| preview(&message.text)).unwrap_or_default(),
        }
    }
}

/// A message in the index of all of a tenant's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct FoundMessage {
    /// Its id within its conversation.
    pub id: String,
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// In which environment.
    pub environment: Environment,
    /// Who wrote it.
    pub role: Role,
    /// What it says.
    pub text: String,
    /// When it was stored first.
    #[serde(with = "crate::time::rfc3339")]
    #[cfg_attr(feature = "openapi", schemars(with = "Timestamp"))]
    pub created_at: Timestamp,
}

/// A page of messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct MessageList {
    /// Newest first.
    pub messages: Vec<FoundMessage>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(query: &str) -> Result<Find<TimeCursor>, Refusal> {
        Find::read(&Query::parse(query))
    }

    #[test]
    fn a_time_cursor_has_one_spelling() {
        let read = |text: &str| find(&format!("cursor={text}")).map(|find| find.page.cursor);
        let cursor = TimeCursor { at: Timestamp::from_millis(1_795_321_343_123), number: 7 };
        assert_eq!(read(&cursor.to_string()), Ok(Some(cursor)));
        for bad in
            ["", "7", "1.0", "01.1", "1.01", "-1.1", "%2B1.1", "1.-1", "1.1.1", "acme", "9007199254740992.1", "1."]
        {
            assert!(read(bad).is_err_and(|refusal| refusal.message.contains("cursor")), "{bad}");
        }
    }

    #[test]
    fn what_is_searched_for_has_1_to_200_characters_and_a_word() {
        assert_eq!(find("").map(|find| find.expression), Ok(None));
        assert_eq!(find("q=Ret%C3%BCrn").map(|find| find.expression), Ok(Some(r#""return"*"#.to_owned())));
        let longest = format!("a{}", "+".repeat(199));
        assert!(find(&format!("q={longest}")).is_ok());
        for bad in ["", "%20", "%22%22", "***", &format!("{longest}+"), "a&q=b"] {
            assert!(find(&format!("q={bad}")).is_err_and(|refusal| refusal.message.contains('q')), "{bad}");
        }
        for (bad, name) in [("environment=", "environment"), ("environment=../x", "environment"), ("limit=0", "limit")]
        {
            assert!(find(bad).is_err_and(|refusal| refusal.message.contains(name)), "{bad}");
        }
    }
}
