//! Bodies of `/v1/tenants/{tenant}/config`. What a `PATCH` may say is [`crate::config::Config::patch`]'s to decide.

use crate::config::{Change, Config};
use crate::ids::Environment;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Body of `GET` and `PATCH …/config`, and of `…/discard`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ConfigBody {
    /// Which environment's.
    pub environment: Environment,
    /// The staged config, whole. Where nothing is staged it equals the live one.
    pub draft: Config,
    /// The config in force; null before the first deploy.
    pub live: Option<Config>,
    /// What a deploy would change.
    pub changes: Vec<Change>,
    /// The live config's version; null before the first deploy.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub version: Option<u32>,
    /// When it was deployed.
    #[serde(with = "crate::time::rfc3339::option")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Timestamp>"))]
    pub live_deployed_at: Option<Timestamp>,
}

/// Body of `POST …/config/deploy` and `…/config/discard`. The environment has no default here: what goes live is named.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EnvironmentBody {
    /// Which environment's draft.
    pub environment: Environment,
}

/// Answer of `POST …/config/deploy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Deployed {
    /// Which environment's config.
    pub environment: Environment,
    /// Rises by one with each deploy that changes something.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub version: u32,
    /// When it went live.
    #[serde(with = "crate::time::rfc3339")]
    #[cfg_attr(feature = "openapi", schemars(with = "Timestamp"))]
    pub deployed_at: Timestamp,
    /// The config now in force.
    pub live: Config,
}
