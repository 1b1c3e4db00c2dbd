//! Chrome's `DevTools` protocol, as far as tests and measurements need it: calls and their replies, and events as they
//! come. And a Chromium to speak it with.
//!
//! One connection leads to one target (the browser itself, or a page), so that there are no session ids to tell apart.
//! It is used by one thread: events are taken in while a reply is awaited, and by [`Connection::pump`].

use anyhow::{Context as _, Result as Done, bail};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, WebSocket};

use crate::clock::Stopwatch;
use crate::processes::Group;

/// How long the browser may take for any reply. Generous: tests run beside builds.
const REPLY_DEADLINE: Duration = Duration::from_mins(1);
/// How long one look for news may block.
const READ_TIMEOUT: Duration = Duration::from_millis(20);

/// An event of the target.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its name, as `Network.requestWillBeSent`.
    pub method: String,
    /// What it says.
    pub params: Value,
}

/// A connection to one target.
#[derive(Debug)]
pub struct Connection {
    socket: WebSocket<TcpStream>,
    last_id: u64,
    events: VecDeque<Event>,
    /// Parts of addresses whose requests are not let out.
    blocked: Vec<String>,
}

impl Connection {
    /// Connects to `path` of the browser that listens on `port`.
    ///
    /// # Errors
    /// Where the browser is gone, or says no.
    pub fn open(port: u16, path: &str) -> Result<Self, String> {
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
    ///
    /// # Errors
    /// Where the browser is gone, or says no.
    pub fn call(&mut self, method: &str, params: &Value) -> Result<Value, String> {
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
    ///
    /// # Errors
    /// Where the browser is gone, or says no.
    pub fn send(&mut self, method: &str, params: &Value) -> Result<u64, String> {
        self.last_id += 1;
        let text = json!({ "id": self.last_id, "method": method, "params": params }).to_string();
        self.socket.send(Message::text(text)).map_err(|error| format!("{method}: the browser is gone: {error}"))?;
        Ok(self.last_id)
    }

    /// Takes in what has come, and waits a moment where nothing has.
    ///
    /// # Errors
    /// Where the browser is gone, or says no.
    pub fn pump(&mut self) -> Result<(), String> {
        while let Some(message) = self.read()? {
            self.keep(message)?;
        }
        Ok(())
    }

    /// Refuses requests whose address has one of these parts; none: lets all out.
    ///
    /// # Errors
    /// Where the browser is gone, or says no.
    pub fn block(&mut self, parts: &[&str]) -> Result<(), String> {
        self.blocked = parts.iter().map(|part| (*part).to_owned()).collect();
        let reply = if parts.is_empty() {
            self.call("Fetch.disable", &json!({}))
        } else {
            self.call("Fetch.enable", &json!({ "patterns": [{ "urlPattern": "*" }] }))
        };
        reply.map(drop)
    }

    /// The events since the last time, in order.
    pub fn take_events(&mut self) -> VecDeque<Event> {
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

/// How long Chromium may take to start.
const START_DEADLINE: Duration = Duration::from_mins(1);

const FLAGS: [&str; 17] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    // Several tests have a page each; none of them is to be slowed down for being behind another.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--force-color-profile=srgb",
    "--lang=en-GB",
    "--window-size=1280,900",
    "--remote-debugging-port=0",
];

/// A running Chromium. Its process group ends when this is dropped, and also when we end in any other way.
#[derive(Debug)]
pub struct Browser {
    _group: Group,
    port: u16,
    path: String,
}

impl Browser {
    /// Starts it with a profile in this folder.
    ///
    /// # Errors
    /// Where it doesn't start.
    pub fn start(program: &Path, profile: &Path) -> Done<Self> {
        let mut command = Command::new(program);
        command.args(FLAGS).arg(format!("--user-data-dir={}", profile.display())).arg("about:blank");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut group = Group::spawn(&mut command)?;
        let (port, path) = wait_for_port(&mut group, &profile.join("DevToolsActivePort"))?;
        Ok(Self { _group: group, port, path })
    }

    /// A connection to the browser itself.
    ///
    /// # Errors
    /// Where it is gone.
    pub fn connect(&self) -> Result<Connection, String> {
        Connection::open(self.port, &self.path)
    }

    /// A connection to a page.
    ///
    /// # Errors
    /// Where it is gone.
    pub fn page(&self, target: &str) -> Result<Connection, String> {
        Connection::open(self.port, &format!("/devtools/page/{target}"))
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its name and version, as `HeadlessChrome/140.0.0.0`.
    ///
    /// # Errors
    /// Where it is gone.
    pub fn version(&self) -> Done<String> {
        let reply = self.connect().and_then(|mut own| own.call("Browser.getVersion", &json!({})));
        let reply = reply.map_err(|error| anyhow::anyhow!(error))?;
        Ok(reply["product"].as_str().context("the browser has a version")?.to_owned())
    }
}

/// Chromium chooses a port itself and writes it, and its own path, into a file of its profile.
fn wait_for_port(group: &mut Group, file: &Path) -> Done<(u16, String)> {
    let stopwatch = Stopwatch::start();
    while stopwatch.elapsed() < START_DEADLINE {
        if let Ok(text) = std::fs::read_to_string(file)
            && let Some((port, path)) = text.split_once('\n')
            && let Ok(port) = port.parse()
            && !path.trim().is_empty()
        {
            return Ok((port, path.trim().to_owned()));
        }
        if let Ok(Some(status)) = group.try_wait() {
            bail!("Chromium ended at once ({status})");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    bail!("Chromium did not start within {} s", START_DEADLINE.as_secs())
}
