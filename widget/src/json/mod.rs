//! JSON by the browser's own `JSON`: no parser of ours in the download.

mod reader;

use js_sys::{JSON, Reflect};
use reader::Reader;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use weft_shared::protocol::ws::{Envelope, Json, ServerFrame};

/// A value of the browser as frames carry it.
struct BrowserJson(JsValue);

impl Json for BrowserJson {
    fn read<T: DeserializeOwned>(self) -> Result<T, String> {
        // Nobody reads the sentence here, so it isn't made.
        read(self.0).ok_or_else(String::new)
    }
}

/// Reads JSON text as `T`.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Option<T> {
    read(JSON::parse(text).ok()?)
}

/// Reads a value of the browser as `T`.
pub(crate) fn read<T: DeserializeOwned>(value: JsValue) -> Option<T> {
    T::deserialize(Reader::new(value)).ok()
}

/// Writes JSON text.
pub(crate) fn write(value: &impl serde::Serialize) -> Option<String> {
    let value = serde_wasm_bindgen::to_value(value).ok()?;
    JSON::stringify(&value).ok().map(String::from)
}

/// A member of an object; nothing where it isn't one.
pub(crate) fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}

/// Reads a frame from the Worker. `None`: it isn't one, or one that this widget doesn't know; to be skipped.
pub(crate) fn parse_frame(text: &str) -> Option<ServerFrame> {
    let frame = JSON::parse(text).ok()?;
    let payload = get(&frame, "payload");
    let envelope = Envelope {
        kind: get(&frame, "type").as_string()?,
        id: None,
        payload: (!payload.is_undefined()).then_some(BrowserJson(payload)),
    };
    ServerFrame::from_envelope(envelope).ok().flatten()
}
