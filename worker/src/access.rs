//! Who asks: finds the request's credential and has it checked, in the order that costs least. Shape and tag first,
//! which need no I/O, so that guesses cost nothing; then the key's guard, which is the authority, and counts the request;
//! then the scope.

use crate::bindings;
use crate::objects::key_guard::{Authenticate, Authenticated};
use crate::routes::Asked;
use crate::settings::Settings;
use crate::store::guard::Standing;
use weft_shared::auth::{Need, Plane, Principal, authorize, pick_credential};
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::TenantId;
use weft_shared::keys::{Credential, KeyRecord};
use weft_shared::limits::{Counted, Counting};

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

/// Checks a credential: shape and tag, then its guard, with which the request counts as `counting`; none: not at all.
/// Notes whose the request is, and what its answer says of the window.
///
/// # Errors
/// `malformed_key`, `invalid_key`, `api_keys_disabled`; `rate_limited`; `unavailable` where the guard can't be reached.
pub(crate) async fn authenticate(
    asked: &mut Asked<'_>,
    settings: &Settings,
    text: &str,
    counting: Option<Counting>,
) -> Result<Admitted, Refusal> {
    let credential = Credential::authenticate(text, &settings.keys).map_err(|error| Refusal::from(error.code()))?;
    let call = Authenticate { hash: credential.hash(), counting };
    let guard = bindings::key_guard(asked.env, &credential.id());
    let Authenticated { guarded, counted } = guard.ask(call).await.map_err(authority)?;
    asked.tenant = Some(guarded.record.tenant.to_string());
    asked.counted = counted;
    counted.as_ref().map_or(Ok(()), Counted::check)?;
    Ok(Admitted { record: guarded.record, standing: guarded.standing })
}

/// The principal of a management request, where it may do what the route needs.
///
/// # Errors
/// Every refusal of a credential; `not_found` for another tenant's resources.
pub(crate) async fn principal(
    asked: &mut Asked<'_>,
    settings: &Settings,
    need: Need,
    plane: Plane,
) -> Result<Principal, Refusal> {
    if need == Need::Admin && settings.admin.is_none() {
        return Err(ErrorCode::AdminNotConfigured.into());
    }
    let credential = pick_credential(&|name| asked.incoming.header(name), plane)?;
    if settings.admin.is_some_and(|admin| admin.matches(credential.expose())) {
        return Ok(Principal::Admin);
    }
    let counting = need.counting(settings.mints_per_minute);
    Ok(Principal::from(&authenticate(asked, settings, credential.expose(), Some(counting)).await?.record))
}

/// Whether a principal may do what a route needs, to what belongs to `tenant`.
///
/// # Errors
/// `insufficient_scope`, or `not_found`.
pub(crate) fn allow(principal: &Principal, need: Need, tenant: Option<&TenantId>) -> Result<(), Refusal> {
    Ok(authorize(principal, need, tenant)?)
}
