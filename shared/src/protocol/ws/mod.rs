//! Protocol 1: the frames of `GET /widget/session`. Text frames, JSON, `{"type","id"?,"payload"?}`, at most 64 KiB.
//!
//! Both ends use these types. What comes from the Worker is read through [`Json`], so that the tests read with
//! `serde_json` and the widget with the browser's own `JSON.parse`. What is decided here: which frames are well
//! formed. What isn't: whether they are welcome ([`crate::session`]).

mod client;
mod close;
#[cfg(feature = "server")]
mod read;
mod server;

pub use client::{ChatRequest, ChatResume, ClientFrame, Value};
pub use close::CloseCode;
pub use server::{
    Accepted, AnswerStatus, Completed, Delta, ErrorFrame, Expiring, History, HistoryMessage, LimitKind, LimitReached,
    Ready, Role, ServerFrame, SourceRef,
};

/// The protocol's number, sent in `session.ready`.
pub const PROTOCOL: u32 = 1;
/// The largest frame taken, in bytes.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;
/// The longest message, in characters (Unicode scalar values).
pub const MAX_TEXT_CHARS: usize = 4_000;
/// The longest answer, in characters; a longer one is cut there and ends `interrupted`.
pub const MAX_ANSWER_CHARS: usize = 32_768;
/// The first `chat.request` or `chat.resume` must come within this time of opening.
pub const FIRST_FRAME_DEADLINE_MS: i64 = 10_000;
/// The frame that is answered without waking the object: exactly these bytes.
pub const PING: &str = r#"{"type":"ping"}"#;
/// Its answer.
pub const PONG: &str = r#"{"type":"pong"}"#;

/// A JSON value of either end, `serde_json::Value` or the browser's, read member by member. A member that is missing, or of
/// another type, is `None`.
pub trait Json: Sized {
    /// A member of an object.
    fn member(&self, name: &str) -> Option<Self>;
    /// A member that is a text.
    fn text(&self, name: &str) -> Option<String>;
    /// A member that is a whole number from 0 on.
    fn number(&self, name: &str) -> Option<u64>;
    /// A member that is `true` or `false`.
    fn flag(&self, name: &str) -> Option<bool>;
    /// Shows each item of a member that is an array to `take`.
    fn each(&self, name: &str, take: &mut dyn FnMut(&Self)) -> Option<()>;
}

#[cfg(feature = "server")]
impl Json for serde_json::Value {
    fn member(&self, name: &str) -> Option<Self> {
        self.get(name).cloned()
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name)?.as_str().map(str::to_owned)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.as_u64()
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    fn each(&self, name: &str, take: &mut dyn FnMut(&Self)) -> Option<()> {
        self.get(name)?.as_array()?.iter().for_each(take);
        Some(())
    }
}

/// Why a frame can't be read. It breaks the protocol: `invalid_request`, then close code 4400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Not JSON, or no object with a `type`.
    #[error("a frame must be a JSON object with a string \"type\"")]
    NotAFrame,
    /// A type that protocol 1 doesn't know.
    #[error("unknown frame type")]
    UnknownType,
    /// `id` is missing or malformed.
    #[error("id must be 16 to 64 letters, digits, '-' and '_'")]
    Id,
    /// The payload isn't of its type's shape.
    #[error("payload: {0}")]
    Payload(String),
    /// `message.text` is empty or too long.
    #[error("message.text must have 1 to 4000 characters")]
    Text,
}

/// Whether `text` has a message's length.
#[must_use]
pub fn is_message_text(text: &str) -> bool {
    // A character takes one to four bytes, so most texts need no count.
    !text.is_empty() && (text.len() <= MAX_TEXT_CHARS || count_chars(text) <= MAX_TEXT_CHARS)
}

/// How many characters it has: every byte but those that continue one. (`str::chars().count()` is faster and larger.)
#[must_use]
pub fn count_chars(text: &str) -> usize {
    text.bytes().filter(|byte| byte & 0xc0 != 0x80).count()
}
