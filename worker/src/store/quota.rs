//! What an address has used: one row.

use super::json;
use super::sql::{Database, SqlError};
use serde::Deserialize;
use weft_shared::limits::Ledger;

/// The row, where there is one.
pub(crate) fn read(db: &Database) -> Result<Option<Ledger>, SqlError> {
    #[derive(Deserialize)]
    struct Row {
        ledger: String,
    }
    let Some(row) = db.row::<Row>("SELECT ledger FROM ledgers", vec![])? else { return Ok(None) };
    Ok(Some(serde_json::from_str(&row.ledger)?))
}

/// Puts the row in place of the one before: one row written for each message.
pub(crate) fn put(db: &Database, ledger: &Ledger) -> Result<(), SqlError> {
    db.run("INSERT OR REPLACE INTO ledgers (id, ledger) VALUES (1, ?)", vec![json(ledger)?])
}
