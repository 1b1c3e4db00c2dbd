//! Who asks: finds the request's credential and has it checked, in the order that costs least. Shape and tag first,
//! which need no I/O, so that guesses cost nothing; then the key's guard, which is the authority; then the scope.

use crate::bindings;
use crate::extract::Incoming;
use crate::objects::key_guard::Authenticate;
use crate::settings::Settings;
use crate::store::guard::Standing;
use weft_shared::auth::{Need, Plane, Principal, authorize, pick_credential};
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::TenantId;
use weft_shared::keys::{Credential, KeyRecord};
use worker::Env;

/// A credential that its guard let through.
pub(crate) struct Admitted {
    /// Its record.
    pub(crate) record: KeyRecord,
    /// What it inherits of its tenant.
    pub(crate) standing: Standing,
}

/// What a guard's refusal means to whoever asked it. A guard that fails is one that can't be reached: it says nothing of
/// the key, so the key is not let through, and another try can succeed.
pub(crate) fn authority(refusal: Refusal) -> Refusal {
    if refusal.code == ErrorCode::Internal { Refusal::from(ErrorCode::Unavailable).retry_after(1) } else { refusal }
}

/// Checks a credential: shape and tag, then its guard.
///
/// # Errors
/// `malformed_key`, `invalid_key`, `api_keys_disabled`; `unavailable` where the guard can't be reached.
pub(crate) async fn authenticate(env: &Env, settings: &Settings, text: &str) -> Result<Admitted, Refusal> {
    let credential = Credential::authenticate(text, &settings.keys).map_err(|error| Refusal::from(error.code()))?;
    let call = Authenticate { hash: credential.hash() };
    let guarded = bindings::key_guard(env, &credential.id()).ask(call).await.map_err(authority)?;
    Ok(Admitted { record: guarded.record, standing: guarded.standing })
}

/// The principal of a management request, where it may do what the route needs.
///
/// # Errors
/// Every refusal of a credential; `not_found` for another tenant's resources.
pub(crate) async fn principal(
    env: &Env,
    settings: &Settings,
    incoming: &Incoming,
    need: Need,
    plane: Plane,
) -> Result<Principal, Refusal> {
    if need == Need::Admin && settings.admin.is_none() {
        return Err(ErrorCode::AdminNotConfigured.into());
    }
    let credential = pick_credential(&|name| incoming.header(name), plane)?;
    if settings.admin.is_some_and(|admin| admin.matches(credential.expose())) {
        return Ok(Principal::Admin);
    }
    Ok(Principal::from(&authenticate(env, settings, credential.expose()).await?.record))
}

/// Whether a principal may do what a route needs, to what belongs to `tenant`.
///
/// # Errors
/// `insufficient_scope`, or `not_found`.
pub(crate) fn allow(principal: &Principal, need: Need, tenant: Option<&TenantId>) -> Result<(), Refusal> {
    Ok(authorize(principal, need, tenant)?)
}
