//! The tenant itself, in its own object and in the directory.

use super::sql::{Database, SqlError};
use super::{cut, json, limit_of};
use serde::Deserialize;
use weft_shared::ids::TenantId;
use weft_shared::protocol::http::{Page, Tenant};

/// A tenant, and how often what its keys inherit has changed.
pub(crate) struct Registered {
    /// The tenant.
    pub(crate) tenant: Tenant,
    /// Rises with each change.
    pub(crate) revision: u64,
}

#[derive(Deserialize)]
struct Row {
    tenant: String,
    #[serde(default)]
    revision: u64,
}

/// The tenant of this object, where it was created.
pub(crate) fn read(db: &Database) -> Result<Option<Registered>, SqlError> {
    let Some(row) = db.row::<Row>("SELECT tenant, revision FROM tenants", vec![])? else { return Ok(None) };
    Ok(Some(Registered { tenant: serde_json::from_str(&row.tenant)?, revision: row.revision }))
}

/// Creates the tenant of this object.
pub(crate) fn create(db: &Database, tenant: &Tenant) -> Result<(), SqlError> {
    db.run("INSERT INTO tenants (tenant, revision) VALUES (?, 1)", vec![json(tenant)?])
}

/// Replaces the tenant of this object.
pub(crate) fn update(db: &Database, tenant: &Tenant) -> Result<(), SqlError> {
    db.run("UPDATE tenants SET tenant = ?", vec![json(tenant)?])
}

/// Counts a change of what keys inherit.
pub(crate) fn advance(db: &Database) -> Result<(), SqlError> {
    db.run("UPDATE tenants SET revision = revision + 1", vec![])
}

/// Puts a tenant in the directory, or replaces it there.
pub(crate) fn list_in_directory(db: &Database, tenant: &Tenant) -> Result<(), SqlError> {
    let bindings = vec![tenant.id.as_str().into(), json(tenant)?];
    db.run(
        "INSERT INTO tenants (id, tenant) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET tenant = excluded.tenant",
        bindings,
    )
}

/// A page of the directory, by id.
pub(crate) fn directory_page(db: &Database, page: &Page<TenantId>) -> Result<(Vec<Tenant>, Option<String>), SqlError> {
    let after = page.cursor.as_ref().map_or("", TenantId::as_str);
    let rows: Vec<Row> =
        db.rows("SELECT tenant FROM tenants WHERE id > ? ORDER BY id LIMIT ?", vec![after.into(), limit_of(page)])?;
    let tenants = rows.iter().map(|row| serde_json::from_str(&row.tenant)).collect::<Result<Vec<Tenant>, _>>()?;
    Ok(cut(tenants, page, |tenant| tenant.id.to_string()))
}
