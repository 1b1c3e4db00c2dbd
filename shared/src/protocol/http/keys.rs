//! Bodies of `/v1/tenants/{tenant}/keys`.

use crate::ids::Environment;
use crate::keys::credential::CredentialKind;
use crate::keys::record::GRACE_DEFAULT_SECS;
#[cfg(feature = "openapi")]
use crate::openapi::{KeyId, KeyType, ONE_LINE};
#[cfg(feature = "openapi")]
use crate::scope::Scope;
use crate::scope::ScopeSet;
use crate::secret::Secret;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The longest label, in characters.
pub const MAX_LABEL_CHARS: usize = 100;
/// The highest rate that a key may have.
pub const MAX_RATE_LIMIT_PER_MINUTE: u32 = 100_000;

/// Body of `POST /v1/tenants/{tenant}/keys`. Its rules are [`crate::keys::record::NewKey`]'s.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(extend(
        "if" = { "properties": { "type": { "const": "publishable" } } },
        "then" = { "properties": { "scopes": { "maxItems": 0 } } }
    ))
)]
#[serde(deny_unknown_fields)]
pub struct CreateKey {
    /// What it is for, in the customer's words.
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = ONE_LINE), length(min = 1, max = MAX_LABEL_CHARS)))]
    pub label: String,
    /// `publishable` or `secret`.
    #[serde(rename = "type", deserialize_with = "key_type")]
    #[cfg_attr(feature = "openapi", schemars(with = "KeyType"))]
    pub kind: CredentialKind,
    /// What its config and tokens belong to.
    pub environment: Environment,
    /// As `keys:write`; all but `keys:*` unless given. For secret keys only.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<Scope>>"))]
    pub scopes: Option<Vec<String>>,
    /// When it ends by itself.
    #[serde(default, with = "crate::time::rfc3339::option")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Timestamp>"))]
    pub expires_at: Option<Timestamp>,
    /// Requests a minute; 100 unless given.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_RATE_LIMIT_PER_MINUTE)))]
    pub rate_limit_per_minute: Option<u32>,
}

/// Session tokens are made by another route.
fn key_type<'de, D: serde::Deserializer<'de>>(from: D) -> Result<CredentialKind, D::Error> {
    match String::deserialize(from)?.as_str() {
        "publishable" => Ok(CredentialKind::Publishable),
        "secret" => Ok(CredentialKind::Secret),
        _ => Err(serde::de::Error::custom("must be publishable or secret")),
    }
}

/// Body of `POST /v1/tenants/{tenant}/keys/{id}/rotate`. May be empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RotateKey {
    /// How long the old key is still accepted; three days unless given, 0 is at once.
    #[serde(default)]
    pub grace_seconds: Option<u32>,
}

impl RotateKey {
    /// The first instant at which the old key is refused.
    #[must_use]
    pub fn grace_ends_at(&self, now: Timestamp) -> Timestamp {
        now.plus_secs(self.grace_seconds.unwrap_or(GRACE_DEFAULT_SECS).into())
    }
}

/// A key's record as the management API shows it: nothing in it opens anything.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct KeyView {
    /// `key_…`
    #[cfg_attr(feature = "openapi", schemars(with = "KeyId"))]
    pub id: String,
    /// What it is for.
    pub label: String,
    /// `publishable` or `secret`.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schemars(with = "KeyType"))]
    pub kind: CredentialKind,
    /// What its config and tokens belong to.
    pub environment: Environment,
    /// What it may do.
    pub scopes: ScopeSet,
    /// `active`, `deprecated` or `revoked`, at the time of the answer.
    #[cfg_attr(feature = "openapi", schemars(extend("enum" = ["active", "deprecated", "revoked"])))]
    pub status: &'static str,
    /// `wf_sk_acme_••••1a2b`
    pub masked: String,
    /// When it was made.
    #[serde(with = "crate::time::rfc3339")]
    #[cfg_attr(feature = "openapi", schemars(with = "Timestamp"))]
    pub created_at: Timestamp,
    /// When it was last used; may lag by a minute.
    #[serde(with = "crate::time::rfc3339::option")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Timestamp>"))]
    pub last_used_at: Option<Timestamp>,
    /// When it ends by itself.
    #[serde(with = "crate::time::rfc3339::option")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Timestamp>"))]
    pub expires_at: Option<Timestamp>,
    /// The end of its grace period, once it is rotated.
    #[serde(with = "crate::time::rfc3339::option")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Timestamp>"))]
    pub deprecated_until: Option<Timestamp>,
    /// When it was revoked.
    #[serde(with = "crate::time::rfc3339::option")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Timestamp>"))]
    pub revoked_at: Option<Timestamp>,
    /// Requests a minute, where it differs from the default.
    pub rate_limit_per_minute: Option<u32>,
}

/// The one answer that shows a key: its plaintext and its record.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct KeyCreated {
    /// The plaintext. Shown once.
    #[serde(serialize_with = "super::expose")]
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    pub key: Secret,
    /// Its record.
    #[serde(flatten)]
    pub record: KeyView,
}

/// A page of keys.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct KeyList {
    /// The records, newest first.
    pub keys: Vec<KeyView>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}
