//! A conversation's storage as a plain list. It survives a crash of the server half, as SQLite does.

use weft_shared::conversation::bound::Size;
use weft_shared::conversation::{Head, Store, StoredMessage};
use weft_shared::ids::RequestId;
use weft_shared::protocol::ws::Role;

#[derive(Debug, Default)]
pub(crate) struct MemoryStore {
    pub(crate) head: Option<Head>,
    pub(crate) rows: Vec<StoredMessage>,
    pub(crate) writes: usize,
}

impl Store for MemoryStore {
    type Error = core::convert::Infallible;

    fn head(&self) -> Result<Option<Head>, Self::Error> {
        Ok(self.head.clone())
    }

    fn begin(&mut self, head: &Head, message: &StoredMessage) -> Result<(), Self::Error> {
        assert!(self.head.is_none(), "a conversation begins once");
        self.head = Some(head.clone());
        self.writes += 1;
        self.put(message)
    }

    fn set_head(&mut self, head: &Head) -> Result<(), Self::Error> {
        assert!(self.head.is_some(), "it has begun");
        self.head = Some(head.clone());
        self.writes += 1;
        Ok(())
    }

    fn put(&mut self, message: &StoredMessage) -> Result<(), Self::Error> {
        self.writes += 1;
        match self.rows.iter_mut().find(|row| row.id == message.id) {
            Some(row) => {
                assert!(!row.is_over(), "what is over is never written again");
                *row = message.clone();
            }
            None => self.rows.push(message.clone()),
        }
        Ok(())
    }

    fn message(&self, id: &RequestId) -> Result<Option<StoredMessage>, Self::Error> {
        Ok(self.rows.iter().find(|row| row.role == Role::User && &row.request_id == id).cloned())
    }

    fn answer(&self, id: &RequestId) -> Result<Option<StoredMessage>, Self::Error> {
        Ok(self.rows.iter().find(|row| row.role == Role::Assistant && &row.request_id == id).cloned())
    }

    fn messages_after(&self, seq: u64) -> Result<Vec<StoredMessage>, Self::Error> {
        let mut rows: Vec<_> = self.rows.iter().filter(|row| row.seq > seq).cloned().collect();
        rows.sort_by_key(|row| row.seq);
        Ok(rows)
    }

    fn unanswered(&self) -> Result<Vec<(StoredMessage, Option<StoredMessage>)>, Self::Error> {
        let mut open: Vec<_> = self
            .rows
            .iter()
            .filter(|row| row.role == Role::User)
            .map(|row| (row.clone(), self.answer(&row.request_id).unwrap_or_default()))
            .filter(|(_, answer)| !answer.as_ref().is_some_and(StoredMessage::is_over))
            .collect();
        open.sort_by_key(|(message, _)| message.seq);
        Ok(open)
    }

    fn reserved_seq(&self) -> Result<u64, Self::Error> {
        Ok(self.rows.iter().map(|row| row.reserved_seq).max().unwrap_or(0))
    }

    fn size(&self) -> Result<Size, Self::Error> {
        let count = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
        let questions = self.rows.iter().filter(|row| row.role == Role::User).count();
        let bytes = self.rows.iter().filter(|row| row.is_over()).map(|row| row.text.len()).sum();
        Ok(Size { questions: count(questions), bytes: count(bytes) })
    }
}
