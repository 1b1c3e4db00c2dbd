//! The live config of an environment, read as near as it can be without ever being older than the guard says.
//!
//! The key's guard names the version that is live. That version is looked for in this isolate's memory, then in KV
//! (which may lag by a minute), then asked of the tenant's object, which has it.

use crate::bindings;
use crate::objects::tenant::ReadLive;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use weft_shared::auth::Principal;
use weft_shared::config::{Config, Live};
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::{Environment, TenantId};
use worker::Env;

/// Configs kept in memory. More than an isolate usually serves; above it, all are dropped and read again.
const MAX_CACHED: usize = 500;

type Cache = HashMap<(TenantId, Environment), Rc<Live>>;

thread_local! {
    /// Only a cache: the isolate may lose it at any time.
    static CACHE: RefCell<Cache> = RefCell::new(HashMap::new());
}

/// The live config, of this version or a later one.
///
/// # Errors
/// `not_found` where nothing is live; `unavailable` where nobody who has it can be reached.
pub(crate) async fn config(
    env: &Env,
    tenant: &TenantId,
    environment: &Environment,
    version: Option<u32>,
) -> Result<Rc<Live>, Refusal> {
    let wanted = version.ok_or(ErrorCode::NotFound)?;
    let place = (tenant.clone(), environment.clone());
    let cached = CACHE.with_borrow(|cache| cache.get(&place).cloned());
    if let Some(live) = cached.filter(|live| live.version >= wanted) {
        return Ok(live);
    }
    let live = match from_kv(env, tenant, environment).await.filter(|live| live.version >= wanted) {
        Some(live) => live,
        None => latest(env, tenant, environment).await?.ok_or(ErrorCode::NotFound)?,
    };
    let live = Rc::new(live);
    CACHE.with_borrow_mut(|cache| {
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        cache.insert(place, Rc::clone(&live));
    });
    Ok(live)
}

/// The live config as the tenant's object has it, for whoever doesn't know the version.
///
/// # Errors
/// As the object's.
pub(crate) async fn latest(env: &Env, tenant: &TenantId, environment: &Environment) -> Result<Option<Live>, Refusal> {
    bindings::tenant(env, tenant).ask(ReadLive { environment: environment.clone() }).await
}

/// The config that an answer is given under, for whoever was told this version (none: no version). Tenant `default` has
/// one before its first deploy, as `WIDGET_API_KEY` works from the start.
///
/// # Errors
/// As [`config`].
pub(crate) async fn for_answer(
    env: &Env,
    tenant: &TenantId,
    environment: &Environment,
    version: Option<u32>,
) -> Result<Rc<Config>, Refusal> {
    if version.is_some() {
        return Ok(Rc::new(config(env, tenant, environment, version).await?.config.clone()));
    }
    match latest(env, tenant, environment).await? {
        Some(live) => Ok(Rc::new(live.config)),
        None if Principal::WidgetApiKey.tenant() == Some(tenant) => Ok(Rc::default()),
        None => Err(ErrorCode::NotFound.into()),
    }
}

/// KV's copy. A copy that can't be read is none: the object has the original.
async fn from_kv(env: &Env, tenant: &TenantId, environment: &Environment) -> Option<Live> {
    let key = bindings::config_key(tenant, environment);
    let text = bindings::kv(env).ok()?.get(&key).text().await.ok()??;
    serde_json::from_str(&text).ok()
}
