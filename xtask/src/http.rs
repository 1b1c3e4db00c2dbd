//! A small HTTP client for the Worker's own API on this machine.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::time::Duration;
use ureq::Agent;
use ureq::http::Method;

fn agent(timeout: Duration) -> Agent {
    Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        // The redirect of another program must not carry a key away.
        .max_redirects(0)
        .proxy(None)
        .build()
        .new_agent()
}

/// Whether `GET url` answers 200 within two seconds.
#[must_use]
pub fn answers(url: &str) -> bool {
    agent(Duration::from_secs(2)).get(url).call().is_ok_and(|response| response.status() == 200)
}

/// A caller of the management API, with its credential.
pub struct Api<'a> {
    base: &'a str,
    credential: Option<&'a str>,
    headers: Vec<(&'a str, &'a str)>,
    agent: Agent,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body; null where it isn't JSON.
    pub body: Value,
}

impl Answer {
    /// The `error` code of a refusal, or nothing.
    #[must_use]
    pub fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }

    /// The body of a success.
    ///
    /// # Errors
    /// Says what was being done, and how the Worker refused.
    pub fn success(self, doing: &str) -> Result<Value> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        let message = self.body["message"].as_str().unwrap_or("no message");
        bail!("{doing}: the Worker answered {} {}: {message}", self.status, self.error())
    }
}

impl<'a> Api<'a> {
    /// A caller of the Worker at `base`.
    #[must_use]
    pub fn new(base: &'a str, credential: &'a str) -> Self {
        Self { base, credential: Some(credential), headers: Vec::new(), agent: agent(Duration::from_secs(30)) }
    }

    /// A caller without a credential.
    #[must_use]
    pub fn without_credential(base: &'a str) -> Self {
        Self { base, credential: None, headers: Vec::new(), agent: agent(Duration::from_secs(30)) }
    }

    /// The same caller, with a header on each call.
    #[must_use]
    pub fn with(mut self, name: &'a str, value: &'a str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Calls `path`, with `body` where there is one.
    ///
    /// # Errors
    /// Where nothing came back.
    pub fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let url = format!("{}{path}", self.base);
        // Without the query, which may hold a publishable key.
        let doing = format!("{method} {}", url.split('?').next().unwrap_or_default());
        let mut request = ureq::http::Request::builder().method(method).uri(&url);
        if let Some(credential) = self.credential {
            request = request.header("Authorization", format!("Bearer {credential}"));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        let sent = match body {
            Some(body) => {
                let request = request.header("Content-Type", "application/json").body(body.to_string());
                self.agent.run(request.context("a request of our own is well formed")?)
            }
            None => self.agent.run(request.body(()).context("a request of our own is well formed")?),
        };
        let mut response = sent.with_context(|| format!("{doing} got no answer"))?;
        let text = response.body_mut().read_to_string().with_context(|| format!("{doing} broke off"))?;
        Ok(Answer { status: response.status().as_u16(), body: serde_json::from_str(&text).unwrap_or(Value::Null) })
    }

    /// `GET path`.
    ///
    /// # Errors
    /// Where nothing came back.
    pub fn get(&self, path: &str) -> Result<Answer> {
        self.call(Method::GET, path, None)
    }

    /// `POST path`.
    ///
    /// # Errors
    /// Where nothing came back.
    pub fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.call(Method::POST, path, Some(body))
    }

    /// `PATCH path`.
    ///
    /// # Errors
    /// Where nothing came back.
    pub fn patch(&self, path: &str, body: &Value) -> Result<Answer> {
        self.call(Method::PATCH, path, Some(body))
    }

    /// `DELETE path`.
    ///
    /// # Errors
    /// Where nothing came back.
    pub fn delete(&self, path: &str) -> Result<Answer> {
        self.call(Method::DELETE, path, None)
    }
}
