//! What a key's guard holds: the record, and what the key inherits of its tenant.

use super::json;
use super::sql::{Database, SqlError};
use serde::{Deserialize, Serialize};
use weft_shared::keys::KeyRecord;

/// What a key inherits of its tenant. Sent to its guard with each change; the highest revision counts, in whatever
/// order they arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// The tenant's revision.
    pub(crate) revision: u64,
    /// The version of the live config of the key's environment; none before the first deploy.
    pub(crate) live_version: Option<u32>,
    /// Whether HIPAA's rules hold for the tenant.
    pub(crate) hipaa: bool,
}

/// A guard's one row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Guarded {
    /// The key's record.
    pub(crate) record: KeyRecord,
    /// What the key inherits.
    pub(crate) standing: Standing,
}

/// The row, where there is one.
pub(crate) fn read(db: &Database) -> Result<Option<Guarded>, SqlError> {
    #[derive(Deserialize)]
    struct Row {
        record: String,
        standing: String,
    }
    let Some(row) = db.row::<Row>("SELECT record, standing FROM guards", vec![])? else { return Ok(None) };
    Ok(Some(Guarded { record: serde_json::from_str(&row.record)?, standing: serde_json::from_str(&row.standing)? }))
}

/// Puts the row in place of any other. Call it in a transaction.
pub(crate) fn put(db: &Database, guarded: &Guarded) -> Result<(), SqlError> {
    clear(db)?;
    let bindings = vec![json(&guarded.record)?, json(&guarded.standing)?];
    db.run("INSERT INTO guards (record, standing) VALUES (?, ?)", bindings)
}

/// Replaces the record.
pub(crate) fn put_record(db: &Database, record: &KeyRecord) -> Result<(), SqlError> {
    db.run("UPDATE guards SET record = ?", vec![json(record)?])
}

/// Forgets the key.
pub(crate) fn clear(db: &Database) -> Result<(), SqlError> {
    db.run("DELETE FROM guards", vec![])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form_of_a_standing_is_pinned() {
        let standing = Standing { revision: 3, live_version: Some(2), hipaa: false };
        let stored = r#"{"revision":3,"live_version":2,"hipaa":false}"#;
        assert_eq!(serde_json::to_string(&standing).expect("JSON"), stored);
        assert_eq!(serde_json::from_str::<Standing>(stored).expect("a standing"), standing);
        // A row that lost a flag fails rather than losing the rule with it.
        assert!(serde_json::from_str::<Standing>(r#"{"revision":3,"live_version":2}"#).is_err());
    }
}
