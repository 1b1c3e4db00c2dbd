//! Plain HTTP in production. What a request without a credential asks for is found over HTTPS; a credential that came
//! over an open line was shown to whoever listens, so such a request is refused, never redirected: a redirect would make
//! it work, and nobody would ever learn that the key goes out in the clear.

use crate::bindings;
use crate::extract::Incoming;
use crate::log;
use crate::objects::tenant::Expose;
use crate::reply::Reply;
use crate::routes::actor_address;
use crate::settings::Settings;
use weft_shared::audit::{Actor, By};
use weft_shared::auth::exposed_credentials;
use weft_shared::error::ErrorCode;
use weft_shared::keys::{Credential, CredentialKind};
use weft_shared::protocol::paths::HEALTH_PATH;
use weft_shared::secret::Secret;
use worker::Env;

/// The answer to a request that came over plain HTTP in production; none where it may go on.
pub(crate) async fn answer(env: &Env, incoming: &Incoming) -> Option<Reply> {
    if !incoming.is_insecure() || incoming.path() == HEALTH_PATH {
        return None;
    }
    // A deployment that isn't set up says so itself.
    let settings = Settings::read(env).ok().filter(|settings| settings.is_production)?;
    let exposed = exposed_credentials(&|name| incoming.header(name), incoming.raw_query());
    if exposed.is_empty() {
        return Some(Reply::moved(incoming.https_url()?));
    }
    note(env, &settings, incoming, &exposed).await;
    Some(Reply::refused(&ErrorCode::HttpsRequired.into()))
}

/// Writes down which credentials were shown. Those that were never issued here cost arithmetic alone.
async fn note(env: &Env, settings: &Settings, incoming: &Incoming, exposed: &[Secret]) {
    if settings.admin.is_some_and(|admin| exposed.iter().any(|text| admin.matches(text.expose()))) {
        log::warning("admin_key_exposed", &serde_json::json!({ "advice": "change ADMIN_API_KEY" }));
    }
    let issued = exposed.iter().filter_map(|text| Credential::authenticate(text.expose(), &settings.keys).ok());
    // A publishable key is on every page of its customer: it was public before. One request names one key, no more.
    let Some(credential) = issued.into_iter().find(|one| one.kind() != CredentialKind::Publishable) else { return };
    let address = actor_address(settings, incoming, credential.tenant());
    let call =
        Expose { id: credential.id(), by: By { actor: Actor::System, address }, revoke: settings.revokes_exposed_keys };
    if let Err(refusal) = bindings::tenant(env, credential.tenant()).ask(call).await {
        log::warning("exposure_not_noted", &serde_json::json!({ "error": refusal.code.code() }));
    }
}
