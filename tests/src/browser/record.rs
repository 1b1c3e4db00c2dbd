//! What a page did, as the browser tells it: its requests, its sockets frame by frame, its console.

use super::connection::Event;
use serde_json::Value;

/// A request of the page, of whatever kind.
#[derive(Debug, Clone)]
pub struct Request {
    /// The browser's name for it.
    pub id: String,
    /// `GET`, `POST`…
    pub method: String,
    /// The whole address.
    pub url: String,
    /// The address of the page that asked.
    pub page_url: String,
    /// `Document`, `Script`, `Fetch`, …
    pub kind: String,
    /// The request's headers, as JSON text: what the page set and what the browser added.
    pub headers: String,
    /// The body, where it is text.
    pub body: Option<String>,
    /// The answer's status, once it is there.
    pub status: Option<u64>,
    /// Why there is no answer.
    pub failure: Option<String>,
}

impl Request {
    /// The address without scheme, host and query.
    #[must_use]
    pub fn path(&self) -> &str {
        let after_scheme = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let path = after_scheme.find('/').map_or("/", |at| &after_scheme[at..]);
        path.split(['?', '#']).next().unwrap_or_default()
    }
}

/// A WebSocket of the page.
#[derive(Debug, Clone)]
pub struct Socket {
    id: String,
    /// The whole address.
    pub url: String,
    /// The headers of its upgrade, as JSON text.
    pub headers: String,
    /// Its text frames, both ways, in order.
    pub frames: Vec<Frame>,
    /// Whether it is closed.
    pub is_closed: bool,
}

/// A text frame.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Whether the page sent it.
    pub is_sent: bool,
    /// As it went over the wire.
    pub text: String,
    /// The same, parsed; null where it isn't JSON.
    pub json: Value,
}

impl Frame {
    /// Its `type`.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.json["type"].as_str().unwrap_or_default()
    }

    /// Its `payload`.
    #[must_use]
    pub fn payload(&self) -> &Value {
        &self.json["payload"]
    }
}

/// Everything that was seen of a page since it was opened, over all navigations.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Requests, in order.
    pub requests: Vec<Request>,
    /// Sockets, in order.
    pub sockets: Vec<Socket>,
    /// Lines of the console, each behind its level: `error: …`.
    pub console: Vec<String>,
    /// Exceptions that nobody caught.
    pub exceptions: Vec<String>,
    /// Violations of the page's content security policy, as the browser reports them to developers.
    pub violations: Vec<String>,
    /// What the browser added to requests, by id: it may tell that before it tells of the request.
    added_headers: Vec<(String, String)>,
}

impl Record {
    /// All frames of all sockets.
    pub fn frames(&self) -> impl Iterator<Item = &Frame> {
        self.sockets.iter().flat_map(|socket| &socket.frames)
    }

    /// Frames of this type that the page sent.
    #[must_use]
    pub fn sent(&self, kind: &str) -> Vec<&Frame> {
        self.frames().filter(|frame| frame.is_sent && frame.kind() == kind).collect()
    }

    /// Frames of this type that the page received.
    #[must_use]
    pub fn received(&self, kind: &str) -> Vec<&Frame> {
        self.frames().filter(|frame| !frame.is_sent && frame.kind() == kind).collect()
    }

    /// Every address that the page asked for or came from, sockets included.
    #[must_use]
    pub fn urls(&self) -> Vec<&str> {
        let requests = self.requests.iter().flat_map(|request| [request.url.as_str(), request.page_url.as_str()]);
        requests.chain(self.sockets.iter().map(|socket| socket.url.as_str())).collect()
    }

    /// What a visitor with an open console would worry about: errors, uncaught exceptions, violations of the policy.
    #[must_use]
    pub fn complaints(&self) -> Vec<&str> {
        let errors = self.console.iter().filter(|line| line.starts_with("error:") || line.starts_with("warning:"));
        errors.chain(&self.exceptions).chain(&self.violations).map(String::as_str).collect()
    }

    pub(super) fn take(&mut self, event: &Event) {
        let params = &event.params;
        match event.method.as_str() {
            "Network.requestWillBeSent" => {
                let id = text(&params["requestId"]);
                let added =
                    self.added_headers.iter().filter(|(known, _)| *known == id).map(|(_, headers)| headers.as_str());
                let headers = params["request"]["headers"].to_string() + &added.collect::<String>();
                self.requests.push(Request {
                    id,
                    method: text(&params["request"]["method"]),
                    url: text(&params["request"]["url"]) + &text(&params["request"]["urlFragment"]),
                    page_url: text(&params["documentURL"]),
                    kind: text(&params["type"]),
                    headers,
                    body: params["request"]["postData"].as_str().map(str::to_owned),
                    status: None,
                    failure: None,
                });
            }
            "Network.requestWillBeSentExtraInfo" => {
                let headers = params["headers"].to_string();
                match self.request(params) {
                    Some(request) => request.headers.push_str(&headers),
                    None => self.added_headers.push((text(&params["requestId"]), headers)),
                }
            }
            "Network.responseReceived" => {
                if let Some(request) = self.request(params) {
                    request.status = params["response"]["status"].as_u64();
                }
            }
            "Network.loadingFailed" => {
                if let Some(request) = self.request(params) {
                    request.failure = Some(text(&params["errorText"]));
                }
            }
            "Network.webSocketCreated" => self.sockets.push(Socket {
                id: text(&params["requestId"]),
                url: text(&params["url"]),
                headers: String::new(),
                frames: Vec::new(),
                is_closed: false,
            }),
            "Network.webSocketWillSendHandshakeRequest" => {
                if let Some(socket) = self.socket(params) {
                    socket.headers = params["request"]["headers"].to_string();
                }
            }
            "Network.webSocketFrameSent" => self.take_frame(params, true),
            "Network.webSocketFrameReceived" => self.take_frame(params, false),
            "Network.webSocketClosed" => {
                if let Some(socket) = self.socket(params) {
                    socket.is_closed = true;
                }
            }
            "Runtime.consoleAPICalled" => {
                let words = params["args"].as_array().map_or(&[][..], Vec::as_slice);
                let line: Vec<String> = words.iter().map(spoken).collect();
                self.console.push(format!("{}: {}", text(&params["type"]), line.join(" ")));
            }
            "Log.entryAdded" => {
                let entry = &params["entry"];
                self.console.push(format!(
                    "{}: {} ({})",
                    text(&entry["level"]),
                    text(&entry["text"]),
                    text(&entry["url"])
                ));
            }
            "Runtime.exceptionThrown" => {
                let details = &params["exceptionDetails"];
                self.exceptions.push(format!("{} {}", text(&details["text"]), spoken(&details["exception"])));
            }
            "Audits.issueAdded" if params["issue"]["code"] == "ContentSecurityPolicyIssue" => {
                self.violations.push(params["issue"]["details"]["contentSecurityPolicyIssueDetails"].to_string());
            }
            _ => {}
        }
    }

    fn take_frame(&mut self, params: &Value, is_sent: bool) {
        let response = &params["response"];
        // 1 is text; pings and closes are the browser's own.
        if response["opcode"] != 1 {
            return;
        }
        let text = text(&response["payloadData"]);
        let json = serde_json::from_str(&text).unwrap_or_default();
        if let Some(socket) = self.socket(params) {
            socket.frames.push(Frame { is_sent, text, json });
        }
    }

    /// The last one: a redirect keeps its request's id.
    fn request(&mut self, params: &Value) -> Option<&mut Request> {
        self.requests.iter_mut().rev().find(|request| params["requestId"] == request.id)
    }

    fn socket(&mut self, params: &Value) -> Option<&mut Socket> {
        self.sockets.iter_mut().find(|socket| params["requestId"] == socket.id)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A value as the console shows it.
fn spoken(object: &Value) -> String {
    match (&object["value"], object["description"].as_str()) {
        (Value::String(text), _) => text.clone(),
        (Value::Null, Some(description)) => description.to_owned(),
        (value, _) => value.to_string(),
    }
}
