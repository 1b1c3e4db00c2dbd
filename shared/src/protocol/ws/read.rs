//! How the Worker reads frames from the widget: strictly, for they are a stranger's.

use super::{ChatRequest, ChatResume, ClientFrame, FrameError, is_message_text};
use crate::ids::RequestId;
use crate::protocol::object::Object;
use crate::secret::{HistorySecret, Secret};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A frame before its type is looked at.
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    payload: Option<Value>,
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

#[derive(Deserialize)]
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

fn payload<T: DeserializeOwned>(payload: Option<Value>) -> Result<T, FrameError> {
    let payload = payload.ok_or_else(|| FrameError::Payload("missing".to_owned()))?;
    let Object(payload) = serde_json::from_value(payload).map_err(|error| FrameError::Payload(sentence(&error)))?;
    Ok(payload)
}

/// What serde says of a value that isn't of its type's shape; it may name a field.
fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // "invalid type: string "…", expected …" repeats the value, which may be a token.
    match text.rsplit_once(", expected ") {
        Some((_, expected)) if text.starts_with("invalid ") => format!("expected {expected}"),
        _ => text,
    }
}

impl ClientFrame {
    /// Reads a text frame.
    ///
    /// # Errors
    /// [`FrameError`] where it breaks protocol 1.
    pub fn parse(text: &str) -> Result<Self, FrameError> {
        let Object(envelope): Object<Envelope> = serde_json::from_str(text).map_err(|_| FrameError::NotAFrame)?;
        match envelope.kind.as_str() {
            "chat.request" => {
                let id = request_id(envelope.id)?;
                let RequestPayload { widget_token, history_secret, message } = payload(envelope.payload)?;
                let Object(message) = message;
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
                let RefreshPayload { widget_token } = payload(envelope.payload)?;
                Ok(Self::Refresh(widget_token))
            }
            "ping" => Ok(Self::Ping),
            _ => Err(FrameError::UnknownType),
        }
    }
}
