//! What comes in, and what the caller is to do.

use super::socket::{Profile, Visitor};
use crate::error::{ErrorCode, Refusal};
use crate::ids::{ChatSessionId, RequestId};
use crate::limits::LimitHit;
use crate::protocol::ws::{CloseCode, ErrorFrame, ServerFrame, SourceRef};
use crate::secret::SecretHash;
use crate::time::Timestamp;

/// What comes in on a socket.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// A text frame.
    Text(&'a str),
    /// A binary frame of so many bytes: protocol 1 has none.
    Binary(usize),
}

/// What the caller does, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send to this socket.
    Reply(ServerFrame),
    /// Send to every other socket that joined.
    Others(ServerFrame),
    /// Send to every socket that joined.
    All(ServerFrame),
    /// Close this socket.
    Close(CloseCode),
    /// Ask the agent; report with [`ConversationServer::push`] and [`ConversationServer::finish`].
    Answer(StartAnswer),
    /// Stop asking the agent for the answer to this message, the upstream request included. Nothing is to be
    /// reported of it any more.
    Stop(RequestId),
}

/// What the agent is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartAnswer {
    /// The message to answer.
    pub request_id: RequestId,
    /// Its text.
    pub text: String,
    /// What its author's token said. None without a token, and for a message whose answer had to wait for a restart.
    pub visitor: Option<Profile>,
}

/// A request that is in order as far as the session itself can tell.
#[derive(Debug, Clone)]
pub struct Admission {
    /// The request's id.
    pub request_id: RequestId,
    /// Who asks, where a token told.
    pub visitor: Option<Visitor>,
    /// It was accepted before: it costs nothing and counts against no limit.
    pub is_duplicate: bool,
    pub(super) text: String,
    pub(super) history_secret: SecretHash,
    /// What a client of the chat API calls the conversation.
    pub(super) session: Option<ChatSessionId>,
}

/// Why an authority says no to a request that is otherwise in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// It is refused.
    Refused(Refusal),
    /// The visitor's limit is reached.
    Limited(LimitHit),
}

impl Denial {
    /// As a caller over HTTP hears of it.
    #[must_use]
    pub fn to_refusal(&self, now: Timestamp) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal.clone(),
            Self::Limited(hit) => hit.to_refusal(now),
        }
    }
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<ErrorCode> for Denial {
    fn from(code: ErrorCode) -> Self {
        Self::Refused(code.into())
    }
}

/// What a frame leads to.
#[derive(Debug)]
#[cfg_attr(
    target_pointer_width = "64",
    expect(clippy::large_enum_variant, reason = "one is made for a frame, and taken apart at once")
)]
pub enum Received {
    /// It is dealt with.
    Done(Vec<Effect>),
    /// The authorities are to be asked, then [`ConversationServer::accept`] or [`ConversationServer::refuse`].
    Admit(Admission),
}

/// How an agent's answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All of it came.
    Complete(Vec<SourceRef>),
    /// The agent ended it before its end, at the longest it may say, for one: what came is kept, `interrupted`.
    CutShort(Vec<SourceRef>),
    /// It broke off, or never began.
    Failed(Refusal),
}

pub(super) fn break_off(refusal: &Refusal, code: CloseCode) -> Vec<Effect> {
    vec![Effect::Reply(ServerFrame::Error(ErrorFrame::new(refusal, None))), Effect::Close(code)]
}

/// The conversation takes no message any more. The error names none: the widget keeps what it has for the next one.
pub(super) fn end_conversation(refusal: &Refusal) -> Vec<Effect> {
    break_off(refusal, CloseCode::Over)
}

pub(super) fn break_off_request(refusal: &Refusal, request: RequestId, code: CloseCode) -> Vec<Effect> {
    vec![Effect::Reply(ServerFrame::Error(ErrorFrame::new(refusal, Some(request)))), Effect::Close(code)]
}
