//! What the widget asks over HTTP, and the page's own function: one request, one reply, and a deadline.

use crate::browser::Node;
use crate::element::Handle;
use crate::signals::Signal;
use gloo_net::http::Request;
use js_sys::{Array, Function, Promise};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::AbortSignal;

/// How long a reply may take.
const DEADLINE_MS: u32 = 10_000;

/// Says in the place of a status that there was no reply in time.
pub(crate) const TIMED_OUT: u16 = 1;
/// Says in the place of a status that there was no reply.
pub(crate) const UNREACHABLE: u16 = 2;

/// What is asked.
#[derive(Debug)]
pub(crate) enum Question {
    /// The live config.
    Config(String),
    /// The customer's refresh endpoint.
    Endpoint(String),
    /// The page's own function.
    Provider(Function),
}

/// Asks, and posts the reply: its body and its status.
pub(crate) fn ask(question: Question, handle: Handle) {
    spawn_local(async move {
        let deadline = AbortSignal::timeout_with_u32(DEADLINE_MS);
        let signal = match question {
            Question::Config(_) => Signal::Config,
            Question::Endpoint(_) => Signal::Token,
            Question::Provider(_) => Signal::Provided,
        };
        let reply = match question {
            Question::Config(url) => fetch(&url, None, deadline.clone()).await,
            Question::Endpoint(url) => fetch(&url, Some("{}"), deadline.clone()).await,
            Question::Provider(function) => call(&function, &deadline).await,
        };
        let (value, status) =
            reply.unwrap_or_else(|| (JsValue::UNDEFINED, if deadline.aborted() { TIMED_OUT } else { UNREACHABLE }));
        handle.post(signal, value, status.into());
    });
}

/// A GET without cookies, or a POST with them.
async fn fetch(url: &str, body: Option<&str>, signal: AbortSignal) -> Option<(JsValue, u16)> {
    let init = Node::object();
    init.put("redirect", "manual");
    init.put_value("signal", &signal);
    if let Some(body) = body {
        init.put("method", "POST");
        init.put("credentials", "include");
        init.put("body", body);
        let headers = Node::object();
        headers.put("content-type", "application/json");
        init.put_value("headers", &headers);
    } else {
        init.put("credentials", "omit");
    }
    let request = web_sys::Request::new_with_str_and_init(url, init.unchecked_ref()).ok()?;
    let response = Request::from(request).send().await.ok()?;
    let text = response.text().await.ok()?;
    Some((text.into(), response.status()))
}

/// What the function returns, or what its promise comes to.
async fn call(function: &Function, deadline: &AbortSignal) -> Option<(JsValue, u16)> {
    let value = function.call0(&JsValue::UNDEFINED).ok()?;
    let late = Promise::new(&mut |resolve, _| deadline.set_onabort(Some(&resolve)));
    let value = JsFuture::from(Promise::race(&Array::of2(&value, &late))).await.ok()?;
    (!deadline.aborted()).then_some((value, 200))
}
