//! A tenant's audit log. Rows are added, never changed.

use super::sql::{Database, SqlError};
use super::{before, cut, instant, json, limit_of};
use serde::Deserialize;
use weft_shared::audit::{Act, AuditEntry};
use weft_shared::protocol::http::Page;
use weft_shared::time::Timestamp;

/// Writes an act down. Call it in the transaction of the act: one is never stored without the other.
pub(crate) fn add(db: &Database, act: &Act, at: Timestamp) -> Result<(), SqlError> {
    db.run("INSERT INTO audit (at, act) VALUES (?, ?)", vec![instant(at), json(act)?])
}

/// A page of the log, newest first.
pub(crate) fn page(db: &Database, page: &Page) -> Result<(Vec<AuditEntry>, Option<String>), SqlError> {
    #[derive(Deserialize)]
    struct Row {
        id: u64,
        at: Timestamp,
        act: String,
    }
    let rows: Vec<Row> = db.rows(
        "SELECT id, at, act FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?",
        vec![before(page), limit_of(page)],
    )?;
    let (rows, next_cursor) = cut(rows, page, |row| row.id.to_string());
    let entry = |Row { id, at, act }: Row| Ok(AuditEntry { id, at, act: serde_json::from_str(&act)? });
    Ok((rows.into_iter().map(entry).collect::<Result<_, SqlError>>()?, next_cursor))
}
