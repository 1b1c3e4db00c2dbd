//! One HTTP request and what came back.

use super::document;
use serde_json::Value;
use std::io::{Cursor, Read};
use std::time::Duration;
pub(super) use ureq::http::HeaderMap;
use ureq::http::{Request, Response, request};
use ureq::{Agent, AsSendBody, Body, SendBody};

const TIMEOUT: Duration = Duration::from_secs(30);

/// The contract's table of refusals.
const STATUSES: [(&str, u16); 24] = [
    ("invalid_request", 400),
    ("missing_authorization", 401),
    ("malformed_key", 401),
    ("invalid_key", 401),
    ("invalid_token", 401),
    ("expired_token", 401),
    ("token_required", 401),
    ("wrong_history_secret", 403),
    ("insufficient_scope", 403),
    ("origin_not_allowed", 403),
    ("api_keys_disabled", 403),
    ("https_required", 403),
    ("not_found", 404),
    ("method_not_allowed", 405),
    ("conflict", 409),
    ("key_limit_reached", 409),
    ("payload_too_large", 413),
    ("rate_limited", 429),
    ("quota_exceeded", 429),
    ("misconfigured", 500),
    ("internal", 500),
    ("agent_failed", 502),
    ("admin_not_configured", 503),
    ("unavailable", 503),
];

/// A request that is put together.
#[derive(Debug)]
#[must_use = "a call does nothing before it is sent"]
pub struct Call {
    request: request::Builder,
    what: String,
    body: Vec<u8>,
}

impl Call {
    /// `method` at `base` + `target`.
    pub fn new(method: &str, base: &str, target: &str) -> Self {
        let path = target.split('?').next().unwrap_or_default();
        Self {
            request: Request::builder().method(method).uri(format!("{base}{target}")),
            what: format!("{method} {path}"),
            body: Vec::new(),
        }
    }

    /// With a header more.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// With `Authorization: Bearer …`.
    pub fn bearer(self, credential: &str) -> Self {
        self.header("Authorization", &format!("Bearer {credential}"))
    }

    /// From a page of this origin.
    pub fn origin(self, origin: &str) -> Self {
        self.header("Origin", origin)
    }

    /// With a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json").body(body.to_string())
    }

    /// With these bytes as the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it, and holds what comes back against the `OpenAPI` document.
    ///
    /// # Panics
    /// Where nothing comes back, or what the document doesn't promise.
    #[must_use]
    pub fn send(self) -> Answer {
        if self.body.is_empty() {
            self.run(())
        } else {
            let body = self.body.clone();
            self.run(body)
        }
    }

    /// Sends it without saying how long the body is.
    ///
    /// # Panics
    /// Where nothing comes back.
    #[must_use]
    pub fn send_chunked(self) -> Answer {
        let body = SendBody::from_owned_reader(Cursor::new(self.body.clone()));
        self.run(body)
    }

    /// Sends it, and gives status, headers and what is to be read of the body.
    #[track_caller]
    pub(super) fn open(self) -> (u16, HeaderMap, Box<dyn Read>) {
        let body = self.body.clone();
        let (_, response) = self.answered(body);
        let (parts, body) = response.into_parts();
        (parts.status.as_u16(), parts.headers, Box::new(body.into_reader()))
    }

    fn run(self, body: impl AsSendBody) -> Answer {
        let (what, mut response) = self.answered(body);
        let text = response.body_mut().read_to_string().unwrap_or_else(|error| panic!("{what} broke off: {error}"));
        let answer = Answer { what, status: response.status().as_u16(), headers: response.headers().clone(), text };
        document::check(&answer);
        answer
    }

    fn answered(self, body: impl AsSendBody) -> (String, Response<Body>) {
        let Self { request, what, .. } = self;
        let agent: Agent = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .proxy(None)
            .build()
            .new_agent();
        let request = request.body(body).unwrap_or_else(|error| panic!("{what}: {error}"));
        let sent = agent.run(request);
        let response = sent.unwrap_or_else(|error| panic!("{what} got no answer: {error}"));
        (what, response)
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Which request it was, without its query.
    pub what: String,
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// A header's value; of one that is there several times, all values.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> =
            self.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The body of an answer with this status.
    ///
    /// # Panics
    /// Where it has another, or the body isn't JSON.
    #[track_caller]
    #[must_use]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.what, self.text);
        let kind = self.header("Content-Type").unwrap_or_default();
        assert!(kind.starts_with("application/json"), "{}: {kind}", self.what);
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{}: {}", self.what, self.text))
    }

    /// Holds that this is a refusal with this code, whole: status, body of two fields, challenge. Gives its sentence.
    ///
    /// # Panics
    /// Where it isn't.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "most tests want the check, not the sentence")]
    pub fn refused(&self, code: &str) -> String {
        let (_, status) = STATUSES.iter().find(|(known, _)| *known == code).expect("a code of the contract");
        let body = self.expect(*status);
        assert_eq!(body["error"], code, "{}: {body}", self.what);
        let fields = body.as_object().expect("an object");
        assert_eq!(fields.len(), 2, "{}: {body}", self.what);
        let message = body["message"].as_str().expect("a message");
        assert!(message.ends_with('.') && !message.contains('\n'), "{}: a sentence: {message:?}", self.what);
        let challenge = self.header("WWW-Authenticate");
        assert_eq!(challenge.as_deref(), (*status == 401).then_some("Bearer"), "{}: {code}", self.what);
        message.to_owned()
    }

    /// The same, and the sentence names `field`.
    ///
    /// # Panics
    /// Where it isn't, or doesn't.
    #[track_caller]
    pub fn refused_naming(&self, code: &str, field: &str) {
        let message = self.refused(code);
        assert!(message.contains(field), "{}: {message:?} names {field}", self.what);
    }

    /// Everything of it that an outsider can compare: status, body, and headers but for the date and for how much is left of
    /// the caller's own window, which differs between any two requests.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| *name != "date" && *name != "ratelimit")
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        headers.sort();
        format!("{}\n{}\n\n{}", self.status, headers.join("\n"), self.text)
    }
}
