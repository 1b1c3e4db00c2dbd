//! `/v1/tenants`

use super::Managed;
use crate::bindings;
use crate::clock;
use crate::objects::directory::List;
use crate::objects::tenant::{Create, Describe, Update};
use crate::reply::Reply;
use weft_shared::error::Refusal;
use weft_shared::ids::TenantId;
use weft_shared::protocol::http::{CreateTenant, TenantList, UpdateTenant, read_body, read_value};

/// `POST /v1/tenants`
pub(super) async fn create(managed: Managed<'_>) -> Result<Reply, Refusal> {
    let body: CreateTenant = read_body(&managed.incoming.body().await?)?;
    let tenant = body.into_tenant(clock::now())?;
    let by = managed.by(&tenant.id);
    bindings::tenant(managed.env, &tenant.id).ask(Create { tenant: tenant.clone(), by }).await?;
    Ok(Reply::created(&tenant))
}

/// `GET /v1/tenants`
pub(super) async fn list(managed: Managed<'_>) -> Result<Reply, Refusal> {
    let page = managed.incoming.query().page()?;
    let (tenants, next_cursor) = bindings::directory(managed.env).ask(List { page }).await?;
    Ok(Reply::ok(&TenantList { tenants, next_cursor }))
}

/// `GET /v1/tenants/{tenant}`
pub(super) async fn read(managed: Managed<'_>, tenant: &TenantId) -> Result<Reply, Refusal> {
    Ok(Reply::ok(&bindings::tenant(managed.env, tenant).ask(Describe {}).await?))
}

/// `PATCH /v1/tenants/{tenant}`
pub(super) async fn update(managed: Managed<'_>, tenant: &TenantId) -> Result<Reply, Refusal> {
    let bytes = managed.incoming.body().await?;
    // Read here for a refusal that names the field; the object reads it again, beside the tenant that it changes.
    read_body::<UpdateTenant>(&bytes)?;
    let update = Update { body: read_value(&bytes)?, by: managed.by(tenant) };
    Ok(Reply::ok(&bindings::tenant(managed.env, tenant).ask(update).await?))
}
