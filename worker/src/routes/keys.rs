//! `/v1/tenants/{tenant}/keys`

use super::Managed;
use crate::bindings;
use crate::clock;
use crate::entropy::PlatformEntropy;
use crate::objects::tenant::{CreateKey, FindKey, ListKeys, Revoke, RotateKey};
use crate::reply::Reply;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::{CredentialId, TenantId};
use weft_shared::keys::{Credential, KeyRecord, NewKey, key_view};
use weft_shared::protocol::http::{
    CreateKey as CreateKeyBody, KeyCreated, KeyList, RotateKey as RotateKeyBody, read_body, read_optional_body,
};
use weft_shared::secret::Secret;

/// `POST …/keys`. The plaintext is made here and goes into the answer alone: the objects get its record.
pub(super) async fn create(managed: Managed<'_>, tenant: TenantId) -> Result<Reply, Refusal> {
    let body: CreateKeyBody = read_body(&managed.incoming.body().await?)?;
    let now = clock::now();
    let request = NewKey::parse(body, now)?;
    // Nobody hands on more than they have.
    if !request.scopes.is_subset(&managed.principal.scopes()) {
        return Err(ErrorCode::InsufficientScope.into());
    }
    let credential = Credential::generate(request.kind, &tenant, &managed.settings.keys, &mut PlatformEntropy);
    let record = KeyRecord::new_key(request, tenant.clone(), &credential, now);
    let by = managed.by(&tenant);
    bindings::tenant(managed.env, &tenant).ask(CreateKey { record: record.clone(), by }).await?;
    Ok(Reply::created(&KeyCreated { key: Secret::new(credential.expose()), record: key_view(&record, now) }))
}

/// `POST …/keys/{id}/rotate`. The same for the new key's plaintext.
pub(super) async fn rotate(managed: Managed<'_>, tenant: TenantId, id: CredentialId) -> Result<Reply, Refusal> {
    let body: RotateKeyBody = read_optional_body(&managed.incoming.body().await?)?;
    let object = bindings::tenant(managed.env, &tenant);
    let record = object.ask(FindKey { id: id.clone() }).await?;
    // Whoever rotates a key is shown its successor: rotating a wider key than one's own would be a way up.
    if !record.scopes.is_subset(&managed.principal.scopes()) {
        return Err(ErrorCode::InsufficientScope.into());
    }
    let now = clock::now();
    let credential = Credential::generate(record.kind, &tenant, &managed.settings.keys, &mut PlatformEntropy);
    let successor = record.successor(&credential, now);
    let (grace_ends_at, by) = (body.grace_ends_at(now), managed.by(&tenant));
    object.ask(RotateKey { id, successor: successor.clone(), grace_ends_at, by }).await?;
    Ok(Reply::created(&KeyCreated { key: Secret::new(credential.expose()), record: key_view(&successor, now) }))
}

/// `DELETE …/keys/{id}`: answered when the key's guard has confirmed that it refuses the key.
pub(super) async fn revoke(managed: Managed<'_>, tenant: &TenantId, id: CredentialId) -> Result<Reply, Refusal> {
    let by = managed.by(tenant);
    bindings::tenant(managed.env, tenant).ask(Revoke { id, by }).await?;
    Ok(Reply::no_content())
}

/// `GET …/keys`
pub(super) async fn list(managed: Managed<'_>, tenant: &TenantId) -> Result<Reply, Refusal> {
    let page = managed.incoming.query().page()?;
    let (records, next_cursor) = bindings::tenant(managed.env, tenant).ask(ListKeys { page }).await?;
    let now = clock::now();
    let keys = records.iter().map(|record| key_view(record, now)).collect();
    Ok(Reply::ok(&KeyList { keys, next_cursor }))
}
