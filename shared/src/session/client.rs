//! The widget's half of the session, without I/O. Inputs are `handle_*` and what the visitor does; outputs are polled:
//! [`ClientSession::poll_action`], [`ClientSession::poll_event`], [`ClientSession::poll_timeout`].
//!
//! It decides when to connect, when to fetch a token, what to send and send again, when to give up a silent link and
//! what the visitor is told. It connects only when there is something to send or to resume: the Worker closes a socket
//! that says nothing within 10 s. One message is under way at a time, so the token stands in the first `chat.request`
//! of each socket and a refusal speaks of one message.

use super::backoff::Backoff;
use super::transcript::{Change, Entry, Transcript};
use crate::error::ErrorCode;
use crate::ids::RequestId;
use crate::protocol::ws::{
    ChatRequest, ChatResume, ClientFrame, CloseCode, ErrorFrame, LimitReached, PROTOCOL, ServerFrame, is_message_text,
};
use crate::secret::{HistorySecret, Secret};
use crate::time::Timestamp;
use std::collections::VecDeque;

/// A link that doesn't open within this time is given up.
const CONNECT_MS: i64 = 15_000;
/// An answer to a frame that is due is waited for this long, then the frame is sent again.
const REPLY_MS: i64 = 10_000;
/// How often a frame is sent on one link before the link is given up.
const TRIES: u8 = 2;
/// A link that was silent for this long is asked for a sign of life.
const PING_AFTER_MS: i64 = 25_000;
/// An answer that was silent for this long is asked for by `chat.resume`.
const RESYNC_AFTER_MS: i64 = 15_000;
/// A token is renewed this long before its end rather than used.
const TOKEN_MARGIN_MS: i64 = 10_000;
/// Token refusals in a row after which the visitor decides (the third would end the socket).
const TOKEN_REFUSALS: u8 = 2;
/// Failed token fetches in a row after which the visitor decides.
const TOKEN_TRIES: u32 = 4;

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

#[derive(Debug)]
enum Link {
    Down,
    Connecting { since: Timestamp },
    Up(Up),
}

#[derive(Debug)]
struct Up {
    /// The secret went out on this link.
    introduced: bool,
    /// The history came, or the conversation was new: nothing was missed.
    resumed: bool,
    /// The token that the Worker has for this link is the one held.
    token_sent: bool,
    waiting: Option<Waiting>,
    heard_at: Timestamp,
    pinged_at: Option<Timestamp>,
}

#[derive(Debug, Clone)]
struct Waiting {
    reply: Reply,
    since: Timestamp,
    tries: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Reply {
    Accepted(RequestId),
    History,
}

#[derive(Debug, Default)]
struct Tokens {
    held: Option<Token>,
    /// When the one held should not be used any more.
    stale_at: Option<Timestamp>,
    is_fetching: bool,
    failure: Option<TokenFailure>,
    /// When the next try is due after a failure; none: when the visitor asks.
    retry_at: Option<Timestamp>,
    refusals: u8,
    /// The Worker refused [`TOKEN_REFUSALS`] in a row.
    is_refused: bool,
}

/// The widget's half of a session.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own; none excludes another")]
pub struct ClientSession {
    history_secret: HistorySecret,
    begun: bool,
    require_signed_token: bool,
    outbox: VecDeque<RequestId>,
    transcript: Transcript,
    link: Link,
    tokens: Tokens,
    token_backoff: Backoff,
    backoff: Backoff,
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
    actions: VecDeque<Action>,
    events: VecDeque<Event>,
}

impl ClientSession {
    /// A session that has done nothing yet.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        let mut session = Self {
            history_secret: config.history_secret,
            begun: config.begun,
            require_signed_token: config.require_signed_token,
            outbox: VecDeque::new(),
            transcript: Transcript::default(),
            link: Link::Down,
            tokens: Tokens::default(),
            token_backoff: Backoff::new(config.seed.rotate_left(17)),
            backoff: Backoff::new(config.seed),
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
            actions: VecDeque::new(),
            events: VecDeque::new(),
        };
        for (id, text) in config.outbox {
            session.outbox.push_back(id.clone());
            let change = session.transcript.send(id, text);
            session.events.push_back(Event::Transcript(change));
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
        let text = |id: &RequestId| {
            let entry = self.entries().iter().find(|entry| entry.id.as_deref() == Some(id.as_str()));
            entry.map(|entry| (id.clone(), entry.text.clone()))
        };
        Persisted { begun: self.begun, outbox: self.outbox.iter().filter_map(text).collect() }
    }

    /// What to do next; call until `None` after each input.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// What to show next; call until `None` after each input.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
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
        self.outbox.push_back(id.clone());
        let change = self.transcript.send(id, text.to_owned());
        self.events.push_back(Event::Transcript(change));
        self.actions.push_back(Action::Persist);
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
        self.tokens.is_refused = false;
        self.tokens.refusals = 0;
        self.token_backoff.reset();
        self.retry_at = None;
        self.hold_until = None;
        self.advance(now);
    }

    /// The socket is open.
    pub fn handle_opened(&mut self, now: Timestamp) {
        if matches!(self.link, Link::Connecting { .. }) {
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
        if !matches!(self.link, Link::Down) {
            self.drop_link(now);
            match CloseCode::from_code(code) {
                Some(CloseCode::Forbidden) => self.ended = Some(Ended::Forbidden),
                Some(CloseCode::Token) => {
                    self.tokens.held = None;
                    self.tokens.is_refused = self.require_signed_token;
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
                self.tokens.stale_at =
                    token.lifetime_secs.map(|secs| now.plus_secs(i64::from(secs)).plus_millis(-TOKEN_MARGIN_MS));
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
            self.actions.push_back(Action::Send(ClientFrame::Ping));
        }
        self.advance(now);
    }

    /// The browser lost the network.
    pub fn handle_offline(&mut self, now: Timestamp) {
        self.is_offline = true;
        if !matches!(self.link, Link::Down) {
            self.actions.push_back(Action::Disconnect);
            self.drop_link(now);
        }
        self.advance(now);
    }

    /// The instant of [`Self::poll_timeout`] has come. Too early or too late does no harm.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        self.advance(now);
    }

    /// A frame came from the Worker.
    pub fn handle_frame(&mut self, frame: ServerFrame, now: Timestamp) {
        let Link::Up(up) = &mut self.link else { return };
        up.heard_at = now;
        up.pinged_at = None;
        match frame {
            ServerFrame::Ready(ready) => {
                self.require_signed_token = ready.require_signed_token;
                if ready.protocol != PROTOCOL {
                    self.ended = Some(Ended::Outdated);
                }
            }
            ServerFrame::Accepted(accepted) => {
                self.answer_heard_at = now;
                self.acknowledge(&accepted.request_id);
                let changes = self.transcript.accept(&accepted.request_id, Some(accepted.seq));
                self.show(changes);
            }
            ServerFrame::Delta(delta) => {
                self.answer_heard_at = now;
                // An answer proves that its message was stored, also where the acknowledgement got lost.
                self.acknowledge(&delta.request_id);
                let changes = self.transcript.delta(&delta);
                self.show(changes);
            }
            ServerFrame::Completed(completed) => {
                self.answer_heard_at = now;
                self.acknowledge(&completed.request_id);
                let changes = self.transcript.complete(&completed);
                self.show(changes);
            }
            ServerFrame::History(history) => {
                self.answer_heard_at = now;
                up.resumed = true;
                if up.waiting.as_ref().is_some_and(|waiting| waiting.reply == Reply::History) {
                    up.waiting = None;
                }
                self.backoff.reset();
                for message in history.messages {
                    if let Ok(id) = RequestId::parse(message.id.clone()) {
                        self.acknowledge(&id);
                    }
                    let changes = self.transcript.restore(message);
                    self.show(changes);
                }
            }
            ServerFrame::Error(error) => self.handle_error(error, now),
            ServerFrame::Expiring(_) => self.tokens.stale_at = Some(now),
            ServerFrame::Limit(limit) => {
                let secs = i64::try_from(limit.reset_in_secs).unwrap_or(i64::MAX);
                self.limited_until = Some(now.plus_secs(secs));
                up.waiting = None;
                self.events.push_back(Event::Limit(limit));
            }
            ServerFrame::Pong => {}
        }
        self.advance(now);
    }

    fn handle_error(&mut self, error: ErrorFrame, now: Timestamp) {
        let code = error.code();
        let mut is_waited_for = error.request_id.is_none();
        if let (Link::Up(up), Some(id)) = (&mut self.link, &error.request_id)
            && up.waiting.as_ref().is_some_and(|waiting| waiting.reply == Reply::Accepted(id.clone()))
        {
            is_waited_for = true;
            up.waiting = None;
        }
        match code {
            // The refusal of a frame that was sent twice comes twice, but speaks of one token.
            Some(code) if code.is_token_refusal() && !is_waited_for => {}
            Some(code) if code.is_token_refusal() => {
                self.require_signed_token = true;
                self.tokens.held = None;
                self.tokens.refusals = self.tokens.refusals.saturating_add(1);
                self.tokens.is_refused = self.tokens.refusals >= TOKEN_REFUSALS;
                if let Link::Up(up) = &mut self.link {
                    up.waiting = None;
                }
            }
            Some(ErrorCode::WrongHistorySecret | ErrorCode::OriginNotAllowed) => self.ended = Some(Ended::Forbidden),
            Some(ErrorCode::RateLimited | ErrorCode::Unavailable | ErrorCode::QuotaExceeded | ErrorCode::Internal) => {
                let wait = error.retry_after_secs.map_or_else(|| self.backoff.next_ms(), |secs| i64::from(secs) * 1000);
                self.hold_until = Some(now.plus_millis(wait));
                self.events.push_back(Event::Error(error));
            }
            _ => {
                // Sent again it would be refused again. (Where it was stored, its answer tells what went wrong.)
                if let Some(id) = &error.request_id
                    && let Some(at) = self.outbox.iter().position(|known| known == id)
                {
                    self.outbox.remove(at);
                    self.actions.push_back(Action::Persist);
                    let change = self.transcript.refuse(id, code.unwrap_or(ErrorCode::InvalidRequest));
                    self.show(change);
                }
                self.events.push_back(Event::Error(error));
            }
        }
    }

    /// The Worker has stored this message: it need not be kept here any more.
    fn acknowledge(&mut self, id: &RequestId) {
        if let Link::Up(up) = &mut self.link {
            if up.waiting.as_ref().is_some_and(|waiting| waiting.reply == Reply::Accepted(id.clone())) {
                up.waiting = None;
                self.tokens.refusals = 0;
            }
            if !self.begun {
                // The conversation began on this very link, so nothing of it was missed.
                up.resumed = true;
            }
        }
        self.backoff.reset();
        let was_kept = self.outbox.iter().position(|known| known == id).and_then(|at| self.outbox.remove(at)).is_some();
        if was_kept || !self.begun {
            self.begun = true;
            self.actions.push_back(Action::Persist);
        }
    }

    fn show(&mut self, changes: impl IntoIterator<Item = Change>) {
        self.events.extend(changes.into_iter().map(Event::Transcript));
    }

    fn drop_link(&mut self, now: Timestamp) {
        self.mark_resume_point();
        self.link = Link::Down;
        self.retry_at = Some(now.plus_millis(self.backoff.next_ms()));
    }

    fn mark_resume_point(&mut self) {
        if matches!(&self.link, Link::Up(up) if up.resumed) {
            self.resume_from = self.transcript.resume_seq();
        }
    }

    /// Whether there is a reason to have a link.
    fn wants_link(&self) -> bool {
        (self.begun && self.is_open) || self.transcript.has_unfinished() || self.may_send()
    }

    /// Whether a message could go out if the link were up.
    fn may_send(&self) -> bool {
        !self.outbox.is_empty() && self.has_token() && self.limited_until.is_none() && self.hold_until.is_none()
    }

    fn has_token(&self) -> bool {
        !self.require_signed_token || self.tokens.held.is_some()
    }

    /// Whether a token is wanted: a message waits for it, or the panel is open and the visitor may write. A page in
    /// the background asks for none.
    fn wants_token(&self) -> bool {
        self.require_signed_token
            && self.tokens.held.is_none()
            && !self.tokens.is_fetching
            && !self.tokens.is_refused
            && self.tokens.failure.is_none()
            && !self.is_offline
            && (self.is_open || !self.outbox.is_empty())
    }

    /// Moves on as far as `now` allows. The one place where something is begun.
    fn advance(&mut self, now: Timestamp) {
        let is_past = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        if is_past(self.limited_until) {
            self.limited_until = None;
        }
        if is_past(self.hold_until) {
            self.hold_until = None;
        }
        if is_past(self.retry_at) {
            self.retry_at = None;
        }
        if is_past(self.tokens.stale_at) {
            self.tokens.stale_at = None;
            self.tokens.held = None;
        }
        if is_past(self.tokens.retry_at) {
            self.tokens.retry_at = None;
            self.tokens.failure = None;
        }
        if self.ended.is_some() {
            if !matches!(self.link, Link::Down) {
                self.link = Link::Down;
                self.actions.push_back(Action::Disconnect);
            }
        } else {
            if self.wants_token() {
                self.tokens.is_fetching = true;
                self.actions.push_back(Action::FetchToken);
            }
            self.advance_link(now);
        }
        self.update_status();
    }

    fn advance_link(&mut self, now: Timestamp) {
        match &self.link {
            Link::Down => {
                if self.wants_link() && !self.is_offline && self.retry_at.is_none() {
                    self.link = Link::Connecting { since: now };
                    self.actions.push_back(Action::Connect);
                }
            }
            Link::Connecting { since } => {
                if now.millis_since(*since) >= CONNECT_MS {
                    self.give_up_link(now);
                }
            }
            Link::Up(up) => {
                let is_dead = up.pinged_at.is_some_and(|at| now.millis_since(at) >= REPLY_MS)
                    || up
                        .waiting
                        .as_ref()
                        .is_some_and(|waiting| now.millis_since(waiting.since) >= REPLY_MS && waiting.tries >= TRIES);
                if is_dead {
                    self.give_up_link(now);
                } else {
                    self.advance_up(now);
                }
            }
        }
    }

    fn give_up_link(&mut self, now: Timestamp) {
        self.actions.push_back(Action::Disconnect);
        self.drop_link(now);
    }

    fn advance_up(&mut self, now: Timestamp) {
        let may_send = self.may_send();
        let is_answer_late =
            self.transcript.has_unfinished() && now.millis_since(self.answer_heard_at) >= RESYNC_AFTER_MS;
        let Link::Up(up) = &mut self.link else { return };
        if up.resumed
            && let Some(id) = self.cancelling.take()
        {
            self.actions.push_back(Action::Send(ClientFrame::Cancel(id)));
        }
        if let Some(waiting) = &mut up.waiting {
            if now.millis_since(waiting.since) < REPLY_MS {
                return;
            }
            waiting.since = now;
            waiting.tries += 1;
        } else if self.begun && (!up.resumed || is_answer_late) {
            self.answer_heard_at = now;
            up.waiting = Some(Waiting { reply: Reply::History, since: now, tries: 1 });
        } else if may_send && let Some(id) = self.outbox.front() {
            up.waiting = Some(Waiting { reply: Reply::Accepted(id.clone()), since: now, tries: 1 });
        } else if let Some(token) = &self.tokens.held
            && up.introduced
            && !up.token_sent
        {
            up.token_sent = true;
            self.actions.push_back(Action::Send(ClientFrame::Refresh(token.secret.clone())));
            return;
        } else {
            if up.pinged_at.is_none() && now.millis_since(up.heard_at) >= PING_AFTER_MS {
                up.pinged_at = Some(now);
                self.actions.push_back(Action::Send(ClientFrame::Ping));
            }
            return;
        }
        self.send_waiting();
    }

    /// Sends what is waited for, for the first time or again.
    fn send_waiting(&mut self) {
        self.mark_resume_point();
        let Link::Up(up) = &mut self.link else { return };
        let Some(waiting) = &up.waiting else { return };
        let frame = match &waiting.reply {
            Reply::History => {
                up.introduced = true;
                ClientFrame::Resume(ChatResume {
                    widget_token: None,
                    history_secret: self.history_secret.clone(),
                    last_seq: self.resume_from,
                })
            }
            Reply::Accepted(id) => {
                let Some(entry) =
                    self.transcript.entries().iter().find(|entry| entry.id.as_deref() == Some(id.as_str()))
                else {
                    up.waiting = None;
                    return;
                };
                // Sent again, it may be the first that arrives: so it introduces itself again too.
                let is_again = waiting.tries > 1;
                let secret = (is_again || !up.introduced).then(|| self.history_secret.clone());
                let token = self.tokens.held.as_ref().filter(|_| is_again || !up.token_sent);
                up.introduced = true;
                up.token_sent = up.token_sent || token.is_some();
                ClientFrame::Request(ChatRequest {
                    id: id.clone(),
                    widget_token: token.map(|token| token.secret.clone()),
                    history_secret: secret,
                    text: entry.text.clone(),
                })
            }
        };
        self.actions.push_back(Action::Send(frame));
    }

    fn update_status(&mut self) {
        let needs_token = self.require_signed_token && self.tokens.held.is_none();
        let status = if let Some(ended) = self.ended {
            Status::Ended(ended)
        } else if let Some(until) = self.limited_until {
            Status::Limited(until)
        } else if self.is_offline {
            Status::Offline
        } else if needs_token && self.tokens.is_refused {
            Status::TokenRefused
        } else if let (true, Some(failure)) = (needs_token, self.tokens.failure) {
            Status::TokenUnavailable(failure, self.tokens.retry_at)
        } else {
            match (&self.link, self.retry_at.or(self.hold_until)) {
                (Link::Up(_), _) => Status::Connected,
                (Link::Connecting { .. }, _) => Status::Connecting,
                (Link::Down, Some(at)) if self.wants_link() || !self.outbox.is_empty() => Status::Retrying(at),
                (Link::Down, _) if !self.outbox.is_empty() => Status::Connecting,
                (Link::Down, _) => Status::Idle,
            }
        };
        if status != self.status {
            self.status = status;
            self.events.push_back(Event::Status);
        }
    }

    /// When to call [`Self::handle_timeout`]; none: nothing is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        if self.ended.is_some() {
            return None;
        }
        let link = match &self.link {
            Link::Down => [None; 3],
            Link::Connecting { since } => [Some(since.plus_millis(CONNECT_MS)), None, None],
            Link::Up(up) => [
                up.pinged_at.map(|at| at.plus_millis(REPLY_MS)),
                Some(match &up.waiting {
                    Some(waiting) => waiting.since.plus_millis(REPLY_MS),
                    None => up.heard_at.plus_millis(PING_AFTER_MS),
                })
                .filter(|_| up.pinged_at.is_none() || up.waiting.is_some()),
                (up.waiting.is_none() && self.transcript.has_unfinished())
                    .then(|| self.answer_heard_at.plus_millis(RESYNC_AFTER_MS)),
            ],
        };
        let retry_at = self.retry_at.filter(|_| !self.is_offline);
        let rest = [retry_at, self.limited_until, self.hold_until, self.tokens.stale_at, self.tokens.retry_at];
        link.into_iter().chain(rest).flatten().min()
    }
}
