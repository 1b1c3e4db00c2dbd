//! `/v1/tenants/{tenant}/keys`

use super::Managed;
use crate::bindings;
use crate::clock;
use crate::entropy::PlatformEntropy;
use crate::objects::tenant::{CreateKey, ListKeys};
use crate::reply::Reply;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::TenantId;
use weft_shared::keys::{Credential, KeyRecord, NewKey, key_view};
use weft_shared::protocol::http::{CreateKey as CreateKeyBody, KeyCreated, KeyList, read_body};
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
    bindings::tenant(managed.env, &tenant).ask(CreateKey { record: record.clone() }).await?;
    Ok(Reply::created(&KeyCreated { key: Secret::new(credential.expose()), record: key_view(&record, now) }))
}

/// `GET …/keys`
pub(super) async fn list(managed: Managed<'_>, tenant: &TenantId) -> Result<Reply, Refusal> {
    let page = managed.incoming.query().page()?;
    let (records, next_cursor) = bindings::tenant(managed.env, tenant).ask(ListKeys { page }).await?;
    let now = clock::now();
    let keys = records.iter().map(|record| key_view(record, now)).collect();
    Ok(Reply::ok(&KeyList { keys, next_cursor }))
}
