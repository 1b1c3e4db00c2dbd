//! Bodies of `/v1/tenants`.

use super::check_text;
use crate::error::Refusal;
use crate::ids::TenantId;
#[cfg(feature = "openapi")]
use crate::openapi::ONE_LINE;
#[cfg(feature = "openapi")]
use crate::retention::MAX_RETENTION_DAYS;
use crate::retention::Retention;
use crate::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

/// The longest name, in characters.
const MAX_NAME_CHARS: usize = 100;

/// A tenant: as it is stored, and as the management API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Tenant {
    /// Its id, for ever.
    pub id: TenantId,
    /// Its name, for people.
    pub name: String,
    /// Whether HIPAA's rules hold: no secret keys, always a signed widget token.
    pub hipaa: bool,
    /// When it was made.
    #[serde(with = "crate::time::rfc3339")]
    #[cfg_attr(feature = "openapi", schemars(with = "Timestamp"))]
    pub created_at: Timestamp,
    /// After how many days without a message a conversation is deleted; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<Retention>,
}

/// Body of `POST /v1/tenants`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateTenant {
    /// Its id.
    pub id: TenantId,
    /// Its name; the id unless given.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = ONE_LINE), length(min = 1, max = MAX_NAME_CHARS)))]
    pub name: Option<String>,
    /// `false` unless given.
    #[serde(default)]
    pub hipaa: bool,
    /// 1 to 3,650; conversations are kept for ever unless given.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_RETENTION_DAYS)))]
    pub retention_days: Option<u32>,
}

impl CreateTenant {
    /// The tenant, made at `now`.
    ///
    /// # Errors
    /// `invalid_request` where `name` or `retention_days` breaks its rules.
    pub fn into_tenant(self, now: Timestamp) -> Result<Tenant, Refusal> {
        let name = self.name.unwrap_or_else(|| self.id.to_string());
        check_name(&name)?;
        let retention_days = self.retention_days.map(Retention::days).transpose()?;
        Ok(Tenant { id: self.id, name, hipaa: self.hipaa, created_at: now, retention_days })
    }
}

/// Body of `PATCH /v1/tenants/{tenant}`: what is absent stays, what is null returns to its default.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent, null and a value are three things in a PATCH (RFC 7396)")]
pub struct UpdateTenant {
    /// The name; null makes it the id again.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<String>", regex(pattern = ONE_LINE), length(min = 1, max = MAX_NAME_CHARS)))]
    name: Option<Option<String>>,
    /// Whether HIPAA's rules hold; null is `false`.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    hipaa: Option<Option<bool>>,
    /// After how many days without a message a conversation is deleted: 1 to 3,650; null: never.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<u32>", range(min = 1, max = MAX_RETENTION_DAYS)))]
    retention_days: Option<Option<u32>>,
}

impl UpdateTenant {
    /// The tenant as it is afterwards.
    ///
    /// # Errors
    /// `invalid_request` where `name` or `retention_days` breaks its rules.
    pub fn apply(self, mut tenant: Tenant) -> Result<Tenant, Refusal> {
        if let Some(name) = self.name {
            tenant.name = name.unwrap_or_else(|| tenant.id.to_string());
            check_name(&tenant.name)?;
        }
        if let Some(hipaa) = self.hipaa {
            tenant.hipaa = hipaa.unwrap_or_default();
        }
        if let Some(days) = self.retention_days {
            tenant.retention_days = days.map(Retention::days).transpose()?;
        }
        Ok(tenant)
    }
}

/// Tells a null from an absent field.
#[expect(clippy::option_option, reason = "absent, null and a value are three things in a PATCH (RFC 7396)")]
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

fn check_name(name: &str) -> Result<(), Refusal> {
    check_text("name", name, 1, MAX_NAME_CHARS, false)
}

/// A page of tenants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct TenantList {
    /// By id.
    pub tenants: Vec<Tenant>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}
