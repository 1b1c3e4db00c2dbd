//! A conversation as it is stored, and the storage it needs: a trait, so that the session runs on SQLite in an
//! object and on a plain list in tests. The storage is synchronous, as SQLite in a Durable Object is.

pub mod bound;
pub mod index;

use crate::ids::{ConversationId, Environment, RequestId, TenantId};
use crate::protocol::ws::{AnswerStatus, Completed, HistoryMessage, Role, SourceRef};
use crate::secret::SecretHash;
use crate::time::Timestamp;
use bound::Size;
use serde::{Deserialize, Serialize};

/// What is known of a conversation as a whole. Written with its first message, and again where its visitor changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its own id. None in heads of before it was kept: the next message puts it in.
    #[serde(default)]
    pub id: Option<ConversationId>,
    /// Whose it is.
    pub tenant: TenantId,
    /// In which environment it began; it doesn't answer in another.
    pub environment: Environment,
    /// The hash of its history secret.
    pub history_secret: SecretHash,
    /// When its first message was accepted.
    pub created_at: Timestamp,
    /// Who writes, by the last token that came with a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visitor: Option<Participant>,
    /// The id that a client of the chat API gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// Who writes in a conversation, as the customer's backend vouches for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// The end user's id: `sub` of the widget token.
    pub sub: String,
    /// Their name, where the token has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A stored message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// A visitor's message: the id it was sent with. An answer: [`answer_id`] of it.
    pub id: String,
    /// Its place: of an answer that is over, the `seq` of its `chat.completed`; of one that isn't, the last stored.
    pub seq: u64,
    /// Who wrote it.
    pub role: Role,
    /// What it says.
    pub text: String,
    /// The visitor's message that it is, or that it answers.
    pub request_id: RequestId,
    /// How an answer ended; none on a visitor's message and on an answer that isn't over.
    pub status: Option<AnswerStatus>,
    /// What an answer rests on.
    pub sources: Vec<SourceRef>,
    /// When it was stored first.
    pub created_at: Timestamp,
    /// No `seq` up to this one may be given out again after a restart.
    pub reserved_seq: u64,
}

/// The id of the answer to a message.
#[must_use]
pub fn answer_id(request: &RequestId) -> String {
    format!("{request}.a")
}

impl StoredMessage {
    /// Whether nothing more comes to it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.role == Role::User || self.status.is_some()
    }

    /// As `history` shows it.
    #[must_use]
    pub fn to_history(&self) -> HistoryMessage {
        HistoryMessage {
            id: self.id.clone(),
            seq: self.seq,
            role: self.role,
            text: self.text.clone(),
            created_at: self.created_at.to_rfc3339(),
            request_id: (self.role == Role::Assistant).then(|| self.request_id.clone()),
            status: self.status,
            sources: (!self.sources.is_empty()).then(|| self.sources.clone()),
        }
    }

    /// As the `chat.completed` of an answer that is over.
    #[must_use]
    pub fn to_completed(&self) -> Option<Completed> {
        (self.role == Role::Assistant).then_some(())?;
        Some(Completed {
            request_id: self.request_id.clone(),
            seq: self.seq,
            message_id: self.id.clone(),
            text: self.text.clone(),
            status: self.status?,
            sources: (!self.sources.is_empty()).then(|| self.sources.clone()),
        })
    }
}

/// Where one conversation is stored. Each call is atomic and durable before a frame that speaks of it goes out.
pub trait Store {
    /// What can go wrong.
    type Error;

    /// The conversation's head; none: nothing was accepted yet.
    ///
    /// # Errors
    /// The storage's own.
    fn head(&self) -> Result<Option<Head>, Self::Error>;

    /// Stores the head and the first message together, or neither.
    ///
    /// # Errors
    /// The storage's own.
    fn begin(&mut self, head: &Head, message: &StoredMessage) -> Result<(), Self::Error>;

    /// Replaces the head of a conversation that has begun.
    ///
    /// # Errors
    /// The storage's own.
    fn set_head(&mut self, head: &Head) -> Result<(), Self::Error>;

    /// Stores a message or answer, or replaces the one of that id.
    ///
    /// # Errors
    /// The storage's own.
    fn put(&mut self, message: &StoredMessage) -> Result<(), Self::Error>;

    /// The visitor's message of this id.
    ///
    /// # Errors
    /// The storage's own.
    fn message(&self, id: &RequestId) -> Result<Option<StoredMessage>, Self::Error>;

    /// The answer to this message.
    ///
    /// # Errors
    /// The storage's own.
    fn answer(&self, id: &RequestId) -> Result<Option<StoredMessage>, Self::Error>;

    /// Messages with a `seq` above this one, in its order, those that are not over included.
    ///
    /// # Errors
    /// The storage's own.
    fn messages_after(&self, seq: u64) -> Result<Vec<StoredMessage>, Self::Error>;

    /// Visitor's messages without an answer that is over, in order, each with what is stored of its answer.
    ///
    /// # Errors
    /// The storage's own.
    fn unanswered(&self) -> Result<Vec<(StoredMessage, Option<StoredMessage>)>, Self::Error>;

    /// The highest `reserved_seq`; 0 where nothing is stored.
    ///
    /// # Errors
    /// The storage's own.
    fn reserved_seq(&self) -> Result<u64, Self::Error>;

    /// How much is stored.
    ///
    /// # Errors
    /// The storage's own.
    fn size(&self) -> Result<Size, Self::Error>;
}
