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
use crate::bindings;
use crate::clock;
use crate::log;
use crate::objects::key_guard::{Forget, Store};
use crate::store::guard::{Guarded, Standing};
use crate::store::outbox::{self, Target};
use crate::store::sql::{Database, SqlError};
use crate::store::tenants::Registered;
use crate::store::{configs, keys, tenants};
use weft_shared::error::ErrorCode;
use weft_shared::ids::{CredentialId, Environment};
use weft_shared::keys::record::{MAX_ACTIVE_KEYS, active_count};
use weft_shared::keys::{CredentialKind, KeyRecord};
use weft_shared::protocol::http::Page;
use weft_shared::time::Timestamp;

/// A creation that takes longer than this has stopped.
const PENDING_MS: i64 = 60_000;

impl Tenant {
    pub(super) async fn create_key(&self, record: KeyRecord) -> Answer<()> {
        let (db, registered) = self.registered()?;
        let now = clock::now();
        if registered.tenant.hipaa && record.kind == CredentialKind::Secret {
            return Err(ErrorCode::ApiKeysDisabled.into());
        }
        let standing = standing(db, &registered, &record.environment)?;
        // Nothing is waited for between counting and writing, so nobody can come between.
        if active_count(&keys::all(db)?, record.kind, &record.environment, now) >= MAX_ACTIVE_KEYS {
            return Err(ErrorCode::KeyLimitReached.into());
        }
        keys::begin(db, &record, now)?;
        self.wake_for_what_is_left().await;

        let guarded = Box::new(Guarded { record: record.clone(), standing: standing.clone() });
        if let Err(refusal) = bindings::key_guard(&self.env, &record.id).ask(Store { guarded }).await {
            self.take_back(&record.id).await;
            return Err(refusal);
        }

        let is_confirmed = db.transaction(|| {
            if !keys::confirm(db, &record.id)? {
                return Ok(false);
            }
            // A deploy that came between the steps may have told the guard before it had the record.
            if tenants::read(db)?.is_some_and(|now| now.revision != standing.revision) {
                outbox::add(db, &Target::Guard(record.id.clone()))?;
            }
            outbox::add(db, &Target::Record(record.id.clone()))?;
            Ok::<_, SqlError>(true)
        })?;
        if !is_confirmed {
            self.take_back(&record.id).await;
            return Err(ErrorCode::Unavailable.into());
        }
        self.deliver().await;
        Ok(())
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
