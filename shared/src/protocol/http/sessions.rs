//! Bodies of `/v1/sessions` and `/v1/tenants/{tenant}/sessions`.

use crate::ids::TenantId;
#[cfg(feature = "openapi")]
use crate::openapi::SessionId;
use crate::secret::Secret;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Body of `POST /v1/sessions`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateSession {
    /// Whom the session token speaks for.
    pub tenant_id: TenantId,
}

/// The one answer that shows a session token.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct SessionCreated {
    /// The plaintext. Shown once.
    #[serde(serialize_with = "super::expose")]
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    pub token: Secret,
    /// Whom it speaks for.
    pub tenant_id: TenantId,
    /// When it ends.
    #[serde(with = "crate::time::rfc3339")]
    #[cfg_attr(feature = "openapi", schemars(with = "Timestamp"))]
    pub expires_at: Timestamp,
}

/// A session token's record as the management API shows it: nothing in it opens anything.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct SessionView {
    /// `ses_…`
    #[cfg_attr(feature = "openapi", schemars(with = "SessionId"))]
    pub id: String,
    /// `active` or `revoked`, at the time of the answer.
    #[cfg_attr(feature = "openapi", schemars(extend("enum" = ["active", "revoked"])))]
    pub status: &'static str,
    /// `sess_acme_••••1a2b`
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
    /// Since when it is refused, by itself or because it was revoked.
    #[serde(with = "crate::time::rfc3339::option")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Timestamp>"))]
    pub revoked_at: Option<Timestamp>,
}

/// A page of session tokens.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct SessionList {
    /// The records, newest first.
    pub sessions: Vec<SessionView>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}
