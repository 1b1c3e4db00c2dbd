//! Bodies of `/v1/sessions` and `/v1/tenants/{tenant}/sessions`.

use crate::ids::TenantId;
use crate::secret::Secret;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Body of `POST /v1/sessions`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateSession {
    /// Whom the session token speaks for.
    pub tenant_id: TenantId,
}

/// The one answer that shows a session token.
#[derive(Debug, Clone, Serialize)]
pub struct SessionCreated {
    /// The plaintext. Shown once.
    #[serde(serialize_with = "super::expose")]
    pub token: Secret,
    /// Whom it speaks for.
    pub tenant_id: TenantId,
    /// When it ends.
    #[serde(with = "crate::time::rfc3339")]
    pub expires_at: Timestamp,
}

/// A session token's record as the management API shows it: nothing in it opens anything.
#[derive(Debug, Clone, Serialize)]
pub struct SessionView {
    /// `ses_…`
    pub id: String,
    /// `active` or `revoked`, at the time of the answer.
    pub status: &'static str,
    /// `sess_acme_••••1a2b`
    pub masked: String,
    /// When it was made.
    #[serde(with = "crate::time::rfc3339")]
    pub created_at: Timestamp,
    /// When it was last used; may lag by a minute.
    #[serde(with = "crate::time::rfc3339::option")]
    pub last_used_at: Option<Timestamp>,
    /// When it ends by itself.
    #[serde(with = "crate::time::rfc3339::option")]
    pub expires_at: Option<Timestamp>,
    /// Since when it is refused, by itself or because it was revoked.
    #[serde(with = "crate::time::rfc3339::option")]
    pub revoked_at: Option<Timestamp>,
}

/// A page of session tokens.
#[derive(Debug, Clone, Serialize)]
pub struct SessionList {
    /// The records, newest first.
    pub sessions: Vec<SessionView>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}
