//! Agent providers that are pure: `sources` quotes the tenant's sources, `scripted` plays a script for tests.
//! Providers that call another server live in the Worker.

pub mod scripted;
pub mod sources;
mod terms;

pub use sources::{Composed, MAX_PASSAGES, Passage, compose, passages, search_terms};
pub use terms::TOKENIZER;
