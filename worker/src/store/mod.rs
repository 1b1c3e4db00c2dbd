//! What is stored in each object, as functions over its database. No decision is made here: rows in, types out.

pub(crate) mod audit;
pub(crate) mod configs;
pub(crate) mod conversation;
pub(crate) mod guard;
pub(crate) mod index;
pub(crate) mod keys;
pub(crate) mod leases;
pub(crate) mod outbox;
pub(crate) mod quota;
pub(crate) mod schema;
pub(crate) mod sessions;
pub(crate) mod sources;
pub(crate) mod sql;
pub(crate) mod tenants;
pub(crate) mod windows;

use serde::Serialize;
use sql::{SqlError, Value};
use weft_shared::protocol::http::Page;
use weft_shared::time::Timestamp;

/// A value as the JSON text that is stored of it.
fn json<T: Serialize>(value: &T) -> Result<Value, SqlError> {
    Ok(serde_json::to_string(value)?.into())
}

/// An instant as it is stored: milliseconds, far below the 2^53 that JavaScript counts to.
fn instant(at: Timestamp) -> Value {
    at.as_millis().into()
}

/// One row more than the page holds is read, to know whether there is a next page.
fn limit_of<C>(page: &Page<C>) -> Value {
    (i64::from(page.limit) + 1).into()
}

/// Where a page of rows numbered downwards begins: below this number.
fn before(page: &Page) -> Value {
    i64::from(page.cursor.unwrap_or(u32::MAX)).into()
}

/// Cuts the row too many off, and says where the next page begins.
fn cut<T, C>(mut rows: Vec<T>, page: &Page<C>, cursor_of: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| has_more).map(cursor_of);
    (rows, next_cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_the_next_one_only_where_there_is_one() {
        let page = Page::<u32> { limit: 2, cursor: None };
        let cursor = |number: &u32| number.to_string();
        assert_eq!(cut(vec![9, 8, 7], &page, cursor), (vec![9, 8], Some("8".to_owned())));
        assert_eq!(cut(vec![9, 8], &page, cursor), (vec![9, 8], None));
        assert_eq!(cut(Vec::new(), &page, cursor), (Vec::new(), None));
    }
}
