//! The sockets that one address holds: a row each.

use super::instant;
use super::sql::{Database, SqlError};
use serde::Deserialize;
use weft_shared::ids::{ConversationId, TenantId};
use weft_shared::time::Timestamp;

/// A socket that was let in.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Lease {
    /// Its name, the same at the gate and with the socket.
    pub(crate) id: String,
    /// Whose conversation it leads to.
    pub(crate) tenant: TenantId,
    /// Which.
    pub(crate) conversation: ConversationId,
    /// When it was let in.
    pub(crate) opened_at: Timestamp,
}

/// All of them.
pub(crate) fn all(db: &Database) -> Result<Vec<Lease>, SqlError> {
    db.rows("SELECT id, tenant, conversation, opened_at FROM leases", vec![])
}

/// How many there are.
pub(crate) fn count(db: &Database) -> Result<usize, SqlError> {
    #[derive(Deserialize)]
    struct Row {
        held: usize,
    }
    Ok(db.row::<Row>("SELECT COUNT(*) AS held FROM leases", vec![])?.map_or(0, |row| row.held))
}

/// Lists one.
pub(crate) fn put(db: &Database, lease: &Lease) -> Result<(), SqlError> {
    let Lease { id, tenant, conversation, opened_at } = lease;
    db.run(
        "INSERT INTO leases (id, tenant, conversation, opened_at) VALUES (?, ?, ?, ?)",
        vec![id.as_str().into(), tenant.as_str().into(), conversation.as_str().into(), instant(*opened_at)],
    )
}

/// Takes one off the list.
pub(crate) fn remove(db: &Database, id: &str) -> Result<(), SqlError> {
    db.run("DELETE FROM leases WHERE id = ?", vec![id.into()])
}
