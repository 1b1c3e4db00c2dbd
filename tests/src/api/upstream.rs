//! A server that speaks OpenAI's chat completions, and can do it badly: what the last message says is what it does.
//! It writes down what it was asked, byte for byte, and whether the caller hung up before the end.
//!
//! A message is `<play> <mark> …`: one of the words of [`steps`], and a word by which a test finds its requests.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use xtask::clock::Stopwatch;

/// How long a caller is waited for that should hang up.
const HANG: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(20);

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    book: Arc<Mutex<Vec<Asked>>>,
    is_over: Arc<AtomicBool>,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Request line and headers, as they came.
    pub head: String,
    /// The body, as it came.
    pub text: String,
    /// The caller hung up before it had the whole answer.
    pub is_cut: bool,
}

impl Asked {
    /// The body's JSON.
    ///
    /// # Panics
    /// Where it is none.
    #[must_use]
    pub fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The last message.
    fn question(&self) -> String {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        let last = body["messages"].as_array().and_then(|messages| messages.last());
        last.and_then(|message| message["content"].as_str()).unwrap_or_default().to_owned()
    }

    fn mark(&self) -> String {
        self.question().split_whitespace().nth(1).unwrap_or_default().to_owned()
    }
}

impl Upstream {
    /// Starts one.
    ///
    /// # Panics
    /// Where no port is free.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let upstream = Self { address, book: Arc::default(), is_over: Arc::default() };
        let (book, is_over) = (Arc::clone(&upstream.book), Arc::clone(&upstream.is_over));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                let book = Arc::clone(&book);
                thread::spawn(move || serve(&stream, address, &book));
            }
        });
        upstream
    }

    /// What `OPENAI_BASE_URL` is set to.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The requests with this mark, in the order in which they came.
    #[must_use]
    pub fn asked(&self, mark: &str) -> Vec<Asked> {
        open(&self.book).iter().filter(|asked| asked.mark() == mark).cloned().collect()
    }

    /// Requests that are none for a chat completion.
    #[must_use]
    pub fn strays(&self) -> Vec<Asked> {
        let is_stray = |asked: &&Asked| !asked.head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n");
        open(&self.book).iter().filter(is_stray).cloned().collect()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

fn open(book: &Mutex<Vec<Asked>>) -> MutexGuard<'_, Vec<Asked>> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads one request, writes it down, and does what it says. The connection ends with it.
fn serve(stream: &TcpStream, address: SocketAddr, book: &Mutex<Vec<Asked>>) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    stream.set_nodelay(true).ok()?;
    let asked = read(stream)?;
    let (question, mark) = (asked.question(), asked.mark());
    let (index, nth) = {
        let mut book = open(book);
        let nth = book.iter().filter(|known| known.mark() == mark).count();
        book.push(asked);
        (book.len() - 1, nth)
    };
    stream.set_read_timeout(Some(POLL)).ok()?;
    let play = question.split_whitespace().next().unwrap_or_default();
    let is_whole = steps(play, nth, address).into_iter().all(|step| step.run(stream));
    open(book)[index].is_cut = !is_whole;
    Some(())
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        (reader.read_line(&mut head).ok()? > 0).then_some(())?;
    }
    let mut asked = Asked { head, text: String::new(), is_cut: false };
    let length = asked.header("Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0);
    reader.take(length).read_to_string(&mut asked.text).ok()?;
    Some(asked)
}

/// What the server does next.
enum Step {
    /// Sends bytes as they are.
    Raw(Vec<u8>),
    /// Sends bytes as one chunk of the transfer encoding.
    Chunk(Vec<u8>),
    /// Waits so many milliseconds.
    Pause(u64),
    /// Says nothing more until the caller hangs up.
    Hang,
}

impl Step {
    /// Whether the caller was still there.
    fn run(self, mut stream: &TcpStream) -> bool {
        match self {
            Self::Raw(bytes) => stream.write_all(&bytes).is_ok(),
            Self::Chunk(bytes) => {
                let framed = [format!("{:x}\r\n", bytes.len()).as_bytes(), &bytes, b"\r\n"].concat();
                stream.write_all(&framed).is_ok()
            }
            Self::Pause(ms) => !has_hung_up(stream, Duration::from_millis(ms)),
            // A caller who never hangs up is told so by the test that waits for it.
            Self::Hang => !has_hung_up(stream, HANG),
        }
    }
}

fn has_hung_up(mut stream: &TcpStream, within: Duration) -> bool {
    let stopwatch = Stopwatch::start();
    while stopwatch.elapsed() < within {
        match stream.read(&mut [0]) {
            Ok(0) => return true,
            Err(error) if !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                return true;
            }
            _ => {}
        }
    }
    false
}

fn chunk(delta: &Value, finish_reason: Option<&str>) -> String {
    let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish_reason });
    format!("data: {}\n\n", json!({ "id": "c", "object": "chat.completion.chunk", "choices": [choice] }))
}

fn says(text: &str) -> String {
    chunk(&json!({ "content": text }), None)
}

fn stops(reason: &str) -> String {
    chunk(&json!({}), Some(reason)) + "data: [DONE]\n\n"
}

fn refuses(status: u16, headers: &str) -> Vec<Step> {
    let body = json!({ "error": { "message": "No.", "type": "invalid_request_error", "code": "no" } }).to_string();
    let length = body.len();
    vec![Step::Raw(format!(
        "HTTP/1.1 {status} No\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    ).into_bytes())]
}

/// A stream of these chunks, ended in order.
fn streams(chunks: impl IntoIterator<Item = Vec<u8>>) -> Vec<Step> {
    let mut steps = begins();
    steps.extend(chunks.into_iter().map(Step::Chunk));
    steps.push(Step::Raw(b"0\r\n\r\n".to_vec()));
    steps
}

/// A stream of which nothing has come yet.
fn begins() -> Vec<Step> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    vec![Step::Raw(head.as_bytes().to_vec())]
}

/// What is done for the `nth` request with the same mark, counted from 0.
fn steps(play: &str, nth: usize, address: SocketAddr) -> Vec<Step> {
    let role = chunk(&json!({ "role": "assistant", "content": "" }), None);
    let good = [role.clone(), says("Grüß "), says("dich."), stops("stop")].concat();
    let good_text = || streams([good.clone().into_bytes()]);
    let begun = || {
        let mut steps = begins();
        steps.push(Step::Chunk((role.clone() + &says("So far")).into_bytes()));
        steps
    };
    let spoilt = |bytes: &[u8]| streams([says("So far").into_bytes(), bytes.to_vec(), stops("stop").into_bytes()]);
    match play {
        "bytewise" => streams(good.bytes().map(|byte| vec![byte])),
        "crlf" => streams([format!("\u{feff}: hello\r\n\r\n{}", good.replace('\n', "\r\n")).into_bytes()]),
        "busy-once" if nth == 0 => refuses(429, "Retry-After: 2\r\n"),
        "busy" => refuses(429, "Retry-After: 60\r\n"),
        "ill-twice" if nth < 2 => refuses(500, ""),
        "ill" => refuses(503, ""),
        "status" => refuses(200, ""),
        "bad" => refuses(400, ""),
        "locked" => refuses(401, ""),
        "missing" => refuses(404, ""),
        "resets-once" if nth == 0 => Vec::new(),
        "moved" => refuses(307, &format!("Location: http://{address}/elsewhere\r\n")),
        "found" => refuses(302, &format!("Location: http://{address}/elsewhere\r\n")),
        "page" => {
            let html = "<!doctype html><p>data: {}</p>";
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n";
            vec![Step::Raw(format!("{head}{html}").into_bytes())]
        }
        "mute" => vec![Step::Hang],
        "mute-headers" => {
            let mut steps = vec![Step::Raw(b"HTTP/1.1 200 OK\r\n".to_vec())];
            steps.extend((0..600).flat_map(|n| [Step::Raw(format!("X-{n}: {n}\r\n").into_bytes()), Step::Pause(200)]));
            steps
        }
        "falls-silent" => begun().into_iter().chain([Step::Hang]).collect(),
        "slow" => {
            let word = |n: u32| [Step::Chunk(says(&format!("word{n} ")).into_bytes()), Step::Pause(50)];
            begins().into_iter().chain((1..2_000).flat_map(word)).collect()
        }
        // The transfer encoding isn't ended, either.
        "breaks-off" => begun(),
        "ends-early" => streams([says("So far").into_bytes()]),
        "not-utf8" => spoilt(b"data: {\"choices\":[{\"delta\":{\"content\":\"\xC3(\"}}]}\n\n"),
        "error-inside" => spoilt(b"data: {\"error\":{\"message\":\"Overloaded\",\"code\":\"overloaded\"}}\n\n"),
        "no-json" => spoilt(b"data: {\"choices\":\n\n"),
        "empty" => streams([(role + &stops("stop")).into_bytes()]),
        "length" => streams([says("So far").into_bytes(), stops("length").into_bytes()]),
        "filtered" => streams([says("So far").into_bytes(), stops("content_filter").into_bytes()]),
        "floods" => {
            let part = says(&"0123456789".repeat(100)).into_bytes();
            begins().into_iter().chain((0..1_000).map(|_| Step::Chunk(part.clone()))).chain([Step::Hang]).collect()
        }
        "long-line" => {
            let line = says(&"0123456789".repeat(100_000)).into_bytes();
            begun().into_iter().chain([Step::Chunk(line), Step::Hang]).collect()
        }
        _ => good_text(),
    }
}
