//! Agent providers, as far as they are pure: `sources` quotes the tenant's sources, `scripted` plays a script for tests,
//! `openai` knows what a model is asked and how its answer is read. Calling another server is the Worker's.

pub mod openai;
pub mod scripted;
pub mod sources;
mod terms;

pub use sources::{Composed, MAX_PASSAGES, Passage, best, compose, named, passages, search_terms};
pub use terms::{TOKENIZER, match_words};

/// An agent that isn't heard of for so long has failed, before the first byte of its answer as in the middle.
pub const SILENCE_MS: i64 = 30_000;
/// An answer that takes longer than this ends where it is: one that trickles would hold its conversation for ever.
pub const LONGEST_MS: i64 = 10 * 60 * 1_000;
