//! A key's record: what is stored of a credential. Where the key stands is derived from the stored instants and the
//! time now, never stored: active, deprecated (rotated, in its grace period), revoked. Revoked is for ever.
//!
//! Not decided here: what the key may do ([`crate::auth`]), and how often (its guard).

use super::credential::{Credential, CredentialKind};
use crate::error::{ErrorCode, Refusal};
use crate::ids::{CredentialId, Environment, TenantId};
use crate::protocol::http::{self, CreateKey, MAX_LABEL_CHARS, MAX_RATE_LIMIT_PER_MINUTE};
use crate::scope::{Scope, ScopeSet};
use crate::secret::SecretHash;
use crate::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

/// At most this many active keys per tenant, type and environment.
pub const MAX_ACTIVE_KEYS: usize = 3;
/// How long a session token lives, in seconds.
pub const SESSION_TTL_SECS: i64 = 3_600;
/// The grace period of a rotated key unless another is asked for, in seconds: three days.
pub const GRACE_DEFAULT_SECS: u32 = 259_200;
/// How far `last_used_at` may lag, in milliseconds.
const LAST_USE_LAG_MS: i64 = 60_000;

/// Where a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStatus {
    /// In use.
    Active,
    /// Rotated: still accepted before `until`.
    Deprecated {
        /// The first instant at which it is refused.
        until: Timestamp,
    },
    /// Refused, for ever.
    Revoked,
}

impl KeyStatus {
    /// As it stands in `status`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deprecated { .. } => "deprecated",
            Self::Revoked => "revoked",
        }
    }
}

/// Why a key can't be rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    /// It is revoked or expired: nothing leaves that.
    #[error("the key is revoked")]
    Revoked,
    /// It was rotated before: its successor is the one to rotate.
    #[error("the key was rotated before")]
    Deprecated,
}

impl From<TransitionError> for Refusal {
    fn from(error: TransitionError) -> Self {
        Self::new(
            ErrorCode::Conflict,
            match error {
                TransitionError::Revoked => "A revoked key can't be rotated.",
                TransitionError::Deprecated => "This key was rotated before; rotate its successor.",
            },
        )
    }
}

/// What is stored of a credential: never its plaintext. Serialized, this is the stored form. Every field must be
/// there: a row that lost its `revoked_at` must fail, not come back to life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Derived from the credential.
    pub id: CredentialId,
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// What kind of credential.
    #[serde(rename = "type")]
    pub kind: CredentialKind,
    /// What people call it.
    pub label: String,
    /// The environment that it belongs to. A session token has all: here `production`, its default.
    pub environment: Environment,
    /// What it may do.
    pub scopes: ScopeSet,
    /// SHA-256 of the credential.
    pub hash: SecretHash,
    /// How it is shown.
    pub masked: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The first instant at which it is too old.
    #[serde(deserialize_with = "present")]
    pub expires_at: Option<Timestamp>,
    /// Its own limit, in requests a minute.
    #[serde(deserialize_with = "present")]
    pub rate_limit_per_minute: Option<u32>,
    /// Rotated: the first instant at which it is refused.
    #[serde(deserialize_with = "present")]
    pub grace_ends_at: Option<Timestamp>,
    /// When it was revoked.
    #[serde(deserialize_with = "present")]
    pub revoked_at: Option<Timestamp>,
    /// Its last use; may lag by a minute.
    #[serde(deserialize_with = "present")]
    pub last_used_at: Option<Timestamp>,
}

/// Reads an optional field that must be written out, as `null` if nothing else.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(from)
}

impl KeyRecord {
    /// The record of a new API key.
    #[must_use]
    pub fn new_key(request: NewKey, tenant: TenantId, credential: &Credential, now: Timestamp) -> Self {
        Self {
            id: credential.id(),
            tenant,
            kind: request.kind,
            label: request.label,
            environment: request.environment,
            scopes: request.scopes,
            hash: credential.hash(),
            masked: credential.masked(),
            created_at: now,
            expires_at: request.expires_at,
            rate_limit_per_minute: request.rate_limit_per_minute,
            grace_ends_at: None,
            revoked_at: None,
            last_used_at: None,
        }
    }

    /// The record of a new session token: an hour, everything but keys.
    #[must_use]
    pub fn new_session(tenant: TenantId, credential: &Credential, now: Timestamp) -> Self {
        let request = NewKey {
            label: "session".to_owned(),
            kind: CredentialKind::Session,
            environment: Environment::production(),
            scopes: ScopeSet::all_but_keys(),
            expires_at: Some(now.plus_secs(SESSION_TTL_SECS)),
            rate_limit_per_minute: None,
        };
        Self::new_key(request, tenant, credential, now)
    }

    /// The record of a key that takes this one's place: of another credential, and the same in all that it may do.
    #[must_use]
    pub fn successor(&self, credential: &Credential, now: Timestamp) -> Self {
        let request = NewKey {
            label: self.label.clone(),
            kind: self.kind,
            environment: self.environment.clone(),
            scopes: self.scopes,
            expires_at: self.expires_at,
            rate_limit_per_minute: self.rate_limit_per_minute,
        };
        Self::new_key(request, self.tenant.clone(), credential, now)
    }

    /// Where the key stands at `now`. Derived, never stored. An expired key is as dead as a revoked one.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> KeyStatus {
        // A revocation is never scheduled, so it holds whatever the clock says: one that runs behind must not bring
        // the key back.
        if self.revoked_at.is_some() || self.expires_at.is_some_and(|at| at <= now) {
            return KeyStatus::Revoked;
        }
        match self.grace_ends_at {
            None => KeyStatus::Active,
            Some(until) if now < until => KeyStatus::Deprecated { until },
            Some(_) => KeyStatus::Revoked,
        }
    }

    /// Whether it is accepted at `now`.
    #[must_use]
    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.status(now) != KeyStatus::Revoked
    }

    /// Since when it is refused, where it is at `now`: revoked, past its grace period, or expired, whichever came
    /// first.
    #[must_use]
    pub fn refused_since(&self, now: Timestamp) -> Option<Timestamp> {
        let ends = [self.grace_ends_at, self.expires_at].into_iter().flatten().filter(|at| *at <= now);
        ends.chain(self.revoked_at).min()
    }

    /// Whether this is `credential`'s record. A guard is found by a part of the hash: this compares all of it.
    #[must_use]
    pub fn is_of(&self, credential: &Credential) -> bool {
        self.hash == credential.hash() && self.tenant == *credential.tenant() && self.kind == credential.kind()
    }

    /// Starts the grace period, at whose end the key is refused. An end that isn't after `now` revokes it at once.
    ///
    /// # Errors
    /// [`TransitionError`] where the key isn't active.
    pub fn rotate(mut self, grace_ends_at: Timestamp, now: Timestamp) -> Result<Self, TransitionError> {
        match self.status(now) {
            KeyStatus::Active => {}
            KeyStatus::Deprecated { .. } => return Err(TransitionError::Deprecated),
            KeyStatus::Revoked => return Err(TransitionError::Revoked),
        }
        if grace_ends_at <= now {
            return Ok(self.revoke(now));
        }
        self.grace_ends_at = Some(grace_ends_at);
        Ok(self)
    }

    /// Revokes the key. Again is the same as once: the first instant stays.
    #[must_use]
    pub fn revoke(mut self, now: Timestamp) -> Self {
        self.revoked_at = Some(self.refused_since(now).unwrap_or(now));
        self
    }

    /// Takes over what the tenant's registry says of this key: its ends. It can only end sooner by that: whatever is
    /// told, in whatever order and however often, nothing comes back to life.
    #[must_use]
    pub fn adopt(mut self, told: &Self) -> Self {
        let earliest = |one: Option<Timestamp>, other: Option<Timestamp>| one.into_iter().chain(other).min();
        self.revoked_at = earliest(self.revoked_at, told.revoked_at);
        self.grace_ends_at = earliest(self.grace_ends_at, told.grace_ends_at);
        self
    }

    /// Whether it was taken out of use at `now`: revoked, or rotated and past its grace period. Then a token that it
    /// minted falls with it. One that merely grew old was good when it minted, and its tokens have an end of their own.
    #[must_use]
    pub fn is_withdrawn(&self, now: Timestamp) -> bool {
        self.revoked_at.is_some() || self.grace_ends_at.is_some_and(|at| at <= now)
    }

    /// Takes down a use. Says whether that is worth a write: not more than once a minute.
    #[must_use]
    pub fn note_use(&mut self, now: Timestamp) -> bool {
        let is_due = self.last_used_at.is_none_or(|at| now.millis_since(at) >= LAST_USE_LAG_MS);
        if is_due {
            self.last_used_at = Some(now);
        }
        is_due
    }
}

/// How many keys of this type and environment are active: to be held against [`MAX_ACTIVE_KEYS`]. Deprecated ones
/// don't count, so that a key can be rotated at the limit.
#[must_use]
pub fn active_count(records: &[KeyRecord], kind: CredentialKind, environment: &Environment, now: Timestamp) -> usize {
    records
        .iter()
        .filter(|record| record.kind == kind && record.environment == *environment)
        .filter(|record| record.status(now) == KeyStatus::Active)
        .count()
}

/// A key that was asked for, within the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// What people call it.
    pub label: String,
    /// Publishable or secret.
    pub kind: CredentialKind,
    /// The environment that it belongs to.
    pub environment: Environment,
    /// What it may do.
    pub scopes: ScopeSet,
    /// The first instant at which it is too old.
    pub expires_at: Option<Timestamp>,
    /// Its own limit, in requests a minute.
    pub rate_limit_per_minute: Option<u32>,
}

impl NewKey {
    /// Takes a request in. A secret key has every scope but `keys:*` unless it names its own; a publishable key has
    /// none and can't name any.
    ///
    /// # Errors
    /// `invalid_request`, naming the field.
    pub fn parse(request: CreateKey, now: Timestamp) -> Result<Self, Refusal> {
        let CreateKey { label, kind, environment, scopes, expires_at, rate_limit_per_minute } = request;
        http::check_text("label", &label, 1, MAX_LABEL_CHARS, false)?;
        let scopes = scopes.map(|texts| read_scopes(&texts)).transpose()?;
        let scopes = match (kind, scopes) {
            (CredentialKind::Session, _) => return Err(Refusal::invalid("type must be publishable or secret.")),
            (CredentialKind::Publishable, None | Some(ScopeSet::NONE)) => ScopeSet::NONE,
            (CredentialKind::Publishable, Some(_)) => {
                return Err(Refusal::invalid("scopes are for secret keys only: a publishable key has none."));
            }
            (CredentialKind::Secret, scopes) => scopes.unwrap_or_else(ScopeSet::all_but_keys),
        };
        if expires_at.is_some_and(|at| at <= now) {
            return Err(Refusal::invalid("expires_at must be in the future."));
        }
        if rate_limit_per_minute.is_some_and(|limit| !(1..=MAX_RATE_LIMIT_PER_MINUTE).contains(&limit)) {
            return Err(Refusal::invalid(format!("rate_limit_per_minute must be 1 to {MAX_RATE_LIMIT_PER_MINUTE}.")));
        }
        Ok(Self { label, kind, environment, scopes, expires_at, rate_limit_per_minute })
    }
}

/// Names the place of an unknown scope, not its text.
fn read_scopes(texts: &[String]) -> Result<ScopeSet, Refusal> {
    let scope = |(at, text): (usize, &String)| {
        Scope::parse(text).map_err(|error| Refusal::invalid(format!("scopes[{at}] is an {error}.")))
    };
    texts.iter().enumerate().map(scope).collect()
}

/// A record as the management API shows it at `now`.
#[must_use]
pub fn key_view(record: &KeyRecord, now: Timestamp) -> http::KeyView {
    http::KeyView {
        id: record.id.to_string(),
        label: record.label.clone(),
        kind: record.kind,
        environment: record.environment.clone(),
        scopes: record.scopes,
        status: record.status(now).as_str(),
        masked: record.masked.clone(),
        created_at: record.created_at,
        last_used_at: record.last_used_at,
        expires_at: record.expires_at,
        deprecated_until: record.grace_ends_at,
        revoked_at: record.refused_since(now),
        rate_limit_per_minute: record.rate_limit_per_minute,
    }
}

/// A session token's record as the management API shows it at `now`.
#[must_use]
pub fn session_view(record: &KeyRecord, now: Timestamp) -> http::SessionView {
    http::SessionView {
        id: record.id.to_string(),
        status: record.status(now).as_str(),
        masked: record.masked.clone(),
        created_at: record.created_at,
        last_used_at: record.last_used_at,
        expires_at: record.expires_at,
        revoked_at: record.refused_since(now),
    }
}
