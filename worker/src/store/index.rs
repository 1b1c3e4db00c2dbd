//! A tenant's index of its conversations and their messages. Texts stand in the full-text table alone; `messages` has the
//! rest, under the same numbers.

use super::sql::{Database, SqlError, Value};
use super::{before, cut, instant, limit_of};
use serde::Deserialize;
use weft_shared::conversation::index::{Indexed, NotedMessage};
use weft_shared::ids::{ConversationId, Environment};
use weft_shared::protocol::http::{ConversationView, Find, FoundMessage, TimeCursor};
use weft_shared::protocol::ws::Role;
use weft_shared::time::Timestamp;

#[derive(Deserialize)]
struct Row {
    number: u32,
    id: ConversationId,
    environment: Environment,
    session: Option<String>,
    visitor: Option<String>,
    created_at: Timestamp,
    last_message_at: Timestamp,
    message_count: u64,
    preview: String,
    last_seq: u64,
}

const COLUMNS: &str =
    "number, id, environment, session, visitor, created_at, last_message_at, message_count, preview, last_seq";

impl TryFrom<Row> for Indexed {
    type Error = SqlError;

    fn try_from(row: Row) -> Result<Self, SqlError> {
        Ok(Self {
            id: row.id,
            environment: row.environment,
            session: row.session,
            visitor: row.visitor.map(|text| serde_json::from_str(&text)).transpose()?,
            created_at: row.created_at,
            last_message_at: row.last_message_at,
            message_count: row.message_count,
            preview: row.preview,
            last_seq: row.last_seq,
        })
    }
}

/// Counts far below the 2^53 that JavaScript counts to.
fn count_value(count: u64) -> Value {
    i64::try_from(count).unwrap_or(i64::MAX).into()
}

/// A conversation's row.
pub(crate) fn find(db: &Database, id: &ConversationId) -> Result<Option<Indexed>, SqlError> {
    let query = format!("SELECT {COLUMNS} FROM conversations WHERE id = ?");
    db.row::<Row>(&query, vec![id.as_str().into()])?.map(Indexed::try_from).transpose()
}

/// Stores a conversation's row and the messages that are new. Call it in a transaction.
pub(crate) fn put(db: &Database, indexed: &Indexed, messages: &[NotedMessage]) -> Result<(), SqlError> {
    let visitor = indexed.visitor.as_ref().map(serde_json::to_string).transpose()?;
    let row: Option<Number> = db.row(
        "INSERT INTO conversations
            (id, environment, session, visitor, created_at, last_message_at, message_count, preview, last_seq)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET visitor = excluded.visitor, last_message_at = excluded.last_message_at,
            message_count = excluded.message_count, preview = excluded.preview, last_seq = excluded.last_seq
         RETURNING number",
        vec![
            indexed.id.as_str().into(),
            indexed.environment.as_str().into(),
            indexed.session.clone().into(),
            visitor.into(),
            instant(indexed.created_at),
            instant(indexed.last_message_at),
            count_value(indexed.message_count),
            indexed.preview.as_str().into(),
            count_value(indexed.last_seq),
        ],
    )?;
    let conversation = row.ok_or_else(|| SqlError::Row("a conversation has a number".to_owned()))?.number;
    for message in messages {
        let row: Option<Number> = db.row(
            "INSERT INTO messages (conversation, id, role, created_at) VALUES (?, ?, ?, ?) RETURNING number",
            vec![
                conversation.into(),
                message.id.as_str().into(),
                json_word(message.role)?,
                instant(message.created_at),
            ],
        )?;
        let number = row.ok_or_else(|| SqlError::Row("a message has a number".to_owned()))?.number;
        db.run(
            "INSERT INTO message_texts (rowid, text) VALUES (?, ?)",
            vec![number.into(), message.text.as_str().into()],
        )?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct Number {
    number: i64,
}

/// A role as it stands in frames.
fn json_word(role: Role) -> Result<Value, SqlError> {
    let word = serde_json::to_value(role)?;
    Ok(word.as_str().unwrap_or_default().into())
}

/// Removes a conversation with all of its messages. Says whether it was there. Call it in a transaction.
pub(crate) fn remove(db: &Database, id: &ConversationId) -> Result<bool, SqlError> {
    let removed: Option<Number> =
        db.row("DELETE FROM conversations WHERE id = ? RETURNING number", vec![id.as_str().into()])?;
    let Some(Number { number }) = removed else { return Ok(false) };
    db.run(
        "DELETE FROM message_texts WHERE rowid IN (SELECT number FROM messages WHERE conversation = ?)",
        vec![number.into()],
    )?;
    db.run("DELETE FROM messages WHERE conversation = ?", vec![number.into()])?;
    Ok(true)
}

/// A conversation's last message is newer than the index knew.
pub(crate) fn touch(db: &Database, id: &ConversationId, at: Timestamp) -> Result<(), SqlError> {
    db.run(
        "UPDATE conversations SET last_message_at = MAX(last_message_at, ?) WHERE id = ?",
        vec![instant(at), id.as_str().into()],
    )
}

/// How many conversations there are.
pub(crate) fn count(db: &Database) -> Result<u64, SqlError> {
    #[derive(Deserialize)]
    struct Count {
        count: u64,
    }
    Ok(db.row::<Count>("SELECT COUNT(*) AS count FROM conversations", vec![])?.map_or(0, |row| row.count))
}

/// When the oldest of all conversations' last messages was stored.
pub(crate) fn oldest(db: &Database) -> Result<Option<Timestamp>, SqlError> {
    #[derive(Deserialize)]
    struct Oldest {
        at: Option<Timestamp>,
    }
    let row = db.row::<Oldest>("SELECT MIN(last_message_at) AS at FROM conversations", vec![])?;
    Ok(row.and_then(|row| row.at))
}

/// Conversations whose last message was stored at `limit` or before, the oldest first.
pub(crate) fn due(db: &Database, limit: Timestamp, most: u32) -> Result<Vec<ConversationId>, SqlError> {
    #[derive(Deserialize)]
    struct Due {
        id: ConversationId,
    }
    let rows: Vec<Due> = db.rows(
        "SELECT id FROM conversations WHERE last_message_at <= ? ORDER BY last_message_at LIMIT ?",
        vec![instant(limit), i64::from(most).into()],
    )?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// A page of conversations, those with the newest message first.
pub(crate) fn page(
    db: &Database,
    find: &Find<TimeCursor>,
) -> Result<(Vec<ConversationView>, Option<String>), SqlError> {
    let mut query = format!("SELECT {COLUMNS} FROM conversations WHERE TRUE");
    let mut bindings = Vec::new();
    if let Some(environment) = &find.environment {
        query.push_str(" AND environment = ?");
        bindings.push(environment.as_str().into());
    }
    if let Some(expression) = &find.expression {
        query.push_str(
            " AND number IN (SELECT messages.conversation FROM message_texts
                             JOIN messages ON messages.number = message_texts.rowid WHERE message_texts MATCH ?)",
        );
        bindings.push(expression.as_str().into());
    }
    if let Some(TimeCursor { at, number }) = find.page.cursor {
        query.push_str(" AND (last_message_at, number) < (?, ?)");
        bindings.extend([instant(at), i64::from(number).into()]);
    }
    query.push_str(" ORDER BY last_message_at DESC, number DESC LIMIT ?");
    bindings.push(limit_of(&find.page));
    let rows: Vec<Row> = db.rows(&query, bindings)?;
    let cursor = |row: &Row| TimeCursor { at: row.last_message_at, number: row.number }.to_string();
    let (rows, next_cursor) = cut(rows, &find.page, cursor);
    let view = |row: Row| Ok(ConversationView::from(Indexed::try_from(row)?));
    Ok((rows.into_iter().map(view).collect::<Result<_, SqlError>>()?, next_cursor))
}

/// A page of messages, newest first: in the order in which their exchanges ended.
pub(crate) fn messages(db: &Database, find: &Find<u32>) -> Result<(Vec<FoundMessage>, Option<String>), SqlError> {
    #[derive(Deserialize)]
    struct Found {
        number: u32,
        id: String,
        conversation_id: ConversationId,
        environment: Environment,
        role: Role,
        text: String,
        created_at: Timestamp,
    }
    let mut query = String::from(
        "SELECT messages.number AS number, messages.id AS id, conversations.id AS conversation_id,
                conversations.environment AS environment, messages.role AS role, message_texts.text AS text,
                messages.created_at AS created_at
         FROM message_texts JOIN messages ON messages.number = message_texts.rowid
                            JOIN conversations ON conversations.number = messages.conversation
         WHERE message_texts.rowid < ?",
    );
    let mut bindings = vec![before(&find.page)];
    if let Some(expression) = &find.expression {
        query.push_str(" AND message_texts MATCH ?");
        bindings.push(expression.as_str().into());
    }
    if let Some(environment) = &find.environment {
        query.push_str(" AND conversations.environment = ?");
        bindings.push(environment.as_str().into());
    }
    query.push_str(" ORDER BY message_texts.rowid DESC LIMIT ?");
    bindings.push(limit_of(&find.page));
    let rows: Vec<Found> = db.rows(&query, bindings)?;
    let (rows, next_cursor) = cut(rows, &find.page, |row| row.number.to_string());
    let view = |Found { id, conversation_id, environment, role, text, created_at, .. }| FoundMessage {
        id,
        conversation_id,
        environment,
        role,
        text,
        created_at,
    };
    Ok((rows.into_iter().map(view).collect(), next_cursor))
}
