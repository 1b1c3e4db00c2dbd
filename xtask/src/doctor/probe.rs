//! The doctor's calls: a page, the customer's endpoint, Weft. It asks and judges nothing. Nothing it sends makes a
//! message, a conversation or a cost.

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::{Value, json};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;
use tungstenite::client::IntoClientRequest as _;
use tungstenite::{Message, WebSocket};
use ureq::Agent;
use ureq::http::{HeaderMap, Response};
use ureq::tls::{RootCerts, TlsConfig};
use url::Url;

use super::refresh::{self, Answered, Outcome};
use crate::clock::Stopwatch;
use crate::entropy::random_secret;

const DEADLINE: Duration = Duration::from_secs(10);
/// More of a page or a file isn't read.
const MAX_BODY_BYTES: u64 = 8 * 1024 * 1024;
/// Frames that are read before a socket counts as one that says nothing of use.
const MAX_FRAMES: usize = 8;

/// An answer over HTTP.
#[derive(Debug)]
pub(super) struct Answer {
    /// Where it came from in the end.
    pub(super) url: Url,
    pub(super) status: u16,
    headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// A header's values, in order.
    pub(super) fn headers(&self, name: &str) -> Vec<String> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
    }

    /// A header's first value; empty where there is none.
    pub(super) fn header(&self, name: &str) -> String {
        self.headers(name).into_iter().next().unwrap_or_default()
    }

    /// The body as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null where it isn't.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// `GET url`, with redirects followed where a browser would follow them.
pub(super) fn get(url: &Url, origin: Option<&str>) -> Result<Answer> {
    let agent = Agent::config_builder().timeout_global(Some(DEADLINE)).http_status_as_error(false);
    let agent = agent.tls_config(system_roots()).user_agent("weft-doctor").build().new_agent();
    let mut request = agent.get(url.as_str()).header("Accept", "*/*");
    if let Some(origin) = origin {
        request = request.header("Origin", origin);
    }
    let response = request.call().map_err(|error| said(&error))?;
    let url = Url::parse(&ureq::ResponseExt::get_uri(&response).to_string()).unwrap_or_else(|_| url.clone());
    read(response, url)
}

/// What this machine trusts, as a browser on it does: a company's own authority too.
fn system_roots() -> TlsConfig {
    TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build()
}

fn read(mut response: Response<ureq::Body>, url: Url) -> Result<Answer> {
    let body = response.body_mut().with_config().limit(MAX_BODY_BYTES).read_to_vec().map_err(|error| said(&error))?;
    Ok(Answer { url, status: response.status().as_u16(), headers: response.headers().clone(), body })
}

/// Why there is no answer. The cause alone: an address may hold more than anybody should see.
fn said(error: &ureq::Error) -> anyhow::Error {
    match error {
        ureq::Error::Timeout(_) => anyhow!("no answer within {} s", DEADLINE.as_secs()),
        ureq::Error::HostNotFound => anyhow!("no such host"),
        ureq::Error::Io(error) => anyhow!("{error}"),
        other => anyhow!("{other}"),
    }
}

/// Asks the refresh endpoint as the widget does, with a visitor's cookie where there is one to send.
pub(super) fn refresh(url: &Url, cookie: Option<&str>) -> Outcome {
    let agent = Agent::config_builder()
        .timeout_global(Some(refresh::DEADLINE))
        .http_status_as_error(false)
        // A redirect is the finding. It must not carry the cookie away either.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .tls_config(system_roots())
        .user_agent("weft-doctor")
        .build()
        .new_agent();
    let mut request = agent.post(url.as_str()).header("Content-Type", "application/json").header("Accept", "*/*");
    // What a browser says of a call from the page itself.
    request = request.header("Origin", url.origin().ascii_serialization()).header("Sec-Fetch-Site", "same-origin");
    if let Some(cookie) = cookie {
        request = request.header("Cookie", cookie);
    }
    let stopwatch = Stopwatch::start();
    match request.send("{}").map_err(Some).and_then(|response| read(response, url.clone()).map_err(|_| None)) {
        Ok(answer) => Outcome::Answered(Answered {
            status: answer.status,
            location: Some(answer.header("location")).filter(|location| !location.is_empty()),
            body: answer.text(),
            took: stopwatch.elapsed(),
        }),
        _ if stopwatch.elapsed() >= refresh::DEADLINE => Outcome::TimedOut,
        Err(Some(error)) => Outcome::Unreachable(said(&error).to_string()),
        Err(None) => Outcome::Unreachable("the answer broke off".to_owned()),
    }
}

/// What came of opening a socket.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// The upgrade was refused with this status.
    Refused(u16),
    /// It was greeted, and what it asked was answered.
    Works,
    /// It was greeted, and the token refused with this code.
    TokenRefused(String),
}

/// Opens a socket on a conversation that nobody has, and asks for its history: so the Worker judges the token, and
/// nothing is stored.
pub(super) fn socket(weft: &Url, key: &str, origin: &str, token: Option<&str>) -> Result<Opened> {
    let conversation = random_secret()?;
    let address =
        format!("{}widget/session?key={key}&conversation={conversation}", weft.as_str().replacen("http", "ws", 1));
    let mut request = address.into_client_request().context("Weft's address makes no address of a socket")?;
    request.headers_mut().insert("Origin", origin.parse().context("the page's origin can't stand in a header")?);
    let stream = connect(weft)?;
    let mut socket = match tungstenite::client_tls(request, stream) {
        Ok((socket, _)) => socket,
        Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response))) => {
            return Ok(Opened::Refused(response.status().as_u16()));
        }
        Err(error) => bail!("the upgrade failed: {error}"),
    };
    let opened = talk(&mut socket, token);
    // The end of it is the Worker's to notice.
    let _ = socket.close(None);
    let _ = socket.flush();
    opened
}

fn connect(weft: &Url) -> Result<TcpStream> {
    let host = weft.host_str().context("Weft's address has no host")?.trim_matches(['[', ']']);
    let port = weft.port_or_known_default().context("Weft's address has no port")?;
    let mut why = anyhow!("no such host");
    for address in (host, port).to_socket_addrs().context("no such host")? {
        match TcpStream::connect_timeout(&address, DEADLINE) {
            Ok(stream) => {
                stream.set_read_timeout(Some(DEADLINE)).context("no deadline can be set")?;
                stream.set_write_timeout(Some(DEADLINE)).context("no deadline can be set")?;
                return Ok(stream);
            }
            Err(error) => why = error.into(),
        }
    }
    Err(why)
}

fn talk<S: std::io::Read + std::io::Write>(socket: &mut WebSocket<S>, token: Option<&str>) -> Result<Opened> {
    let greeting = frame(socket)?;
    if greeting["type"] != "session.ready" {
        bail!("the first frame is no session.ready");
    }
    let mut payload = json!({ "historySecret": random_secret()?, "lastSeq": 0 });
    if let Some(token) = token {
        payload["widgetToken"] = token.into();
    }
    let resume = json!({ "type": "chat.resume", "payload": payload });
    socket.send(Message::text(resume.to_string())).context("the socket broke")?;
    for _ in 0..MAX_FRAMES {
        let frame = frame(socket)?;
        match frame["type"].as_str() {
            Some("history") => return Ok(Opened::Works),
            Some("chat.error") => {
                return Ok(Opened::TokenRefused(frame["payload"]["error"].as_str().unwrap_or_default().to_owned()));
            }
            _ => {}
        }
    }
    bail!("it didn't answer chat.resume")
}

fn frame<S: std::io::Read + std::io::Write>(socket: &mut WebSocket<S>) -> Result<Value> {
    for _ in 0..MAX_FRAMES {
        match socket.read().context("the socket said nothing in time")? {
            Message::Text(text) => return serde_json::from_str(&text).context("a frame that is no JSON"),
            Message::Close(_) => bail!("the socket was closed"),
            _ => {}
        }
    }
    bail!("the socket sends no text")
}
