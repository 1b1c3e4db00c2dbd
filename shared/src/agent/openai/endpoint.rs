//! Where requests go: `OPENAI_BASE_URL`, checked.

use core::fmt;
use thiserror::Error;
use url::{Host, Url};

/// OpenAI's own server, where no other is named.
const OPENAI: &str = "https://api.openai.com/v1";

/// The address that chat completions are asked of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

/// Why a base URL is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidEndpoint {
    /// It isn't a URL, or one of another scheme.
    #[error("must be an http or https URL")]
    NotHttp,
    /// It carries user and password, which would end in logs and errors.
    #[error("must not carry a user or password: set OPENAI_API_KEY")]
    Credential,
    /// It has a query or fragment.
    #[error("must have no query and no fragment")]
    Query,
    /// In production the key and every message would cross the open network in the clear.
    #[error("must be https in production, but for this machine itself")]
    InTheClear,
}

impl Endpoint {
    /// Reads a base URL, as `https://api.openai.com/v1` or `http://127.0.0.1:11434/v1`; none is OpenAI's own.
    ///
    /// # Errors
    /// Why it isn't taken.
    pub fn parse(base_url: Option<&str>, is_production: bool) -> Result<Self, InvalidEndpoint> {
        let mut url = Url::parse(base_url.unwrap_or(OPENAI).trim()).map_err(|_| InvalidEndpoint::NotHttp)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidEndpoint::NotHttp);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidEndpoint::Credential);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidEndpoint::Query);
        }
        if is_production && url.scheme() == "http" && !is_this_machine(&url) {
            return Err(InvalidEndpoint::InTheClear);
        }
        let path = format!("{}/chat/completions", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(Self(url))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_below_the_base_url() {
        for (base, whole) in [
            (None, "https://api.openai.com/v1/chat/completions"),
            (Some("https://llm.example/v1"), "https://llm.example/v1/chat/completions"),
            (Some(" https://llm.example/v1// "), "https://llm.example/v1/chat/completions"),
            (Some("https://llm.example"), "https://llm.example/chat/completions"),
            (Some("http://127.0.0.1:11434/v1"), "http://127.0.0.1:11434/v1/chat/completions"),
        ] {
            assert_eq!(Endpoint::parse(base, false).expect("a base URL").to_string(), whole);
        }
    }

    #[test]
    fn what_is_no_plain_http_url_is_refused() {
        use InvalidEndpoint::{Credential, NotHttp, Query};
        for (base, why) in [
            ("", NotHttp),
            ("api.openai.com/v1", NotHttp),
            ("file:///etc/passwd", NotHttp),
            ("javascript:alert(1)", NotHttp),
            ("https://", NotHttp),
            ("https://user@llm.example/v1", Credential),
            ("https://:secret@llm.example/v1", Credential),
            ("https://llm.example/v1?key=secret", Query),
            ("https://llm.example/v1#x", Query),
        ] {
            assert_eq!(Endpoint::parse(Some(base), false), Err(why), "{base}");
        }
    }

    #[test]
    fn in_production_a_key_never_crosses_the_network_in_the_clear() {
        for base in ["http://llm.example/v1", "http://10.0.0.7/v1", "http://localhost.evil.example/v1"] {
            assert_eq!(Endpoint::parse(Some(base), true), Err(InvalidEndpoint::InTheClear), "{base}");
            assert!(Endpoint::parse(Some(base), false).is_ok());
        }
        for base in ["https://llm.example/v1", "http://127.0.0.1:8000/v1", "http://localhost/v1", "http://[::1]/v1"] {
            assert!(Endpoint::parse(Some(base), true).is_ok(), "{base}");
        }
    }
}
