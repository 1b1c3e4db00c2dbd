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

impl ClientFrame {
    /// Gives the frame as it goes out to `take`. This is the one place where a token and a history secret are written down.
    pub fn write<R>(&self, take: impl FnOnce(&Value<'_>) -> R) -> R {
        let (mut id, mut token, mut secret, mut last_seq, mut text) = (None, None, None, None, None);
        let kind = match self {
            Self::Request(request) => {
                id = Some(&request.id);
                token = request.widget_token.as_ref();
                secret = request.history_secret.as_ref();
                text = Some([("text", Some(Value::Text(&request.text)))]);
                "chat.request"
            }
            Self::Resume(resume) => {
                token = resume.widget_token.as_ref();
                secret = Some(&resume.history_secret);
                last_seq = Some(resume.last_seq);
                "chat.resume"
            }
            Self::Cancel(request) => {
                id = Some(request);
                "chat.cancel"
            }
            Self::Refresh(renewed) => {
                token = Some(renewed);
                "auth.refresh"
            }
            Self::Ping => "ping",
        };
        let payload = [
            ("widgetToken", token.map(|token| Value::Text(token.expose()))),
            ("historySecret", secret.map(|secret| Value::Text(secret.expose()))),
            ("lastSeq", last_seq.map(Value::Number)),
            ("message", text.as_ref().map(|text| Value::Members(text))),
        ];
        let has_payload = payload.iter().any(|(_, member)| member.is_some());
        let frame = [
            ("type", Some(Value::Text(kind))),
            ("id", id.map(|id| Value::Text(id.as_str()))),
            ("payload", has_payload.then_some(Value::Members(&payload))),
        ];
        take(&Value::Members(&frame))
    }
}

/// JSON to be written: by serde here, by the browser's own objects in the widget, whose download a serializer would make
/// larger.
#[derive(Debug)]
pub enum Value<'a> {
    /// A string.
    Text(&'a str),
    /// A number below 2^53.
    Number(u64),
    /// An object; members without a value are left out.
    Members(&'a [(&'a str, Option<Value<'a>>)]),
}

impl Serialize for ClientFrame {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.write(|value| value.serialize(to))
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => to.serialize_str(text),
            Self::Number(number) => to.serialize_u64(*number),
            Self::Members(members) => {
                let mut map = to.serialize_map(None)?;
                for (name, value) in *members {
                    if let Some(value) = value {
                        map.serialize_entry(name, value)?;
                    }
                }
                map.end()
            }
        }
    }
}
