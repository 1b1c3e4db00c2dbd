//! Chrome's `DevTools` protocol, as far as tests need it: calls and their replies, and events as they come.
//!
//! One connection leads to one target (the browser itself, or a page), so that there are no session ids to tell apart.
//! It is used by one thread: events are taken in while a reply is awaited, and by [`Connection::pump`].

use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Duration;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, WebSocket};
use xtask::clock::Stopwatch;

/// How long the browser may take for any reply. Generous: tests run beside builds.
const REPLY_DEADLINE: Duration = Duration::from_mins(1);
/// How long one look for news may block.
const READ_TIMEOUT: Duration = Duration::from_millis(20);

/// An event of the target.
#[derive(Debug, Clone)]
pub(super) struct Event {
    /// Its name, as `Network.requestWillBeSent`.
    pub(super) method: String,
    /// What it says.
    pub(super) params: Value,
}

/// A connection to one target.
#[derive(Debug)]
pub(super) struct Connection {
    socket: WebSocket<TcpStream>,
    last_id: u64,
    events: VecDeque<Event>,
    /// Parts of addresses whose requests are not let out.
    blocked: Vec<String>,
}

impl Connection {
    /// Connects to `path` of the browser that listens on `port`.
    pub(super) fn open(port: u16, path: &str) -> Result<Self, String> {
        let stream =
            TcpStream::connect(("127.0.0.1", port)).map_err(|error| format!("the browser is gone: {error}"))?;
        let told = |error: std::io::Error| format!("can't set up the connection: {error}");
        stream.set_read_timeout(Some(REPLY_DEADLINE)).map_err(told)?;
        stream.set_nodelay(true).map_err(told)?;
        // A screenshot is one message of some megabytes.
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let address = format!("ws://127.0.0.1:{port}{path}");
        let (socket, _) = tungstenite::client::client_with_config(address, stream, Some(config))
            .map_err(|error| format!("the browser refused the connection: {error}"))?;
        socket.get_ref().set_read_timeout(Some(READ_TIMEOUT)).map_err(told)?;
        Ok(Self { socket, last_id: 0, events: VecDeque::new(), blocked: Vec::new() })
    }

    /// Calls a method and waits for its reply. What happens meanwhile is kept for [`Self::take_events`].
    pub(super) fn call(&mut self, method: &str, params: &Value) -> Result<Value, String> {
        let id = self.send(method, params)?;
        let stopwatch = Stopwatch::start();
        while stopwatch.elapsed() < REPLY_DEADLINE {
            let Some(mut message) = self.read()? else { continue };
            if message["id"] != id {
                self.keep(message)?;
            } else if message["error"].is_null() {
                return Ok(message["result"].take());
            } else {
                return Err(format!("{method}: {}", message["error"]["message"].as_str().unwrap_or("no reason")));
            }
        }
        Err(format!("{method}: no reply within {} s", REPLY_DEADLINE.as_secs()))
    }

    /// Calls a method whose reply doesn't matter.
    pub(super) fn send(&mut self, method: &str, params: &Value) -> Result<u64, String> {
        self.last_id += 1;
        let text = json!({ "id": self.last_id, "method": method, "params": params }).to_string();
        self.socket.send(Message::text(text)).map_err(|error| format!("{method}: the browser is gone: {error}"))?;
        Ok(self.last_id)
    }

    /// Takes in what has come, and waits a moment where nothing has.
    pub(super) fn pump(&mut self) -> Result<(), String> {
        while let Some(message) = self.read()? {
            self.keep(message)?;
        }
        Ok(())
    }

    /// Refuses requests whose address has one of these parts; none: lets all out.
    pub(super) fn block(&mut self, parts: &[&str]) -> Result<(), String> {
        self.blocked = parts.iter().map(|part| (*part).to_owned()).collect();
        let reply = if parts.is_empty() {
            self.call("Fetch.disable", &json!({}))
        } else {
            self.call("Fetch.enable", &json!({ "patterns": [{ "urlPattern": "*" }] }))
        };
        reply.map(drop)
    }

    /// The events since the last time, in order.
    pub(super) fn take_events(&mut self) -> VecDeque<Event> {
        std::mem::take(&mut self.events)
    }

    fn read(&mut self) -> Result<Option<Value>, String> {
        match self.socket.read() {
            Ok(Message::Text(text)) => {
                serde_json::from_str(&text).map(Some).map_err(|error| format!("the browser sent no JSON: {error}"))
            }
            Ok(_) => Ok(None),
            Err(tungstenite::Error::Io(error))
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
            {
                Ok(None)
            }
            Err(error) => Err(format!("the browser is gone: {error}")),
        }
    }

    fn keep(&mut self, mut message: Value) -> Result<(), String> {
        // Replies that nobody waits for carry nothing of interest.
        let Some(method) = message["method"].as_str().map(str::to_owned) else { return Ok(()) };
        let params = message["params"].take();
        if method == "Fetch.requestPaused" {
            // Here and not with the other events: the reply that is awaited may be the one of this very navigation.
            self.let_out_or_not(&params)?;
        }
        self.events.push_back(Event { method, params });
        Ok(())
    }

    fn let_out_or_not(&mut self, params: &Value) -> Result<(), String> {
        let url = params["request"]["url"].as_str().unwrap_or_default();
        let id = &params["requestId"];
        let (method, answer) = if self.blocked.iter().any(|part| url.contains(part)) {
            ("Fetch.failRequest", json!({ "requestId": id, "errorReason": "ConnectionRefused" }))
        } else {
            ("Fetch.continueRequest", json!({ "requestId": id }))
        };
        // A request that was given up meanwhile needs no answer.
        self.send(method, &answer).map(drop)
    }
}
