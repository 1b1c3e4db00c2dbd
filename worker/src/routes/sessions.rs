//! `/v1/sessions` and `/v1/tenants/{tenant}/sessions`

use super::Managed;
use crate::bindings;
use crate::clock;
use crate::entropy::PlatformEntropy;
use crate::objects::tenant::{CreateSession, ListSessions, Revoke};
use crate::reply::Reply;
use weft_shared::error::Refusal;
use weft_shared::ids::{CredentialId, TenantId};
use weft_shared::keys::record::SESSION_TTL_SECS;
use weft_shared::keys::{Credential, CredentialKind, KeyRecord, session_view};
use weft_shared::protocol::http::{CreateSession as CreateSessionBody, SessionCreated, SessionList, read_body};
use weft_shared::secret::Secret;

/// `POST /v1/sessions`. The plaintext is made here and goes into the answer alone: the objects get its record.
pub(super) async fn create(managed: Managed<'_>) -> Result<Reply, Refusal> {
    let CreateSessionBody { tenant_id } = read_body(&managed.incoming.body().await?)?;
    let now = clock::now();
    let credential =
        Credential::generate(CredentialKind::Session, &tenant_id, &managed.settings.keys, &mut PlatformEntropy);
    let record = KeyRecord::new_session(tenant_id.clone(), &credential, now);
    let by = managed.by(&tenant_id);
    bindings::tenant(managed.env, &tenant_id).ask(CreateSession { record, by }).await?;
    let expires_at = now.plus_secs(SESSION_TTL_SECS);
    Ok(Reply::ok(&SessionCreated { token: Secret::new(credential.expose()), tenant_id, expires_at }))
}

/// `GET …/sessions`
pub(super) async fn list(managed: Managed<'_>, tenant: &TenantId) -> Result<Reply, Refusal> {
    let page = managed.incoming.query().page()?;
    let (records, next_cursor) = bindings::tenant(managed.env, tenant).ask(ListSessions { page }).await?;
    let now = clock::now();
    let sessions = records.iter().map(|record| session_view(record, now)).collect();
    Ok(Reply::ok(&SessionList { sessions, next_cursor }))
}

/// `DELETE …/sessions/{id}`
pub(super) async fn revoke(managed: Managed<'_>, tenant: &TenantId, id: CredentialId) -> Result<Reply, Refusal> {
    let by = managed.by(tenant);
    bindings::tenant(managed.env, tenant).ask(Revoke { id, by }).await?;
    Ok(Reply::no_content())
}
