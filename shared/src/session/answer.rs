//! An answer while it comes: what was streamed, what of it is stored, and when to store again.

use crate::conversation::{StoredMessage, answer_id};
use crate::ids::RequestId;
use crate::protocol::ws::{AnswerStatus, Delta, MAX_ANSWER_CHARS, Role, SourceRef};
use crate::time::Timestamp;

/// What was streamed is stored about this often: rows written are the dearest thing an object does.
const FLUSH_EVERY_MS: i64 = 1_000;

/// An answer that is coming.
#[derive(Debug)]
pub struct RunningAnswer {
    request_id: RequestId,
    text: String,
    chars: usize,
    /// Each delta's `seq` and where its text ends, for a replay from memory.
    deltas: Vec<(u64, usize)>,
    created_at: Timestamp,
    flushed_at: Timestamp,
    is_cancelled: bool,
}

impl RunningAnswer {
    /// An answer of which nothing has come yet.
    #[must_use]
    pub const fn new(request_id: RequestId, now: Timestamp) -> Self {
        Self {
            request_id,
            text: String::new(),
            chars: 0,
            deltas: Vec::new(),
            created_at: now,
            flushed_at: now,
            is_cancelled: false,
        }
    }

    /// The message that is answered.
    #[must_use]
    pub const fn request_id(&self) -> &RequestId {
        &self.request_id
    }

    /// The visitor stopped it.
    pub const fn cancel(&mut self) {
        self.is_cancelled = true;
    }

    /// Whether the visitor stopped it.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        self.is_cancelled
    }

    /// Takes what fits of the next piece; `true` where it was cut: the answer has its full length.
    pub fn push(&mut self, piece: &str, seq: u64) -> (Delta, bool) {
        let left = MAX_ANSWER_CHARS - self.chars;
        let fits = piece.char_indices().nth(left).map_or(piece, |(end, _)| &piece[..end]);
        self.chars += fits.chars().count();
        self.text.push_str(fits);
        self.deltas.push((seq, self.text.len()));
        let delta = Delta { request_id: self.request_id.clone(), seq, text: fits.to_owned() };
        (delta, fits.len() < piece.len())
    }

    /// The deltas after `seq`, each as it was sent.
    #[must_use]
    pub fn replay_after(&self, seq: u64) -> Vec<Delta> {
        let mut start = 0;
        let mut out = Vec::new();
        for &(delta_seq, end) in &self.deltas {
            if delta_seq > seq {
                let text = self.text[start..end].to_owned();
                out.push(Delta { request_id: self.request_id.clone(), seq: delta_seq, text });
            }
            start = end;
        }
        out
    }

    /// Whether what was streamed is to be stored now.
    #[must_use]
    pub const fn is_flush_due(&self, now: Timestamp) -> bool {
        now.millis_since(self.flushed_at) >= FLUSH_EVERY_MS
    }

    /// The row for what has come so far.
    pub fn flush(&mut self, reserved_seq: u64, now: Timestamp) -> StoredMessage {
        self.flushed_at = now;
        let seq = self.deltas.last().map_or(0, |(seq, _)| *seq);
        self.row(seq, reserved_seq, None, Vec::new())
    }

    /// The row for the answer that is over.
    #[must_use]
    pub fn finish(self, seq: u64, reserved_seq: u64, status: AnswerStatus, sources: Vec<SourceRef>) -> StoredMessage {
        self.row(seq, reserved_seq, Some(status), sources)
    }

    fn row(&self, seq: u64, reserved_seq: u64, status: Option<AnswerStatus>, sources: Vec<SourceRef>) -> StoredMessage {
        StoredMessage {
            id: answer_id(&self.request_id),
            seq,
            role: Role::Assistant,
            text: self.text.clone(),
            request_id: self.request_id.clone(),
            status,
            sources,
            created_at: self.created_at,
            reserved_seq,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> RunningAnswer {
        RunningAnswer::new(RequestId::parse("request-0123456789").expect("well formed"), Timestamp::from_millis(0))
    }

    #[test]
    fn an_answer_is_cut_at_its_longest_in_characters_not_bytes() {
        let mut answer = answer();
        let (delta, is_cut) = answer.push(&"é".repeat(MAX_ANSWER_CHARS - 1), 1);
        assert!(!is_cut && delta.text.chars().count() == MAX_ANSWER_CHARS - 1);
        let (delta, is_cut) = answer.push("ab", 2);
        assert!(is_cut);
        assert_eq!(delta.text, "a");
    }

    #[test]
    fn a_replay_gives_each_delta_as_it_was_sent() {
        let mut answer = answer();
        for (seq, piece) in [(4, "one "), (5, "two "), (7, "three")] {
            answer.push(piece, seq);
        }
        let texts = |seq| answer.replay_after(seq).into_iter().map(|delta| (delta.seq, delta.text)).collect::<Vec<_>>();
        assert_eq!(texts(0).len(), 3);
        assert_eq!(texts(4), [(5, "two ".to_owned()), (7, "three".to_owned())]);
        assert_eq!(texts(7), []);
    }

    #[test]
    fn streamed_text_is_stored_once_a_second() {
        let mut answer = answer();
        assert!(!answer.is_flush_due(Timestamp::from_millis(999)));
        assert!(answer.is_flush_due(Timestamp::from_millis(1_000)));
        answer.flush(9, Timestamp::from_millis(1_000));
        assert!(!answer.is_flush_due(Timestamp::from_millis(1_999)));
    }
}
