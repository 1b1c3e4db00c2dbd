//! How keys and session tokens end: revoked, rotated away, or found on an open line.
//!
//! The registry is written first: the end, its entry in the audit log, and the note that the guard is still to be told,
//! in one transaction. Then the guard is told, and only when it has confirmed is anything answered. A crash between the
//! two loses nothing: the alarm tells the guard. The other order could leave a key that the guard refuses and the list
//! calls active.

use super::keys::{Creation, refuse_disabled};
use super::{Answer, Tenant};
use crate::access::authority;
use crate::clock;
use crate::store::outbox::{self, Target};
use crate::store::sql::{Database, SqlError};
use crate::store::{audit, keys, sessions};
use weft_shared::audit::{Action, By};
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::CredentialId;
use weft_shared::keys::{CredentialKind, KeyRecord};
use weft_shared::time::Timestamp;

/// How long session tokens that have ended stay on the list.
const KEEP_SESSIONS_SECS: i64 = 86_400;
/// One entry in the audit log for a key that comes over plain HTTP again and again within this time.
const EXPOSED_AGAIN_MS: i64 = 60_000;

impl Tenant {
    /// Revokes a key or session token. Again is the same as once, and asks the guard again.
    pub(super) async fn revoke(&self, id: &CredentialId, by: &By) -> Answer<()> {
        let (db, _) = self.registered()?;
        let record = keys::find_finished(db, id)?.ok_or(ErrorCode::NotFound)?;
        let now = clock::now();
        db.transaction(|| {
            if record.is_usable(now) {
                let action = if id.is_session() { Action::SessionRevoked } else { Action::KeyRevoked };
                audit::add(db, &by.did(action).on(id.as_str()), now)?;
            }
            end(db, &record.revoke(now))
        })?;
        self.confirm_end(id).await?;
        self.deliver().await;
        Ok(())
    }

    /// Waits for the guard's word that it refuses the key from now on.
    async fn confirm_end(&self, id: &CredentialId) -> Answer<()> {
        self.deliver_now(Target::Guard(id.clone())).await.map_err(authority)
    }

    /// Puts a new key in the place of another, which is refused from `grace_ends_at` on.
    pub(super) async fn rotate(
        &self,
        id: &CredentialId,
        successor: &KeyRecord,
        grace_ends_at: Timestamp,
        by: &By,
    ) -> Answer<()> {
        let (db, registered) = self.registered()?;
        refuse_disabled(&registered, successor)?;
        let record = keys::find_finished(db, id)?.ok_or(ErrorCode::NotFound)?;
        record.rotate(grace_ends_at, clock::now())?;
        if keys::is_being_replaced(db, id)? {
            return Err(Refusal::new(ErrorCode::Conflict, "This key is being rotated."));
        }
        let creation = Creation { record: successor, replaces: Some(id) };
        self.make(creation, |db| {
            // Read again: while the guards were asked, it may have been revoked or have come to its end.
            let now = clock::now();
            let old = keys::find_finished(db, id)?.ok_or(ErrorCode::NotFound)?.rotate(grace_ends_at, now)?;
            let act = by.did(Action::KeyRotated).on(id.as_str()).with("successor", successor.id.as_str());
            let ends = old.grace_ends_at.or(old.revoked_at).unwrap_or(now);
            audit::add(db, &act.with("ends_at", ends.to_rfc3339()), now)?;
            Ok(end(db, &old)?)
        })
        .await?;
        if let Err(refusal) = self.confirm_end(id).await {
            // Its guard answered a moment ago and doesn't now. Nobody is shown the new key, so nobody shall hold it.
            let system = by.clone().system();
            if let Err(error) = self.revoke(&successor.id, &system).await {
                crate::log::warning("rotation_unfinished", &serde_json::json!({ "error": error.code.code() }));
            }
            return Err(refusal);
        }
        self.deliver().await;
        Ok(())
    }

    /// A key or session token came over plain HTTP: writes it down, and where `revoke` says so, ends it.
    pub(super) async fn expose(&self, id: &CredentialId, by: &By, revoke: bool) -> Answer<()> {
        let (db, _) = self.registered()?;
        let now = clock::now();
        // Whoever holds no key that works can't write into the log by it.
        let record = keys::find_finished(db, id)?.filter(|record| record.is_usable(now));
        let Some(record) = record.filter(|record| record.kind != CredentialKind::Publishable) else { return Ok(()) };
        let last = self.exposed.borrow_mut().insert(record.id, now);
        if last.is_none_or(|last| now.millis_since(last) >= EXPOSED_AGAIN_MS) {
            audit::add(db, &by.did(Action::KeyExposed).on(id.as_str()), now)?;
        }
        if revoke { self.revoke(id, &by.clone().system()).await } else { Ok(()) }
    }

    /// Makes a session token.
    pub(super) async fn create_session(&self, record: KeyRecord, by: &By) -> Answer<()> {
        let (db, _) = self.registered()?;
        sessions::remove_ended(db, clock::now().plus_secs(-KEEP_SESSIONS_SECS))?;
        self.create_key(record, by).await
    }
}

/// Stores a key's end and whom to tell of it. Call it in a transaction.
fn end(db: &Database, record: &KeyRecord) -> Result<(), SqlError> {
    keys::update(db, record)?;
    outbox::add(db, &Target::Guard(record.id.clone()))?;
    outbox::add(db, &Target::Record(record.id.clone()))
}
