//! A conversation's rows: the session's [`Store`] on SQLite.

use super::sql::{Database, SqlError};
use super::{instant, json};
use serde::Deserialize;
use weft_shared::conversation::bound::Size;
use weft_shared::conversation::index::{Note, first_note};
use weft_shared::conversation::{Head, Store, StoredMessage, answer_id};
use weft_shared::ids::{RequestId, TenantId};
use weft_shared::protocol::ws::{AnswerStatus, Role};
use weft_shared::time::Timestamp;

/// The conversation in an object's database.
pub(crate) struct ConversationStore<'a>(pub(crate) &'a Database);

#[derive(Deserialize)]
struct Row {
    id: String,
    seq: u64,
    role: Role,
    text: String,
    request_id: RequestId,
    status: Option<AnswerStatus>,
    sources: String,
    created_at: Timestamp,
    reserved_seq: u64,
}

impl TryFrom<Row> for StoredMessage {
    type Error = SqlError;

    fn try_from(row: Row) -> Result<Self, SqlError> {
        Ok(Self {
            id: row.id,
            seq: row.seq,
            role: row.role,
            text: row.text,
            request_id: row.request_id,
            status: row.status,
            sources: serde_json::from_str(&row.sources)?,
            created_at: row.created_at,
            reserved_seq: row.reserved_seq,
        })
    }
}

const COLUMNS: &str = "id, seq, role, text, request_id, status, sources, created_at, reserved_seq";

/// A page of a history ends with the message that goes over this many characters.
const MAX_PAGE_CHARS: i64 = 250_000;

/// A `seq` counts messages and pieces of one conversation: it stays far below the 2^53 that JavaScript counts to.
fn number(seq: u64) -> super::sql::Value {
    i64::try_from(seq).unwrap_or(i64::MAX).into()
}

/// A word of the protocol as it is stored: as in its frames.
fn word<T: serde::Serialize>(word: &T) -> Result<Option<String>, SqlError> {
    match serde_json::to_value(word)? {
        serde_json::Value::String(text) => Ok(Some(text)),
        _ => Ok(None),
    }
}

impl ConversationStore<'_> {
    /// The conversation's head; none: there is no conversation.
    pub(crate) fn stored_head(&self) -> Result<Option<Head>, SqlError> {
        Store::head(self)
    }

    /// Every message and answer, in order.
    pub(crate) fn all(&self) -> Result<Vec<StoredMessage>, SqlError> {
        self.select("ORDER BY seq", vec![])
    }

    /// What the tenant is to be told next, and which tenant; none: it knows all that is over.
    pub(crate) fn next_note(&self) -> Result<Option<(TenantId, Note)>, SqlError> {
        let Some(Head { id: Some(conversation), tenant, environment, created_at, visitor, session, .. }) =
            self.stored_head()?
        else {
            return Ok(None);
        };
        let messages = self.select(
            "WHERE seq > (SELECT COALESCE(MAX(seq), 0) FROM told) AND (role = 'user' OR status IS NOT NULL)
             ORDER BY seq",
            vec![],
        )?;
        let messages = first_note(messages);
        if messages.is_empty() {
            return Ok(None);
        }
        Ok(Some((tenant, Note { conversation, created_at, environment, session, visitor, messages })))
    }

    /// The tenant confirmed what it was told, up to this `seq`.
    pub(crate) fn set_told(&mut self, seq: u64) -> Result<(), SqlError> {
        self.0.ready()?.run(
            "INSERT INTO told (only, seq) VALUES (0, ?) ON CONFLICT (only) DO UPDATE SET seq = excluded.seq",
            vec![number(seq)],
        )
    }

    fn select(&self, rest: &str, bindings: Vec<super::sql::Value>) -> Result<Vec<StoredMessage>, SqlError> {
        let Some(db) = self.0.if_stored()? else { return Ok(Vec::new()) };
        let rows: Vec<Row> = db.rows(&format!("SELECT {COLUMNS} FROM messages {rest}"), bindings)?;
        rows.into_iter().map(StoredMessage::try_from).collect()
    }

    /// A message, the last `count` before it, and the answers that are there: all that it can be asked with.
    pub(crate) fn before(&self, id: &RequestId, count: usize) -> Result<Vec<StoredMessage>, SqlError> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.select(
            "WHERE request_id IN (
                SELECT id FROM messages WHERE role = 'user' AND seq <= (SELECT seq FROM messages WHERE id = ?)
                ORDER BY seq DESC LIMIT ?
             )",
            vec![id.as_str().into(), count.saturating_add(1).into()],
        )
    }

    /// A page of the messages that are over and come after `seq`, in its order, and the `seq` after which the next page
    /// begins. A page of long answers ends before its `limit`: all of it is held in memory.
    pub(crate) fn page(&self, seq: u64, limit: u32) -> Result<(Vec<StoredMessage>, Option<u64>), SqlError> {
        #[derive(Deserialize)]
        struct Later {
            later: u32,
        }
        let messages = self.select(
            "JOIN (
                SELECT id AS page_id, SUM(LENGTH(text)) OVER (ORDER BY seq) - LENGTH(text) AS chars_before FROM messages
                WHERE seq > ? AND (role = 'user' OR status IS NOT NULL) ORDER BY seq LIMIT ?
             ) ON page_id = id WHERE chars_before < ? ORDER BY seq",
            vec![number(seq), i64::from(limit).into(), MAX_PAGE_CHARS.into()],
        )?;
        let (Some(db), Some(last)) = (self.0.if_stored()?, messages.last()) else { return Ok((messages, None)) };
        let later = db.row::<Later>(
            "SELECT EXISTS (SELECT 1 FROM messages WHERE seq > ? AND (role = 'user' OR status IS NOT NULL)) AS later",
            vec![number(last.seq)],
        )?;
        let next = later.is_some_and(|row| row.later > 0).then_some(last.seq);
        Ok((messages, next))
    }

    fn write(db: &Database, message: &StoredMessage) -> Result<(), SqlError> {
        db.run(
            // Not `INSERT OR REPLACE`, which deletes the row first: an answer's row is written about once a second.
            &format!(
                "INSERT INTO messages ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, text = excluded.text, status = excluded.status,
                    sources = excluded.sources, reserved_seq = excluded.reserved_seq"
            ),
            vec![
                message.id.as_str().into(),
                number(message.seq),
                word(&message.role)?.into(),
                message.text.as_str().into(),
                message.request_id.as_str().into(),
                word(&message.status)?.into(),
                json(&message.sources)?,
                instant(message.created_at),
                number(message.reserved_seq),
            ],
        )
    }
}

impl Store for ConversationStore<'_> {
    type Error = SqlError;

    fn head(&self) -> Result<Option<Head>, SqlError> {
        #[derive(Deserialize)]
        struct Row {
            head: String,
        }
        let Some(db) = self.0.if_stored()? else { return Ok(None) };
        let Some(row) = db.row::<Row>("SELECT head FROM heads", vec![])? else { return Ok(None) };
        Ok(Some(serde_json::from_str(&row.head)?))
    }

    fn begin(&mut self, head: &Head, message: &StoredMessage) -> Result<(), SqlError> {
        let db = self.0.ready()?;
        db.transaction(|| {
            db.run("INSERT INTO heads (head) VALUES (?)", vec![json(head)?])?;
            Self::write(db, message)
        })
    }

    fn set_head(&mut self, head: &Head) -> Result<(), SqlError> {
        self.0.ready()?.run("UPDATE heads SET head = ?", vec![json(head)?])
    }

    fn put(&mut self, message: &StoredMessage) -> Result<(), SqlError> {
        Self::write(self.0.ready()?, message)
    }

    fn message(&self, id: &RequestId) -> Result<Option<StoredMessage>, SqlError> {
        Ok(self.select("WHERE id = ?", vec![id.as_str().into()])?.pop())
    }

    fn answer(&self, id: &RequestId) -> Result<Option<StoredMessage>, SqlError> {
        Ok(self.select("WHERE id = ?", vec![answer_id(id).into()])?.pop())
    }

    fn messages_after(&self, seq: u64) -> Result<Vec<StoredMessage>, SqlError> {
        self.select("WHERE seq > ? ORDER BY seq", vec![number(seq)])
    }

    fn unanswered(&self) -> Result<Vec<(StoredMessage, Option<StoredMessage>)>, SqlError> {
        let questions = self.select(
            "AS question WHERE role = 'user' AND NOT EXISTS (
                SELECT 1 FROM messages AS answer WHERE answer.id = question.id || '.a' AND answer.status IS NOT NULL
             ) ORDER BY seq",
            vec![],
        )?;
        let with_answer = |question: StoredMessage| {
            let answer = self.answer(&question.request_id)?;
            Ok((question, answer))
        };
        questions.into_iter().map(with_answer).collect()
    }

    fn reserved_seq(&self) -> Result<u64, SqlError> {
        #[derive(Deserialize)]
        struct Row {
            reserved_seq: Option<u64>,
        }
        let Some(db) = self.0.if_stored()? else { return Ok(0) };
        let row = db.row::<Row>("SELECT MAX(reserved_seq) AS reserved_seq FROM messages", vec![])?;
        Ok(row.and_then(|row| row.reserved_seq).unwrap_or(0))
    }

    fn size(&self) -> Result<Size, SqlError> {
        let Some(db) = self.0.if_stored()? else { return Ok(Size::default()) };
        let row = db.row::<Size>(
            "SELECT COUNT(CASE WHEN role = 'user' THEN 1 END) AS questions,
                    COALESCE(SUM(CASE WHEN role = 'user' OR status IS NOT NULL THEN octet_length(text) END), 0) AS bytes
             FROM messages",
            vec![],
        )?;
        Ok(row.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_for_unanswered_messages_names_answers_as_the_session_does() {
        let id = RequestId::parse("request-0123456789").expect("an id");
        assert_eq!(answer_id(&id), format!("{id}.a"));
    }

    #[test]
    fn words_are_stored_as_in_frames() {
        assert_eq!(word(&Role::User).expect("a word").as_deref(), Some("user"));
        assert_eq!(word(&Some(AnswerStatus::Interrupted)).expect("a word").as_deref(), Some("interrupted"));
        assert_eq!(word(&None::<AnswerStatus>).expect("a word"), None);
    }
}
