//! Reading a request's query.

use crate::error::Refusal;
use crate::ids::{ConversationId, Environment, TenantId};

/// Items in a list's page unless `limit` says otherwise.
pub const DEFAULT_LIMIT: u32 = 50;
/// The most that `limit` may ask for.
pub const MAX_LIMIT: u32 = 200;
/// The most text that a page holds, in bytes, before it is written as JSON: 200 long items would be more than clients and
/// proxies like to take at a time, and a good part of an object's memory.
pub const MAX_PAGE_BYTES: usize = 1024 * 1024;

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
    pub fn page<C: Cursor>(&self) -> Result<Page<C>, Refusal> {
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
            Some(text) => Some(
                C::read(text)
                    .ok_or_else(|| Refusal::invalid("cursor must be the next_cursor of an earlier answer."))?,
            ),
        };
        Ok(Page { limit, cursor })
    }
}

/// What a list's cursor is. Read at the edge: one that was never given out must not pass for the end of a list, or for
/// its beginning.
pub trait Cursor: Sized {
    /// Reads a cursor. None where the list never gives out such a one.
    fn read(text: &str) -> Option<Self>;
}

/// The number of a row, in the one spelling that is given out: rows are counted from 1.
impl Cursor for u32 {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number: &Self| *number > 0 && number.to_string() == text)
    }
}

/// The `seq` of a message.
impl Cursor for u64 {
    fn read(text: &str) -> Option<Self> {
        // JavaScript, which stores them, counts no further.
        text.parse().ok().filter(|seq: &Self| (1..1 << 53).contains(seq) && seq.to_string() == text)
    }
}

impl Cursor for TenantId {
    fn read(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

/// Which part of a list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Page<C = u32> {
    /// 1 to 200 items.
    pub limit: u32,
    /// After which item: the `next_cursor` of the page before.
    pub cursor: Option<C>,
}

impl<C> Page<C> {
    /// How many of these items the page holds, given how many bytes of text each has: no more than its limit and than
    /// [`MAX_PAGE_BYTES`], but one at least, so that whoever follows the cursors gets to the end.
    #[must_use]
    pub fn holds(&self, sizes: impl IntoIterator<Item = usize>) -> usize {
        let mut bytes = 0_usize;
        let fits = |size: &usize| {
            let is_first = bytes == 0;
            bytes = bytes.saturating_add(*size).max(1);
            is_first || bytes <= MAX_PAGE_BYTES
        };
        sizes.into_iter().take(usize::try_from(self.limit).unwrap_or(usize::MAX)).take_while(fits).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_by_number_or_by_size_but_holds_something() {
        let page = |limit| Page::<u32> { limit, cursor: None };
        let half = MAX_PAGE_BYTES / 2;
        assert_eq!(page(3).holds([1, 1, 1, 1]), 3);
        assert_eq!(page(3).holds([0, 0]), 2);
        assert_eq!(page(200).holds([half, half]), 2);
        assert_eq!(page(200).holds([half, half, 1]), 2);
        assert_eq!(page(200).holds([half, half + 1]), 1);
        assert_eq!(page(200).holds([MAX_PAGE_BYTES + 1, 1]), 1);
        assert_eq!(page(200).holds([usize::MAX, usize::MAX]), 1);
        assert_eq!(page(200).holds([]), 0);
    }

    fn cursor<C: Cursor>(text: &str) -> Result<Option<C>, Refusal> {
        Query::parse(&format!("cursor={text}")).page().map(|page| page.cursor)
    }

    #[test]
    fn a_cursor_that_the_list_never_gives_out_is_refused() {
        assert_eq!(cursor(&u32::MAX.to_string()), Ok(Some(u32::MAX)));
        for bad in ["", "0", "-1", "%2B7", "07", "7.0", "%207", "abc", "4294967296", "99999999999999999999"] {
            let refusal = cursor::<u32>(bad).expect_err(bad);
            assert!(refusal.message.contains("cursor"), "{bad}: {}", refusal.message);
        }
        assert_eq!(cursor(&((1_u64 << 53) - 1).to_string()), Ok(Some((1_u64 << 53) - 1)));
        for bad in ["0", "-1", "07", "9007199254740992", "18446744073709551615"] {
            assert!(cursor::<u64>(bad).is_err(), "{bad}");
        }
        assert_eq!(cursor("acme"), Ok(TenantId::parse("acme").ok()));
        for bad in ["", "Acme", "../../x", "%27%20OR%201=1"] {
            assert!(cursor::<TenantId>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_cursor_is_the_beginning() {
        assert_eq!(Query::default().page::<u32>(), Ok(Page { limit: DEFAULT_LIMIT, cursor: None }));
    }
}
