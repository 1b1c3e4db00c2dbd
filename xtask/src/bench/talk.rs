//! A visitor who talks, and the tenant whose page they are on.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::net::TcpStream;
use std::time::Duration;
use tungstenite::client::IntoClientRequest as _;
use tungstenite::{Message, WebSocket};

use super::worker::Measured;
use crate::clock::Stopwatch;
use crate::http::Api;

/// The one tenant of a bench.
pub(super) const TENANT: &str = "bench";
const ORIGIN: &str = "https://shop.example";

/// Makes the tenant.
///
/// # Errors
/// Where the Worker refuses.
pub(super) fn make_tenant(admin: &Api<'_>) -> Result<()> {
    admin.post("/v1/tenants", &json!({ "id": TENANT }))?.success("making the tenant").map(drop)
}

/// Deploys a config that needs no token, with `fields` on top, and gives a key for its pages.
///
/// # Errors
/// Where the Worker refuses.
pub(super) fn open_shop(admin: &Api<'_>, environment: &str, mut fields: Value) -> Result<String> {
    fields["base_url"] = json!(ORIGIN);
    if fields["require_signed_token"].is_null() {
        fields["require_signed_token"] = json!(false);
    }
    let config = format!("/v1/tenants/{TENANT}/config?environment={environment}");
    admin.patch(&config, &fields)?.success("staging a config")?;
    let deploy = format!("/v1/tenants/{TENANT}/config/deploy");
    admin.post(&deploy, &json!({ "environment": environment }))?.success("deploying a config")?;
    new_key(admin, environment, json!({ "type": "publishable" }))
}

/// The plaintext of a new key.
///
/// # Errors
/// Where the Worker refuses.
pub(super) fn new_key(admin: &Api<'_>, environment: &str, mut body: Value) -> Result<String> {
    body["label"] = json!("bench");
    body["environment"] = json!(environment);
    let made = admin.post(&format!("/v1/tenants/{TENANT}/keys"), &body)?.success("making a key")?;
    Ok(made["key"].as_str().context("a key")?.to_owned())
}

/// A conversation on one socket.
pub(super) struct Talk {
    socket: WebSocket<TcpStream>,
    secret: String,
    token: Option<String>,
    said: u32,
}

impl Talk {
    /// Begins a new one, with a widget token where there is one.
    ///
    /// # Errors
    /// Where the Worker refuses.
    pub(super) fn open(worker: &Measured, key: &str, token: Option<&str>) -> Result<Self> {
        Self::open_from(worker, key, token, "127.0.0.1")
    }

    /// The same, as a visitor with this address.
    ///
    /// # Errors
    /// Where the Worker refuses.
    pub(super) fn open_from(worker: &Measured, key: &str, token: Option<&str>, address: &str) -> Result<Self> {
        let conversation = crate::entropy::random_secret()?;
        let target = format!("/widget/session?key={key}&conversation={conversation}");
        let headers = [("Origin", ORIGIN), ("CF-Connecting-IP", address)];
        let socket = connect(&worker.url, &target, &headers)?;
        let secret = crate::entropy::random_secret()?;
        let mut talk = Self { socket, secret, token: token.map(ToOwned::to_owned), said: 0 };
        talk.next("session.ready")?;
        Ok(talk)
    }

    /// Says something. The time until it is accepted; then its answer is waited for.
    ///
    /// # Errors
    /// Where it isn't answered.
    pub(super) fn say(&mut self, text: &str) -> Result<Duration> {
        let stopwatch = Stopwatch::start();
        self.send(text)?;
        self.next("chat.accepted")?;
        let time = stopwatch.elapsed();
        while kind_of(&self.read()?)? != "chat.completed" {}
        Ok(time)
    }

    /// Says something, and leaves what comes to [`Self::read`].
    ///
    /// # Errors
    /// Where the socket is gone.
    pub(super) fn send(&mut self, text: &str) -> Result<()> {
        self.said += 1;
        let id = format!("request-{:012}", self.said);
        let mut payload = json!({ "message": { "text": text }, "historySecret": self.secret });
        if let Some(token) = self.token.take() {
            payload["widgetToken"] = json!(token);
        }
        let frame = json!({ "type": "chat.request", "id": id, "payload": payload }).to_string();
        self.socket.send(Message::text(frame)).context("the socket is open")
    }

    /// The text of the next frame.
    ///
    /// # Errors
    /// Where none comes.
    pub(super) fn read(&mut self) -> Result<String> {
        read_text(&mut self.socket)
    }

    fn next(&mut self, wanted: &str) -> Result<()> {
        let found = kind_of(&self.read()?)?;
        ensure!(found == wanted, "wanted {wanted}, got {found}");
        Ok(())
    }
}

/// The type of a frame that is no error.
///
/// # Errors
/// Where it is one.
pub(super) fn kind_of(text: &str) -> Result<String> {
    let frame: Value = serde_json::from_str(text).context("a frame is JSON")?;
    let kind = frame["type"].as_str().context("a frame has a type")?;
    ensure!(kind != "chat.error", "chat.error {}", frame["payload"]["error"]);
    Ok(kind.to_owned())
}

/// Opens a WebSocket at `base` + `target`.
///
/// # Errors
/// Where it doesn't open.
pub(super) fn connect(base: &str, target: &str, headers: &[(&'static str, &str)]) -> Result<WebSocket<TcpStream>> {
    let host = base.trim_start_matches("http://");
    let mut request = format!("ws://{host}{target}").into_client_request().context("an address of our own")?;
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().context("a header of our own")?);
    }
    let stream = TcpStream::connect(host).context("workerd listens")?;
    stream.set_nodelay(true).context("a TCP stream")?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).context("a TCP stream")?;
    // Its error holds the request, and with it the key.
    let (socket, _) = tungstenite::client(request, stream).ok().context("the socket did not open")?;
    Ok(socket)
}

/// The next text frame.
///
/// # Errors
/// Where the socket ends before.
pub(super) fn read_text(socket: &mut WebSocket<TcpStream>) -> Result<String> {
    loop {
        if let Message::Text(text) = socket.read().context("the socket ended")? {
            return Ok(text.as_str().to_owned());
        }
    }
}
