//! What a tenant's index takes over from a conversation's note: each message once, whatever comes twice or late.
//!
//! A conversation tells its tenant what is over, in the order of `seq`, until it is confirmed. A message gets its final
//! `seq` when it is over, above all that was over before; so the highest one told is all that the index need remember.

use super::{Participant, StoredMessage};
use crate::ids::{ConversationId, Environment};
use crate::protocol::ws::Role;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The longest preview, in characters.
pub const MAX_PREVIEW_CHARS: usize = 500;
/// How much text one note carries at most, in bytes; one message at least. A note is one call of the tenant's object,
/// which serves all of the tenant.
pub const MAX_NOTE_BYTES: usize = 256 * 1024;

/// What a conversation tells its tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Which conversation.
    pub conversation: ConversationId,
    /// When it began. Another instant under the same id is another conversation: the one before was deleted.
    pub created_at: Timestamp,
    /// In which environment.
    pub environment: Environment,
    /// The id that a client of the chat API gave it.
    pub session: Option<String>,
    /// Who writes there, where a token told.
    pub visitor: Option<Participant>,
    /// What is over and wasn't told yet, by `seq`.
    pub messages: Vec<NotedMessage>,
}

/// A message in a note, and in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotedMessage {
    /// Its id within the conversation.
    pub id: String,
    /// Its place in the conversation.
    pub seq: u64,
    /// Who wrote it.
    pub role: Role,
    /// What it says.
    pub text: String,
    /// When it was stored first.
    pub created_at: Timestamp,
}

impl From<StoredMessage> for NotedMessage {
    fn from(message: StoredMessage) -> Self {
        let StoredMessage { id, seq, role, text, created_at, .. } = message;
        Self { id, seq, role, text, created_at }
    }
}

/// The first of these messages that fit one note.
#[must_use]
pub fn first_note(messages: Vec<StoredMessage>) -> Vec<NotedMessage> {
    let mut bytes = 0;
    let fits = |message: &StoredMessage| {
        let is_first = bytes == 0;
        bytes += message.text.len().max(1);
        is_first || bytes <= MAX_NOTE_BYTES
    };
    messages.into_iter().take_while(fits).map(NotedMessage::from).collect()
}

/// A conversation's row in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indexed {
    /// Which conversation.
    pub id: ConversationId,
    /// In which environment.
    pub environment: Environment,
    /// The id that a client of the chat API gave it.
    pub session: Option<String>,
    /// Who writes there.
    pub visitor: Option<Participant>,
    /// When it began.
    pub created_at: Timestamp,
    /// When its last message was stored.
    pub last_message_at: Timestamp,
    /// How many messages it has, answers included.
    pub message_count: u64,
    /// How its last message begins.
    pub preview: String,
    /// The highest `seq` that was told.
    pub last_seq: u64,
}

impl Indexed {
    /// The row of a conversation of which nothing was told.
    #[must_use]
    pub fn new(note: &Note) -> Self {
        Self {
            id: note.conversation.clone(),
            environment: note.environment.clone(),
            session: note.session.clone(),
            visitor: None,
            created_at: note.created_at,
            last_message_at: note.created_at,
            message_count: 0,
            preview: String::new(),
            last_seq: 0,
        }
    }

    /// Whether a note speaks of this same conversation, and not of a later one that took its id over.
    #[must_use]
    pub fn is_of(&self, note: &Note) -> bool {
        self.id == note.conversation && self.created_at == note.created_at
    }

    /// Takes a note over. Gives the messages that are new, to be put into the index.
    #[must_use]
    pub fn absorb(&mut self, note: Note) -> Vec<NotedMessage> {
        self.visitor = note.visitor.or_else(|| self.visitor.take());
        let known = self.last_seq;
        let fresh: Vec<_> = note.messages.into_iter().filter(|message| message.seq > known).collect();
        for message in &fresh {
            self.message_count += 1;
            self.last_message_at = self.last_message_at.max(message.created_at);
            if message.seq > self.last_seq {
                self.last_seq = message.seq;
                self.preview = preview(&message.text);
            }
        }
        fresh
    }
}

/// How a message begins, on one line.
#[must_use]
pub fn preview(text: &str) -> String {
    let mut preview = String::new();
    for word in text.split_whitespace() {
        if !preview.is_empty() {
            preview.push(' ');
        }
        preview.push_str(word);
        if preview.len() > 4 * MAX_PREVIEW_CHARS {
            break;
        }
    }
    preview.chars().take(MAX_PREVIEW_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_is_one_line_of_at_most_500_characters() {
        assert_eq!(preview(" a\n\n b\tc "), "a b c");
        assert_eq!(preview(&"é".repeat(501)).chars().count(), 500);
        assert_eq!(preview(&"é ".repeat(5_000)).chars().count(), 500);
        assert_eq!(preview(""), "");
    }
}
