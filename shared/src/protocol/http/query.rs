//! Reading a request's query.

use crate::error::Refusal;
use crate::ids::{ConversationId, Environment};

/// Items in a list's page unless `limit` says otherwise.
pub const DEFAULT_LIMIT: u32 = 50;
/// The most that `limit` may ask for.
pub const MAX_LIMIT: u32 = 200;

/// A query, decoded (`application/x-www-form-urlencoded`). Parameters that a route doesn't know are ignored, as every
/// proxy and campaign adds its own; one that it knows may come once only.
#[derive(Debug, Clone, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what follows the `?`.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// A parameter.
    ///
    /// # Errors
    /// `invalid_request` where it is given twice: two readers could see two values.
    pub fn get(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Refusal::invalid(format!("{name} is given twice."))),
        }
    }

    /// `environment`, `production` where absent.
    ///
    /// # Errors
    /// `invalid_request` where it isn't an environment's name.
    pub fn environment(&self) -> Result<Environment, Refusal> {
        match self.get("environment")? {
            None => Ok(Environment::production()),
            Some(text) => Ok(Environment::parse(text)?),
        }
    }

    /// `conversation`, the id that the browser picked.
    ///
    /// # Errors
    /// `invalid_request` where it is missing or malformed.
    pub fn conversation(&self) -> Result<ConversationId, Refusal> {
        let name = super::super::paths::CONVERSATION_PARAM;
        let text = self.get(name)?.ok_or_else(|| Refusal::invalid(format!("{name} is required.")))?;
        Ok(ConversationId::parse(text)?)
    }

    /// `limit` and `cursor`.
    ///
    /// # Errors
    /// `invalid_request` where `limit` isn't 1 to 200, or `cursor` isn't one of ours.
    pub fn page(&self) -> Result<Page, Refusal> {
        let limit = match self.get("limit")? {
            None => DEFAULT_LIMIT,
            Some(text) => (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| text.parse().ok())
                .flatten()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| Refusal::invalid(format!("limit must be a whole number from 1 to {MAX_LIMIT}.")))?,
        };
        let cursor = match self.get("cursor")? {
            None => None,
            Some(text) if crate::ids::is_url_safe(text, 1, 128) => Some(text.to_owned()),
            Some(_) => return Err(Refusal::invalid("cursor must be the next_cursor of an earlier answer.")),
        };
        Ok(Page { limit, cursor })
    }
}

/// Which part of a list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Page {
    /// 1 to 200 items.
    pub limit: u32,
    /// After which item: the `next_cursor` of the page before.
    pub cursor: Option<String>,
}
