//! Frames from the widget.

use super::{Envelope, FrameError, Json, is_message_text, payload};
use crate::ids::RequestId;
use crate::protocol::object::Object;
use crate::secret::{HistorySecret, Secret};
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

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
    message: Object<MessagePayload>,
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
                let Object(RequestPayload { widget_token, history_secret, message }) = payload(envelope.payload)?;
                let Object(message) = message;
                if !is_message_text(&message.text) {
                    return Err(FrameError::Text);
                }
                Ok(Self::Request(ChatRequest { id, widget_token, history_secret, text: message.text }))
            }
            "chat.resume" => {
                let Object(ResumePayload { widget_token, history_secret, last_seq }) = payload(envelope.payload)?;
                Ok(Self::Resume(ChatResume { widget_token, history_secret, last_seq }))
            }
            "chat.cancel" => request_id(envelope.id).map(Self::Cancel),
            "auth.refresh" => {
                let Object(RefreshPayload { widget_token }) = payload(envelope.payload)?;
                Ok(Self::Refresh(widget_token))
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
        let Object(envelope): Object<Envelope<serde_json::Value>> =
            serde_json::from_str(text).map_err(|_| FrameError::NotAFrame)?;
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
