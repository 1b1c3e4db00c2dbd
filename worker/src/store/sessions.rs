//! Session tokens in a tenant's registry: rows of the same table as keys, told apart by their ids' prefix.

use super::sql::{Database, SqlError};
use super::{instant, keys};
use weft_shared::keys::KeyRecord;
use weft_shared::protocol::http::Page;
use weft_shared::time::Timestamp;

/// A page of the session tokens that are in force or were, newest first.
pub(crate) fn page(db: &Database, page: &Page) -> Result<(Vec<KeyRecord>, Option<String>), SqlError> {
    keys::page_of(db, "ses_", page)
}

/// Removes those that ended before `limit`: an operator makes one an hour or more, and a list of the dead serves nobody.
pub(crate) fn remove_ended(db: &Database, limit: Timestamp) -> Result<(), SqlError> {
    db.run(
        "DELETE FROM keys WHERE substr(id, 1, 4) = 'ses_' AND json_extract(record, '$.expires_at') < ?
         AND 'guard/' || id NOT IN (SELECT target FROM outbox)",
        vec![instant(limit)],
    )
}
