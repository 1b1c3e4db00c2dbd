//! What the widget itself says to the visitor. Each trouble says what is wrong and what happens next.

use crate::config::ConfigFailure;
use crate::text::{concat, decimal};
use weft_shared::error::ErrorCode;
use weft_shared::protocol::ws::AnswerStatus;
use weft_shared::session::client::{Ended, Status, TokenFailure};
use weft_shared::session::transcript::EntryState;

pub(crate) const TITLE: &str = "Chat";
pub(crate) const PLACEHOLDER: &str = "Write a message";
pub(crate) const CLOSE: &str = "Close";
pub(crate) const SEND: &str = "Send";
pub(crate) const STOP: &str = "Stop the answer";
pub(crate) const SOURCES: &str = "Sources";
pub(crate) const COPY: &str = "Copy the code";
pub(crate) const COPIED: &str = "Copied";
pub(crate) const NEWEST: &str = "To the newest message";
pub(crate) const YOU: &str = "You: ";

const TRY_NOW: &str = "Try now";
const TRY_AGAIN: &str = "Try again";

/// A line above the composer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Notice {
    /// What is the matter.
    pub text: &'static str,
    /// What the visitor can do about it; empty: nothing.
    pub button: &'static str,
}

/// All is well.
pub(crate) const NOTHING: Notice = say("");

const fn say(text: &'static str) -> Notice {
    Notice { text, button: "" }
}

const fn ask(text: &'static str, button: &'static str) -> Notice {
    Notice { text, button }
}

/// What to say of the connection; an empty text: all is well.
pub(crate) const fn status(status: Status) -> Notice {
    match status {
        Status::Idle | Status::Connected => NOTHING,
        Status::Connecting => say("Connecting…"),
        Status::Retrying(_) => ask("The connection broke. Trying again by itself.", TRY_NOW),
        Status::Offline => say("You are offline. What you send goes out when you are back."),
        Status::TokenUnavailable(failure, retry_at) => {
            let text = match failure {
                TokenFailure::Unreachable => "This site’s sign-in service can’t be reached.",
                TokenFailure::TimedOut => "This site’s sign-in service took too long to answer.",
                TokenFailure::SignedOut => "Sign in on this site to chat.",
                TokenFailure::Status(_) => "This site’s sign-in service has a problem.",
                TokenFailure::NotJson => "This site’s sign-in service answered with a page instead of a token.",
                TokenFailure::NoToken => "This site’s sign-in service answered without a token.",
            };
            ask(text, if retry_at.is_some() { TRY_NOW } else { TRY_AGAIN })
        }
        Status::TokenRefused => ask("Your sign-in on this site was not accepted here.", TRY_AGAIN),
        Status::Limited(_) => say("You have reached the message limit. The chat comes back when it resets."),
        Status::Ended(Ended::Forbidden) => ask("This conversation can’t go on here.", "Start a new one"),
        Status::Ended(Ended::Over) => {
            ask("This conversation is over. What was not sent goes into the next one.", "Start a new one")
        }
        Status::Ended(Ended::Outdated) => say("The chat was updated. Reload the page to go on."),
    }
}

/// What to say while there is no config.
pub(crate) const fn starting(failure: Option<&ConfigFailure>) -> Notice {
    match failure {
        None => say("Connecting…"),
        Some(ConfigFailure::Unreachable) => ask("The chat can’t be reached. Trying again by itself.", TRY_NOW),
        Some(ConfigFailure::Refused(_)) => ask("The chat isn’t available on this page.", TRY_AGAIN),
    }
}

/// What stands under a message; empty: nothing.
pub(crate) const fn note(state: EntryState) -> &'static str {
    match state {
        EntryState::Sending => "Sending…",
        EntryState::Refused(ErrorCode::Conflict | ErrorCode::InvalidRequest) => "This message was not accepted.",
        EntryState::Refused(_) => "Not sent.",
        EntryState::Ended(AnswerStatus::Cancelled) => "Stopped.",
        EntryState::Ended(AnswerStatus::Interrupted) => "The answer broke off here.",
        EntryState::Sent | EntryState::Streaming | EntryState::Ended(AnswerStatus::Complete) => "",
    }
}

/// What the counter says; empty: there is room enough.
pub(crate) fn counter(count: usize, most: usize) -> String {
    // From nine tenths on.
    if count * 10 < most * 9 { String::new() } else { concat(&[&decimal(count), " / ", &decimal(most)]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_shared::time::Timestamp;

    #[test]
    fn each_failure_of_the_refresh_endpoint_is_told_apart_and_can_be_tried_again() {
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
            assert_eq!(notice.button, TRY_AGAIN);
            let retrying = status(Status::TokenUnavailable(failure, Some(Timestamp::from_secs(1))));
            assert_eq!(retrying, Notice { button: TRY_NOW, ..notice });
            assert!(!texts.contains(&notice.text));
            texts.push(notice.text);
        }
    }

    #[test]
    fn the_counter_shows_near_the_end() {
        assert_eq!(counter(3599, 4000), "");
        assert_eq!(counter(3600, 4000), "3600 / 4000");
        assert_eq!(counter(4001, 4000), "4001 / 4000");
    }
}
