//! Bodies of `POST /widget-token` and `POST /test-widget-token`.

use crate::error::Refusal;
use crate::ids::Environment;
use crate::protocol::object::Object;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::tokens::widget_token::{TTL_DEFAULT_SECS, TTL_MAX_SECS, TTL_MIN_SECS, User};
use serde::{Deserialize, Deserializer, Serialize};

/// Body of `POST /widget-token`. May be empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MintWidgetToken {
    /// Who the visitor is; nobody in particular where absent.
    #[serde(default, deserialize_with = "object")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<User>"))]
    pub user: Option<User>,
    /// How long the token holds.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(range(min = TTL_MIN_SECS, max = TTL_MAX_SECS)))]
    pub ttl_seconds: Option<u32>,
    /// For session tokens, which have no environment of their own.
    #[serde(default)]
    pub environment: Option<Environment>,
}

fn object<'de, D: Deserializer<'de>>(from: D) -> Result<Option<User>, D::Error> {
    Ok(Option::deserialize(from)?.map(|Object(user)| user))
}

impl MintWidgetToken {
    /// How long the token shall hold: 60 to 3,600 s, 300 s unless given.
    ///
    /// # Errors
    /// `invalid_request` outside of that.
    pub fn ttl_secs(&self) -> Result<u32, Refusal> {
        let secs = self.ttl_seconds.unwrap_or(TTL_DEFAULT_SECS);
        if (TTL_MIN_SECS..=TTL_MAX_SECS).contains(&secs) {
            Ok(secs)
        } else {
            Err(Refusal::invalid(format!("ttl_seconds must be {TTL_MIN_SECS} to {TTL_MAX_SECS}.")))
        }
    }
}

/// Answer of `POST /widget-token` and `POST /test-widget-token`: the one body that shows a token.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct WidgetTokenBody {
    /// The JWT.
    #[serde(serialize_with = "super::expose")]
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    pub token: Secret,
    /// When it ends.
    #[serde(with = "crate::time::rfc3339")]
    #[cfg_attr(feature = "openapi", schemars(with = "Timestamp"))]
    pub expires_at: Timestamp,
}
