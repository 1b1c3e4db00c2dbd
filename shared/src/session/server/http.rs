//! Messages that come over HTTP, one request each: through the same queue and the same store as a socket's. Who asks was
//! found out before (credential, origin, token); decided here is whether the conversation is theirs, and what of its
//! frames the request is told.

use super::ConversationServer;
use super::effect::{Admission, Effect};
use super::socket::{Socket, SocketContext, Visitor, token_trouble};
use crate::conversation::{Head, Store};
use crate::error::{ErrorCode, Refusal};
use crate::ids::{ChatSessionId, Environment, RequestId, TenantId};
use crate::protocol::ws::{AnswerStatus, ServerFrame};
use crate::secret::SecretHash;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Pieces of an answer that wait for a slow reader, each as it came. What is behind them is joined to the last one, so
/// that a reader who doesn't read costs no more than the answer itself, which has its longest.
const MAX_PIECES: usize = 64;

/// A message that came over HTTP.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HttpMessage {
    /// What holds for who sent it.
    pub context: SocketContext,
    /// Who that is, where a signed token told.
    pub visitor: Option<Visitor>,
    /// The client's own name for the conversation.
    pub session: ChatSessionId,
    /// The message's id.
    pub request_id: RequestId,
    /// What it says.
    pub text: String,
    /// The hash of the conversation's history secret.
    pub history_secret: SecretHash,
    /// Whether it is only for a conversation that has begun.
    pub must_exist: bool,
}

impl ConversationServer {
    /// Looks at a message. The authorities that need a call are to be asked next, then comes
    /// [`ConversationServer::accept`] with the socket that stands for the request.
    ///
    /// # Errors
    /// The storage's own; inside, `not_found`, `wrong_history_secret` or a token's refusal.
    pub fn receive_http<S: Store>(
        &self,
        message: HttpMessage,
        store: &S,
        now: Timestamp,
    ) -> Result<Result<(Socket, Admission), Refusal>, S::Error> {
        let HttpMessage { context, visitor, session, request_id, text, history_secret, must_exist } = message;
        if must_exist && self.head.is_none() {
            return Ok(Err(ErrorCode::NotFound.into()));
        }
        let socket = Socket::over_http(context, visitor.clone(), now);
        if let Some(code) = token_trouble(&socket, now) {
            return Ok(Err(code.into()));
        }
        if !self.is_in_conversation(&socket, history_secret) {
            return Ok(Err(ErrorCode::WrongHistorySecret.into()));
        }
        let is_duplicate = store.message(&request_id)?.is_some();
        // Before the authorities are asked: what can't be stored counts against no limit.
        if !is_duplicate && let Err(refusal) = self.size.check(&text) {
            return Ok(Err(refusal));
        }
        let session = Some(session);
        Ok(Ok((socket, Admission { request_id, visitor, is_duplicate, text, history_secret, session })))
    }
}

/// What a request is still to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The next piece of the answer.
    Piece(String),
    /// The answer is over, and this is all of it: the last.
    Whole(String),
    /// There is no whole answer: the last.
    Failed(ErrorCode),
}

/// One request's ear: takes the conversation's frames, keeps those of its own answer until they are asked for.
#[derive(Debug)]
pub struct Listener {
    request_id: RequestId,
    pieces: VecDeque<String>,
    failed: Option<ErrorCode>,
    end: Option<Heard>,
    is_over: bool,
}

impl Listener {
    /// Takes what [`ConversationServer::accept`] decided for a request: what is for the request itself is kept here, the
    /// rest is the caller's to perform.
    ///
    /// # Errors
    /// What the request was refused with.
    pub fn new(request_id: RequestId, effects: Vec<Effect>) -> Result<(Self, Vec<Effect>), Refusal> {
        let mut listener = Self { request_id, pieces: VecDeque::new(), failed: None, end: None, is_over: false };
        let mut rest = Vec::new();
        for effect in effects {
            match effect {
                Effect::Reply(ServerFrame::Error(error)) => {
                    let code = error.code().unwrap_or(ErrorCode::Internal);
                    let refusal = Refusal::new(code, error.message);
                    return Err(match error.retry_after_secs {
                        Some(secs) => refusal.retry_after(secs),
                        None => refusal,
                    });
                }
                Effect::Reply(frame) => listener.hear(&frame),
                Effect::Close(_) => {}
                other => rest.push(other),
            }
        }
        Ok((listener, rest))
    }

    /// Takes a frame that goes to all of the conversation.
    pub fn hear(&mut self, frame: &ServerFrame) {
        if self.end.is_some() || self.is_over {
            return;
        }
        match frame {
            ServerFrame::Delta(delta) if delta.request_id == self.request_id => {
                let is_full = self.pieces.len() >= MAX_PIECES;
                match self.pieces.back_mut().filter(|_| is_full) {
                    Some(last) => last.push_str(&delta.text),
                    None => self.pieces.push_back(delta.text.clone()),
                }
            }
            ServerFrame::Error(error) if error.request_id.as_ref() == Some(&self.request_id) => {
                // What an agent met upstream is not this caller's fault, whatever its code is.
                let code = error.code().filter(|code| code.status() >= 500);
                self.failed = Some(code.unwrap_or(ErrorCode::AgentFailed));
            }
            ServerFrame::Completed(completed) if completed.request_id == self.request_id => {
                self.end = Some(match completed.status {
                    // One that a visitor stopped is as long as they wanted it.
                    AnswerStatus::Complete | AnswerStatus::Cancelled => Heard::Whole(completed.text.clone()),
                    // Never silently complete.
                    AnswerStatus::Interrupted => Heard::Failed(self.failed.unwrap_or(ErrorCode::AgentFailed)),
                });
            }
            _ => {}
        }
    }

    /// Nothing more comes of the answer: the conversation is gone, or its memory.
    pub fn end(&mut self, code: ErrorCode) {
        if !self.is_over {
            self.end.get_or_insert(Heard::Failed(code));
        }
    }

    /// What is to be told next; none where nothing is, for now or for ever ([`Self::is_over`]).
    pub fn poll(&mut self) -> Option<Heard> {
        if let Some(piece) = self.pieces.pop_front() {
            return Some(Heard::Piece(piece));
        }
        let end = self.end.take()?;
        self.is_over = true;
        Some(end)
    }

    /// Gives the end alone, and drops the pieces before it.
    pub fn poll_end(&mut self) -> Option<Heard> {
        self.pieces.clear();
        self.poll()
    }

    /// Whether the last was told.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over
    }
}

/// Who asks for a conversation's messages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reader {
    /// The tenant that they are confined to.
    pub tenant: TenantId,
    /// The environment that they are confined to; none: any of the tenant's.
    pub environment: Option<Environment>,
    /// Their right to it.
    pub right: Right,
}

/// What a reader's right rests on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Right {
    /// The customer's own server.
    Scope,
    /// A history secret; none: they brought none, or one that can't be any conversation's.
    Secret(Option<SecretHash>),
}

impl Reader {
    /// Whether they may read the conversation with this head; none: nothing was accepted there yet.
    ///
    /// # Errors
    /// `not_found` where it isn't there, or is another tenant's or environment's: all alike. `wrong_history_secret`.
    pub fn check(&self, head: Option<&Head>) -> Result<(), ErrorCode> {
        let head = head.filter(|head| {
            head.tenant == self.tenant
                && self.environment.as_ref().is_none_or(|environment| *environment == head.environment)
        });
        let head = head.ok_or(ErrorCode::NotFound)?;
        match &self.right {
            Right::Scope => Ok(()),
            Right::Secret(Some(secret)) if *secret == head.history_secret => Ok(()),
            Right::Secret(_) => Err(ErrorCode::WrongHistorySecret),
        }
    }
}
