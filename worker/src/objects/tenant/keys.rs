//! The key registry. A key is created in three steps, each of which may be the last before a crash:
//!
//! 1. The registry writes it down as pending. It counts against the cap, so that no two creations pass it together.
//! 2. Its guard takes the record. From here on the credential would be accepted, but nobody has been shown it yet.
//! 3. The registry confirms it, and only then is the plaintext answered.
//!
//! So a credential that anyone knows is always in the registry, and one that stopped at step 1 or 2 is taken back by
//! [`Tenant::sweep`] (guard first, then registry): it neither works unseen nor counts for ever. The other order, guard
//! first, could leave a guard that no list leads to.

use super::{Answer, Tenant};
use crate::access::authority;
use crate::bindings;
use crate::clock;
use crate::log;
use crate::objects::key_guard::{Forget, Ping, Store};
use crate::store::guard::{Guarded, Standing};
use crate::store::outbox::{self, Target};
use crate::store::sql::{Database, SqlError};
use crate::store::tenants::Registered;
use crate::store::{audit, configs, keys, sessions, tenants};
use weft_shared::audit::{Act, Action, By};
use weft_shared::error::ErrorCode;
use weft_shared::ids::{CredentialId, Environment};
use weft_shared::keys::record::{MAX_ACTIVE_KEYS, active_count};
use weft_shared::keys::{CredentialKind, KeyRecord};
use weft_shared::protocol::http::Page;
use weft_shared::time::Timestamp;

/// A creation that takes longer than this has stopped.
const PENDING_MS: i64 = 60_000;

/// What a new key is for: what its creation has to hold, and what is written down of it.
pub(super) struct Creation<'a> {
    /// The new key.
    pub(super) record: &'a KeyRecord,
    /// Which key it takes the place of.
    pub(super) replaces: Option<&'a CredentialId>,
}

impl Tenant {
    pub(super) async fn create_key(&self, record: KeyRecord, by: &By) -> Answer<()> {
        let (db, registered) = self.registered()?;
        refuse_disabled(&registered, &record)?;
        // Nothing is waited for between counting and writing, so nobody can come between.
        let active = active_count(&keys::counted(db)?, record.kind, &record.environment, clock::now());
        if record.kind != CredentialKind::Session && active >= MAX_ACTIVE_KEYS {
            return Err(ErrorCode::KeyLimitReached.into());
        }
        let creation = Creation { record: &record, replaces: None };
        self.make(creation, |db| Ok(audit::add(db, &created(by, &record), clock::now())?)).await?;
        self.deliver().await;
        Ok(())
    }

    /// Makes a key in three steps. `confirm` runs in the transaction of the third: what it refuses is taken back whole.
    pub(super) async fn make(
        &self,
        creation: Creation<'_>,
        confirm: impl FnOnce(&Database) -> Answer<()>,
    ) -> Answer<()> {
        let Creation { record, replaces } = creation;
        let (db, registered) = self.registered()?;
        let standing = standing(db, &registered, &record.environment)?;
        keys::begin(db, record, replaces, clock::now())?;
        self.wake_for_what_is_left().await;

        let guarded = Box::new(Guarded { record: record.clone(), standing: standing.clone() });
        if let Err(refusal) = self.ask_guards(guarded, replaces).await {
            self.take_back(&record.id).await;
            return Err(refusal);
        }

        let confirmed = db.transaction(|| {
            let now = tenants::read(db)?.ok_or(ErrorCode::NotFound)?;
            refuse_disabled(&now, record)?;
            // A sweep took it for one that stopped.
            if !keys::confirm(db, &record.id)? {
                return Err(ErrorCode::Unavailable.into());
            }
            // A deploy that came between the steps may have told the guard before it had the record.
            if now.revision != standing.revision {
                outbox::add(db, &Target::Guard(record.id.clone()))?;
            }
            outbox::add(db, &Target::Record(record.id.clone()))?;
            confirm(db)
        });
        if confirmed.is_err() {
            self.take_back(&record.id).await;
        }
        confirmed
    }

    /// Gives the new key to its guard. Where it replaces another, that one's guard must answer as well, before anything
    /// is decided: a rotation that could not end the old key would leave two.
    async fn ask_guards(&self, guarded: Box<Guarded>, replaces: Option<&CredentialId>) -> Answer<()> {
        if let Some(id) = replaces {
            bindings::key_guard(&self.env, id).ask(Ping {}).await.map_err(authority)?;
        }
        let guard = bindings::key_guard(&self.env, &guarded.record.id);
        guard.ask(Store { guarded }).await.map_err(authority)
    }

    /// Takes back every key whose creation stopped on the way.
    pub(super) async fn sweep(&self, now: Timestamp) {
        let stale = self.registered().and_then(|(db, _)| Ok(keys::stale(db, now.plus_millis(-PENDING_MS))?));
        for id in stale.unwrap_or_default() {
            self.take_back(&id).await;
        }
    }

    /// The guard first: while the registry still lists the key, this can be tried again.
    async fn take_back(&self, id: &CredentialId) {
        if bindings::key_guard(&self.env, id).ask(Forget {}).await.is_err() {
            return;
        }
        if let Err(error) = self.db.ready().and_then(|db| keys::withdraw(db, id)) {
            log::internal("taking back a key", &error);
        }
    }

    pub(super) fn list_keys(&self, page: &Page) -> Answer<(Vec<KeyRecord>, Option<String>)> {
        let (db, _) = self.registered()?;
        Ok(keys::page(db, page)?)
    }

    pub(super) fn list_sessions(&self, page: &Page) -> Answer<(Vec<KeyRecord>, Option<String>)> {
        let (db, _) = self.registered()?;
        Ok(sessions::page(db, page)?)
    }

    /// A key's record; `not_found` where the registry has none.
    pub(super) fn find_key(&self, id: &CredentialId) -> Answer<KeyRecord> {
        let (db, _) = self.registered()?;
        keys::find_finished(db, id)?.ok_or_else(|| ErrorCode::NotFound.into())
    }

    pub(super) fn note_use(&self, id: &CredentialId, at: Timestamp) -> Answer<()> {
        let (db, _) = self.registered()?;
        if let Some(mut record) = keys::find(db, id)?
            && record.note_use(at)
        {
            keys::update(db, &record)?;
        }
        Ok(())
    }
}

/// HIPAA's rule for new keys.
pub(super) fn refuse_disabled(tenant: &Registered, record: &KeyRecord) -> Answer<()> {
    if tenant.tenant.hipaa && record.kind == CredentialKind::Secret {
        return Err(ErrorCode::ApiKeysDisabled.into());
    }
    Ok(())
}

/// What the audit log says of a new key or session token.
fn created(by: &By, record: &KeyRecord) -> Act {
    if record.kind == CredentialKind::Session {
        return by.did(Action::SessionCreated).on(record.id.as_str());
    }
    let act = by.did(Action::KeyCreated).on(record.id.as_str());
    let scopes: Vec<String> = record.scopes.iter().map(|scope| scope.to_string()).collect();
    let act = act
        .with("label", record.label.as_str())
        .with("type", record.kind.as_str())
        .with("environment", record.environment.as_str())
        .with("scopes", scopes);
    let act = match record.expires_at {
        Some(at) => act.with("expires_at", at.to_rfc3339()),
        None => act,
    };
    match record.rate_limit_per_minute {
        Some(limit) => act.with("rate_limit_per_minute", limit),
        None => act,
    }
}

/// Notes that what keys inherit has changed: of one environment, or of all. Call it in the change's transaction.
pub(super) fn note_inheritance(db: &Database, environment: Option<&Environment>) -> Result<(), SqlError> {
    tenants::advance(db)?;
    let now = clock::now();
    for record in keys::all(db)? {
        if environment.is_none_or(|environment| record.environment == *environment) && record.is_usable(now) {
            outbox::add(db, &Target::Guard(record.id))?;
        }
    }
    Ok(())
}

/// What a key of this environment inherits now.
pub(super) fn standing(db: &Database, tenant: &Registered, environment: &Environment) -> Result<Standing, SqlError> {
    Ok(Standing {
        revision: tenant.revision,
        live_version: configs::live_version(db, environment)?,
        hipaa: tenant.tenant.hipaa,
    })
}
