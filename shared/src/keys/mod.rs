//! Keys: the deployment's master key, the credentials that are tagged with it, and what is stored of each.
//!
//! Decided here: which text is a credential that this deployment issued, and where a key stands at an instant.
//! Not decided here: what a credential may do ([`crate::auth`]).

pub mod chat;
pub mod credential;
pub mod master;
pub mod record;

pub use chat::{ChatNames, ChatPlace, Side};
pub use credential::{Credential, CredentialError, CredentialKind};
pub use master::{MasterKey, MasterKeyError, MasterKeys};
pub use record::{KeyRecord, KeyStatus, NewKey, TransitionError, key_view, session_view};
