//! The link to the Worker and the token, as the session remembers them.

use super::types::{Token, TokenFailure};
use crate::ids::RequestId;
use crate::time::Timestamp;

#[derive(Debug)]
pub(super) enum Link {
    Down,
    Connecting { since: Timestamp },
    Up(Up),
}

#[derive(Debug)]
pub(super) struct Up {
    /// The secret went out on this link.
    pub(super) introduced: bool,
    /// The history came, or the conversation was new: nothing was missed.
    pub(super) resumed: bool,
    /// The token that the Worker has for this link is the one held.
    pub(super) token_sent: bool,
    pub(super) waiting: Option<Waiting>,
    pub(super) heard_at: Timestamp,
    pub(super) pinged_at: Option<Timestamp>,
}

impl Up {
    /// Whether the Worker is to say that it stored this message.
    pub(super) fn waits_for(&self, id: &RequestId) -> bool {
        matches!(&self.waiting, Some(Waiting { reply: Reply::Accepted(known), .. }) if known == id)
    }
}

#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) reply: Reply,
    pub(super) since: Timestamp,
    pub(super) tries: u8,
}

#[derive(Debug)]
pub(super) enum Reply {
    Accepted(RequestId),
    History,
}

#[derive(Debug, Default)]
pub(super) struct Tokens {
    pub(super) held: Option<Token>,
    /// When the one held should not be used any more.
    pub(super) stale_at: Option<Timestamp>,
    pub(super) is_fetching: bool,
    /// No other is asked for before this instant.
    pub(super) pause_until: Option<Timestamp>,
    pub(super) failure: Option<TokenFailure>,
    /// When the next try is due after a failure; none: when the visitor asks.
    pub(super) retry_at: Option<Timestamp>,
    pub(super) refusals: u8,
    /// The Worker refused [`TOKEN_REFUSALS`] in a row.
    pub(super) is_refused: bool,
}
