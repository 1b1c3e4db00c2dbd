//! One socket: who is on the other end, what it has proved, and when it is cut.

use super::effect::{Effect, break_off};
use crate::conversation::Participant;
use crate::error::{ErrorCode, Refusal};
use crate::ids::{ConversationId, Environment, RequestId, TenantId};
use crate::limits::sockets::Pace;
use crate::protocol::ws::{CloseCode, ErrorFrame, Expiring, FIRST_FRAME_DEADLINE_MS, PROTOCOL, Ready, ServerFrame};
use crate::secret::{Secret, SecretHash};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Refusals of a token in a row that end the socket.
const MAX_TOKEN_REFUSALS: u8 = 3;
/// A token's end is announced this long before, or a quarter of its life where that is less.
const EXPIRING_NOTICE_SECS: i64 = 60;

/// Who is on the other end of a socket: what the session needs of a verified widget token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// The end user's id, or `anon`.
    pub sub: String,
    /// The id of the key or session that minted the token.
    pub azp: String,
    /// When the token was issued.
    pub issued_at: Timestamp,
    /// When the token ends.
    pub expires_at: Timestamp,
    /// The end user's name, where the customer's backend gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What else the customer's backend said of the end user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<serde_json::Map<String, serde_json::Value>>,
}

impl Visitor {
    /// Who writes, as the conversation keeps it.
    #[must_use]
    pub fn participant(&self) -> Participant {
        Participant { sub: self.sub.clone(), name: self.name.clone() }
    }

    /// What an agent may read of it. The end user's id, and who minted the token, are no one's business there.
    #[must_use]
    pub fn profile(&self) -> Profile {
        Profile { name: self.name.clone(), data: self.data.clone() }
    }
}

/// What the customer's backend signed about the author of a message, as an agent may read it. It is kept in memory, for
/// as long as the message waits for its answer, and is not stored with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Their name.
    pub name: Option<String>,
    /// Whatever else the site wants the agent to know: at most 2 KiB of JSON.
    pub data: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Verifies a widget token: shape, signature, claims, in one call. `ErrorCode`: `invalid_token` or `expired_token`.
pub trait VerifyToken {
    /// Verifies it at `now`.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidToken`] or [`ErrorCode::ExpiredToken`].
    fn verify(&self, token: &Secret, now: Timestamp) -> Result<Visitor, ErrorCode>;
}

/// What holds for a socket from its opening on: from its address and the live config.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SocketContext {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Whose.
    pub tenant: TenantId,
    /// In which environment.
    pub environment: Environment,
    /// Whether requests need a signed widget token.
    pub require_signed_token: bool,
}

/// One socket's state: what is kept with the socket while the object sleeps.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own; none excludes another")]
pub struct Socket {
    /// What holds for it.
    pub context: SocketContext,
    pub(super) opened_at: Timestamp,
    /// A `chat.request` or `chat.resume` came.
    pub(super) started: bool,
    /// The hash of the history secret that it showed.
    pub(super) secret: Option<SecretHash>,
    /// It proved the history secret: it gets what the conversation sends.
    pub(super) joined: bool,
    pub(super) refusals: u8,
    pub(super) visitor: Option<Visitor>,
    /// The end of the present token was announced.
    pub(super) noticed: bool,
    /// It was told to close: what it still says counts for nothing, and nothing is due on it.
    #[serde(default)]
    pub(super) closed: bool,
    /// How fast it sends.
    #[serde(default)]
    pub(super) pace: Pace,
}

impl Socket {
    /// A socket that was just opened, and the frame that greets it.
    #[must_use]
    pub const fn open(context: SocketContext, now: Timestamp) -> (Self, ServerFrame) {
        let ready = Ready { protocol: PROTOCOL, require_signed_token: context.require_signed_token };
        let socket = Self {
            context,
            opened_at: now,
            started: false,
            secret: None,
            joined: false,
            refusals: 0,
            visitor: None,
            noticed: false,
            closed: false,
            pace: Pace::new(),
        };
        (socket, ServerFrame::Ready(ready))
    }

    /// What stands for one HTTP request, whose sender is known.
    pub(super) fn over_http(context: SocketContext, visitor: Option<Visitor>, now: Timestamp) -> Self {
        let (mut socket, _) = Self::open(context, now);
        socket.started = true;
        socket.visitor = visitor;
        socket
    }

    /// A frame came: to be asked before anything else is done with it. Empty: go on with it. One that sends faster than
    /// any widget is cut.
    pub fn take_frame(&mut self, now: Timestamp) -> Vec<Effect> {
        if self.closed || self.pace.admit(now) {
            return Vec::new();
        }
        let effects = break_off(&Refusal::from(ErrorCode::RateLimited).retry_after(1), CloseCode::Limit);
        self.note_close(&effects);
        effects
    }

    /// Whether it gets what the conversation sends.
    #[must_use]
    pub const fn is_joined(&self) -> bool {
        self.joined
    }

    /// Who is on the other end, where a token told.
    #[must_use]
    pub const fn visitor(&self) -> Option<&Visitor> {
        self.visitor.as_ref()
    }

    /// The conversation was deleted: what this socket still says counts for nothing, so that nothing of it comes back.
    pub const fn cut(&mut self) {
        self.closed = true;
    }

    /// When [`Self::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let first_frame = (!self.started).then(|| self.opened_at.plus_millis(FIRST_FRAME_DEADLINE_MS));
        let notice = self.visitor.as_ref().filter(|_| !self.noticed).map(notice_at);
        first_frame.into_iter().chain(notice).min().filter(|_| !self.closed)
    }

    /// Cuts a socket that said nothing in time, announces the end of a token.
    pub fn handle_timeout(&mut self, now: Timestamp) -> Vec<Effect> {
        if self.closed {
            return Vec::new();
        }
        if !self.started && now.millis_since(self.opened_at) >= FIRST_FRAME_DEADLINE_MS {
            self.closed = true;
            return vec![Effect::Close(CloseCode::TooSlow)];
        }
        if let Some(visitor) = &self.visitor
            && !self.noticed
            && notice_at(visitor) <= now
        {
            self.noticed = true;
            let left = visitor.expires_at.millis_since(now).max(0) / 1000;
            let expires_in_secs = u32::try_from(left).unwrap_or(u32::MAX);
            return vec![Effect::Reply(ServerFrame::Expiring(Expiring { expires_in_secs }))];
        }
        Vec::new()
    }

    fn welcome(&mut self, visitor: Visitor, now: Timestamp) {
        // A token that comes so late that its end would be announced at once, from a cache say, isn't announced: the
        // widget would renew it with itself, for ever.
        self.noticed = notice_at(&visitor) <= now;
        self.visitor = Some(visitor);
        self.refusals = 0;
    }

    /// Remembers whether these effects close it.
    pub(super) fn note_close(&mut self, effects: &[Effect]) {
        self.closed |= effects.iter().any(|effect| matches!(effect, Effect::Close(_)));
    }
}

fn notice_at(visitor: &Visitor) -> Timestamp {
    let life_secs = visitor.expires_at.millis_since(visitor.issued_at) / 1000;
    visitor.expires_at.plus_secs(-EXPIRING_NOTICE_SECS.min(life_secs / 4))
}

/// What is wrong with the token that this socket stands on, if anything.
pub(super) fn token_trouble(socket: &Socket, now: Timestamp) -> Option<ErrorCode> {
    match &socket.visitor {
        Some(visitor) if visitor.expires_at <= now => Some(ErrorCode::ExpiredToken),
        None if socket.context.require_signed_token => Some(ErrorCode::TokenRequired),
        _ => None,
    }
}

pub(super) fn take_token(
    socket: &mut Socket,
    token: &Secret,
    request: Option<RequestId>,
    tokens: &impl VerifyToken,
    now: Timestamp,
) -> Result<(), Vec<Effect>> {
    match tokens.verify(token, now) {
        Ok(visitor) => {
            socket.welcome(visitor, now);
            Ok(())
        }
        Err(code) => Err(refuse_token(socket, code, request)),
    }
}

/// A refused token leaves the socket open for a fresh one; the third in a row doesn't.
pub(super) fn refuse_token(socket: &mut Socket, code: ErrorCode, request: Option<RequestId>) -> Vec<Effect> {
    socket.refusals = socket.refusals.saturating_add(1);
    let mut effects = vec![Effect::Reply(ServerFrame::Error(ErrorFrame::new(&code.into(), request)))];
    if socket.refusals >= MAX_TOKEN_REFUSALS {
        effects.push(Effect::Close(CloseCode::Token));
    }
    effects
}
