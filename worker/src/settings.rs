//! The deployment's settings: read from the environment for each request, checked before anything else happens.

use crate::log;
use weft_shared::agent::openai::Endpoint;
use weft_shared::auth::{AdminKey, FixedKey};
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::keys::{MasterKey, MasterKeys};
use weft_shared::limits::rate::{MINTS_PER_MINUTE, parse_per_minute};
use weft_shared::limits::sockets::{HELD_SOCKETS, NEW_SOCKETS_PER_MINUTE, SocketLimits};
use weft_shared::secret::Secret;
use worker::Env;

/// `iss` of widget tokens unless `ISSUER` says otherwise.
const DEFAULT_ISSUER: &str = "weft";

/// What the deployment is set to.
pub(crate) struct Settings {
    /// `WEFT_MASTER_KEY` and `WEFT_MASTER_KEY_PREVIOUS`.
    pub(crate) keys: MasterKeys,
    /// `ADMIN_API_KEY`; none: admin routes are off.
    pub(crate) admin: Option<AdminKey>,
    /// `WIDGET_API_KEY`; none: there is no such key.
    pub(crate) widget_key: Option<FixedKey>,
    /// `ISSUER`.
    pub(crate) issuer: String,
    /// Whether `ENVIRONMENT` is `production`.
    pub(crate) is_production: bool,
    /// Whether a config may name the test agent (`TEST_AGENT=1`, never in production).
    pub(crate) allows_scripted: bool,
    /// Whether a secret key that came over plain HTTP is revoked (`REVOKE_EXPOSED_KEYS=1`). Off unless set: others could
    /// send a key over HTTP to end it.
    pub(crate) revokes_exposed_keys: bool,
    /// `WIDGET_TOKENS_PER_MINUTE`: widget tokens that one key or session token may mint within 60 s.
    pub(crate) mints_per_minute: u32,
    /// `NEW_SOCKETS_PER_MINUTE` and `HELD_SOCKETS`: what one visitor's address may open and hold.
    pub(crate) sockets: SocketLimits,
    /// `TEST_WIDGET_TOKEN_API_KEY`, where the route that it enables is on.
    pub(crate) test_key: Option<Secret>,
}

impl Settings {
    /// Reads them all.
    ///
    /// # Errors
    /// `misconfigured`, with a log line that names the variable.
    pub(crate) fn read(env: &Env) -> Result<Self, Refusal> {
        let is_production = match text(env, "ENVIRONMENT").as_deref() {
            None | Some("development") => false,
            Some("production") => true,
            // A misspelt `production` must not run as development.
            Some(_) => return Err(misconfigured("ENVIRONMENT", "must be development or production")),
        };
        let current = master_key(env, "WEFT_MASTER_KEY")?
            .ok_or_else(|| misconfigured("WEFT_MASTER_KEY", "is not set; it must be 32 random bytes as base64url"))?;
        let previous = master_key(env, "WEFT_MASTER_KEY_PREVIOUS")?;
        Ok(Self {
            keys: MasterKeys::new(current, previous),
            admin: text(env, "ADMIN_API_KEY").as_deref().and_then(AdminKey::parse),
            widget_key: text(env, "WIDGET_API_KEY").as_deref().and_then(FixedKey::parse),
            issuer: text(env, "ISSUER").unwrap_or_else(|| DEFAULT_ISSUER.to_owned()),
            is_production,
            allows_scripted: !is_production && text(env, "TEST_AGENT").as_deref() == Some("1"),
            revokes_exposed_keys: text(env, "REVOKE_EXPOSED_KEYS").as_deref() == Some("1"),
            mints_per_minute: per_minute(env, "WIDGET_TOKENS_PER_MINUTE", MINTS_PER_MINUTE)?,
            sockets: SocketLimits {
                per_minute: per_minute(env, "NEW_SOCKETS_PER_MINUTE", NEW_SOCKETS_PER_MINUTE)?,
                held: per_minute(env, "HELD_SOCKETS", HELD_SOCKETS)?,
            },
            test_key: text(env, "TEST_WIDGET_TOKEN_API_KEY").filter(|_| !is_production).map(Secret::new),
        })
    }
}

/// What the agent provider `openai` needs.
pub(crate) struct OpenAi {
    /// Below `OPENAI_BASE_URL`.
    pub(crate) endpoint: Endpoint,
    /// `OPENAI_API_KEY`. A server of one's own may need none.
    pub(crate) key: Option<Secret>,
    /// `OPENAI_MODEL`: for configs that name no model.
    pub(crate) model: Option<String>,
}

impl OpenAi {
    /// Reads them.
    ///
    /// # Errors
    /// `misconfigured`, with a log line that names the variable.
    pub(crate) fn read(env: &Env, is_production: bool) -> Result<Self, Refusal> {
        let base_url = text(env, "OPENAI_BASE_URL");
        let endpoint = Endpoint::parse(base_url.as_deref(), is_production)
            .map_err(|error| misconfigured("OPENAI_BASE_URL", &error.to_string()))?;
        let key = text(env, "OPENAI_API_KEY").map(|key| Secret::new(key.trim()));
        if key.is_none() && base_url.is_none() {
            return Err(misconfigured("OPENAI_API_KEY", "is not set; only a server of OPENAI_BASE_URL may need none"));
        }
        // It becomes a header: what can't stand in one would fail each request without a word why.
        if key.as_ref().is_some_and(|key| !key.expose().bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err(misconfigured("OPENAI_API_KEY", "must be visible ASCII characters"));
        }
        Ok(Self { endpoint, key, model: text(env, "OPENAI_MODEL").map(|model| model.trim().to_owned()) })
    }
}

fn master_key(env: &Env, name: &str) -> Result<Option<MasterKey>, Refusal> {
    let Some(value) = text(env, name).map(Secret::new) else { return Ok(None) };
    MasterKey::parse(value.expose()).map(Some).map_err(|error| misconfigured(name, &error.to_string()))
}

/// A limit of so many a minute, or at once.
fn per_minute(env: &Env, name: &str, default: u32) -> Result<u32, Refusal> {
    let Some(value) = text(env, name) else { return Ok(default) };
    // A limit that can't be read must not become none.
    parse_per_minute(&value).ok_or_else(|| misconfigured(name, "must be a whole number from 1 to 100,000"))
}

/// A variable's text; none where it is missing or blank.
fn text(env: &Env, name: &str) -> Option<String> {
    let value = env.var(name).ok()?.to_string();
    (!value.trim().is_empty()).then_some(value)
}

/// Refuses with `misconfigured`; the log line names the variable.
pub(crate) fn misconfigured(variable: &str, reason: &str) -> Refusal {
    log::misconfigured(variable, &reason);
    ErrorCode::Misconfigured.into()
}
