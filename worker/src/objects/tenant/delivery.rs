//! Telling others of the tenant's changes: guards, KV, the directory. A change and the note of whom it concerns are
//! stored in one step; delivery follows at once, and what could not be delivered is tried again by alarm until it is.

use super::index::next_expiry;
use super::keys::standing;
use super::{Answer, Tenant};
use crate::bindings;
use crate::clock;
use crate::log;
use crate::objects::directory::Put;
use crate::objects::key_guard::Tell;
use crate::store::guard::Guarded;
use crate::store::outbox::{self, Entry, Target};
use crate::store::sql::Database;
use crate::store::tenants::Registered;
use crate::store::{configs, keys};
use futures_util::future::join_all;
use serde::Serialize;
use weft_shared::keys::CredentialKind;
use weft_shared::outbox::retry_in_ms;

/// How long until unfinished keys are looked at.
const RETRY_MS: i64 = 5_000;

impl Tenant {
    /// Delivers all that is to be delivered; what fails stays for the alarm. Never fails itself: the change is stored.
    pub(super) async fn deliver(&self) {
        // Set before the first wait, so that a crash while delivering is made up for.
        self.wake_for_what_is_left().await;
        let Ok((db, tenant)) = self.registered() else { return };
        let entries = match outbox::entries(db) {
            Ok(entries) => entries,
            Err(error) => {
                log::internal("reading the outbox", &error);
                return;
            }
        };
        join_all(entries.iter().map(|entry| self.deliver_entry(db, &tenant, entry))).await;
        self.wake_for_what_is_left().await;
    }

    /// Tells one target, and gives its refusal: for what must not be answered before it is confirmed. What fails stays
    /// for the alarm all the same.
    pub(super) async fn deliver_now(&self, target: Target) -> Answer<()> {
        self.wake_for_what_is_left().await;
        let (db, tenant) = self.registered()?;
        let entry = outbox::find(db, target.clone())?;
        self.tell(db, &tenant, &target).await?;
        if let Some(entry) = entry {
            outbox::remove(db, &entry)?;
        }
        Ok(())
    }

    async fn deliver_entry(&self, db: &Database, tenant: &Registered, entry: &Entry) {
        let told = match self.tell(db, tenant, &entry.target).await {
            Ok(()) => outbox::remove(db, entry).map_err(Into::into),
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = told {
            log::warning(
                "delivery_failed",
                &serde_json::json!({ "target": format!("{:?}", entry.target), "error": refusal.code.code() }),
            );
        }
    }

    /// Tells a target the state as it is now.
    async fn tell(&self, db: &Database, tenant: &Registered, target: &Target) -> Answer<()> {
        match target {
            Target::Directory => bindings::directory(&self.env).ask(Put { tenant: tenant.tenant.clone() }).await,
            Target::Guard(id) => {
                let Some(record) = keys::find(db, id)? else { return Ok(()) };
                let standing = standing(db, tenant, &record.environment)?;
                let told = Box::new(Guarded { record, standing });
                bindings::key_guard(&self.env, id).ask(Tell { told }).await
            }
            Target::Config(environment) => {
                let Some(live) = configs::read(db, environment)?.live else { return Ok(()) };
                self.copy(&bindings::config_key(&tenant.tenant.id, environment), &live, None).await
            }
            Target::Record(id) => {
                let Some(record) = keys::find(db, id)? else { return Ok(()) };
                // A session token's copy goes when it does.
                let ttl = record.expires_at.filter(|_| record.kind == CredentialKind::Session);
                let ttl_secs = ttl.map(|at| at.millis_since(clock::now()) / 1000);
                self.copy(&bindings::record_key(&record.hash), &record, ttl_secs).await
            }
        }
    }

    /// Copies a value to KV, to be kept for so many seconds; none: for ever.
    async fn copy<T: Serialize>(&self, key: &str, value: &T, ttl_secs: Option<i64>) -> Answer<()> {
        let text = serde_json::to_string(value).map_err(|error| log::internal("encoding a copy", &error))?;
        let put = async {
            let put = bindings::kv(&self.env)?.put(key, text)?;
            // KV takes no less than a minute.
            let secs = ttl_secs.map(|secs| u64::try_from(secs).unwrap_or_default().max(60));
            let put = if let Some(secs) = secs { put.expiration_ttl(secs) } else { put };
            put.execute().await.map_err(worker::Error::from)
        };
        put.await.map_err(|error| log::unavailable("KV", &error))
    }

    /// Sets the object's one alarm for what is left to do, if anything is.
    pub(super) async fn wake_for_what_is_left(&self) {
        let Ok(Some(db)) = self.db.if_stored() else { return };
        let told_again_ms =
            outbox::waiting_since(db).ok().flatten().map(|at| retry_in_ms(clock::now().millis_since(at)));
        let finished_ms = keys::has_pending(db).is_ok_and(|is_any| is_any).then_some(RETRY_MS);
        let expiry = next_expiry(db).ok().flatten();
        // What is overdue is what an alarm didn't get done: it is tried again a little later.
        let expiry_ms = expiry.map(|at| at.millis_since(clock::now()).max(RETRY_MS));
        let storage = self.state.storage();
        let set = match told_again_ms.into_iter().chain(finished_ms).chain(expiry_ms).min() {
            Some(ms) => storage.set_alarm(ms).await,
            None => storage.delete_alarm().await,
        };
        if let Err(error) = set {
            log::internal("setting an alarm", &error);
        }
    }
}
