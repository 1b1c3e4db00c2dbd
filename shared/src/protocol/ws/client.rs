//! Frames from the widget, as they go out. How the Worker reads them: `read`.

use crate::ids::RequestId;
use crate::secret::{HistorySecret, Secret};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

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

/// The frame as it goes out. This is the one place where a token and a history secret are written down. (As maps: for
/// structs, `serde-wasm-bindgen` brings a cache of field names into the widget's download.)
impl Serialize for ClientFrame {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (kind, id) = match self {
            Self::Request(request) => ("chat.request", Some(&request.id)),
            Self::Resume(_) => ("chat.resume", None),
            Self::Cancel(id) => ("chat.cancel", Some(id)),
            Self::Refresh(_) => ("auth.refresh", None),
            Self::Ping => ("ping", None),
        };
        let mut frame = to.serialize_map(None)?;
        frame.serialize_entry("type", kind)?;
        if let Some(id) = id {
            frame.serialize_entry("id", id.as_str())?;
        }
        if !matches!(self, Self::Cancel(_) | Self::Ping) {
            frame.serialize_entry("payload", &Payload(self))?;
        }
        frame.end()
    }
}

struct Payload<'a>(&'a ClientFrame);

impl Serialize for Payload<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (token, history_secret) = match self.0 {
            ClientFrame::Request(request) => (request.widget_token.as_ref(), request.history_secret.as_ref()),
            ClientFrame::Resume(resume) => (resume.widget_token.as_ref(), Some(&resume.history_secret)),
            ClientFrame::Refresh(token) => (Some(token), None),
            ClientFrame::Cancel(_) | ClientFrame::Ping => (None, None),
        };
        let mut payload = to.serialize_map(None)?;
        if let Some(token) = token {
            payload.serialize_entry("widgetToken", token.expose())?;
        }
        if let Some(secret) = history_secret {
            payload.serialize_entry("historySecret", secret.expose())?;
        }
        match self.0 {
            ClientFrame::Request(request) => payload.serialize_entry("message", &Message(&request.text))?,
            ClientFrame::Resume(resume) => payload.serialize_entry("lastSeq", &resume.last_seq)?,
            _ => {}
        }
        payload.end()
    }
}

struct Message<'a>(&'a str);

impl Serialize for Message<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut message = to.serialize_map(Some(1))?;
        message.serialize_entry("text", self.0)?;
        message.end()
    }
}
