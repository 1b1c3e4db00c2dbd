//! What the widget asks over HTTP: one request, one reply, and a deadline.

use crate::browser::{Node, fetch};
use crate::signals::{Signal, Signals, number};
use gloo_net::http::{Headers, Response};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::AbortSignal;

/// How long a reply may take.
pub(crate) const DEADLINE_MS: u32 = 10_000;

/// Says in the place of a status that there was no reply; the error, which is the `TypeError` of a network that failed or
/// that of a deadline, stands in the place of the body.
pub(crate) const FAILED: u16 = 1;

/// Asks, and posts the reply: its status and its body. A question with a body is a POST with the page's cookies, one
/// without is a GET without any.
pub(crate) fn ask(url: &str, body: Option<&str>, signal: Signal, signals: &Signals) {
    let init = Node::object();
    // A redirect is not followed: it would take the request to a sign-in page, or to somebody else's token.
    init.put("redirect", "manual");
    init.put_value("signal", &AbortSignal::timeout_with_u32(DEADLINE_MS));
    if let Some(body) = body {
        init.put("method", "POST");
        init.put("body", body);
        let headers = Headers::new();
        headers.set("content-type", "application/json");
        init.put_value("headers", &headers.into_raw());
    }
    // The page's own cookies are for the page's own origin. Weft itself gets none and sets none.
    init.put("credentials", if body.is_some() { "include" } else { "omit" });
    post(&fetch(url, &init), &number(Signal::Replied), &number(signal), &number(signal), signals);
}

/// A reply came: has its body read, and posts it with its status as the signal of this number.
pub(crate) fn read(signal: &JsValue, response: &JsValue, signals: &Signals) {
    let response = Response::from(response.clone().unchecked_into::<web_sys::Response>());
    let status = response.status();
    let response = JsValue::from(web_sys::Response::from(response)).unchecked_into::<Node>();
    post(&response.read_text(), signal, &status.into(), signal, signals);
}

fn post(promise: &Node, fulfilled: &JsValue, value: &JsValue, rejected: &JsValue, signals: &Signals) {
    let fulfilled = signals.function_with(fulfilled, value);
    promise.then(&fulfilled, &signals.function_with(rejected, &FAILED.into()));
}
