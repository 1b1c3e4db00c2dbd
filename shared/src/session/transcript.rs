//! What the visitor reads: messages in order, each with its state. Applying a frame twice changes nothing.

use crate::error::ErrorCode;
use crate::ids::RequestId;
use crate::protocol::ws::{AnswerStatus, Completed, Delta, HistoryMessage, Role, SourceRef};

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryState {
    /// The visitor's, not acknowledged yet: kept and sent again until it is.
    Sending,
    /// The visitor's, stored by the Worker.
    Sent,
    /// The visitor's, refused for good.
    Refused(ErrorCode),
    /// An answer that is still coming.
    Streaming,
    /// An answer that is over.
    Ended(AnswerStatus),
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The message's id; an answer has none before it is over.
    pub id: Option<String>,
    /// The visitor's message that an answer belongs to; a visitor's message names itself.
    pub request_id: Option<RequestId>,
    /// Who wrote it.
    pub role: Role,
    /// What it says so far.
    pub text: String,
    /// Where it stands.
    pub state: EntryState,
    /// What an answer rests on.
    pub sources: Vec<SourceRef>,
    /// The highest `seq` applied to it; `None` before the Worker gave one.
    pub seq: Option<u64>,
    /// When the Worker stored it, RFC 3339, where it said so.
    pub created_at: Option<String>,
}

impl Entry {
    /// Whether it is an answer that is still coming.
    #[must_use]
    pub fn is_streaming(&self) -> bool {
        matches!(self.state, EntryState::Streaming)
    }

    /// Whether it is the visitor's and not acknowledged yet.
    pub(super) fn is_sending(&self) -> bool {
        matches!(self.state, EntryState::Sending)
    }

    fn is_answer_to(&self, request: &RequestId) -> bool {
        self.role == Role::Assistant && self.request_id.as_ref() == Some(request)
    }

    /// Whether it is the visitor's message with this id.
    pub(super) fn is_message(&self, request: &RequestId) -> bool {
        self.role == Role::User && self.request_id.as_ref() == Some(request)
    }
}

/// What changed, for the view. Indices count in [`Transcript::entries`] at the time of the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A message was put in at this index; those from there on moved down by one.
    Added(usize),
    /// The message at `index` got text behind what it had, from byte `from` on.
    Appended {
        /// Which.
        index: usize,
        /// Where the new text begins, in bytes.
        from: usize,
    },
    /// The message at this index is to be drawn anew: its text or state changed.
    Updated(usize),
}

/// The conversation as this browser knows it.
#[derive(Debug, Clone, Default)]
pub struct Transcript {
    entries: Vec<Entry>,
    max_seq: u64,
}

impl Transcript {
    /// The messages, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether an answer is due or coming.
    #[must_use]
    pub fn has_unfinished(&self) -> bool {
        self.entries.iter().any(Entry::is_streaming)
    }

    /// The request whose answer comes first among those that are not over.
    #[must_use]
    pub fn first_unfinished(&self) -> Option<&RequestId> {
        self.entries.iter().find(|entry| entry.is_streaming())?.request_id.as_ref()
    }

    /// The first message that is not acknowledged yet.
    pub(super) fn first_sending(&self) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.is_sending())
    }

    /// Whether this message is not acknowledged yet.
    pub(super) fn is_sending(&self, id: &RequestId) -> bool {
        self.entries.iter().any(|entry| entry.is_sending() && entry.is_message(id))
    }

    /// The `seq` up to which nothing is missing: what `chat.resume` asks to be replayed from. Answers come one after
    /// the other, so the first that isn't over tells.
    #[must_use]
    pub fn resume_seq(&self) -> u64 {
        self.entries.iter().find(|entry| entry.is_streaming()).map_or(self.max_seq, |entry| entry.seq.unwrap_or(0))
    }

    /// The visitor sent a message.
    pub fn send(&mut self, id: RequestId, text: String) -> Change {
        self.entries.push(Entry {
            id: Some(id.as_str().to_owned()),
            request_id: Some(id),
            role: Role::User,
            text,
            state: EntryState::Sending,
            sources: Vec::new(),
            seq: None,
            created_at: None,
        });
        Change::Added(self.entries.len() - 1)
    }

    /// The Worker stored the visitor's message: its answer is due.
    pub fn accept(&mut self, id: &RequestId, seq: Option<u64>, changes: &mut Vec<Change>) {
        let Some(index) = self.entries.iter().position(|entry| entry.is_message(id)) else { return };
        self.saw(seq);
        let entry = &mut self.entries[index];
        entry.seq = entry.seq.or(seq);
        if !matches!(entry.state, EntryState::Sent) {
            entry.state = EntryState::Sent;
            changes.push(Change::Updated(index));
        }
        self.answer_to(id, seq, changes);
    }

    /// The Worker refused the visitor's message for good.
    pub fn refuse(&mut self, id: &RequestId, code: ErrorCode) -> Option<Change> {
        let index = self.entries.iter().position(|entry| entry.is_message(id))?;
        self.entries[index].state = EntryState::Refused(code);
        Some(Change::Updated(index))
    }

    /// A piece of an answer. One that was applied already, or belongs to an answer that is over, changes nothing.
    pub fn delta(&mut self, delta: &Delta, changes: &mut Vec<Change>) {
        let before = changes.len();
        self.accept(&delta.request_id, None, changes);
        let index = self.answer_to(&delta.request_id, None, changes);
        self.saw(Some(delta.seq));
        let entry = &mut self.entries[index];
        if entry.is_streaming() && entry.seq.is_none_or(|seq| seq < delta.seq) {
            entry.seq = Some(delta.seq);
            let from = entry.text.len();
            entry.text.push_str(&delta.text);
            // A message that was put in by this very frame is drawn with its text.
            let is_added =
                changes.iter().skip(before).any(|change| matches!(change, Change::Added(at) if *at == index));
            if !is_added {
                changes.push(Change::Appended { index, from });
            }
        }
    }

    /// A whole answer. It replaces what was pieced together.
    pub fn complete(&mut self, completed: Completed, changes: &mut Vec<Change>) {
        self.accept(&completed.request_id, None, changes);
        let index = self.answer_to(&completed.request_id, None, changes);
        self.saw(Some(completed.seq));
        let entry = &mut self.entries[index];
        if entry.is_streaming() {
            entry.id = Some(completed.message_id);
            entry.seq = Some(completed.seq);
            entry.text = completed.text;
            entry.sources = completed.sources.unwrap_or_default();
            entry.state = EntryState::Ended(completed.status);
            changes.push(Change::Updated(index));
        }
    }

    /// A message from the history. One that is known is brought up to date, never doubled.
    pub fn restore(&mut self, mut message: HistoryMessage, changes: &mut Vec<Change>) {
        if message.role == Role::User {
            let Ok(id) = RequestId::parse(message.id.clone()) else { return };
            let seq = Some(message.seq);
            if !self.entries.iter().any(|entry| entry.is_message(&id)) {
                message.request_id = Some(id.clone());
                self.insert(message, EntryState::Sent, changes);
            }
            // Every stored message gets an answer: it follows in the history, or it is still coming.
            self.accept(&id, seq, changes);
            return;
        }
        let status = message.status.unwrap_or(AnswerStatus::Complete);
        if let Some(request_id) = &message.request_id
            && self.entries.iter().any(|entry| entry.is_answer_to(request_id))
        {
            let completed = Completed {
                request_id: request_id.clone(),
                seq: message.seq,
                message_id: message.id,
                text: message.text,
                status,
                sources: message.sources,
            };
            self.complete(completed, changes);
        } else if !self.entries.iter().any(|entry| entry.id.as_ref() == Some(&message.id)) {
            self.insert(message, EntryState::Ended(status), changes);
        }
    }

    fn insert(&mut self, message: HistoryMessage, state: EntryState, changes: &mut Vec<Change>) {
        self.saw(Some(message.seq));
        // Answers stand behind their messages, so messages tell the order (and answers whose message isn't here yet).
        // Those without a place stay last.
        let leads = |entry: &Entry| {
            entry.role == Role::User
                || !self.entries.iter().any(|other| other.role == Role::User && other.request_id == entry.request_id)
        };
        let index = self
            .entries
            .iter()
            .position(|entry| entry.seq.is_none_or(|seq| seq > message.seq) && leads(entry))
            .unwrap_or(self.entries.len());
        self.entries.insert(
            index,
            Entry {
                id: Some(message.id),
                request_id: message.request_id,
                role: message.role,
                text: message.text,
                state,
                sources: message.sources.unwrap_or_default(),
                seq: Some(message.seq),
                created_at: Some(message.created_at),
            },
        );
        changes.push(Change::Added(index));
    }

    /// Where the answer to this message stands; where there is none, its empty place is made behind the message.
    fn answer_to(&mut self, id: &RequestId, seq: Option<u64>, changes: &mut Vec<Change>) -> usize {
        if let Some(index) = self.entries.iter().position(|entry| entry.is_answer_to(id)) {
            let entry = &mut self.entries[index];
            entry.seq = entry.seq.or(seq);
            return index;
        }
        let behind = self.entries.iter().position(|entry| entry.is_message(id)).map(|message| message + 1);
        // Where the message isn't here yet, its answer still comes before what the Worker hasn't stored.
        let index = behind.or_else(|| self.entries.iter().position(Entry::is_sending)).unwrap_or(self.entries.len());
        self.entries.insert(
            index,
            Entry {
                id: None,
                request_id: Some(id.clone()),
                role: Role::Assistant,
                text: String::new(),
                state: EntryState::Streaming,
                sources: Vec::new(),
                seq,
                created_at: None,
            },
        );
        changes.push(Change::Added(index));
        index
    }

    fn saw(&mut self, seq: Option<u64>) {
        self.max_seq = self.max_seq.max(seq.unwrap_or(0));
    }
}
