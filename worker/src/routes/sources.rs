//! `/v1/tenants/{tenant}/sources`

use super::Managed;
use crate::bindings;
use crate::entropy;
use crate::objects::tenant::{AddSource, ListSources, RemoveSource};
use crate::reply::Reply;
use weft_shared::error::Refusal;
use weft_shared::ids::{SourceId, TenantId};
use weft_shared::protocol::http::{CreateSource, SourceList, read_body};

/// `POST …/sources`
pub(super) async fn create(managed: Managed<'_>, tenant: &TenantId) -> Result<Reply, Refusal> {
    let body: CreateSource = read_body(&managed.incoming.body().await?)?;
    let source = body.validate()?;
    let id = SourceId::parse(entropy::source_id())?;
    let by = managed.by(tenant);
    Ok(Reply::created(&bindings::tenant(managed.env, tenant).ask(AddSource { id, source, by }).await?))
}

/// `GET …/sources`
pub(super) async fn list(managed: Managed<'_>, tenant: &TenantId) -> Result<Reply, Refusal> {
    let page = managed.incoming.query().page()?;
    let (sources, next_cursor) = bindings::tenant(managed.env, tenant).ask(ListSources { page }).await?;
    Ok(Reply::ok(&SourceList { sources, next_cursor }))
}

/// `DELETE …/sources/{id}`
pub(super) async fn delete(managed: Managed<'_>, tenant: &TenantId, id: SourceId) -> Result<Reply, Refusal> {
    let by = managed.by(tenant);
    bindings::tenant(managed.env, tenant).ask(RemoveSource { id, by }).await?;
    Ok(Reply::no_content())
}
