//! The call to Weft that mints a widget token: the only place that uses the secret key.

use crate::accounts::Account;
use crate::config::{Config, SecretKey};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use thiserror::Error;

/// How long Weft may take. The widget gives the whole refresh 10 s.
pub const TIMEOUT: Duration = Duration::from_secs(5);
/// Far above any token; an answer that goes on and on is dropped here.
const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// A client of Weft's backend API.
pub struct Weft {
    http: Client,
    widget_token_url: String,
    secret_key: SecretKey,
}

/// A minted token: goes to the visitor's own browser and nowhere else. It has no `Debug`, so no log can show it.
#[derive(Serialize)]
pub struct WidgetToken {
    token: String,
}

/// Why there is no token. Says what an operator needs, and holds nothing secret.
#[derive(Debug, Error)]
pub enum MintError {
    /// No answer.
    #[error("Weft can't be reached: {0}")]
    Unreachable(&'static str),
    /// An answer that is a refusal.
    #[error("Weft refused with {status} ({code})")]
    Refused {
        /// The answer's status.
        status: StatusCode,
        /// The answer's error code.
        code: String,
    },
    /// An answer without a token in it.
    #[error("Weft's answer holds no token")]
    NoToken,
}

#[derive(Serialize)]
struct MintRequest {
    user: User,
}

#[derive(Serialize)]
struct User {
    id: &'static str,
    name: &'static str,
    email: &'static str,
}

#[derive(Deserialize)]
struct MintReply {
    token: String,
}

#[derive(Deserialize)]
struct RefusalBody {
    error: String,
}

impl Weft {
    /// A client with the config's address and key.
    ///
    /// # Errors
    /// Where the HTTP client can't be set up.
    pub fn new(config: &Config) -> Result<Self, reqwest::Error> {
        #[cfg(feature = "https")]
        // Another part of the process may have chosen one already: that one is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // No redirects: the secret key goes to the configured address only.
        let mut http = Client::builder().timeout(TIMEOUT).redirect(Policy::none());
        if config.weft.is_on_this_machine() {
            // A proxy of the environment would get the key, and couldn't reach this machine's Weft anyway.
            http = http.no_proxy();
        }
        Ok(Self {
            http: http.build()?,
            widget_token_url: config.weft.widget_token(),
            secret_key: config.secret_key.clone(),
        })
    }

    /// Asks Weft for a token that says who the customer is.
    ///
    /// # Errors
    /// [`MintError`] where none came.
    pub async fn mint(&self, account: &Account) -> Result<WidgetToken, MintError> {
        let user = User { id: account.customer_id, name: account.name, email: account.email };
        let answer = self
            .http
            .post(&self.widget_token_url)
            .bearer_auth(self.secret_key.expose())
            .json(&MintRequest { user })
            .send()
            .await
            .map_err(|error| unreachable(&error))?;
        let status = answer.status();
        let body = read(answer).await?;
        if !status.is_success() {
            return Err(MintError::Refused { status, code: error_code(&body) });
        }
        serde_json::from_slice::<MintReply>(&body)
            .ok()
            .filter(|reply| is_jwt_shaped(&reply.token))
            .map(|reply| WidgetToken { token: reply.token })
            .ok_or(MintError::NoToken)
    }
}

async fn read(mut answer: Response) -> Result<Vec<u8>, MintError> {
    let is_json = answer
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().starts_with("application/json"));
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| unreachable(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER_BYTES {
            return Err(MintError::NoToken);
        }
    }
    // A gateway's HTML page has nothing for us; its status still has.
    Ok(if is_json { body } else { Vec::new() })
}

/// The error itself stays here: it would print the address, and whatever a future version adds.
fn unreachable(error: &reqwest::Error) -> MintError {
    MintError::Unreachable(if error.is_timeout() {
        "no answer within 5 s"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    })
}

/// The code in a refusal's body, where it looks like one: what ends up in the log is never free text.
fn error_code(body: &[u8]) -> String {
    serde_json::from_slice::<RefusalBody>(body)
        .map(|refusal| refusal.error)
        .ok()
        .filter(|code| {
            (1..=40).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        })
        .unwrap_or_else(|| "no code".to_owned())
}

/// Three parts of base64url. Whether the signature holds is for Weft to say.
fn is_jwt_shaped(token: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    token.split('.').count() == 3 && token.split('.').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_code_reaches_the_log() {
        assert_eq!(error_code(br#"{"error":"invalid_key","message":"No."}"#), "invalid_key");
        for body in [&b""[..], b"<html>", br#"{"error":"Bearer wf_sk_demo_1"}"#, br#"{"error":""}"#, br#"{"error":7}"#]
        {
            assert_eq!(error_code(body), "no code");
        }
    }

    #[test]
    fn token_has_three_parts() {
        assert!(is_jwt_shaped("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln-_"));
        for text in ["", "a.b", "a.b.c.d", "a..c", "a.b.c=", "a.b.<script>", "a.b.c\n"] {
            assert!(!is_jwt_shaped(text), "{text:?}");
        }
    }
}
