//! The widget's half of the session, without I/O. Inputs are `handle_*` and what the visitor does; outputs are polled:
//! [`ClientSession::poll_action`], [`ClientSession::poll_event`], [`ClientSession::poll_timeout`].
//!
//! It decides when to connect, when to fetch a token, what to send and send again, when to give up a silent link and
//! what the visitor is told. It connects only when there is something to send or to resume: the Worker closes a socket
//! that says nothing within 10 s. One message is under way at a time, so the token stands in the first `chat.request`
//! of each socket and a refusal speaks of one message.

mod advance;
mod frames;
mod link;
mod types;

pub use types::{Action, ClientConfig, Ended, Event, Persisted, Status, Token, TokenFailure};

use super::backoff::Backoff;
use super::transcript::{Entry, Transcript};
use crate::ids::RequestId;
use crate::protocol::ws::{ClientFrame, CloseCode, is_message_text};
use crate::secret::HistorySecret;
use crate::time::Timestamp;
use link::{Link, Tokens, Up};

/// A token is renewed this long before its end rather than used.
const TOKEN_MARGIN_MS: i64 = 10_000;
/// After a token came, no other is asked for before this time: a refresh endpoint that gives old ones must not be
/// hammered for better ones.
const TOKEN_PAUSE_MS: i64 = 2_000;
/// Token refusals in a row after which the visitor decides (the third would end the socket).
const TOKEN_REFUSALS: u8 = 2;
/// Links in a row that didn't open, after which the live config is asked why.
const UNOPENED_LINKS: u8 = 3;
/// Failed token fetches in a row after which the visitor decides.
const TOKEN_TRIES: u32 = 4;

/// The widget's half of a session.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own; none excludes another")]
pub struct ClientSession {
    history_secret: HistorySecret,
    begun: bool,
    require_signed_token: bool,
    transcript: Transcript,
    link: Link,
    tokens: Tokens,
    token_backoff: Backoff,
    backoff: Backoff,
    /// Links in a row that were refused before they opened.
    unopened: u8,
    retry_at: Option<Timestamp>,
    /// The Worker asked for patience.
    hold_until: Option<Timestamp>,
    /// Where the next `chat.resume` begins. It moves on only while nothing is missing, so that what came live on a link
    /// whose history never came doesn't hide a gap.
    resume_from: u64,
    /// The answer that the visitor stopped; told to the Worker as soon as it listens.
    cancelling: Option<RequestId>,
    is_open: bool,
    is_offline: bool,
    limited_until: Option<Timestamp>,
    answer_heard_at: Timestamp,
    ended: Option<Ended>,
    status: Status,
    actions: Vec<Action>,
    events: Vec<Event>,
}

impl ClientSession {
    /// A session that has done nothing yet.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        let mut session = Self {
            history_secret: config.history_secret,
            begun: config.begun,
            require_signed_token: config.require_signed_token,
            transcript: Transcript::default(),
            link: Link::Down,
            tokens: Tokens::default(),
            token_backoff: Backoff::new(config.seed.rotate_left(17)),
            backoff: Backoff::new(config.seed),
            unopened: 0,
            retry_at: None,
            hold_until: None,
            resume_from: 0,
            cancelling: None,
            is_open: false,
            is_offline: false,
            limited_until: None,
            answer_heard_at: Timestamp::default(),
            ended: None,
            status: Status::Idle,
            actions: Vec::new(),
            events: Vec::new(),
        };
        for (id, text) in config.outbox {
            let change = session.transcript.send(id, text);
            session.events.push(Event::Transcript(change));
        }
        session
    }

    /// The messages, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        self.transcript.entries()
    }

    /// What the visitor is told about the connection.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Whether an answer is due or coming: whether there is something to stop.
    #[must_use]
    pub fn is_answering(&self) -> bool {
        self.transcript.has_unfinished()
    }

    /// What must survive a reload.
    #[must_use]
    pub fn persisted(&self) -> Persisted {
        let mut outbox = Vec::new();
        for entry in self.entries() {
            if let Some(id) = entry.request_id.as_ref().filter(|_| entry.is_sending()) {
                outbox.push((id.clone(), entry.text.clone()));
            }
        }
        Persisted { begun: self.begun, outbox }
    }

    /// What to do next; call until `None` after each input.
    pub fn poll_action(&mut self) -> Option<Action> {
        take_first(&mut self.actions)
    }

    /// What to show next; call until `None` after each input.
    pub fn poll_event(&mut self) -> Option<Event> {
        take_first(&mut self.events)
    }

    /// The visitor opened the panel: get ready.
    pub fn prepare(&mut self, now: Timestamp) {
        self.is_open = true;
        self.advance(now);
    }

    /// The visitor closed the panel. What is under way goes on.
    pub fn rest(&mut self, now: Timestamp) {
        self.is_open = false;
        self.advance(now);
    }

    /// The visitor sends a message. `false`: it isn't 1 to 4,000 characters long, and nothing happened.
    pub fn send(&mut self, id: RequestId, text: &str, now: Timestamp) -> bool {
        if !is_message_text(text) {
            return false;
        }
        let change = self.transcript.send(id, text.to_owned());
        self.events.push(Event::Transcript(change));
        self.actions.push(Action::Persist);
        self.advance(now);
        true
    }

    /// The visitor stops the answer that is coming.
    pub fn cancel(&mut self, now: Timestamp) {
        self.cancelling = self.transcript.first_unfinished().cloned();
        self.advance(now);
    }

    /// The visitor asks for another try of whatever is wrong.
    pub fn retry(&mut self, now: Timestamp) {
        self.tokens.failure = None;
        self.tokens.retry_at = None;
        self.tokens.pause_until = None;
        self.tokens.is_refused = false;
        self.tokens.refusals = 0;
        self.token_backoff.reset();
        self.retry_at = None;
        self.hold_until = None;
        self.advance(now);
    }

    /// The Worker said over HTTP whether a limit keeps the visitor out, and for how long.
    pub fn limit(&mut self, for_secs: Option<u64>, now: Timestamp) {
        self.limited_until = for_secs.map(|secs| now.plus_secs(i64::try_from(secs).unwrap_or(i64::MAX)));
        self.advance(now);
    }

    /// The socket is open.
    pub fn handle_opened(&mut self, now: Timestamp) {
        if matches!(self.link, Link::Connecting { .. }) {
            self.unopened = 0;
            self.link = Link::Up(Up {
                introduced: false,
                resumed: false,
                token_sent: false,
                waiting: None,
                heard_at: now,
                pinged_at: None,
            });
            self.answer_heard_at = now;
        }
        self.advance(now);
    }

    /// The socket is closed, or didn't open (1006).
    pub fn handle_closed(&mut self, code: u16, now: Timestamp) {
        if matches!(self.link, Link::Connecting { .. }) {
            self.unopened += 1;
            if self.unopened == UNOPENED_LINKS {
                self.unopened = 0;
                self.actions.push(Action::CheckConfig);
            }
        }
        if !matches!(self.link, Link::Down) {
            self.drop_link(now);
            match CloseCode::from_code(code) {
                Some(CloseCode::Forbidden) => self.ended = Some(Ended::Forbidden),
                Some(CloseCode::Over) => self.ended = Some(Ended::Over),
                Some(CloseCode::Token) => {
                    self.tokens.held = None;
                    self.tokens.is_refused = self.tokens.refusals >= TOKEN_REFUSALS;
                }
                // The Worker and this widget misunderstand each other: trying on would be noise.
                Some(CloseCode::BadFrame) if self.backoff.attempts() > 3 => self.ended = Some(Ended::Outdated),
                _ => {}
            }
        }
        self.advance(now);
    }

    /// The refresh endpoint answered, or not.
    pub fn handle_token(&mut self, token: Result<Token, TokenFailure>, now: Timestamp) {
        self.tokens.is_fetching = false;
        match token {
            Ok(token) => {
                self.tokens.stale_at = token.lifetime_secs.map(|secs| {
                    let lifetime_ms = i64::from(secs) * 1000;
                    now.plus_millis(lifetime_ms - TOKEN_MARGIN_MS.min(lifetime_ms / 4))
                });
                self.tokens.pause_until = Some(now.plus_millis(TOKEN_PAUSE_MS));
                self.tokens.held = Some(token);
                self.tokens.failure = None;
                self.tokens.retry_at = None;
                self.token_backoff.reset();
                if let Link::Up(up) = &mut self.link {
                    up.token_sent = false;
                }
            }
            Err(failure) => {
                self.tokens.failure = Some(failure);
                let wait = self.token_backoff.next_ms();
                let goes_on = failure.is_transient() && self.token_backoff.attempts() <= TOKEN_TRIES;
                self.tokens.retry_at = goes_on.then(|| now.plus_millis(wait));
            }
        }
        self.advance(now);
    }

    /// The page woke up: it is visible again, has the network again, or slept. Timers may have slept too.
    pub fn handle_wake(&mut self, now: Timestamp) {
        self.is_offline = false;
        self.retry_at = None;
        if self.tokens.retry_at.is_some() {
            self.tokens.retry_at = Some(now);
        }
        if let Link::Up(up) = &mut self.link
            && up.pinged_at.is_none()
        {
            up.pinged_at = Some(now);
            self.actions.push(Action::Send(ClientFrame::Ping));
        }
        self.advance(now);
    }

    /// The browser lost the network.
    pub fn handle_offline(&mut self, now: Timestamp) {
        self.is_offline = true;
        if !matches!(self.link, Link::Down) {
            self.actions.push(Action::Disconnect);
            self.drop_link(now);
        }
        self.advance(now);
    }

    /// The instant of [`Self::poll_timeout`] has come. Too early or too late does no harm.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        self.advance(now);
    }
}

/// Queues are short here, so they are plain lists: a ring buffer's code would be downloaded by every visitor.
fn take_first<T>(queue: &mut Vec<T>) -> Option<T> {
    (!queue.is_empty()).then(|| queue.remove(0))
}
