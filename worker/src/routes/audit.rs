//! `/v1/tenants/{tenant}/audit`

use super::Managed;
use crate::bindings;
use crate::objects::tenant::ReadAudit;
use crate::reply::Reply;
use weft_shared::audit::AuditList;
use weft_shared::error::Refusal;
use weft_shared::ids::TenantId;

/// `GET …/audit`
pub(super) async fn read(managed: Managed<'_>, tenant: &TenantId) -> Result<Reply, Refusal> {
    let page = managed.incoming.query().page()?;
    let (entries, next_cursor) = bindings::tenant(managed.env, tenant).ask(ReadAudit { page }).await?;
    Ok(Reply::ok(&AuditList { entries, next_cursor }))
}
