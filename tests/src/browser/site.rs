//! A customer's site of a test's own: pages and paths with whatever answers a test needs.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// What a path answers.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Reply {
    /// A page.
    #[must_use]
    pub fn html(body: &str) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.to_owned() }
            .header("Content-Type", "text/html; charset=utf-8")
    }

    /// JSON text, whole or not.
    #[must_use]
    pub fn json(body: &str) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.to_owned() }.header("Content-Type", "application/json")
    }

    /// With another status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// With a header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

type Handler = Arc<dyn Fn() -> Reply + Send + Sync>;

/// A running site. Dropping it ends it.
pub struct Site {
    address: SocketAddr,
    paths: Arc<Mutex<HashMap<String, Handler>>>,
    is_over: Arc<AtomicBool>,
}

impl Site {
    /// Starts a site on which every path is 404, but for the icon that browsers look for.
    ///
    /// # Panics
    /// Where no port is free.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let site = Self { address, paths: Arc::default(), is_over: Arc::default() };
        let (paths, is_over) = (Arc::clone(&site.paths), Arc::clone(&site.is_over));
        // Browsers ask for it unasked; a 404 would be an error in the page's console.
        site.answer("/favicon.ico", || Reply::html("").status(204));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                let paths = Arc::clone(&paths);
                thread::spawn(move || answer(&stream, &paths));
            }
        });
        site
    }

    /// Its origin, as `http://127.0.0.1:1234`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers `path` with a page.
    pub fn page(&self, path: &str, html: &str) {
        let reply = Reply::html(html);
        self.answer(path, move || reply.clone());
    }

    /// Answers `path`, whatever the method, with what `handler` gives each time.
    pub fn answer(&self, path: &str, handler: impl Fn() -> Reply + Send + Sync + 'static) {
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        paths.insert(path.to_owned(), Arc::new(handler));
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

/// Reads one request and answers it; the connection ends with it.
fn answer(stream: &TcpStream, paths: &Mutex<HashMap<String, Handler>>) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.split('?').next()?.to_owned();
    let mut body_bytes = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let header = line.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            body_bytes = value.trim().parse().ok()?;
        }
    }
    // Unread bytes would reset the connection before the answer is read.
    reader.take(body_bytes).read_to_end(&mut Vec::new()).ok()?;
    let handler = paths.lock().unwrap_or_else(PoisonError::into_inner).get(&path).cloned();
    let reply = handler.map_or_else(|| Reply::html("Not found").status(404), |handler| handler());
    let mut answer = format!("HTTP/1.1 {} -\r\nConnection: close\r\n", reply.status);
    for (name, value) in reply.headers {
        answer.extend([&name, ": ", &value, "\r\n"]);
    }
    answer.extend(["Content-Length: ", &reply.body.len().to_string(), "\r\n\r\n", &reply.body]);
    (&mut &*stream).write_all(answer.as_bytes()).ok()
}
