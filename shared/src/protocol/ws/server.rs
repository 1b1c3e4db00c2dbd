//! Frames from the Worker.

use super::{FrameError, Json};
use crate::error::ErrorCode;
use crate::ids::RequestId;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The visitor.
    User,
    /// The agent.
    Assistant,
}

/// A source that an answer rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "server", derive(serde::Deserialize))]
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
    #[cfg_attr(feature = "openapi", schemars(with = "crate::time::Timestamp"))]
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

fn request_id(payload: &impl Json) -> Option<RequestId> {
    RequestId::parse(payload.text("requestId")?).ok()
}

fn status(payload: &impl Json) -> Option<AnswerStatus> {
    match payload.text("status")?.as_str() {
        "complete" => Some(AnswerStatus::Complete),
        "cancelled" => Some(AnswerStatus::Cancelled),
        "interrupted" => Some(AnswerStatus::Interrupted),
        _ => None,
    }
}

/// Those that have a title.
fn sources(payload: &impl Json) -> Option<Vec<SourceRef>> {
    let mut sources = Vec::new();
    payload.each("sources", &mut |source| {
        if let Some(title) = source.text("title") {
            sources.push(SourceRef { title, url: source.text("url") });
        }
    })?;
    Some(sources)
}

/// Reads members that must be there, and remembers whether one was not: giving up at each of them would take more room
/// than going on.
#[derive(Default)]
struct Required {
    is_missing: bool,
}

impl Required {
    fn or<T>(&mut self, member: Option<T>, other: T) -> T {
        self.is_missing |= member.is_none();
        member.unwrap_or(other)
    }

    fn text(&mut self, payload: &impl Json, name: &str) -> String {
        let text = payload.text(name);
        self.or(text, String::new())
    }

    fn number(&mut self, payload: &impl Json, name: &str) -> u64 {
        self.or(payload.number(name), 0)
    }

    fn small(&mut self, payload: &impl Json, name: &str) -> u32 {
        let number = self.number(payload, name);
        self.or(u32::try_from(number).ok(), 0)
    }

    fn message(&mut self, item: &impl Json) -> HistoryMessage {
        let role = match self.text(item, "role").as_str() {
            "user" => Some(Role::User),
            "assistant" => Some(Role::Assistant),
            _ => None,
        };
        HistoryMessage {
            id: self.text(item, "id"),
            seq: self.number(item, "seq"),
            role: self.or(role, Role::User),
            text: self.text(item, "text"),
            created_at: self.text(item, "createdAt"),
            request_id: request_id(item),
            status: status(item),
            sources: sources(item),
        }
    }
}

/// Reads a payload member by member: a reader derived for each type would double the widget's download.
fn frame(kind: &str, payload: &impl Json) -> Option<ServerFrame> {
    let mut required = Required::default();
    let request_id = request_id(payload);
    let frame = match kind {
        "session.ready" => ServerFrame::Ready(Ready {
            protocol: required.small(payload, "protocol"),
            require_signed_token: required.or(payload.flag("requireSignedToken"), false),
        }),
        "chat.accepted" => ServerFrame::Accepted(Accepted {
            request_id: request_id?,
            seq: required.number(payload, "seq"),
            duplicate: payload.flag("duplicate").unwrap_or_default(),
        }),
        "chat.delta" => ServerFrame::Delta(Delta {
            request_id: request_id?,
            seq: required.number(payload, "seq"),
            text: required.text(payload, "text"),
        }),
        "chat.completed" => ServerFrame::Completed(Completed {
            request_id: request_id?,
            seq: required.number(payload, "seq"),
            message_id: required.text(payload, "messageId"),
            text: required.text(payload, "text"),
            status: required.or(status(payload), AnswerStatus::Complete),
            sources: sources(payload),
        }),
        "chat.error" => ServerFrame::Error(ErrorFrame {
            request_id,
            error: required.text(payload, "error"),
            message: required.text(payload, "message"),
            retry_after_secs: payload.number("retryAfterSecs").and_then(|secs| u32::try_from(secs).ok()),
        }),
        "auth.expiring" => {
            ServerFrame::Expiring(Expiring { expires_in_secs: required.small(payload, "expiresInSecs") })
        }
        "limit.reached" => {
            let limit = match required.text(payload, "limit").as_str() {
                "daily" => Some(LimitKind::Daily),
                "monthly" => Some(LimitKind::Monthly),
                _ => None,
            };
            ServerFrame::Limit(LimitReached {
                limit: required.or(limit, LimitKind::Daily),
                reset_at: required.text(payload, "resetAt"),
                reset_in_secs: required.number(payload, "resetInSecs"),
            })
        }
        _ => {
            let mut messages = Vec::new();
            let found = payload.each("messages", &mut |item| messages.push(required.message(item)));
            required.or(found, ());
            ServerFrame::History(History { messages })
        }
    };
    (!required.is_missing).then_some(frame)
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
    /// [`FrameError`] where it is no frame, or a known type's payload is malformed.
    pub fn from_json(value: &impl Json) -> Result<Option<Self>, FrameError> {
        let kind = value.text("type").ok_or(FrameError::NotAFrame)?;
        if kind == "pong" {
            return Ok(Some(Self::Pong));
        }
        if !Self::KINDS.contains(&kind.as_str()) {
            return Ok(None);
        }
        let payload = value.member("payload");
        let malformed = || FrameError::Payload("a field is missing or malformed".to_owned());
        payload.and_then(|payload| frame(&kind, &payload)).map(Some).ok_or_else(malformed)
    }

    /// Reads a text frame.
    ///
    /// # Errors
    /// [`FrameError`] where it isn't a frame.
    #[cfg(feature = "server")]
    pub fn parse(text: &str) -> Result<Option<Self>, FrameError> {
        let value: serde_json::Value = serde_json::from_str(text).map_err(|_| FrameError::NotAFrame)?;
        Self::from_json(&value)
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
