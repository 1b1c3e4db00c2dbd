//! What a session starts from, what it asks for and what it shows.

use crate::ids::RequestId;
use crate::protocol::ws::{ClientFrame, ErrorFrame, LimitReached};
use crate::secret::{HistorySecret, Secret};
use crate::session::transcript::Change;
use crate::time::Timestamp;

/// What a session starts from.
#[derive(Debug)]
pub struct ClientConfig {
    /// The conversation's secret, from the browser's storage or new.
    pub history_secret: HistorySecret,
    /// Whether the Worker has stored something of this conversation.
    pub begun: bool,
    /// Whether requests need a signed widget token.
    pub require_signed_token: bool,
    /// Spreads waits; any number.
    pub seed: u64,
    /// Messages that were not acknowledged before the last reload.
    pub outbox: Vec<(RequestId, String)>,
}

/// A token from the refresh endpoint.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token.
    pub secret: Secret,
    /// How long it lives from now on, where its claims say so. The visitor's clock may be off, so it is a duration.
    pub lifetime_secs: Option<u32>,
}

/// Why the customer's refresh endpoint gave no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFailure {
    /// It can't be reached.
    Unreachable,
    /// It gave no answer within 10 s.
    TimedOut,
    /// It answered 401 or 403: the visitor isn't signed in there.
    SignedOut,
    /// It answered with another status.
    Status(u16),
    /// It answered with something that isn't JSON, an HTML page say.
    NotJson,
    /// It answered with JSON that has no token in it.
    NoToken,
}

impl TokenFailure {
    /// Whether the same request may go well a little later.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        match self {
            Self::Unreachable | Self::TimedOut => true,
            Self::Status(status) => status >= 500 || status == 429,
            Self::SignedOut | Self::NotJson | Self::NoToken => false,
        }
    }
}

/// What the widget is to do.
#[derive(Debug)]
pub enum Action {
    /// Open a WebSocket; answer with `handle_opened` or `handle_closed`.
    Connect,
    /// Send a frame on it.
    Send(ClientFrame),
    /// Close it; what it says from now on is ignored.
    Disconnect,
    /// Ask the refresh endpoint; answer with `handle_token`.
    FetchToken,
    /// Store [`ClientSession::persisted`].
    Persist,
    /// Read the live config again. A browser doesn't say why a link was refused before it opened; the config's reply does.
    CheckConfig,
}

/// What the view is to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A message came or changed.
    Transcript(Change),
    /// [`ClientSession::status`] changed.
    Status,
    /// The Worker said no to something that has no message to stand under.
    Error(ErrorFrame),
    /// A limit is reached: hide until it resets.
    Limit(LimitReached),
}

/// What the visitor is told about the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nothing is under way and nothing is wrong.
    Idle,
    /// The link is being opened.
    Connecting,
    /// The link is up.
    Connected,
    /// The link broke; the next try is at this instant.
    Retrying(Timestamp),
    /// The browser says that it has no network.
    Offline,
    /// The refresh endpoint failed; the next try is at this instant, or when the visitor asks for it.
    TokenUnavailable(TokenFailure, Option<Timestamp>),
    /// The Worker refuses the tokens that the refresh endpoint gives; the visitor may try again.
    TokenRefused,
    /// A limit is reached until this instant.
    Limited(Timestamp),
    /// The session can't go on.
    Ended(Ended),
}

/// Why a session can't go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The history secret isn't this conversation's, or the origin isn't allowed: start a new conversation.
    Forbidden,
    /// It was deleted, or is full: start a new conversation. What was not acknowledged goes with it.
    Over,
    /// Worker and widget don't speak the same protocol: reload the page.
    Outdated,
}

/// What must survive a reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persisted {
    /// Whether the Worker has stored something of this conversation.
    pub begun: bool,
    /// Messages that are not acknowledged.
    pub outbox: Vec<(RequestId, String)>,
}
