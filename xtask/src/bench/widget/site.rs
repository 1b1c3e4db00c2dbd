//! A site on this machine with one widget on one page, and the same answer behind it for each of them. It notes which
//! files were asked for.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, thread};
use tungstenite::Message;

/// What each backend answers. The last word says that all of it is on the screen.
pub(super) const ANSWER: &str = "Orders placed **before noon** leave the same day.\n\n- Delivery takes two working days.\n\
    - Returns are free for `30` days.\n\nMore is on [the delivery page](https://shop.example/delivery). Done-7421.";
/// The end of [`ANSWER`].
pub(super) const LAST_WORD: &str = "Done-7421.";

/// A running site. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Site {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    asked: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Site {
    /// Serves `html` at `/`, and below `prefix` the files of `dir`.
    pub(super) fn start(html: impl FnOnce(&str) -> String, prefix: &'static str, dir: PathBuf) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("no port is free")?;
        let address = listener.local_addr().context("a listener has an address")?;
        let site = Self { address, is_over: Arc::default(), asked: Arc::default() };
        let html = html(&site.origin());
        let (is_over, asked) = (Arc::clone(&site.is_over), Arc::clone(&site.asked));
        thread::spawn(move || {
            let serve = Arc::new(Serve { html, prefix, dir, asked });
            for stream in listener.incoming().flatten() {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                let serve = Arc::clone(&serve);
                // A browser that goes away is no failure of the site's.
                thread::spawn(move || drop(serve.answer(stream)));
            }
        });
        Ok(site)
    }

    /// As `http://127.0.0.1:1234`.
    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The files that were asked for so far.
    pub(super) fn asked(&self) -> BTreeSet<PathBuf> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

struct Serve {
    html: String,
    prefix: &'static str,
    dir: PathBuf,
    asked: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Serve {
    fn answer(&self, stream: TcpStream) -> Result<()> {
        let mut head = [0; 64];
        let count = stream.peek(&mut head)?;
        if head[..count].starts_with(b"GET /widget/session") {
            return converse(stream);
        }
        let mut reader = BufReader::new(&stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut body_bytes = 0;
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let header = line.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                body_bytes = value.trim().parse()?;
            }
        }
        let mut body = Vec::new();
        reader.take(body_bytes).read_to_end(&mut body)?;
        let path = target.split('?').next().unwrap_or_default();
        let (status, kind, content) = self.content(path, &serde_json::from_slice(&body).unwrap_or_default());
        let head = format!(
            "HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\
             Access-Control-Allow-Origin: *\r\n\r\n",
            content.len()
        );
        (&stream).write_all(head.as_bytes())?;
        (&stream).write_all(&content)?;
        Ok(())
    }

    fn content(&self, path: &str, body: &Value) -> (u16, &'static str, Vec<u8>) {
        let json = |value: &Value| (200, "application/json", value.to_string().into_bytes());
        match path {
            "/" => (200, "text/html; charset=utf-8", self.html.clone().into_bytes()),
            "/widget/config" => json(&weft_config()),
            "/deep-chat" => json(&json!({ "text": ANSWER })),
            "/n8n" if body["action"] == "loadPreviousSession" => json(&json!({ "data": [] })),
            "/n8n" => json(&json!({ "output": ANSWER })),
            "/ai-search/chat/completions" => (200, "text/event-stream", events().into_bytes()),
            _ => self.file(path).unwrap_or((404, "text/plain", Vec::new())),
        }
    }

    fn file(&self, path: &str) -> Option<(u16, &'static str, Vec<u8>)> {
        let name = Path::new(path.strip_prefix(self.prefix)?);
        if name.components().any(|part| !matches!(part, std::path::Component::Normal(_))) {
            return None;
        }
        let file = self.dir.join(name);
        let content = fs::read(&file).ok()?;
        let kind = match file.extension()?.to_str()? {
            "js" | "mjs" => "text/javascript",
            "css" => "text/css",
            "wasm" => "application/wasm",
            _ => "application/octet-stream",
        };
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(file);
        Some((200, kind, content))
    }
}

fn weft_config() -> Value {
    json!({
        "tenant": "bench", "environment": "production", "requireSignedToken": false, "refreshPath": "/token",
        "appearance": { "title": "Chat", "welcomeMessage": "Hello!", "inputPlaceholder": "Your question",
            "accentColor": "#1f5eff", "position": "bottom-right", "theme": "auto", "locale": null },
        "hiddenUntil": null,
    })
}

/// The answer as the events of a streamed completion.
fn events() -> String {
    let mut text = String::new();
    for piece in ANSWER.split_inclusive(' ') {
        let event = json!({ "choices": [{ "index": 0, "delta": { "content": piece } }] });
        text.extend(["data: ", &event.to_string(), "\n\n"]);
    }
    text + "data: [DONE]\n\n"
}

/// Weft's Worker, as far as one question goes.
fn converse(stream: TcpStream) -> Result<()> {
    let mut socket = tungstenite::accept(stream).map_err(|error| anyhow::anyhow!("{error}"))?;
    let frame = |kind: &str, payload: Value| Message::text(json!({ "type": kind, "payload": payload }).to_string());
    socket.send(frame("session.ready", json!({ "protocol": 1, "requireSignedToken": false })))?;
    loop {
        let Message::Text(text) = socket.read()? else { continue };
        let said: Value = serde_json::from_str(&text)?;
        match said["type"].as_str() {
            Some("chat.resume") => socket.send(frame("history", json!({ "messages": [] })))?,
            Some("chat.request") => {
                let id = &said["id"];
                socket.send(frame("chat.accepted", json!({ "requestId": id, "seq": 1 })))?;
                let mut seq = 1;
                for piece in ANSWER.split_inclusive(' ') {
                    seq += 1;
                    socket.send(frame("chat.delta", json!({ "requestId": id, "seq": seq, "text": piece })))?;
                }
                let whole = json!({ "requestId": id, "seq": seq + 1, "messageId": "bench-message-0001", "text": ANSWER, "status": "complete" });
                socket.send(frame("chat.completed", whole))?;
            }
            Some("ping") => socket.send(Message::text(r#"{"type":"pong"}"#))?,
            _ => {}
        }
    }
}
