//! A widget's WebSocket, frame by frame.

use super::http::{Answer, Call};
use serde_json::{Value, json};
use std::net::TcpStream;
use std::time::Duration;
use tungstenite::client::IntoClientRequest as _;
use tungstenite::handshake::HandshakeError;
use tungstenite::handshake::client::ClientHandshake;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::{Error, Message, WebSocket};
use xtask::clock::Stopwatch;

/// How long a test waits for what must come soon, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);

/// A `GET /widget/session` before it is sent.
#[derive(Debug, Clone)]
#[must_use = "an upgrade does nothing before it is sent"]
pub struct Upgrade {
    base: String,
    target: String,
    headers: Vec<(String, String)>,
}

impl Upgrade {
    /// A request for this path and query.
    pub fn new(base: &str, target: &str) -> Self {
        Self { base: base.to_owned(), target: target.to_owned(), headers: Vec::new() }
    }

    /// From a page of this origin.
    pub fn origin(self, origin: &str) -> Self {
        self.header("Origin", origin)
    }

    /// With a header more.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With more behind the query.
    pub fn query(mut self, more: &str) -> Self {
        self.target.push_str(more);
        self
    }

    /// Opens the socket.
    ///
    /// # Panics
    /// Where the Worker refuses.
    #[must_use]
    #[track_caller]
    pub fn open(&self) -> Socket {
        match self.attempt() {
            Ok(socket) => socket,
            Err(error) => panic!("the socket did not open: {error}"),
        }
    }

    /// Opens the socket, or gives the status that refused it.
    ///
    /// # Panics
    /// Where there is neither.
    ///
    /// # Errors
    /// The status.
    #[track_caller]
    pub fn try_open(&self) -> Result<Socket, u16> {
        self.attempt().map_err(|error| match *error {
            HandshakeError::Failure(Error::Http(answer)) => answer.status().as_u16(),
            error => panic!("the Worker gave no answer: {error}"),
        })
    }

    fn attempt(&self) -> Result<Socket, Box<HandshakeError<ClientHandshake<TcpStream>>>> {
        let host = self.base.trim_start_matches("http://");
        let mut request = format!("ws://{host}{}", self.target).into_client_request().expect("a URL of our own");
        for (name, value) in &self.headers {
            let name: tungstenite::http::HeaderName = name.parse().expect("a header's name");
            request.headers_mut().append(name, value.parse().expect("a header's value"));
        }
        let stream = TcpStream::connect(host).expect("the Worker listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
        stream.set_nodelay(true).expect("a TCP stream");
        let (socket, _) = tungstenite::client(request, stream)?;
        socket.get_ref().set_read_timeout(Some(POLL)).expect("not zero");
        Ok(Socket { socket })
    }

    /// Opens the socket and takes its `session.ready`.
    ///
    /// # Panics
    /// Where the Worker refuses, or greets in another way.
    #[must_use]
    #[track_caller]
    pub fn ready(&self) -> Socket {
        let mut socket = self.open();
        let ready = socket.expect("session.ready");
        assert_eq!(ready["protocol"], 1);
        socket
    }

    /// Sends it where it must be refused, before the upgrade, as any HTTP request.
    ///
    /// # Panics
    /// Where nothing comes back.
    #[must_use]
    pub fn refusal(&self) -> Answer {
        let call = Call::new("GET", &self.base, &self.target)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        self.headers.iter().fold(call, |call, (name, value)| call.header(name, value)).send()
    }
}

/// What comes in on a socket.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A frame.
    Frame(Value),
    /// The Worker closed it, with this code. 1006: without any.
    Closed(u16),
}

/// An open socket.
#[derive(Debug)]
pub struct Socket {
    socket: WebSocket<TcpStream>,
}

impl Socket {
    /// Sends a frame.
    ///
    /// # Panics
    /// Where the socket is gone.
    #[track_caller]
    pub fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string());
    }

    /// Sends this text.
    ///
    /// # Panics
    /// Where the socket is gone.
    #[track_caller]
    pub fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).expect("the socket is open");
    }

    /// Sends a binary frame.
    ///
    /// # Panics
    /// Where the socket is gone.
    #[track_caller]
    pub fn send_binary(&mut self, bytes: &[u8]) {
        self.socket.send(Message::binary(bytes.to_vec())).expect("the socket is open");
    }

    /// Sends a text frame of these bytes, which may be no UTF-8.
    ///
    /// # Panics
    /// Where the socket is gone.
    #[track_caller]
    pub fn send_raw_text(&mut self, bytes: &[u8]) {
        let frame = Frame::message(bytes.to_vec(), OpCode::Data(Data::Text), true);
        self.socket.send(Message::Frame(frame)).expect("the socket is open");
    }

    /// The next frame or the end; none where nothing comes within `deadline`.
    ///
    /// # Panics
    /// Where a frame isn't JSON of protocol 1's shape.
    #[track_caller]
    pub fn next_within(&mut self, deadline: Duration) -> Option<Event> {
        let stopwatch = Stopwatch::start();
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    let frame: Value = serde_json::from_str(text.as_str()).expect("the Worker sends JSON");
                    assert!(frame["type"].is_string(), "a frame has a type: {frame}");
                    return Some(Event::Frame(frame));
                }
                Ok(Message::Close(close)) => {
                    // Reading on sends our half of the closing handshake.
                    let _ = self.socket.read();
                    return Some(Event::Closed(close.map_or(1005, |close| close.code.into())));
                }
                Ok(Message::Binary(_)) => panic!("protocol 1 has no binary frames"),
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
                Err(Error::Io(error))
                    if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
                Err(_) => return Some(Event::Closed(1006)),
            }
            if stopwatch.elapsed() >= deadline {
                return None;
            }
        }
    }

    /// The next frame's payload, which must be of this type.
    ///
    /// # Panics
    /// Where it isn't, or none comes.
    #[track_caller]
    pub fn expect(&mut self, kind: &str) -> Value {
        match self.next_within(PATIENCE) {
            Some(Event::Frame(mut frame)) if frame["type"] == kind => frame["payload"].take(),
            other => panic!("wanted {kind}, got {other:?}"),
        }
    }

    /// All frames up to and with the next of this type.
    ///
    /// # Panics
    /// Where the socket ends before, or falls silent.
    #[track_caller]
    pub fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            match self.next_within(PATIENCE) {
                Some(Event::Frame(frame)) => {
                    let is_last = frame["type"] == kind;
                    frames.push(frame);
                    if is_last {
                        return frames;
                    }
                }
                other => panic!("wanted {kind}, got {other:?} after {frames:?}"),
            }
        }
    }

    /// The payload of the next frame of this type; those before it are passed over.
    ///
    /// # Panics
    /// As [`Self::until`].
    #[track_caller]
    pub fn find(&mut self, kind: &str) -> Value {
        let mut last = self.until(kind).pop().unwrap_or_default();
        last["payload"].take()
    }

    /// Holds that the next frame is a `chat.error` with this code. Gives its payload.
    ///
    /// # Panics
    /// Where it isn't.
    #[track_caller]
    pub fn error(&mut self, code: &str) -> Value {
        let error = self.expect("chat.error");
        assert_eq!(error["error"], code, "{error}");
        assert!(error["message"].as_str().is_some_and(|message| message.ends_with('.')), "{error}");
        error
    }

    /// Holds that the Worker closes the socket now, with this code and no frame before.
    ///
    /// # Panics
    /// Where it doesn't.
    #[track_caller]
    pub fn closed(&mut self, code: u16) {
        assert_eq!(self.next_within(PATIENCE), Some(Event::Closed(code)));
    }

    /// All frames up to the close, which must have this code.
    ///
    /// # Panics
    /// Where the socket closes with another, or falls silent.
    #[track_caller]
    pub fn until_closed(&mut self, code: u16) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            match self.next_within(PATIENCE) {
                Some(Event::Frame(frame)) => frames.push(frame),
                Some(Event::Closed(closed)) => {
                    assert_eq!(closed, code, "after {frames:?}");
                    return frames;
                }
                None => panic!("no close after {frames:?}"),
            }
        }
    }

    /// Holds that the socket is open and nothing is under way: a ping is answered, and by nothing else.
    ///
    /// # Panics
    /// Where it isn't.
    #[track_caller]
    pub fn is_quiet_and_open(&mut self) {
        self.send_text(r#"{"type":"ping"}"#);
        assert_eq!(self.next_within(PATIENCE), Some(Event::Frame(json!({ "type": "pong" }))));
    }

    /// Ends the connection without a word, as a lost network does.
    pub fn drop_connection(self) {
        let _ = self.socket.get_ref().shutdown(std::net::Shutdown::Both);
    }
}

/// A `chat.request`; `token` and `secret` where they are given.
#[must_use]
pub fn chat_request(id: &str, text: &str, token: Option<&str>, secret: Option<&str>) -> Value {
    let mut payload = json!({ "message": { "text": text } });
    if let Some(token) = token {
        payload["widgetToken"] = json!(token);
    }
    if let Some(secret) = secret {
        payload["historySecret"] = json!(secret);
    }
    json!({ "type": "chat.request", "id": id, "payload": payload })
}

/// A `chat.resume`.
#[must_use]
pub fn resume(token: Option<&str>, secret: &str, last_seq: u64) -> Value {
    let mut payload = json!({ "historySecret": secret, "lastSeq": last_seq });
    if let Some(token) = token {
        payload["widgetToken"] = json!(token);
    }
    json!({ "type": "chat.resume", "payload": payload })
}

/// `value` without a field.
#[must_use]
pub fn without(mut value: Value, field: &str) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.remove(field);
    }
    value
}
