//! What the management API asks of a conversation: to be read, and to be deleted. A conversation that isn't there says so
//! and stores nothing.

use super::{Erased, Inner, sockets};
use crate::clock;
use crate::log;
use crate::store::conversation::ConversationStore;
use std::rc::Rc;
use weft_shared::conversation::StoredMessage;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::ConversationId;
use weft_shared::protocol::http::{ConversationExport, ConversationView, MessageView, Page, Thread};
use weft_shared::protocol::ws::CloseCode;
use weft_shared::time::Timestamp;

impl Inner {
    /// A page of it, oldest first, without an answer that is still coming.
    pub(super) fn read_thread(&self, id: ConversationId, page: &Page) -> Result<Thread, Refusal> {
        let export = self.export(id)?;
        let after = u64::from(page.cursor.unwrap_or_default());
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let mut messages = export.messages;
        messages.retain(|message| message.seq > after && message.is_over());
        let has_more = messages.len() > limit;
        messages.truncate(limit);
        let next_cursor = messages.last().filter(|_| has_more).map(|message| message.seq.to_string());
        Ok(Thread { conversation: export.conversation, messages, next_cursor })
    }

    /// All of it.
    pub(super) fn export(&self, id: ConversationId) -> Result<ConversationExport, Refusal> {
        let store = ConversationStore(&self.db);
        let head = store.stored_head()?.ok_or(ErrorCode::NotFound)?;
        let messages = store.all()?;
        Ok(ConversationExport {
            conversation: ConversationView::of(id, &head, &messages),
            tenant: head.tenant,
            messages: messages.into_iter().map(MessageView::from).collect(),
            exported_at: clock::now(),
        })
    }

    /// Deletes all of it: answers, sockets, rows, alarm. With a `limit`, only where its last message is not newer.
    pub(super) async fn erase(self: &Rc<Self>, limit: Option<Timestamp>) -> Result<Erased, Refusal> {
        // Nothing is stored and nothing told while it goes.
        let _turn = self.turns.take().await;
        let _telling = self.telling.take().await;
        let store = ConversationStore(&self.db);
        if store.stored_head()?.is_none() {
            return Ok(Erased::Nothing);
        }
        if let Some(limit) = limit {
            let last = store.all()?.iter().map(|StoredMessage { created_at, .. }| *created_at).max();
            if let Some(last_message_at) = last.filter(|last| *last > limit) {
                return Ok(Erased::Kept { last_message_at });
            }
        }
        self.stop_answers();
        self.server.replace(None);
        self.cut_sockets();
        self.listeners.end(ErrorCode::NotFound);
        let deleted = async {
            let storage = self.state.storage();
            storage.delete_alarm().await?;
            storage.delete_all().await
        };
        let deleted = deleted.await;
        self.db.was_deleted();
        self.is_untold.set(false);
        deleted.map_err(|error| log::internal("deleting a conversation", &error))?;
        Ok(Erased::Gone)
    }

    /// Closes every socket. What comes in on them from now on counts for nothing: a message that was on its way must not
    /// begin the conversation anew.
    fn cut_sockets(&self) {
        for socket in self.sockets() {
            if let Some(mut attached) = sockets::Attached::of(&socket) {
                attached.socket.cut();
                let _ = attached.keep(&socket);
            }
            sockets::close(&socket, CloseCode::Over);
        }
    }
}
