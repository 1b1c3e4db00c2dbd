//! Bodies of `/v1/tenants/{tenant}/sources`.

use super::check_text;
use crate::error::Refusal;
use crate::ids::SourceId;
#[cfg(feature = "openapi")]
use crate::openapi::{LINES, ONE_LINE, WEB_ADDRESS};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The longest title, in characters.
pub(super) const MAX_TITLE_CHARS: usize = 200;
/// The longest body, in characters. The request's 64 KiB are reached first where they take more than a byte each.
pub(super) const MAX_SOURCE_CHARS: usize = 60_000;
/// The longest address, in characters.
pub(super) const MAX_URL_CHARS: usize = 2_000;

/// Body of `POST /v1/tenants/{tenant}/sources`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateSource {
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = ONE_LINE), length(min = 1, max = MAX_TITLE_CHARS)))]
    title: String,
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = LINES), length(min = 1, max = MAX_SOURCE_CHARS)))]
    body: String,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = WEB_ADDRESS), length(max = MAX_URL_CHARS)))]
    url: Option<String>,
}

/// A source that keeps the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSource {
    /// 1 to 200 characters on one line.
    pub title: String,
    /// Plain text or Markdown.
    pub body: String,
    /// Where a visitor can read it: http or https.
    pub url: Option<String>,
}

impl CreateSource {
    /// Checks the rules.
    ///
    /// # Errors
    /// `invalid_request` naming the field.
    pub fn validate(self) -> Result<NewSource, Refusal> {
        check_text("title", &self.title, 1, MAX_TITLE_CHARS, false)?;
        check_text("body", &self.body, 1, MAX_SOURCE_CHARS, true)?;
        let url = self.url.map(|url| check_url(&url)).transpose()?;
        Ok(NewSource { title: self.title.trim().to_owned(), body: self.body, url })
    }
}

/// The widget makes a link of it, so `javascript:` and its like must not get through, and what the visitor sees must
/// be where the link leads: no user name before the host.
fn check_url(text: &str) -> Result<String, Refusal> {
    let refusal =
        || Refusal::invalid(format!("url must be an http or https address of at most {MAX_URL_CHARS} characters."));
    if text.chars().count() > MAX_URL_CHARS || text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err(refusal());
    }
    let lower = text.to_ascii_lowercase();
    if !lower.starts_with("https://") && !lower.starts_with("http://") {
        return Err(refusal());
    }
    let url = url::Url::parse(text).map_err(|_| refusal())?;
    if !url.username().is_empty() || url.password().is_some() || url.as_str().len() > 2 * MAX_URL_CHARS {
        return Err(refusal());
    }
    Ok(url.into())
}

/// A source as the management API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct SourceView {
    /// `src_…`
    pub id: SourceId,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// Where a visitor can read it.
    pub url: Option<String>,
    /// When it was added.
    #[serde(with = "crate::time::rfc3339")]
    #[cfg_attr(feature = "openapi", schemars(with = "Timestamp"))]
    pub created_at: Timestamp,
}

/// A page of sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct SourceList {
    /// Newest first.
    pub sources: Vec<SourceView>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}
