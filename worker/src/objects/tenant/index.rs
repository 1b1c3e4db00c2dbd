//! The tenant's index of its conversations: what they tell it, what is found in it, and how they end.
//!
//! A conversation is deleted at its own object first and here second. Interrupted between the two it stands in the index
//! still, and deleting it again takes it out; the other order could leave a conversation that nobody finds.

use super::{Answer, Tenant};
use crate::bindings;
use crate::clock;
use crate::log;
use crate::objects::conversation::{Erase, Erased};
use crate::settings::Settings;
use crate::store::sql::{Database, SqlError};
use crate::store::{audit, index, tenants};
use futures_util::future::join_all;
use weft_shared::audit::{Action, By};
use weft_shared::conversation::index::{Indexed, Note};
use weft_shared::error::ErrorCode;
use weft_shared::ids::{ConversationId, TenantId};
use weft_shared::protocol::http::{ConversationView, Find, FoundMessage, Page, TimeCursor};
use weft_shared::time::Timestamp;

/// How many conversations one alarm deletes. What is left is the next one's: an alarm must end.
const EXPIRED_AT_ONCE: u32 = 200;

impl Tenant {
    /// Takes over what a conversation tells. Of a tenant that was never created too: `default` works without.
    pub(super) async fn index(&self, note: Note) -> Answer<()> {
        let db = self.db.ready()?;
        let last = note.messages.last().map(|message| message.id.clone());
        db.take_rows_written();
        let is_new = db.transaction(|| {
            let known = index::find(db, &note.conversation)?;
            let (mut indexed, is_new) = match known {
                Some(indexed) if indexed.is_of(&note) => (indexed, false),
                Some(_) => {
                    // Its id was taken over by another after it was deleted.
                    index::remove(db, &note.conversation)?;
                    (Indexed::new(&note), true)
                }
                None => (Indexed::new(&note), true),
            };
            let messages = indexed.absorb(note);
            if !messages.is_empty() {
                index::put(db, &indexed, &messages)?;
            }
            Ok::<_, SqlError>(is_new)
        })?;
        if Settings::read(&self.env).is_ok_and(|settings| settings.allows_scripted) {
            let rows = db.take_rows_written();
            log::measured("rows_written", &serde_json::json!({ "object": "tenant", "message": last, "rows": rows }));
        }
        if is_new && let Some(at) = next_expiry(db)? {
            self.wake_at(at).await;
        }
        Ok(())
    }

    pub(super) fn list_conversations(
        &self,
        find: &Find<TimeCursor>,
    ) -> Answer<(Vec<ConversationView>, Option<String>)> {
        let (db, _) = self.registered()?;
        Ok(index::page(db, find)?)
    }

    pub(super) fn list_messages(&self, find: &Find<u32>) -> Answer<(Vec<FoundMessage>, Option<String>)> {
        let (db, _) = self.registered()?;
        Ok(index::messages(db, find)?)
    }

    /// The operator's list, with how many there are in all. `default` may never have been created: then it is empty, or
    /// has what `WIDGET_API_KEY` led to.
    pub(super) fn list_for_admin(
        &self,
        page: Page<TimeCursor>,
        is_default: bool,
    ) -> Answer<(Vec<ConversationView>, Option<String>, u64)> {
        if !is_default {
            self.registered()?;
        }
        let Some(db) = self.db.if_stored()? else { return Ok((Vec::new(), None, 0)) };
        let (conversations, next_cursor) = index::page(db, &Find { page, environment: None, expression: None })?;
        Ok((conversations, next_cursor, index::count(db)?))
    }

    pub(super) async fn delete_conversation(&self, id: &ConversationId, by: &By) -> Answer<()> {
        let (db, registered) = self.registered()?;
        let conversation = bindings::conversation(&self.env, &registered.tenant.id, id);
        let was_there = conversation.ask(Erase { limit: None }).await? == Erased::Gone;
        db.transaction(|| {
            if !index::remove(db, id)? && !was_there {
                return Err(ErrorCode::NotFound.into());
            }
            Ok(audit::add(db, &by.did(Action::ConversationDeleted).on(id.as_str()), clock::now())?)
        })
    }

    /// Deletes conversations that are older than the tenant keeps them: by the rule as it is now.
    pub(super) async fn expire(&self, now: Timestamp) {
        let Ok((db, registered)) = self.registered() else { return };
        let Some(retention) = registered.tenant.retention_days else { return };
        let limit = retention.limit(now);
        match index::due(db, limit, EXPIRED_AT_ONCE) {
            Ok(due) => {
                join_all(due.iter().map(|id| self.expire_one(db, &registered.tenant.id, id, limit))).await;
            }
            Err(error) => {
                log::internal("looking for old conversations", &error);
            }
        }
    }

    async fn expire_one(&self, db: &Database, tenant: &TenantId, id: &ConversationId, limit: Timestamp) {
        let done = match bindings::conversation(&self.env, tenant, id).ask(Erase { limit: Some(limit) }).await {
            // It has a message that it hasn't told of yet.
            Ok(Erased::Kept { last_message_at }) => index::touch(db, id, last_message_at).map_err(Into::into),
            Ok(Erased::Gone | Erased::Nothing) => {
                db.transaction(|| index::remove(db, id)).map(|_| ()).map_err(Into::into)
            }
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = done {
            log::warning("expiry_failed", &serde_json::json!({ "error": refusal.code.code() }));
        }
    }

    /// Sets the object's one alarm to this instant, where none is set before it.
    async fn wake_at(&self, at: Timestamp) {
        let storage = self.state.storage();
        let is_set = storage.get_alarm().await.ok().flatten().is_some_and(|set| set <= at.as_millis());
        if !is_set && let Err(error) = storage.set_alarm(at.millis_since(clock::now()).max(0)).await {
            log::internal("setting an alarm", &error);
        }
    }
}

/// When the first conversation is to be deleted; none: nothing is, or all is kept.
pub(super) fn next_expiry(db: &Database) -> Result<Option<Timestamp>, SqlError> {
    let retention = tenants::read(db)?.and_then(|registered| registered.tenant.retention_days);
    let Some(retention) = retention else { return Ok(None) };
    Ok(index::oldest(db)?.map(|oldest| retention.ends_at(oldest)))
}
