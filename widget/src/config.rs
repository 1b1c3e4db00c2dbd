//! The live config, as `GET /widget/config` gives it.

use crate::json;
use crate::options::Appearance;
use gloo_net::http::Request;
use serde::Deserialize;
use web_sys::{AbortSignal, RequestCredentials};

/// What the widget needs of the live config.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Config {
    /// Whether requests need a signed widget token.
    pub require_signed_token: bool,
    /// Where the page's own origin gives one.
    #[serde(default)]
    pub refresh_path: Option<String>,
    /// How it looks.
    pub appearance: Appearance,
    /// A limit is reached until then, RFC 3339.
    #[serde(default)]
    pub hidden_until: Option<String>,
}

/// Why there is no config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConfigFailure {
    /// Weft can't be reached, or gave no answer in time.
    Unreachable,
    /// Weft refused, by this code.
    Refused(String),
}

#[derive(Deserialize)]
struct ErrorBody {
    error: String,
}

/// Asks for the config.
pub(crate) async fn fetch(url: String, signal: AbortSignal) -> Result<Config, ConfigFailure> {
    let request = Request::get(&url).credentials(RequestCredentials::Omit).abort_signal(Some(&signal));
    let Ok(response) = request.send().await else { return Err(ConfigFailure::Unreachable) };
    let Ok(text) = response.text().await else { return Err(ConfigFailure::Unreachable) };
    if response.ok() {
        json::parse(&text).ok_or(ConfigFailure::Unreachable)
    } else {
        let body: Option<ErrorBody> = json::parse(&text);
        Err(match body {
            Some(body) if response.status() < 500 => ConfigFailure::Refused(body.error),
            _ => ConfigFailure::Unreachable,
        })
    }
}
