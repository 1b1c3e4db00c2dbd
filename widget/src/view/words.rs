//! What the widget says to the visitor, and when. Each trouble says what is wrong and what happens next. The texts are
//! in `languages/`.

use crate::config::ConfigFailure;
use crate::language::{Word, Words, english};
use crate::text::concat;
use weft_shared::error::ErrorCode;
use weft_shared::protocol::ws::AnswerStatus;
use weft_shared::session::client::{Ended, Status, TokenFailure};
use weft_shared::session::transcript::EntryState;

/// A line above the composer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Notice {
    /// What is the matter.
    pub text: Option<Word>,
    /// What happens next, where the text doesn't say it.
    pub next: Option<Word>,
    /// What the visitor can do about it.
    pub button: Option<Word>,
}

/// All is well.
pub(crate) const NOTHING: Notice = Notice { text: None, next: None, button: None };

const fn say(text: Word) -> Notice {
    Notice { text: Some(text), ..NOTHING }
}

const fn ask(text: Word, button: Word) -> Notice {
    Notice { text: Some(text), next: None, button: Some(button) }
}

/// Something that is tried again: by itself, or when the visitor asks.
const fn retry(text: Word, is_by_itself: bool) -> Notice {
    let (next, button) = if is_by_itself { (Word::ByItself, Word::TryNow) } else { (Word::Kept, Word::TryAgain) };
    Notice { text: Some(text), next: Some(next), button: Some(button) }
}

impl Notice {
    /// As it is shown.
    pub(crate) fn text(self, words: &Words) -> String {
        let part = |word: Option<Word>| word.map(|word| words.get(word)).unwrap_or_default();
        match self.next {
            Some(next) => concat(&[part(self.text), " ", words.get(next)]),
            None => part(self.text).to_owned(),
        }
    }

    /// As the console and the page's events say it.
    pub(crate) fn for_owner(self) -> &'static str {
        self.text.map(english).unwrap_or_default()
    }
}

/// What to say of the connection.
pub(crate) const fn status(status: Status) -> Notice {
    match status {
        Status::Idle | Status::Connected => NOTHING,
        Status::Connecting => say(Word::Connecting),
        Status::Retrying(_) => retry(Word::Retrying, true),
        Status::Offline => say(Word::Offline),
        Status::TokenUnavailable(failure, retry_at) => {
            let text = match failure {
                TokenFailure::Unreachable => Word::TokenUnreachable,
                TokenFailure::TimedOut => Word::TokenLate,
                TokenFailure::SignedOut => Word::SignedOut,
                TokenFailure::Status(_) => Word::TokenStatus,
                TokenFailure::NotJson => Word::TokenPage,
                TokenFailure::NoToken => Word::TokenMissing,
            };
            retry(text, retry_at.is_some())
        }
        Status::TokenRefused => ask(Word::TokenRefused, Word::TryAgain),
        Status::Limited(_) => say(Word::Limited),
        Status::Ended(Ended::Forbidden) => ask(Word::Forbidden, Word::StartNew),
        Status::Ended(Ended::Over) => ask(Word::Ended, Word::StartNew),
        Status::Ended(Ended::Outdated) => say(Word::Outdated),
    }
}

/// What to say while there is no config.
pub(crate) const fn starting(failure: Option<&ConfigFailure>) -> Notice {
    match failure {
        None => say(Word::Connecting),
        Some(ConfigFailure::Unreachable) => retry(Word::Unreachable, true),
        Some(ConfigFailure::Refused(_)) => ask(Word::Unavailable, Word::TryAgain),
    }
}

/// What stands under a message. Where nothing can go out just now, what is to be sent waits.
pub(crate) const fn note(state: EntryState, is_waiting: bool) -> Option<Word> {
    match state {
        EntryState::Sending => Some(if is_waiting { Word::Waiting } else { Word::Sending }),
        EntryState::Refused(ErrorCode::Conflict | ErrorCode::InvalidRequest) => Some(Word::NotAccepted),
        EntryState::Refused(_) => Some(Word::NotSent),
        EntryState::Ended(AnswerStatus::Cancelled) => Some(Word::Stopped),
        EntryState::Ended(AnswerStatus::Interrupted) => Some(Word::BrokeOff),
        EntryState::Sent | EntryState::Streaming | EntryState::Ended(AnswerStatus::Complete) => None,
    }
}

/// Whether the counter shows: from nine tenths on.
pub(crate) const fn is_near_end(count: usize, most: usize) -> bool {
    count * 10 >= most * 9
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_shared::time::Timestamp;

    #[test]
    fn each_failure_of_the_refresh_endpoint_is_told_apart_and_says_what_happens_next() {
        let failures = [
            TokenFailure::Unreachable,
            TokenFailure::TimedOut,
            TokenFailure::SignedOut,
            TokenFailure::Status(500),
            TokenFailure::NotJson,
            TokenFailure::NoToken,
        ];
        let mut texts = Vec::new();
        for failure in failures {
            let notice = status(Status::TokenUnavailable(failure, None));
            assert_eq!((notice.next, notice.button), (Some(Word::Kept), Some(Word::TryAgain)));
            let retrying = status(Status::TokenUnavailable(failure, Some(Timestamp::from_secs(1))));
            assert_eq!((retrying.next, retrying.button), (Some(Word::ByItself), Some(Word::TryNow)));
            assert_eq!(retrying.text, notice.text);
            assert!(!texts.contains(&notice.text));
            texts.push(notice.text);
        }
        let notice = status(Status::TokenUnavailable(TokenFailure::TimedOut, None));
        assert_eq!(
            notice.text(&Words::default()),
            "This site’s sign-in service took too long to answer. What you send is kept."
        );
    }

    #[test]
    fn the_counter_shows_near_the_end() {
        assert!(!is_near_end(3599, 4000));
        assert!(is_near_end(3600, 4000));
        assert!(is_near_end(4001, 4000));
    }
}
