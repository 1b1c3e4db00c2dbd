//! `/v1/tenants/{tenant}/config`

use super::Managed;
use crate::bindings;
use crate::objects::tenant::{Deploy, Discard, ReadConfig, Stage};
use crate::reply::Reply;
use weft_shared::error::Refusal;
use weft_shared::ids::TenantId;
use weft_shared::protocol::http::{EnvironmentBody, read_body, read_value};

/// `GET …/config?environment=`
pub(super) async fn read(managed: Managed<'_>, tenant: &TenantId) -> Result<Reply, Refusal> {
    let environment = managed.incoming.query().environment()?;
    Ok(Reply::ok(&bindings::tenant(managed.env, tenant).ask(ReadConfig { environment }).await?))
}

/// `PATCH …/config?environment=`
pub(super) async fn stage(managed: Managed<'_>, tenant: &TenantId) -> Result<Reply, Refusal> {
    let environment = managed.incoming.query().environment()?;
    let body = read_value(&managed.incoming.body().await?)?;
    let by = managed.by(tenant);
    Ok(Reply::ok(&bindings::tenant(managed.env, tenant).ask(Stage { environment, body, by }).await?))
}

/// `POST …/config/deploy`
pub(super) async fn deploy(managed: Managed<'_>, tenant: &TenantId) -> Result<Reply, Refusal> {
    let EnvironmentBody { environment } = read_body(&managed.incoming.body().await?)?;
    let by = managed.by(tenant);
    Ok(Reply::ok(&bindings::tenant(managed.env, tenant).ask(Deploy { environment, by }).await?))
}

/// `POST …/config/discard`
pub(super) async fn discard(managed: Managed<'_>, tenant: &TenantId) -> Result<Reply, Refusal> {
    let EnvironmentBody { environment } = read_body(&managed.incoming.body().await?)?;
    let by = managed.by(tenant);
    Ok(Reply::ok(&bindings::tenant(managed.env, tenant).ask(Discard { environment, by }).await?))
}
