//! The site under test, a browser's worth of cookies, and a Weft that answers as a test wants.

#![allow(dead_code, reason = "each test file uses its part")]

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use axum::response::Response;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tower::ServiceExt;
use weft_demo_site::{app, config::Config};

pub(crate) const HOST: &str = "127.0.0.1:8788";
pub(crate) const ORIGIN: &str = "http://127.0.0.1:8788";
pub(crate) const SECRET_KEY: &str = "wf_sk_demo_5ecretNeverShown5ecretNeverShown5ecretN";
pub(crate) const PUBLISHABLE_KEY: &str = "wf_pk_demo_shownInEveryPageShownInEveryPageShown";
pub(crate) const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjdXN0XzEwNDIifQ.c2lnbmF0dXJl";

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect(&self.body)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

/// The site, and a browser that visits it.
pub(crate) struct Visit {
    site: Router,
    pub(crate) cookies: Vec<(String, String)>,
}

impl Visit {
    /// A site whose Weft is at `weft_url`.
    pub(crate) fn new(weft_url: &str, faults: bool) -> Self {
        let config = Config::from_env(|name| {
            let value = match name {
                "WEFT_URL" => weft_url,
                "WEFT_PUBLISHABLE_KEY" => PUBLISHABLE_KEY,
                "WEFT_SECRET_KEY" => SECRET_KEY,
                "DEMO_FAULTS" if faults => "1",
                _ => return None,
            };
            Some(value.to_owned())
        });
        let site = app::router(config.expect("complete")).expect("a client");
        Self { site, cookies: Vec::new() }
    }

    /// A site whose Weft nobody needs.
    pub(crate) fn alone() -> Self {
        Self::new("http://127.0.0.1:9", false)
    }

    /// The site itself, for requests that no browser of ours sends.
    pub(crate) fn site(&self) -> Router {
        self.site.clone()
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), String::new()).await
    }

    /// A form sent from the site's own page.
    pub(crate) async fn post(&mut self, path: &str, form: &str) -> Answer {
        let request = Request::post(path).header("origin", ORIGIN).header("sec-fetch-site", "same-origin");
        self.send(request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded"), form.to_owned()).await
    }

    /// What the widget does.
    pub(crate) async fn refresh(&mut self) -> Answer {
        let request = Request::post("/weft/token").header("origin", ORIGIN).header("sec-fetch-site", "same-origin");
        self.send(request.header(header::CONTENT_TYPE, "application/json"), "{}".to_owned()).await
    }

    pub(crate) async fn log_in(&mut self) {
        let answer = self.post("/login", "username=mia&password=tea-leaf&next=/").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    }

    /// Sends a request with the browser's cookies, and keeps those that come back.
    pub(crate) async fn send(&mut self, request: axum::http::request::Builder, body: String) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header("host", HOST).header(header::COOKIE, cookies.join("; "));
        let request = request.body(Body::from(body)).expect("a request");
        let answer = read(self.site.clone().oneshot(request).await.expect("the site never fails")).await;
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let pair = line.to_str().expect("text").split(';').next().expect("a pair");
            let (name, value) = pair.split_once('=').expect("name and value");
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }
}

async fn read(response: Response) -> Answer {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 20).await.expect("a whole body");
    let body = String::from_utf8(body.to_vec()).expect("UTF-8");
    Answer { status: parts.status, headers: parts.headers, body }
}

/// A request that reached the stub.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A Weft on a port of its own that gives one and the same answer to everything.
pub(crate) struct StubWeft {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

#[derive(Clone)]
struct Stub {
    answer: fn() -> Response,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl StubWeft {
    pub(crate) async fn start(answer: fn() -> Response) -> Self {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let stub = Stub { answer, calls: Arc::clone(&calls) };
        let app = Router::new().fallback(record).with_state(stub);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, calls }
    }

    /// A Weft that mints [`TOKEN`].
    pub(crate) async fn minting() -> Self {
        Self::start(|| json(200, &format!(r#"{{"token":"{TOKEN}","expires_at":"2026-01-01T00:05:00Z"}}"#))).await
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("whole").clone()
    }
}

async fn record(State(stub): State<Stub>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    stub.calls.lock().expect("whole").push(Call { method, uri, headers, body });
    (stub.answer)()
}

pub(crate) fn json(status: u16, body: &str) -> Response {
    answer(status, "application/json", body)
}

pub(crate) fn answer(status: u16, kind: &str, body: &str) -> Response {
    let response = Response::builder().status(status).header(header::CONTENT_TYPE, kind);
    response.body(Body::from(body.to_owned())).expect("a response")
}
