//! Answers: JSON with the headers that every one of them has, and refusals.

use crate::log;
use serde::Serialize;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::protocol::http::{ErrorBody, NDJSON};
use worker::web_sys::ReadableStream;
use worker::{Headers, Response, ResponseBody, ResponseBuilder};

/// An answer, before it is written.
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Body,
}

enum Body {
    Empty,
    Json(String),
    /// A file that the Worker carries, with its media type.
    File(&'static str, &'static str),
    /// Lines that come one by one.
    Lines(ReadableStream),
    /// A WebSocket that an object has accepted.
    Upgraded(Response),
}

/// Answers may hold credentials or what only their reader may see: no cache keeps any. They are data: no browser shall
/// take them for a page, a script or a frame.
const ALWAYS: [(&str, &str); 4] = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
];

impl Reply {
    /// 200 with a JSON body.
    pub(crate) fn ok<T: Serialize>(body: &T) -> Self {
        Self::json(200, body)
    }

    /// 201 with a JSON body.
    pub(crate) fn created<T: Serialize>(body: &T) -> Self {
        Self::json(201, body)
    }

    /// 200 with a file that the Worker carries.
    pub(crate) fn file(media_type: &'static str, content: &'static str) -> Self {
        Self { status: 200, headers: Vec::new(), body: Body::File(media_type, content) }
    }

    /// 200 with lines that are sent as they come (NDJSON).
    pub(crate) fn lines(stream: ReadableStream) -> Self {
        // What stands between must neither pack nor hold them: a line is to be read when it is written.
        Self { status: 200, headers: Vec::new(), body: Body::Lines(stream) }
            .with("Cache-Control", "no-store, no-transform")
            .with("X-Accel-Buffering", "no")
    }

    /// 204.
    pub(crate) fn no_content() -> Self {
        Self { status: 204, headers: Vec::new(), body: Body::Empty }
    }

    /// 308: the same request, at this address.
    pub(crate) fn moved(address: String) -> Self {
        Self { status: 308, headers: Vec::new(), body: Body::Empty }.with("Location", address)
    }

    /// 101 with a WebSocket.
    pub(crate) fn upgraded(response: Response) -> Self {
        Self { status: 101, headers: Vec::new(), body: Body::Upgraded(response) }
    }

    fn json<T: Serialize>(status: u16, body: &T) -> Self {
        match serde_json::to_string(body) {
            Ok(text) => Self { status, headers: Vec::new(), body: Body::Json(text) },
            Err(error) => Self::refused(&log::internal("encoding an answer", &error)),
        }
    }

    /// A refusal, with what its status asks for.
    pub(crate) fn refused(refusal: &Refusal) -> Self {
        // Texts alone: it always has a JSON form.
        let body = serde_json::to_string(&ErrorBody::from(refusal)).unwrap_or_default();
        let mut reply = Self { status: refusal.code.status(), headers: Vec::new(), body: Body::Json(body) };
        if reply.status == 401 {
            // RFC 9110 section 11.6.1: every 401 names the scheme.
            reply = reply.with("WWW-Authenticate", "Bearer");
        }
        if let Some(secs) = refusal.retry_after_secs {
            reply = reply.with("Retry-After", secs.to_string());
        }
        reply
    }

    /// 405, with the methods that the path takes (RFC 9110 section 15.5.6).
    pub(crate) fn method_not_allowed(allow: String) -> Self {
        Self::refused(&ErrorCode::MethodNotAllowed.into()).with("Allow", allow)
    }

    /// The same with a header. One of [`ALWAYS`] takes that one's place.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Writes it. The answer to a `HEAD` has no body.
    ///
    /// # Errors
    /// The runtime's own.
    pub(crate) fn into_response(self, is_head: bool) -> worker::Result<Response> {
        let (media_type, content) = match self.body {
            Body::Upgraded(response) => return Ok(response),
            Body::Empty => (None, None),
            Body::Json(text) => (Some("application/json; charset=utf-8"), Some(ResponseBody::Body(text.into_bytes()))),
            Body::File(media_type, content) => {
                (Some(media_type), Some(ResponseBody::Body(content.as_bytes().to_vec())))
            }
            Body::Lines(stream) => (Some(NDJSON), Some(ResponseBody::Stream(stream))),
        };
        let headers = Headers::new();
        for (name, value) in ALWAYS {
            headers.set(name, value)?;
        }
        if let Some(media_type) = media_type {
            headers.set("Content-Type", media_type)?;
        }
        for (name, value) in &self.headers {
            if ALWAYS.iter().any(|(always, _)| always == name) {
                headers.set(name, value)?;
            } else {
                headers.append(name, value)?;
            }
        }
        let builder = ResponseBuilder::new().with_status(self.status).with_headers(headers);
        Ok(match content.filter(|_| !is_head) {
            Some(content) => builder.body(content),
            None => builder.empty(),
        })
    }
}
