//! A look into the widget's closed shadow root, which no script of the page can take: the browser itself is asked for
//! the root, as its inspector asks.

use super::input::Point;
use super::page::{Page, value_of};
use serde_json::{Value, json};

/// The widget's element.
const HOST: &str = "weft-chat";

impl Page {
    /// Calls a JavaScript function with the widget's shadow root as `this`.
    ///
    /// # Errors
    /// Where there is no widget on the page, or the function throws.
    pub fn in_widget(&self, function: &str, arguments: &[Value]) -> Result<Value, String> {
        let known = self.shadow_root.borrow().clone();
        let root = match known {
            Some(root) => root,
            None => self.find_shadow_root()?,
        };
        let arguments: Vec<Value> = arguments.iter().map(|value| json!({ "value": value })).collect();
        let params = json!({
            "objectId": root,
            "functionDeclaration": function,
            "arguments": arguments,
            "returnByValue": true,
            "awaitPromise": true,
        });
        let reply = self.try_call("Runtime.callFunctionOn", &params);
        if reply.is_err() {
            *self.shadow_root.borrow_mut() = None;
        }
        value_of(reply?)
    }

    fn find_shadow_root(&self) -> Result<String, String> {
        let host =
            self.try_call("Runtime.evaluate", &json!({ "expression": format!("document.querySelector('{HOST}')") }))?;
        let object = host["result"]["objectId"].as_str().ok_or("there is no widget on the page")?;
        let node = self.try_call("DOM.describeNode", &json!({ "objectId": object, "depth": 1, "pierce": true }))?;
        let root = &node["node"]["shadowRoots"][0];
        if root["shadowRootType"] != "closed" {
            return Err(format!("the widget has no closed shadow root: {}", root["shadowRootType"]));
        }
        let node = self.try_call("DOM.resolveNode", &json!({ "backendNodeId": root["backendNodeId"] }))?;
        let root = node["object"]["objectId"].as_str().ok_or("the shadow root is gone")?.to_owned();
        *self.shadow_root.borrow_mut() = Some(root.clone());
        Ok(root)
    }

    /// The middle of an element of the page itself.
    ///
    /// # Panics
    /// Where there is none to be seen.
    #[must_use]
    #[track_caller]
    pub fn place_of(&self, selector: &str) -> Point {
        let find = format!("document.querySelector({})", json!(selector));
        let middle = self.evaluate(&format!(
            "(() => {{ const e = {find}; if (!e) return null; e.scrollIntoView({{block: 'center', behavior: 'instant'}}); \
             const r = e.getBoundingClientRect(); return r.width && [r.x + r.width / 2, r.y + r.height / 2]; }})()"
        ));
        point(&middle).unwrap_or_else(|| panic!("{selector} is not to be seen"))
    }
}

/// Two numbers as a place.
pub(super) fn point(value: &Value) -> Option<Point> {
    Some(Point { x: value.get(0)?.as_f64()?, y: value.get(1)?.as_f64()? })
}
