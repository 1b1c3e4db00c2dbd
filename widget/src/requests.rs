//! What the widget asks over HTTP: one request, one reply, and a deadline.

use crate::browser::{Node, fetch, get};
use crate::handle::Handle;
use crate::signals::Signal;
use js_sys::{Array, Function, Promise};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::AbortSignal;

/// How long a reply may take.
pub(crate) const DEADLINE_MS: u32 = 10_000;

/// Says in the place of a status that there was no reply in time.
pub(crate) const TIMED_OUT: u16 = 1;
/// Says in the place of a status that there was no reply.
pub(crate) const UNREACHABLE: u16 = 2;

/// Asks, and posts the reply: its body and its status. A question with a body is a POST with the page's cookies, one
/// without is a GET without any.
pub(crate) fn ask(url: &str, body: Option<&str>, signal: Signal, handle: Handle) {
    let deadline = AbortSignal::timeout_with_u32(DEADLINE_MS);
    let init = Node::object();
    // A redirect is not followed: it would take the request to a sign-in page, or to somebody else's token.
    init.put("redirect", "manual");
    init.put_value("signal", &deadline);
    if let Some(body) = body {
        init.put("method", "POST");
        init.put("body", body);
        let headers = Node::object();
        headers.put("content-type", "application/json");
        init.put_value("headers", &headers);
    }
    // The page's own cookies are for the page's own origin. Weft itself gets none and sets none.
    init.put("credentials", if body.is_some() { "include" } else { "omit" });
    // They belong to the browser, which drops them with the promise: a reply may come when the widget is gone.
    let read = |response: JsValue| {
        let body = response.unchecked_ref::<Node>().read_text();
        JsValue::from(Promise::all(&Array::of2(&body, &get(&response, "status"))))
    };
    let finish = move |reply: JsValue| {
        let reply: &Array = reply.unchecked_ref();
        let mut status = reply.get(1);
        if status.as_f64().is_none() {
            status = if deadline.aborted() { TIMED_OUT } else { UNREACHABLE }.into();
        }
        handle.post(signal, reply.get(0), status);
    };
    let read: Function = Closure::once_into_js(read).unchecked_into();
    let finish: Function = Closure::once_into_js(finish).unchecked_into();
    fetch(url, &init).then_one(&read).then(&finish, &finish);
}
