//! A tenant's registry of keys and session tokens.

use super::sql::{Database, SqlError};
use super::{before, cut, instant, json, limit_of};
use serde::Deserialize;
use weft_shared::ids::CredentialId;
use weft_shared::keys::KeyRecord;
use weft_shared::protocol::http::Page;
use weft_shared::time::Timestamp;

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    number: i64,
    record: String,
}

#[derive(Deserialize)]
struct Id {
    id: CredentialId,
}

fn records(rows: &[Row]) -> Result<Vec<KeyRecord>, SqlError> {
    Ok(rows.iter().map(|row| serde_json::from_str(&row.record)).collect::<Result<_, _>>()?)
}

/// Every record, those included whose guard doesn't have them yet.
pub(crate) fn all(db: &Database) -> Result<Vec<KeyRecord>, SqlError> {
    records(&db.rows("SELECT record FROM keys ORDER BY number", vec![])?)
}

/// The records that count against the cap. A successor whose guard doesn't have it yet is not among them: the key that
/// it will replace still counts in its place.
pub(crate) fn counted(db: &Database) -> Result<Vec<KeyRecord>, SqlError> {
    records(&db.rows("SELECT record FROM keys WHERE pending_since IS NULL OR replaces IS NULL", vec![])?)
}

/// One record, of a key that was shown to whoever asked for it.
pub(crate) fn find_finished(db: &Database, id: &CredentialId) -> Result<Option<KeyRecord>, SqlError> {
    let query = "SELECT record FROM keys WHERE id = ? AND pending_since IS NULL";
    let rows: Vec<Row> = db.rows(query, vec![id.as_str().into()])?;
    Ok(records(&rows)?.pop())
}

/// Whether a successor of this key waits for its guard.
pub(crate) fn is_being_replaced(db: &Database, id: &CredentialId) -> Result<bool, SqlError> {
    let query = "SELECT id FROM keys WHERE replaces = ? AND pending_since IS NOT NULL LIMIT 1";
    Ok(db.row::<Id>(query, vec![id.as_str().into()])?.is_some())
}

/// One record, finished or not.
pub(crate) fn find(db: &Database, id: &CredentialId) -> Result<Option<KeyRecord>, SqlError> {
    let rows: Vec<Row> = db.rows("SELECT record FROM keys WHERE id = ?", vec![id.as_str().into()])?;
    Ok(records(&rows)?.pop())
}

/// A page of the records that are in force or were, newest first.
pub(crate) fn page(db: &Database, page: &Page) -> Result<(Vec<KeyRecord>, Option<String>), SqlError> {
    page_of(db, "key_", page)
}

/// The same for ids with this prefix of four characters.
pub(super) fn page_of(db: &Database, prefix: &str, page: &Page) -> Result<(Vec<KeyRecord>, Option<String>), SqlError> {
    let rows: Vec<Row> = db.rows(
        "SELECT number, record FROM keys
         WHERE pending_since IS NULL AND substr(id, 1, 4) = ? AND number < ? ORDER BY number DESC LIMIT ?",
        vec![prefix.into(), before(page), limit_of(page)],
    )?;
    let (rows, next_cursor) = cut(rows, page, |row| row.number.to_string());
    Ok((records(&rows)?, next_cursor))
}

/// Writes a new key down, as one whose guard doesn't have it yet, and which key it is to replace.
pub(crate) fn begin(
    db: &Database,
    record: &KeyRecord,
    replaces: Option<&CredentialId>,
    now: Timestamp,
) -> Result<(), SqlError> {
    let replaces = replaces.map(|id| id.as_str().to_owned());
    let bindings = vec![record.id.as_str().into(), json(record)?, instant(now), replaces.into()];
    db.run("INSERT INTO keys (id, record, pending_since, replaces) VALUES (?, ?, ?, ?)", bindings)
}

/// Its guard has it. Says whether it was still waited for.
pub(crate) fn confirm(db: &Database, id: &CredentialId) -> Result<bool, SqlError> {
    let query = "UPDATE keys SET pending_since = NULL WHERE id = ? AND pending_since IS NOT NULL RETURNING id";
    Ok(db.row::<Id>(query, vec![id.as_str().into()])?.is_some())
}

/// Takes a key back whose guard never confirmed it.
pub(crate) fn withdraw(db: &Database, id: &CredentialId) -> Result<(), SqlError> {
    db.run("DELETE FROM keys WHERE id = ? AND pending_since IS NOT NULL", vec![id.as_str().into()])
}

/// Keys that have waited for their guard since before `limit`.
pub(crate) fn stale(db: &Database, limit: Timestamp) -> Result<Vec<CredentialId>, SqlError> {
    let rows: Vec<Id> = db.rows("SELECT id FROM keys WHERE pending_since <= ?", vec![instant(limit)])?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Whether any key waits for its guard.
pub(crate) fn has_pending(db: &Database) -> Result<bool, SqlError> {
    Ok(db.row::<Id>("SELECT id FROM keys WHERE pending_since IS NOT NULL LIMIT 1", vec![])?.is_some())
}

/// Replaces a record.
pub(crate) fn update(db: &Database, record: &KeyRecord) -> Result<(), SqlError> {
    db.run("UPDATE keys SET record = ? WHERE id = ?", vec![json(record)?, record.id.as_str().into()])
}
