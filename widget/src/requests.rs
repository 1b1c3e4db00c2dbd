//! What the widget asks over HTTP: one request, one reply, and a deadline.

use crate::browser::Node;
use crate::handle::Handle;
use crate::signals::Signal;
use gloo_net::http::Request;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::spawn_local;
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
    let request = web_sys::Request::new_with_str_and_init(url, init.unchecked_ref());
    spawn_local(async move {
        let reply = match request {
            Ok(request) => reply(request.into()).await,
            Err(_) => None,
        };
        let (text, status) =
            reply.unwrap_or_else(|| (JsValue::UNDEFINED, if deadline.aborted() { TIMED_OUT } else { UNREACHABLE }));
        handle.post(signal, text, status.into());
    });
}

async fn reply(request: Request) -> Option<(JsValue, u16)> {
    let response = request.send().await.ok()?;
    Some((response.text().await.ok()?.into(), response.status()))
}
