//! What others are still to be told of a tenant's changes. An entry names the target alone: what it is told is read
//! when it is told, so the latest state goes out, however often an entry is delivered.

use super::instant;
use super::sql::{Database, SqlError};
use crate::clock;
use serde::Deserialize;
use weft_shared::ids::{CredentialId, Environment};
use weft_shared::time::Timestamp;

/// Whom to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// The directory, of the tenant.
    Directory,
    /// KV, of an environment's live config.
    Config(Environment),
    /// A key's guard, of the key's ends and of what it inherits.
    Guard(CredentialId),
    /// KV, of a key's record.
    Record(CredentialId),
}

/// An entry.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Whom to tell.
    pub(crate) target: Target,
    /// Of which change; a newer one may come while it is told of this.
    pub(crate) revision: i64,
}

impl Target {
    fn to_text(&self) -> String {
        match self {
            Self::Directory => "directory".to_owned(),
            Self::Config(environment) => format!("config/{environment}"),
            Self::Guard(id) => format!("guard/{id}"),
            Self::Record(id) => format!("record/{id}"),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.split_once('/') {
            None => (text == "directory").then_some(Self::Directory),
            Some(("config", rest)) => Environment::parse(rest).ok().map(Self::Config),
            Some(("guard", rest)) => CredentialId::parse(rest).ok().map(Self::Guard),
            Some(("record", rest)) => CredentialId::parse(rest).ok().map(Self::Record),
            Some(_) => None,
        }
    }
}

/// Notes that a target is to be told. Call it in the transaction of the change.
pub(crate) fn add(db: &Database, target: &Target) -> Result<(), SqlError> {
    db.run(
        "INSERT INTO outbox (target, revision, since) VALUES (?, 1, ?)
         ON CONFLICT (target) DO UPDATE SET revision = revision + 1, since = excluded.since",
        vec![target.to_text().into(), instant(clock::now())],
    )
}

/// All that is still to be told.
pub(crate) fn entries(db: &Database) -> Result<Vec<Entry>, SqlError> {
    #[derive(Deserialize)]
    struct Row {
        target: String,
        revision: i64,
    }
    let rows: Vec<Row> = db.rows("SELECT target, revision FROM outbox", vec![])?;
    let entry = |row: Row| Target::parse(&row.target).map(|target| Entry { target, revision: row.revision });
    Ok(rows.into_iter().filter_map(entry).collect())
}

/// Since when the newest of it waits; none: all was told.
pub(crate) fn waiting_since(db: &Database) -> Result<Option<Timestamp>, SqlError> {
    #[derive(Deserialize)]
    struct Row {
        since: Option<Timestamp>,
    }
    Ok(db.row::<Row>("SELECT MAX(since) AS since FROM outbox", vec![])?.and_then(|row| row.since))
}

/// Which change a target is still to be told of, if any.
pub(crate) fn find(db: &Database, target: Target) -> Result<Option<Entry>, SqlError> {
    #[derive(Deserialize)]
    struct Row {
        revision: i64,
    }
    let row: Option<Row> = db.row("SELECT revision FROM outbox WHERE target = ?", vec![target.to_text().into()])?;
    Ok(row.map(|row| Entry { target, revision: row.revision }))
}

/// The target was told. Where a newer change came meanwhile, the entry stays.
pub(crate) fn remove(db: &Database, entry: &Entry) -> Result<(), SqlError> {
    let bindings = vec![entry.target.to_text().into(), entry.revision.into()];
    db.run("DELETE FROM outbox WHERE target = ? AND revision = ?", bindings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_survive_their_stored_form() {
        let id = CredentialId::parse("key_0123456789abcdef01234567").expect("an id");
        for target in [
            Target::Directory,
            Target::Config(Environment::production()),
            Target::Guard(id.clone()),
            Target::Record(id),
        ] {
            assert_eq!(Target::parse(&target.to_text()), Some(target));
        }
        assert_eq!(Target::parse("nobody/x"), None);
    }
}
