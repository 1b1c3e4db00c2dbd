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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ready {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// Whether requests need a signed widget token.
    pub require_signed_token: bool,
}

/// Payload of `chat.accepted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// The message's id.
    pub request_id: RequestId,
    /// Its place in the conversation.
    pub seq: u64,
    /// Whether it was there already.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub duplicate: bool,
}

/// Payload of `chat.delta`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<SourceRef>>,
}

/// Payload of `chat.error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorFrame {
    /// The request it speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// A code of [`ErrorCode`].
    pub error: String,
    /// One sentence.
    pub message: String,
    /// Whole seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Expiring {
    /// Whole seconds until the token's end.
    pub expires_in_secs: u32,
}

/// Which limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LimitKind {
    /// Per UTC day.
    Daily,
    /// Per UTC month.
    Monthly,
}

/// Payload of `limit.reached`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct History {
    /// In order of `seq`.
    pub messages: Vec<HistoryMessage>,
}

/// A message that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// How an answer ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<AnswerStatus>,
    /// What an answer rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<SourceRef>>,
}

/// Every field that a payload can have, read in one go and sorted out by [`ServerFrame::from_envelope`]: a reader of its own
/// for each payload would double the widget's download.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Fields {
    protocol: Option<u64>,
    require_signed_token: Option<bool>,
    id: Option<String>,
    request_id: Option<String>,
    message_id: Option<String>,
    seq: Option<u64>,
    duplicate: Option<bool>,
    role: Option<String>,
    text: Option<String>,
    status: Option<String>,
    created_at: Option<String>,
    sources: Option<Vec<Fields>>,
    title: Option<String>,
    url: Option<String>,
    error: Option<String>,
    message: Option<String>,
    retry_after_secs: Option<u64>,
    expires_in_secs: Option<u64>,
    limit: Option<String>,
    reset_at: Option<String>,
    reset_in_secs: Option<u64>,
    messages: Option<Vec<Fields>>,
}

fn small(value: Option<u64>) -> Option<u32> {
    value.and_then(|value| u32::try_from(value).ok())
}

impl Fields {
    fn request_id(&mut self) -> Option<RequestId> {
        self.request_id.take().and_then(|id| RequestId::parse(id).ok())
    }

    fn status(&self) -> Option<AnswerStatus> {
        match self.status.as_deref()? {
            "complete" => Some(AnswerStatus::Complete),
            "cancelled" => Some(AnswerStatus::Cancelled),
            "interrupted" => Some(AnswerStatus::Interrupted),
            _ => None,
        }
    }

    fn sources(&mut self) -> Option<Vec<SourceRef>> {
        let source = |fields: Fields| Some(SourceRef { title: fields.title?, url: fields.url });
        self.sources.take()?.into_iter().map(source).collect()
    }

    fn into_message(mut self) -> Option<HistoryMessage> {
        let role = match self.role.as_deref()? {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            _ => return None,
        };
        let (request_id, status, sources) = (self.request_id(), self.status(), self.sources());
        let created_at = self.created_at?;
        Some(HistoryMessage {
            id: self.id?,
            seq: self.seq?,
            role,
            text: self.text?,
            created_at,
            request_id,
            status,
            sources,
        })
    }

    fn into_error(mut self) -> Option<ErrorFrame> {
        let (request_id, retry_after_secs) = (self.request_id(), small(self.retry_after_secs));
        Some(ErrorFrame { request_id, error: self.error?, message: self.message?, retry_after_secs })
    }

    fn into_completed(mut self) -> Option<Completed> {
        let (request_id, status, sources) = (self.request_id()?, self.status()?, self.sources());
        Some(Completed { request_id, seq: self.seq?, message_id: self.message_id?, text: self.text?, status, sources })
    }

    fn into_limit(self) -> Option<LimitReached> {
        let limit = match self.limit.as_deref()? {
            "daily" => LimitKind::Daily,
            "monthly" => LimitKind::Monthly,
            _ => return None,
        };
        Some(LimitReached { limit, reset_at: self.reset_at?, reset_in_secs: self.reset_in_secs? })
    }

    fn into_frame(mut self, kind: &str) -> Option<ServerFrame> {
        Some(match kind {
            "session.ready" => ServerFrame::Ready(Ready {
                protocol: small(self.protocol)?,
                require_signed_token: self.require_signed_token?,
            }),
            "chat.accepted" => ServerFrame::Accepted(Accepted {
                request_id: self.request_id()?,
                seq: self.seq?,
                duplicate: self.duplicate.unwrap_or_default(),
            }),
            "chat.delta" => {
                ServerFrame::Delta(Delta { request_id: self.request_id()?, seq: self.seq?, text: self.text? })
            }
            "chat.completed" => ServerFrame::Completed(self.into_completed()?),
            "chat.error" => ServerFrame::Error(self.into_error()?),
            "auth.expiring" => ServerFrame::Expiring(Expiring { expires_in_secs: small(self.expires_in_secs)? }),
            "limit.reached" => ServerFrame::Limit(self.into_limit()?),
            _ => {
                let messages = self.messages?.into_iter().map(Self::into_message).collect::<Option<_>>()?;
                ServerFrame::History(History { messages })
            }
        })
    }
}

impl ServerFrame {
    const KINDS: [&str; 8] = [
        "session.ready",
        "chat.accepted",
        "chat.delta",
        "chat.completed",
        "chat.error",
        "auth.expiring",
        "limit.reached",
        "history",
    ];

    /// Reads a frame from the Worker. `None`: a type that this end doesn't know, to be skipped.
    ///
    /// # Errors
    /// [`FrameError`] where a known type's payload is malformed.
    pub fn from_envelope<J: Json>(envelope: Envelope<J>) -> Result<Option<Self>, FrameError> {
        let kind = envelope.kind.as_str();
        if kind == "pong" {
            return Ok(Some(Self::Pong));
        }
        if !Self::KINDS.contains(&kind) {
            return Ok(None);
        }
        let fields: Fields = payload(envelope.payload)?;
        let malformed = || FrameError::Payload("a field is missing or malformed".to_owned());
        fields.into_frame(kind).map(Some).ok_or_else(malformed)
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
