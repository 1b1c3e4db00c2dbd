//! Agent providers, as far as they are pure: `sources` quotes the tenant's sources, `scripted` plays a script for tests,
//! `openai` knows what a model is asked and how its answer is read. Calling another server is the Worker's.

pub mod openai;
pub mod scripted;
pub mod sources;
mod terms;

use crate::time::Timestamp;

pub use sources::{Composed, MAX_PASSAGES, Passage, best, compose, named, passages, search_terms};
pub use terms::{TOKENIZER, match_words};

/// An agent that isn't heard of for so long has failed, before the first byte of its answer as in the middle.
pub const SILENCE_MS: i64 = 30_000;
/// An answer that takes longer than this ends where it is: one that trickles would hold its conversation for ever.
const LONGEST_MS: i64 = 10 * 60 * 1_000;

/// When an agent is given up that was asked and last heard of at these times.
#[must_use]
pub fn given_up_at(asked_at: Timestamp, heard_at: Timestamp) -> Timestamp {
    heard_at.plus_millis(SILENCE_MS).min(asked_at.plus_millis(LONGEST_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_has_half_a_minute_between_signs_of_life_and_ten_minutes_in_all() {
        let at = Timestamp::from_secs;
        assert_eq!(given_up_at(at(100), at(100)), at(130));
        assert_eq!(given_up_at(at(100), at(400)), at(430));
        assert_eq!(given_up_at(at(100), at(670)), at(700));
        assert_eq!(given_up_at(at(100), at(699)), at(700));
    }
}
