//! An origin: scheme, host and port (RFC 6454, and the URL Standard's serialisation of it).

use core::fmt;
use url::Url;

/// An http(s) origin in the form in which browsers send it: `https://shop.example`, `http://localhost:8788`.
/// Lower-case, host in ASCII, no default port, no path. Built by [`Origin::parse`] only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

/// Why a text is no origin for a config.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Not scheme, host and port alone.
    #[error("must be an origin, as https://shop.example: scheme, host and port, with no path, query or user name")]
    Malformed,
    /// Plain HTTP to a host that isn't this machine.
    #[error("must be https; http is accepted for localhost, 127.0.0.1 and [::1] only")]
    Insecure,
}

impl Origin {
    /// Parses an origin, strictly: what a browser's address bar would repair is refused. One slash at the end is
    /// taken, since that is how an address is copied.
    ///
    /// # Errors
    /// [`OriginError`]
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        // URL parsers drop tabs and line breaks, trim controls and spaces, and read `\` as `/`: none of it gets that far.
        // `@` would put a user name before the host, `?` and `#` end it.
        let suspect = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '\\' | '@' | '?' | '#' | '%');
        if text.len() > 300 || text.contains(suspect) {
            return Err(OriginError::Malformed);
        }
        let (scheme, rest) = text.split_once("://").ok_or(OriginError::Malformed)?;
        let host_and_port = rest.strip_suffix('/').unwrap_or(rest);
        if host_and_port.is_empty() || host_and_port.contains('/') || host_and_port.ends_with(':') {
            return Err(OriginError::Malformed);
        }
        let is_https = scheme.eq_ignore_ascii_case("https");
        if !is_https && !scheme.eq_ignore_ascii_case("http") {
            return Err(OriginError::Malformed);
        }
        let url = Url::parse(text).map_err(|_| OriginError::Malformed)?;
        // The URL Standard takes more in a host than any name has, `*` among it: a pattern that matches nothing is a trap.
        let is_host_byte =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'[' | b']' | b':');
        if !url.host_str().is_some_and(|host| !host.is_empty() && host.bytes().all(is_host_byte)) {
            return Err(OriginError::Malformed);
        }
        if !is_https && !matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) {
            return Err(OriginError::Insecure);
        }
        Ok(Self(url.origin().ascii_serialization()))
    }

    /// As a browser sends it in `Origin`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for Origin {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Origin {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_kept_as_browsers_send_it() {
        for (text, origin) in [
            ("https://shop.example", "https://shop.example"),
            ("https://shop.example/", "https://shop.example"),
            ("HTTPS://Shop.Example", "https://shop.example"),
            ("https://shop.example:443", "https://shop.example"),
            ("https://shop.example:8443", "https://shop.example:8443"),
            ("http://localhost:8788", "http://localhost:8788"),
            ("http://127.0.0.1:8788", "http://127.0.0.1:8788"),
            ("http://[::1]:8788", "http://[::1]:8788"),
            ("http://localhost:80", "http://localhost"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
        ] {
            let parsed = Origin::parse(text).expect(text);
            assert_eq!(parsed.as_str(), origin);
            assert_eq!(Origin::parse(parsed.as_str()), Ok(parsed), "parse and format are inverse");
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for text in [
            "",
            "null",
            "*",
            "shop.example",
            "//shop.example",
            "https:shop.example",
            "https:/shop.example",
            "https:///shop.example",
            "https://",
            "https:///",
            "https://shop.example//",
            "https://shop.example/path",
            "https://shop.example?",
            "https://shop.example#",
            "https://shop.example:",
            "https://shop.example:/",
            "https://shop.example:99999",
            "https://user@shop.example",
            "https://user:pass@shop.example",
            "https://shop.example\\@evil.example",
            "https:\\\\shop.example",
            " https://shop.example",
            "https://shop.example\n",
            "https://shop\t.example",
            "https://shop .example",
            "https://*.shop.example",
            "https://shop%2eexample",
            "https://[::1",
            "javascript://shop.example",
            "ftp://shop.example",
            "file:///etc",
            "ws://shop.example",
        ] {
            assert_eq!(Origin::parse(text), Err(OriginError::Malformed), "{text:?}");
        }
        assert_eq!(Origin::parse(&format!("https://{}.example", "a".repeat(300))), Err(OriginError::Malformed));
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for text in ["http://shop.example", "http://localhost.evil.example", "http://127.0.0.2", "http://[::2]"] {
            assert_eq!(Origin::parse(text), Err(OriginError::Insecure), "{text}");
        }
    }
}
