//! Protocol 1: the frames of `GET /widget/session`. Text frames, JSON, `{"type","id"?,"payload"?}`, at most 64 KiB.
//!
//! Both ends use these types. Decoding is generic over the JSON value ([`Json`]), so that the Worker reads with
//! `serde_json` and the widget with the browser's own `JSON.parse`. What is decided here: which frames are well
//! formed. What isn't: whether they are welcome ([`crate::session`]).

use crate::error::ErrorCode;
use crate::ids::RequestId;
use crate::secret::{HistorySecret, Secret};
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

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

/// A JSON value of either end: `serde_json::Value` or the browser's.
pub trait Json: Sized {
    /// Reads it as `T`; the error is a sentence that may name a field, never a value.
    ///
    /// # Errors
    /// Where it isn't of `T`'s shape.
    fn read<T: serde::de::DeserializeOwned>(self) -> Result<T, String>;
}

#[cfg(feature = "server")]
impl Json for serde_json::Value {
    fn read<T: serde::de::DeserializeOwned>(self) -> Result<T, String> {
        serde_json::from_value(self).map_err(|error| error.to_string())
    }
}

/// A frame before its type is looked at.
#[derive(Debug, Deserialize)]
pub struct Envelope<J> {
    /// Its type, as `chat.request`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id, where the type has one.
    #[serde(default)]
    pub id: Option<String>,
    /// What it carries.
    #[serde(default = "none")]
    pub payload: Option<J>,
}

fn none<J>() -> Option<J> {
    None
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

/// A frame from the widget.
#[derive(Debug, Clone)]
pub enum ClientFrame {
    /// `chat.request`: ask.
    Request(ChatRequest),
    /// `chat.resume`: replay what came after `last_seq`, then go on live.
    Resume(ChatResume),
    /// `chat.cancel`: stop the answer to this request.
    Cancel(RequestId),
    /// `auth.refresh`: a renewed token for this socket.
    Refresh(Secret),
    /// `ping`: answered `pong`.
    Ping,
}

/// `chat.request`.
#[derive(Debug, Clone)]
pub struct ChatRequest {
    /// The message's own id.
    pub id: RequestId,
    /// In the first, and whenever renewed.
    pub widget_token: Option<Secret>,
    /// In the first on each socket.
    pub history_secret: Option<HistorySecret>,
    /// What the visitor wrote: 1 to 4,000 characters.
    pub text: String,
}

/// `chat.resume`.
#[derive(Debug, Clone)]
pub struct ChatResume {
    /// A token, if one is at hand.
    pub widget_token: Option<Secret>,
    /// Unlocks the history.
    pub history_secret: HistorySecret,
    /// The last `seq` that the widget has; 0 for all.
    pub last_seq: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestPayload {
    #[serde(default)]
    widget_token: Option<Secret>,
    #[serde(default)]
    history_secret: Option<HistorySecret>,
    message: MessagePayload,
}

#[derive(Serialize, Deserialize)]
struct MessagePayload {
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResumePayload {
    #[serde(default)]
    widget_token: Option<Secret>,
    history_secret: HistorySecret,
    last_seq: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefreshPayload {
    widget_token: Secret,
}

/// Whether `text` has a message's length.
#[must_use]
pub fn is_message_text(text: &str) -> bool {
    // A character takes one to four bytes, so most texts need no count.
    !text.is_empty() && (text.len() <= MAX_TEXT_CHARS || text.chars().count() <= MAX_TEXT_CHARS)
}

fn payload<J: Json, T: serde::de::DeserializeOwned>(payload: Option<J>) -> Result<T, FrameError> {
    payload.ok_or_else(|| FrameError::Payload("missing".to_owned()))?.read().map_err(FrameError::Payload)
}

fn request_id(id: Option<String>) -> Result<RequestId, FrameError> {
    RequestId::parse(id.ok_or(FrameError::Id)?).map_err(|_| FrameError::Id)
}

impl ClientFrame {
    /// Reads a frame from the widget.
    ///
    /// # Errors
    /// [`FrameError`] where it breaks protocol 1.
    pub fn from_envelope<J: Json>(envelope: Envelope<J>) -> Result<Self, FrameError> {
        match envelope.kind.as_str() {
            "chat.request" => {
                let id = request_id(envelope.id)?;
                let RequestPayload { widget_token, history_secret, message } = payload(envelope.payload)?;
                if !is_message_text(&message.text) {
                    return Err(FrameError::Text);
                }
                Ok(Self::Request(ChatRequest { id, widget_token, history_secret, text: message.text }))
            }
            "chat.resume" => {
                let ResumePayload { widget_token, history_secret, last_seq } = payload(envelope.payload)?;
                Ok(Self::Resume(ChatResume { widget_token, history_secret, last_seq }))
            }
            "chat.cancel" => request_id(envelope.id).map(Self::Cancel),
            "auth.refresh" => {
                payload(envelope.payload).map(|RefreshPayload { widget_token }| Self::Refresh(widget_token))
            }
            "ping" => Ok(Self::Ping),
            _ => Err(FrameError::UnknownType),
        }
    }

    /// Reads a text frame.
    ///
    /// # Errors
    /// [`FrameError`] where it breaks protocol 1.
    #[cfg(feature = "server")]
    pub fn parse(text: &str) -> Result<Self, FrameError> {
        let envelope: Envelope<serde_json::Value> = serde_json::from_str(text).map_err(|_| FrameError::NotAFrame)?;
        Self::from_envelope(envelope)
    }
}

/// The frame as it goes out. This is the one place where a token and a history secret are written down.
impl Serialize for ClientFrame {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Out<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            widget_token: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            history_secret: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            last_seq: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            message: Option<Text<'a>>,
        }
        #[derive(Serialize)]
        struct Text<'a> {
            text: &'a str,
        }
        let (kind, id, payload) = match self {
            Self::Request(request) => (
                "chat.request",
                Some(&request.id),
                Some(Out {
                    widget_token: request.widget_token.as_ref().map(Secret::expose),
                    history_secret: request.history_secret.as_ref().map(HistorySecret::expose),
                    last_seq: None,
                    message: Some(Text { text: &request.text }),
                }),
            ),
            Self::Resume(resume) => (
                "chat.resume",
                None,
                Some(Out {
                    widget_token: resume.widget_token.as_ref().map(Secret::expose),
                    history_secret: Some(resume.history_secret.expose()),
                    last_seq: Some(resume.last_seq),
                    message: None,
                }),
            ),
            Self::Cancel(id) => ("chat.cancel", Some(id), None),
            Self::Refresh(token) => (
                "auth.refresh",
                None,
                Some(Out { widget_token: Some(token.expose()), history_secret: None, last_seq: None, message: None }),
            ),
            Self::Ping => ("ping", None, None),
        };
        let mut frame = to.serialize_struct("Frame", 1 + usize::from(id.is_some()) + usize::from(payload.is_some()))?;
        frame.serialize_field("type", kind)?;
        if let Some(id) = id {
            frame.serialize_field("id", id)?;
        }
        if let Some(payload) = payload {
            frame.serialize_field("payload", &payload)?;
        }
        frame.end()
    }
}

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

/// Why the Worker closes a socket (RFC 6455 section 7.4.2: 4000 to 4999 are the application's own).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCode {
    /// A frame that breaks the protocol.
    BadFrame,
    /// Three token refusals in a row, or a credential that was revoked.
    Token,
    /// Origin or history secret.
    Forbidden,
    /// No `chat.request` or `chat.resume` within 10 s.
    TooSlow,
    /// A frame of more than 64 KiB.
    TooLarge,
    /// A limit.
    Limit,
    /// Try again later.
    Unavailable,
}

impl CloseCode {
    const ALL: [Self; 7] =
        [Self::BadFrame, Self::Token, Self::Forbidden, Self::TooSlow, Self::TooLarge, Self::Limit, Self::Unavailable];

    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::BadFrame => 4400,
            Self::Token => 4401,
            Self::Forbidden => 4403,
            Self::TooSlow => 4408,
            Self::TooLarge => 4413,
            Self::Limit => 4429,
            Self::Unavailable => 4503,
        }
    }

    /// Reads the number.
    #[must_use]
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}
