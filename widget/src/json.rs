//! JSON by the browser's own `JSON`: no parser of ours in the download, and none of serde. What is read is read member by
//! member, what is written becomes an object of the browser's first.

use crate::browser::{Node, get};
use js_sys::{Array, JSON};
use wasm_bindgen::{JsCast as _, JsValue};
use weft_shared::protocol::ws::{ClientFrame, Json, ServerFrame, Value};

/// A value of the browser as frames carry it.
struct BrowserJson(JsValue);

impl Json for BrowserJson {
    fn member(&self, name: &str) -> Option<Self> {
        let member = get(&self.0, name);
        (!member.is_undefined()).then_some(Self(member))
    }

    fn text(&self, name: &str) -> Option<String> {
        get(&self.0, name).as_string()
    }

    fn number(&self, name: &str) -> Option<u64> {
        number(&self.0, name)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        get(&self.0, name).as_bool()
    }

    fn each(&self, name: &str, take: &mut dyn FnMut(&Self)) -> Option<()> {
        let items: Array = get(&self.0, name).dyn_into().ok()?;
        for index in 0..items.length() {
            take(&Self(items.get(index)));
        }
        Some(())
    }
}

/// Reads a frame from the Worker. `None`: it isn't one, or one that this widget doesn't know; to be skipped.
pub(crate) fn read_frame(text: &str) -> Option<ServerFrame> {
    ServerFrame::from_json(&BrowserJson(JSON::parse(text).ok()?)).ok().flatten()
}

/// Writes a frame from the widget.
pub(crate) fn write_frame(frame: &ClientFrame) -> Option<String> {
    JSON::stringify(&frame.write(value)).ok().map(String::from)
}

fn value(value: &Value<'_>) -> JsValue {
    match value {
        Value::Text(text) => JsValue::from_str(text),
        #[expect(clippy::cast_precision_loss, reason = "the Worker's numbers stay below 2^53")]
        Value::Number(number) => JsValue::from_f64(*number as f64),
        Value::Members(members) => {
            let object = Node::object();
            for (name, member) in *members {
                if let Some(member) = member {
                    object.put_value(name, &self::value(member));
                }
            }
            object.into()
        }
    }
}

/// A member that is a whole number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "only a number that is whole is equal")]
pub(crate) fn number(object: &JsValue, name: &str) -> Option<u64> {
    let number = get(object, name).as_f64()?;
    let whole = number as u64;
    #[expect(clippy::cast_precision_loss, clippy::float_cmp, reason = "the Worker's numbers stay below 2^53")]
    (whole as f64 == number).then_some(whole)
}
