//! What a request brings: its parts, its body up to a limit, the address it comes from. Nothing here trusts any of it.

use crate::settings::{Settings, misconfigured};
use futures_util::StreamExt as _;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::limits::AddressBucket;
use weft_shared::protocol::http::{MAX_BODY_BYTES, Query};
use weft_shared::protocol::routes::https_address;
use worker::{Request, Url};

/// A request from outside.
pub(crate) struct Incoming {
    request: Request,
    /// The method as it came: `worker::Method` reads every unknown one as `GET`.
    pub(crate) method: String,
    url: Url,
}

impl Incoming {
    /// Takes a request apart.
    ///
    /// # Errors
    /// Where its URL can't be read.
    pub(crate) fn new(request: Request) -> worker::Result<Self> {
        Ok(Self { method: request.inner().method(), url: request.url()?, request })
    }

    /// The path, percent-encoded as it came.
    pub(crate) fn path(&self) -> &str {
        self.url.path()
    }

    /// What follows the `?`; empty where nothing does.
    pub(crate) fn raw_query(&self) -> &str {
        self.url.query().unwrap_or_default()
    }

    /// The query, decoded.
    pub(crate) fn query(&self) -> Query {
        Query::parse(self.raw_query())
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.request.headers().get(name).ok().flatten()
    }

    /// The `Origin`, where the browser sent one.
    pub(crate) fn origin(&self) -> Option<String> {
        self.header("Origin")
    }

    /// Whether it asks for a WebSocket.
    pub(crate) fn is_upgrade(&self) -> bool {
        self.method == "GET" && self.header("Upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
    }

    /// Whether what it carries could be read on the way: plain HTTP to anything but this machine.
    pub(crate) fn is_insecure(&self) -> bool {
        self.url.scheme() != "https" && !matches!(self.url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
    }

    /// The same address over HTTPS, at its usual port.
    pub(crate) fn https_url(&self) -> Option<String> {
        Some(https_address(self.url.host_str()?, self.url.path(), self.url.query()))
    }

    /// The body, read no further than the limit, whatever `Content-Length` says.
    ///
    /// # Errors
    /// `payload_too_large`, or `invalid_request` where it breaks off.
    pub(crate) async fn body(&mut self) -> Result<Vec<u8>, Refusal> {
        let declared = self.header("Content-Length").and_then(|length| length.parse::<usize>().ok());
        if declared.is_some_and(|length| length > MAX_BODY_BYTES) {
            return Err(ErrorCode::PayloadTooLarge.into());
        }
        let mut body = Vec::new();
        // A request without a body has no stream.
        let Ok(mut stream) = self.request.stream() else { return Ok(body) };
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| Refusal::invalid("The body broke off."))?;
            if body.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(ErrorCode::PayloadTooLarge.into());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// What counts of the visitor's address.
    ///
    /// # Errors
    /// `misconfigured` where the platform names none in production.
    pub(crate) fn address_bucket(&self, settings: &Settings) -> Result<AddressBucket, Refusal> {
        AddressBucket::of_request(&|name| self.header(name), settings.is_production)
            .ok_or_else(|| misconfigured("CF-Connecting-IP", "the header is absent"))
    }
}
