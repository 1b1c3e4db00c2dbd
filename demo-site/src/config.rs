//! What the site is told by its environment, checked once at the start. An error names the variable, never its
//! value: one of the values is a secret.

use core::fmt;
use reqwest::Url;
use thiserror::Error;

/// Where the site listens when `PORT` is not set.
pub const DEFAULT_PORT: u16 = 8788;

/// The site's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// `PORT`: where to listen on 127.0.0.1. 0 lets the system choose.
    pub port: u16,
    /// `WEFT_URL`: where Weft is.
    pub weft: WeftUrl,
    /// `WEFT_PUBLISHABLE_KEY`: stands in every page.
    pub publishable_key: String,
    /// `WEFT_SECRET_KEY`: stays in this process.
    pub secret_key: SecretKey,
    /// `DEMO_FAULTS=1`: tests may ask the refresh endpoint to fail, see [`crate::faults`].
    pub faults_allowed: bool,
}

/// What is wrong with the environment.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// The variable is not set, or empty.
    #[error("{name} is not set. It holds {holds}.")]
    Missing {
        /// The variable.
        name: &'static str,
        /// What it should hold.
        holds: &'static str,
    },
    /// The variable holds something else than it should.
    #[error("{name} can't be used: {why}.")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl Config {
    /// Reads the settings through `lookup`, which gives a variable's value.
    ///
    /// # Errors
    /// [`ConfigError`] for the first variable that is missing or unusable.
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let set = |name: &str| lookup(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let required = |name, holds| set(name).ok_or(ConfigError::Missing { name, holds });
        let port = match set("PORT") {
            None => DEFAULT_PORT,
            Some(text) => text
                .parse()
                .map_err(|_| ConfigError::Invalid { name: "PORT", why: "it is not a number from 0 to 65535" })?,
        };
        Ok(Self {
            port,
            weft: WeftUrl::parse(&required("WEFT_URL", "Weft's address, like http://127.0.0.1:8787")?)?,
            publishable_key: publishable_key(required("WEFT_PUBLISHABLE_KEY", "the publishable key, wf_pk_…")?)?,
            secret_key: SecretKey::parse(required("WEFT_SECRET_KEY", "the secret key, wf_sk_…")?)?,
            faults_allowed: set("DEMO_FAULTS").as_deref() == Some("1"),
        })
    }
}

/// A secret key here would be printed into every page.
fn publishable_key(text: String) -> Result<String, ConfigError> {
    if is_key(&text, "wf_pk_") {
        Ok(text)
    } else {
        Err(ConfigError::Invalid { name: "WEFT_PUBLISHABLE_KEY", why: "it is not a publishable key (wf_pk_…)" })
    }
}

fn is_key(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    })
}

/// The secret key. It has no `Display`, and its `Debug` shows nothing.
#[derive(Clone)]
pub struct SecretKey(String);

impl SecretKey {
    fn parse(text: String) -> Result<Self, ConfigError> {
        if is_key(&text, "wf_sk_") {
            Ok(Self(text))
        } else {
            Err(ConfigError::Invalid { name: "WEFT_SECRET_KEY", why: "it is not a secret key (wf_sk_…)" })
        }
    }

    /// The key, for the one header that carries it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// Weft's address: an origin, over https unless it is on this machine.
#[derive(Debug, Clone)]
pub struct WeftUrl(Url);

impl WeftUrl {
    /// Parses the address.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] where it isn't an origin, or one to which the secret key can't be sent safely.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let invalid = |why| ConfigError::Invalid { name: "WEFT_URL", why };
        let url = Url::parse(text).map_err(|_| invalid("it is not an address like http://127.0.0.1:8787"))?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !is_bare || !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("it has more than scheme, host and port"));
        }
        let url = Self(url);
        match url.0.scheme() {
            "https" if cfg!(feature = "https") => Ok(url),
            "https" => Err(invalid("this build speaks plain http only; build it with `--features https`")),
            // The secret key travels on every call: never in clear text over a network.
            "http" if url.is_on_this_machine() => Ok(url),
            "http" => Err(invalid("plain http is for this machine only; use https")),
            _ => Err(invalid("it is neither http nor https")),
        }
    }

    /// Whether Weft runs on this machine.
    #[must_use]
    pub fn is_on_this_machine(&self) -> bool {
        matches!(self.0.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
    }

    /// The origin, as a browser writes it.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Where Weft's WebSocket is, for the page's content security policy.
    #[must_use]
    pub fn websocket_origin(&self) -> String {
        // `http` → `ws`, `https` → `wss`.
        self.origin().replacen("http", "ws", 1)
    }

    /// The widget's script.
    #[must_use]
    pub fn script(&self) -> String {
        format!("{}/widget/weft.js", self.origin())
    }

    /// The route that mints widget tokens.
    #[must_use]
    pub fn widget_token(&self) -> String {
        format!("{}/widget-token", self.origin())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 3] = [
        ("WEFT_URL", "http://127.0.0.1:8787"),
        ("WEFT_PUBLISHABLE_KEY", "wf_pk_demo_abc"),
        ("WEFT_SECRET_KEY", "wf_sk_demo_hidden"),
    ];

    fn read(changes: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_env(|name| {
            let pair = changes.iter().chain(&GOOD).find(|(key, _)| *key == name)?;
            Some(pair.1.to_owned())
        })
    }

    #[test]
    fn port_and_faults_have_safe_defaults() {
        let config = read(&[]).expect("complete");
        assert_eq!(config.port, 8788);
        assert!(!config.faults_allowed);
        assert!(!read(&[("DEMO_FAULTS", "0")]).expect("complete").faults_allowed);
        assert!(read(&[("DEMO_FAULTS", "1")]).expect("complete").faults_allowed);
    }

    #[test]
    fn missing_variable_is_named() {
        for (name, _) in GOOD {
            let message = read(&[(name, " ")]).expect_err("missing").to_string();
            assert!(message.starts_with(&format!("{name} is not set")), "{message}");
        }
    }

    #[test]
    fn swapped_keys_are_refused_without_being_shown() {
        for name in ["WEFT_PUBLISHABLE_KEY", "WEFT_SECRET_KEY"] {
            let other = if name == "WEFT_SECRET_KEY" { "wf_pk_demo_hidden" } else { "wf_sk_demo_hidden" };
            let message = read(&[(name, other)]).expect_err("refused").to_string();
            assert!(message.starts_with(name) && !message.contains("hidden"), "{message}");
        }
    }

    #[test]
    fn secret_key_has_a_silent_debug() {
        let config = read(&[]).expect("complete");
        assert!(!format!("{config:?}").contains("hidden"));
        assert_eq!(config.secret_key.expose(), "wf_sk_demo_hidden");
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for good in ["http://127.0.0.1:8787", "http://localhost:8787/", "http://[::1]:8787"] {
            assert!(WeftUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://weft.example",
            "http://127.0.0.1.evil.example",
            "ftp://127.0.0.1",
            "http://127.0.0.1:8787/path",
            "http://127.0.0.1:8787/?a",
            "http://user@127.0.0.1:8787",
            "127.0.0.1:8787",
        ] {
            assert!(WeftUrl::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(WeftUrl::parse("https://weft.example").is_ok(), cfg!(feature = "https"));
    }

    #[test]
    fn addresses_derive_from_the_origin() {
        let weft = WeftUrl::parse("http://127.0.0.1:8787/").expect("good");
        assert_eq!(weft.origin(), "http://127.0.0.1:8787");
        assert_eq!(weft.websocket_origin(), "ws://127.0.0.1:8787");
        assert_eq!(weft.script(), "http://127.0.0.1:8787/widget/weft.js");
        assert_eq!(weft.widget_token(), "http://127.0.0.1:8787/widget-token");
    }
}
