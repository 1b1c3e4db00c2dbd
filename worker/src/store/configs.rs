//! Draft and versions of each environment's config.

use super::sql::{Database, SqlError};
use super::{instant, json};
use serde::Deserialize;
use weft_shared::config::{Config, Live, Staged};
use weft_shared::ids::Environment;
use weft_shared::time::Timestamp;

#[derive(Deserialize)]
struct Row {
    draft: Option<String>,
    live_version: Option<u32>,
    config: Option<String>,
    deployed_at: Option<Timestamp>,
}

/// Draft and live config of an environment; neither where nothing was ever staged.
pub(crate) fn read(db: &Database, environment: &Environment) -> Result<Staged, SqlError> {
    let row = db.row::<Row>(
        "SELECT draft, live_version, config, deployed_at FROM configs
         LEFT JOIN config_versions USING (environment)
         WHERE environment = ? AND (live_version IS NULL OR live_version = version)",
        vec![environment.as_str().into()],
    )?;
    let Some(row) = row else { return Ok(Staged::default()) };
    let config = |text: &str| serde_json::from_str::<Config>(text);
    let live = match (row.live_version, row.config, row.deployed_at) {
        (Some(version), Some(text), Some(deployed_at)) => Some(Live { version, config: config(&text)?, deployed_at }),
        (None, ..) => None,
        _ => return Err(SqlError::Row("a live version without its config".to_owned())),
    };
    Ok(Staged { draft: row.draft.as_deref().map(config).transpose()?, live })
}

/// The version in force.
pub(crate) fn live_version(db: &Database, environment: &Environment) -> Result<Option<u32>, SqlError> {
    #[derive(Deserialize)]
    struct Pointer {
        live_version: Option<u32>,
    }
    let query = "SELECT live_version FROM configs WHERE environment = ?";
    Ok(db.row::<Pointer>(query, vec![environment.as_str().into()])?.and_then(|row| row.live_version))
}

/// Stores the draft, or that there is none.
pub(crate) fn put_draft(db: &Database, environment: &Environment, draft: Option<&Config>) -> Result<(), SqlError> {
    let draft = draft.map(json).transpose()?;
    db.run(
        "INSERT INTO configs (environment, draft) VALUES (?, ?)
         ON CONFLICT (environment) DO UPDATE SET draft = excluded.draft",
        vec![environment.as_str().into(), draft.into()],
    )
}

/// Stores a version, then points to it. Call it in a transaction.
pub(crate) fn put_live(db: &Database, environment: &Environment, live: &Live) -> Result<(), SqlError> {
    let version = i64::from(live.version);
    db.run(
        "INSERT INTO config_versions (environment, version, config, deployed_at) VALUES (?, ?, ?, ?)",
        vec![environment.as_str().into(), version.into(), json(&live.config)?, instant(live.deployed_at)],
    )?;
    db.run(
        "INSERT INTO configs (environment, live_version) VALUES (?, ?)
         ON CONFLICT (environment) DO UPDATE SET live_version = excluded.live_version",
        vec![environment.as_str().into(), version.into()],
    )
}
