//! What the tenant is told of the conversation: after the visitor was answered, until it is confirmed.
//!
//! The stored rows are the outbox: what is over and has a `seq` above the one that was confirmed last. An alarm is set
//! before a message is stored, so that it is told also where the object dies right after.

use super::Inner;
use crate::bindings;
use crate::clock;
use crate::log;
use crate::objects::tenant::IndexMessages;
use crate::store::conversation::ConversationStore;
use std::rc::Rc;
use weft_shared::error::Refusal;
use weft_shared::time::Timestamp;

/// When what is still to be told is told again. An exchange is told when it ends, so this is for answers that take longer,
/// for a tenant that couldn't be reached and for an object that died.
const TELL_AFTER_MS: i64 = 60_000;

impl Inner {
    /// There will be something to tell: a message is about to be stored.
    pub(super) async fn expect_telling(&self) {
        self.is_untold.set(true);
        self.set_alarm().await;
    }

    /// When the tenant is to be told again, where it is.
    pub(super) fn telling_due(&self) -> Option<Timestamp> {
        self.is_untold.get().then(|| clock::now().plus_millis(TELL_AFTER_MS))
    }

    /// Tells what is over. One call at a time: who deletes the conversation waits for it, so that nothing is told after.
    pub(super) async fn tell_tenant(self: &Rc<Self>) {
        let _turn = self.telling.take().await;
        if let Err(refusal) = self.tell().await {
            self.is_untold.set(true);
            log::warning("indexing_failed", &serde_json::json!({ "error": refusal.code.code() }));
        }
    }

    async fn tell(self: &Rc<Self>) -> Result<(), Refusal> {
        let mut store = ConversationStore(&self.db);
        while let Some((tenant, note)) = store.next_note()? {
            let Some(last) = note.messages.last().map(|message| message.seq) else { break };
            bindings::tenant(&self.env, &tenant).ask(IndexMessages { note: Box::new(note) }).await?;
            store.set_told(last)?;
        }
        // An answer that is coming is told when it ends.
        self.is_untold.set(self.with_server(|server, _| Ok(server.is_answering()))?);
        Ok(())
    }
}
