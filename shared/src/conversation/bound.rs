//! How long a conversation may get. An object has room for far more; what the bound keeps small is what one message may
//! cost: loading, replaying, exporting and deleting a conversation are each one step over all of it.

use crate::error::{ErrorCode, Refusal};
use serde::Deserialize;

/// The most messages of one conversation, answers included.
pub const MAX_MESSAGES: u64 = 2_000;
/// The most text of one conversation, in bytes of UTF-8. Looked at before each message of the visitor's: an answer that
/// is under way may end above it.
pub const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// How much a conversation holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct Size {
    /// The visitor's messages. Each has an answer or gets one.
    pub questions: u64,
    /// The text of all that is stored, in bytes.
    pub bytes: u64,
}

impl Size {
    /// Whether one more message of the visitor's fits, with its answer.
    ///
    /// # Errors
    /// `conflict`: what to do next stands in its message.
    pub fn check(self, text: &str) -> Result<(), Refusal> {
        let messages = self.questions.saturating_add(1).saturating_mul(2);
        if messages > MAX_MESSAGES || self.bytes.saturating_add(bytes_of(text)) > MAX_BYTES {
            return Err(Refusal::new(ErrorCode::Conflict, "This conversation is full. Begin a new one."));
        }
        Ok(())
    }

    /// A message of the visitor's was stored.
    pub(crate) fn add_question(&mut self, text: &str) {
        self.questions += 1;
        self.bytes += bytes_of(text);
    }

    /// An answer that is over was stored.
    pub(crate) fn add_answer(&mut self, text: &str) {
        self.bytes += bytes_of(text);
    }
}

fn bytes_of(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_message_that_fits_is_let_through_and_the_next_is_not() {
        let full_of_messages = |questions| Size { questions, bytes: 0 }.check("a");
        assert!(full_of_messages(MAX_MESSAGES / 2 - 1).is_ok());
        let refusal = full_of_messages(MAX_MESSAGES / 2).expect_err("1,000 questions and their answers are there");
        assert_eq!((refusal.code, refusal.code.status()), (ErrorCode::Conflict, 409));
        assert!(refusal.message.contains("Begin a new one"), "it says what to do: {refusal}");

        let full_of_text = |bytes, text: &str| Size { questions: 1, bytes }.check(text);
        assert!(full_of_text(MAX_BYTES - 2, "é").is_ok(), "bytes count, not characters");
        assert!(full_of_text(MAX_BYTES - 1, "é").is_err());
        assert!(full_of_text(MAX_BYTES - 1, "e").is_ok());
        assert!(full_of_text(u64::MAX, "e").is_err() && full_of_messages(u64::MAX).is_err(), "no overflow");
    }

    #[test]
    fn questions_count_twice_and_text_once() {
        let mut size = Size::default();
        size.add_question("Wo?");
        size.add_answer("Hier über.");
        assert_eq!(size, Size { questions: 1, bytes: 3 + 11 });
    }
}
