//! A model's server that notes when it sent each piece. Each piece says which one it is, so that whoever reads it at the
//! other end can tell how long it was on its way: both are one process with one clock.

use anyhow::{Context as _, Result};
use serde_json::json;
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::clock::Stopwatch;

/// Pieces of an answer.
pub(super) const PIECES: usize = 50;
/// Between two of them: a fast model.
const PACE: Duration = Duration::from_millis(10);

/// The server. It runs as long as the program does.
#[derive(Clone)]
pub(super) struct Model {
    address: SocketAddr,
    clock: Stopwatch,
    sent: Arc<Mutex<HashMap<String, Duration>>>,
    asked: Arc<AtomicU64>,
}

impl Model {
    /// Starts it.
    ///
    /// # Errors
    /// Where no port is free.
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("no port is free on 127.0.0.1")?;
        let address = listener.local_addr().context("a listener has an address")?;
        let model = Self { address, clock: Stopwatch::start(), sent: Arc::default(), asked: Arc::default() };
        let serving = model.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let model = serving.clone();
                thread::spawn(move || model.answer(&stream));
            }
        });
        Ok(model)
    }

    /// What `OPENAI_BASE_URL` is set to.
    pub(super) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// How long the pieces in this text took to come here. None: it holds none.
    pub(super) fn delays(&self, text: &str) -> Vec<Duration> {
        let now = self.clock.elapsed();
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let marks = text.split('<').filter_map(|part| part.split_once('>')).map(|(mark, _)| mark);
        marks.filter_map(|mark| sent.get(mark)).map(|at| now.saturating_sub(*at)).collect()
    }

    fn answer(&self, mut stream: &TcpStream) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        let mut reader = BufReader::new(stream);
        let (mut line, mut length) = (String::new(), 0);
        while !matches!(line.as_str(), "\r\n") {
            line.clear();
            (reader.read_line(&mut line).ok()? > 0).then_some(())?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        reader.take(length).read_to_end(&mut Vec::new()).ok()?;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\
                    Connection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).ok()?;
        let answer = self.asked.fetch_add(1, Ordering::SeqCst);
        for piece in 0..PIECES {
            thread::sleep(PACE);
            let mark = format!("{answer}.{piece}");
            let event = event(&json!({ "content": format!("<{mark}>") }), None);
            // Noted before it is written: the time that the writing takes is on neither side's account alone.
            let at = self.clock.elapsed();
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).insert(mark, at);
            stream.write_all(event.as_bytes()).ok()?;
        }
        stream.write_all(event(&json!({}), Some("stop")).as_bytes()).ok()?;
        stream.write_all(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n").ok()
    }
}

/// An event of the stream, as a chunk of the transfer encoding.
fn event(delta: &serde_json::Value, finish_reason: Option<&str>) -> String {
    let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish_reason });
    let data = format!("data: {}\n\n", json!({ "object": "chat.completion.chunk", "choices": [choice] }));
    format!("{:x}\r\n{data}\r\n", data.len())
}
