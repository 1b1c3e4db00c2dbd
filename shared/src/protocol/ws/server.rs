//! Frames from the Worker.

use super::{Envelope, FrameError, Json, payload};
use crate::error::ErrorCode;
use crate::ids::RequestId;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerStatus {
    /// All of it is there.
    Complete,
    /// The visitor stopped it.
    Cancelled,
    /// It broke off: the text is what was kept.
    Interrupted,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The visitor.
    User,
    /// The agent.
    Assistant,
}

/// A source that an answer rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRef {
    /// Its title.
    pub title: String,
    /// Where it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A frame from the Worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerFrame {
    /// `session.ready`
    Ready(Ready),
    /// `chat.accepted`: the message is stored.
    Accepted(Accepted),
    /// `chat.delta`: a piece of the answer.
    Delta(Delta),
    /// `chat.completed`: the whole answer.
    Completed(Completed),
    /// `chat.error`
    Error(ErrorFrame),
    /// `auth.expiring`: renew the token, on this same socket.
    Expiring(Expiring),
    /// `limit.reached`
    Limit(LimitReached),
    /// `history`: messages that are over.
    History(History),
    /// `pong`
    Pong,
}

/// Payload of `session.ready`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ready {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// Whether requests need a signed widget token.
    pub require_signed_token: bool,
}

/// Payload of `chat.accepted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// The message's id.
    pub request_id: RequestId,
    /// Its place in the conversation.
    pub seq: u64,
    /// Whether it was there already.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub duplicate: bool,
}

/// Payload of `chat.delta`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delta {
    /// The message that is answered.
    pub request_id: RequestId,
    /// Rises within the conversation.
    pub seq: u64,
    /// What comes next.
    pub text: String,
}

/// Payload of `chat.completed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Completed {
    /// The message that was answered.
    pub request_id: RequestId,
    /// The answer's place in the conversation.
    pub seq: u64,
    /// The answer's own id.
    pub message_id: String,
    /// The whole answer.
    pub text: String,
    /// How it ended.
    pub status: AnswerStatus,
    /// What it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<SourceRef>>,
}

/// Payload of `chat.error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorFrame {
    /// The request it speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// A code of [`ErrorCode`].
    pub error: String,
    /// One sentence.
    pub message: String,
    /// Whole seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_secs: Option<u32>,
}

impl ErrorFrame {
    /// A refusal as a frame.
    #[must_use]
    pub fn new(refusal: &crate::error::Refusal, request_id: Option<RequestId>) -> Self {
        Self {
            request_id,
            error: refusal.code.code().to_owned(),
            message: refusal.message.clone(),
            retry_after_secs: refusal.retry_after_secs,
        }
    }

    /// The code, where this end knows it.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        ErrorCode::parse(&self.error)
    }
}

/// Payload of `auth.expiring`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Expiring {
    /// Whole seconds until the token's end.
    pub expires_in_secs: u32,
}

/// Which limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LimitKind {
    /// Per UTC day.
    Daily,
    /// Per UTC month.
    Monthly,
}

/// Payload of `limit.reached`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LimitReached {
    /// Which.
    pub limit: LimitKind,
    /// When it resets, RFC 3339.
    pub reset_at: String,
    /// Whole seconds until then.
    pub reset_in_secs: u64,
}

/// Payload of `history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// In order of `seq`.
    pub messages: Vec<HistoryMessage>,
}

/// A message that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryMessage {
    /// A visitor's message: the id it was sent with. An answer: its `messageId`.
    pub id: String,
    /// Its place in the conversation.
    pub seq: u64,
    /// Who wrote it.
    pub role: Role,
    /// What it says.
    pub text: String,
    /// When it was stored, RFC 3339.
    pub created_at: String,
    /// The message that an answer answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// How an answer ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<AnswerStatus>,
    /// What an answer rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<SourceRef>>,
}

impl ServerFrame {
    /// Reads a frame from the Worker. `None`: a type that this end doesn't know, to be skipped.
    ///
    /// # Errors
    /// [`FrameError`] where a known type's payload is malformed.
    pub fn from_envelope<J: Json>(envelope: Envelope<J>) -> Result<Option<Self>, FrameError> {
        let body = envelope.payload;
        Ok(Some(match envelope.kind.as_str() {
            "session.ready" => Self::Ready(payload(body)?),
            "chat.accepted" => Self::Accepted(payload(body)?),
            "chat.delta" => Self::Delta(payload(body)?),
            "chat.completed" => Self::Completed(payload(body)?),
            "chat.error" => Self::Error(payload(body)?),
            "auth.expiring" => Self::Expiring(payload(body)?),
            "limit.reached" => Self::Limit(payload(body)?),
            "history" => Self::History(payload(body)?),
            "pong" => Self::Pong,
            _ => return Ok(None),
        }))
    }

    /// Reads a text frame.
    ///
    /// # Errors
    /// [`FrameError`] where it isn't a frame.
    #[cfg(feature = "server")]
    pub fn parse(text: &str) -> Result<Option<Self>, FrameError> {
        let envelope: Envelope<serde_json::Value> = serde_json::from_str(text).map_err(|_| FrameError::NotAFrame)?;
        Self::from_envelope(envelope)
    }
}

impl Serialize for ServerFrame {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        fn write<S: Serializer>(to: S, kind: &'static str, payload: &impl Serialize) -> Result<S::Ok, S::Error> {
            let mut frame = to.serialize_struct("Frame", 2)?;
            frame.serialize_field("type", kind)?;
            frame.serialize_field("payload", payload)?;
            frame.end()
        }
        match self {
            Self::Ready(payload) => write(to, "session.ready", payload),
            Self::Accepted(payload) => write(to, "chat.accepted", payload),
            Self::Delta(payload) => write(to, "chat.delta", payload),
            Self::Completed(payload) => write(to, "chat.completed", payload),
            Self::Error(payload) => write(to, "chat.error", payload),
            Self::Expiring(payload) => write(to, "auth.expiring", payload),
            Self::Limit(payload) => write(to, "limit.reached", payload),
            Self::History(payload) => write(to, "history", payload),
            Self::Pong => {
                let mut frame = to.serialize_struct("Frame", 1)?;
                frame.serialize_field("type", "pong")?;
                frame.end()
            }
        }
    }
}
