//! The Worker's half of the session, without I/O: what each frame of each socket of one conversation does.
//!
//! A `chat.request` takes two steps. [`ConversationServer::receive`] checks what needs no one else (shape, token,
//! history secret, expiry); the caller then asks the authorities that need a call (the key's guard, the quota) and comes
//! back with [`ConversationServer::accept`] or [`ConversationServer::refuse`]. Memory here is only a cache: after a
//! restart [`ConversationServer::load`] finds everything that matters in the [`Store`].

mod answering;
mod effect;
mod http;
mod resume;
mod socket;

pub use effect::{Admission, Denial, Effect, Input, Outcome, Received, StartAnswer};
pub use http::{Heard, HttpMessage, Listener, Reader, Right};
pub use socket::{Profile, Socket, SocketContext, VerifyToken, Visitor};

use super::answer::RunningAnswer;
use crate::conversation::bound::Size;
use crate::conversation::{Head, Store, StoredMessage, answer_id};
use crate::error::{ErrorCode, Refusal};
use crate::protocol::ws::{
    Accepted, AnswerStatus, ChatRequest, ClientFrame, CloseCode, ErrorFrame, History, MAX_FRAME_BYTES, Role,
    ServerFrame,
};
use crate::secret::{HistorySecret, SecretHash};
use crate::time::Timestamp;
use effect::{break_off, break_off_request, end_conversation};
use socket::{refuse_token, take_token, token_trouble};
use std::collections::VecDeque;

/// How many `seq` each stored row sets aside, so that a delta needs no write of its own.
const SEQ_RESERVE: u64 = 1_000;

/// One conversation's memory.
#[derive(Debug, Default)]
pub struct ConversationServer {
    head: Option<Head>,
    size: Size,
    next_seq: u64,
    reserved_seq: u64,
    running: Option<RunningAnswer>,
    queue: VecDeque<StartAnswer>,
}

impl ConversationServer {
    /// Takes up what is stored. An answer that was under way when the object died ends `interrupted` with what was
    /// kept, those that waited behind it are begun: perform the effects (there is no "this socket" among them).
    ///
    /// # Errors
    /// The storage's own.
    pub fn load<S: Store>(store: &mut S, now: Timestamp) -> Result<(Self, Vec<Effect>), S::Error> {
        let reserved_seq = store.reserved_seq()?;
        let mut server = Self {
            head: store.head()?,
            size: store.size()?,
            next_seq: reserved_seq + 1,
            reserved_seq,
            running: None,
            queue: VecDeque::new(),
        };
        let mut effects = Vec::new();
        for (index, (message, answer)) in store.unanswered()?.into_iter().enumerate() {
            // Answers are given in order, so only the first can have been under way. What it had streamed since the
            // last flush is lost; beginning it anew could ask the model for ever, if it was what killed the object.
            if index == 0 || answer.is_some() {
                let seq = server.take_seq();
                let (text, created_at) = answer.map_or((String::new(), now), |answer| (answer.text, answer.created_at));
                let row = StoredMessage {
                    id: answer_id(&message.request_id),
                    seq,
                    role: Role::Assistant,
                    text,
                    request_id: message.request_id,
                    status: Some(AnswerStatus::Interrupted),
                    sources: Vec::new(),
                    created_at,
                    reserved_seq: server.reserve(),
                };
                store.put(&row)?;
                server.size.add_answer(&row.text);
                effects.extend(row.to_completed().map(|completed| Effect::All(ServerFrame::Completed(completed))));
            } else {
                // What the author's token said went with the memory: it is nothing that has to be kept for ever.
                let (request_id, text) = (message.request_id, message.text);
                server.queue.push_back(StartAnswer { request_id, text, visitor: None });
            }
        }
        effects.extend(server.start_next(now));
        Ok((server, effects))
    }

    /// Whether an answer is coming.
    #[must_use]
    pub const fn is_answering(&self) -> bool {
        self.running.is_some()
    }

    /// The conversation's head; none: nothing was accepted yet.
    #[must_use]
    pub const fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// Deals with a frame.
    ///
    /// # Errors
    /// The storage's own.
    pub fn receive<S: Store>(
        &mut self,
        socket: &mut Socket,
        input: Input<'_>,
        tokens: &impl VerifyToken,
        store: &S,
        now: Timestamp,
    ) -> Result<Received, S::Error> {
        if socket.closed {
            return Ok(Received::Done(Vec::new()));
        }
        let received = self.receive_open(socket, input, tokens, store, now)?;
        if let Received::Done(effects) = &received {
            socket.note_close(effects);
        }
        Ok(received)
    }

    fn receive_open<S: Store>(
        &mut self,
        socket: &mut Socket,
        input: Input<'_>,
        tokens: &impl VerifyToken,
        store: &S,
        now: Timestamp,
    ) -> Result<Received, S::Error> {
        let size = match input {
            Input::Text(text) => text.len(),
            Input::Binary(size) => size,
        };
        if size > MAX_FRAME_BYTES {
            return Ok(Received::Done(break_off(&ErrorCode::PayloadTooLarge.into(), CloseCode::TooLarge)));
        }
        let Input::Text(text) = input else {
            let refusal = Refusal::invalid("Frames must be text.");
            return Ok(Received::Done(break_off(&refusal, CloseCode::BadFrame)));
        };
        let frame = match ClientFrame::parse(text) {
            Ok(frame) => frame,
            Err(error) => {
                let refusal = Refusal::invalid(format!("{error}."));
                return Ok(Received::Done(break_off(&refusal, CloseCode::BadFrame)));
            }
        };
        match frame {
            ClientFrame::Request(request) => self.receive_request(socket, request, tokens, store, now),
            ClientFrame::Resume(resume) => {
                socket.started = true;
                if let Some(token) = &resume.widget_token
                    && let Err(effects) = take_token(socket, token, None, tokens, now)
                {
                    return Ok(Received::Done(effects));
                }
                self.resume(socket, &resume.history_secret, resume.last_seq, store).map(Received::Done)
            }
            ClientFrame::Cancel(id) => self.receive_cancel(socket, &id, store).map(Received::Done),
            ClientFrame::Refresh(token) => {
                Ok(Received::Done(take_token(socket, &token, None, tokens, now).err().unwrap_or_default()))
            }
            ClientFrame::Ping => Ok(Received::Done(vec![Effect::Reply(ServerFrame::Pong)])),
        }
    }

    fn receive_request<S: Store>(
        &mut self,
        socket: &mut Socket,
        request: ChatRequest,
        tokens: &impl VerifyToken,
        store: &S,
        now: Timestamp,
    ) -> Result<Received, S::Error> {
        socket.started = true;
        let id = Some(request.id.clone());
        if let Some(token) = &request.widget_token {
            if let Err(effects) = take_token(socket, token, id, tokens, now) {
                return Ok(Received::Done(effects));
            }
        } else if let Some(code) = token_trouble(socket, now) {
            return Ok(Received::Done(refuse_token(socket, code, id)));
        }
        let history_secret = request.history_secret.as_ref().map(HistorySecret::hash).or(socket.secret);
        let Some(history_secret) = history_secret else {
            let refusal = Refusal::invalid("historySecret must come with the first chat.request of a socket.");
            return Ok(Received::Done(break_off_request(&refusal, request.id, CloseCode::BadFrame)));
        };
        if !self.is_in_conversation(socket, history_secret) {
            let refusal = ErrorCode::WrongHistorySecret.into();
            return Ok(Received::Done(break_off_request(&refusal, request.id, CloseCode::Forbidden)));
        }
        let is_duplicate = store.message(&request.id)?.is_some();
        // Before the authorities are asked: what can't be stored counts against no limit.
        if !is_duplicate && let Err(refusal) = self.size.check(&request.text) {
            return Ok(Received::Done(end_conversation(&refusal)));
        }
        Ok(Received::Admit(Admission {
            request_id: request.id,
            visitor: socket.visitor.clone(),
            is_duplicate,
            text: request.text,
            history_secret,
            session: None,
        }))
    }

    /// Whether this socket may speak in this conversation: it knows the secret. A conversation that hasn't begun
    /// takes any secret, and keeps the first message's.
    fn is_in_conversation(&self, socket: &Socket, secret: SecretHash) -> bool {
        self.head.as_ref().is_none_or(|head| {
            head.tenant == socket.context.tenant
                && head.environment == socket.context.environment
                && head.history_secret == secret
        })
    }

    /// Stores an admitted request, acknowledges it, and begins its answer. The same request again gets the same
    /// acknowledgement and no second answer.
    ///
    /// # Errors
    /// The storage's own: nothing was acknowledged then.
    pub fn accept<S: Store>(
        &mut self,
        socket: &mut Socket,
        admission: Admission,
        store: &mut S,
        now: Timestamp,
    ) -> Result<Vec<Effect>, S::Error> {
        let effects = self.store_request(socket, admission, store, now)?;
        socket.note_close(&effects);
        Ok(effects)
    }

    fn store_request<S: Store>(
        &mut self,
        socket: &mut Socket,
        admission: Admission,
        store: &mut S,
        now: Timestamp,
    ) -> Result<Vec<Effect>, S::Error> {
        let Admission { request_id, visitor, text, history_secret, session, .. } = admission;
        // While the authorities were asked, another socket may have begun the conversation with another secret.
        if !self.is_in_conversation(socket, history_secret) {
            return Ok(break_off_request(&ErrorCode::WrongHistorySecret.into(), request_id, CloseCode::Forbidden));
        }
        socket.secret = Some(history_secret);
        if let Some(stored) = store.message(&request_id)? {
            return self.accept_again(socket, &stored, &text, store);
        }
        if let Err(refusal) = self.size.check(&text) {
            return Ok(end_conversation(&refusal));
        }
        let participant = visitor.as_ref().map(Visitor::participant);
        let seq = self.take_seq();
        let message = StoredMessage {
            id: request_id.as_str().to_owned(),
            seq,
            role: Role::User,
            text: text.clone(),
            request_id: request_id.clone(),
            status: None,
            sources: Vec::new(),
            created_at: now,
            reserved_seq: self.reserve(),
        };
        if let Some(head) = &mut self.head {
            store.put(&message)?;
            // Who signs in on the page in mid-conversation is who writes from then on.
            let is_another = participant.is_some() && participant != head.visitor;
            if is_another || head.id.is_none() {
                head.visitor = participant.or_else(|| head.visitor.take());
                head.id = Some(socket.context.conversation.clone());
                store.set_head(head)?;
            }
        } else {
            let SocketContext { conversation, tenant, environment, .. } = socket.context.clone();
            let head = Head {
                id: Some(conversation),
                tenant,
                environment,
                history_secret,
                created_at: now,
                visitor: participant,
                session: session.map(|session| session.as_str().to_owned()),
            };
            store.begin(&head, &message)?;
            self.head = Some(head);
        }
        self.size.add_question(&text);
        socket.joined = true;
        let history = History { messages: vec![message.to_history()] };
        let mut effects = vec![
            Effect::Reply(ServerFrame::Accepted(Accepted { request_id: request_id.clone(), seq, duplicate: false })),
            Effect::Others(ServerFrame::History(history)),
        ];
        self.queue.push_back(StartAnswer { request_id, text, visitor: visitor.as_ref().map(Visitor::profile) });
        effects.extend(self.start_next(now));
        Ok(effects)
    }

    fn accept_again<S: Store>(
        &self,
        socket: &mut Socket,
        stored: &StoredMessage,
        text: &str,
        store: &S,
    ) -> Result<Vec<Effect>, S::Error> {
        let request_id = stored.request_id.clone();
        if stored.text != text {
            let refusal = Refusal::new(ErrorCode::Conflict, "This id was used with another text.");
            return Ok(vec![Effect::Reply(ServerFrame::Error(ErrorFrame::new(&refusal, Some(request_id))))]);
        }
        let was_live = core::mem::replace(&mut socket.joined, true);
        let accepted = Accepted { request_id: request_id.clone(), seq: stored.seq, duplicate: true };
        let mut effects = vec![Effect::Reply(ServerFrame::Accepted(accepted))];
        if let Some(completed) = store.answer(&request_id)?.and_then(|answer| answer.to_completed()) {
            effects.push(Effect::Reply(ServerFrame::Completed(completed)));
        } else if let Some(running) = self.running.as_ref().filter(|_| !was_live) {
            effects.extend(
                running.replay_after(stored.seq).into_iter().map(|delta| Effect::Reply(ServerFrame::Delta(delta))),
            );
        }
        Ok(effects)
    }

    /// Says no to a request that an authority refused. A lost credential and a lost origin end the socket; a token that
    /// is wanted since the live config changed counts as any refused one. A limit that is reached ends nothing: an answer
    /// that is under way goes on to its end, and once the limit is raised the same request passes on the same socket.
    #[must_use]
    pub fn refuse(&self, socket: &mut Socket, admission: &Admission, denial: &Denial, now: Timestamp) -> Vec<Effect> {
        let refusal = match denial {
            Denial::Refused(refusal) => refusal,
            Denial::Limited(hit) => return vec![Effect::Reply(ServerFrame::Limit(hit.to_frame(now)))],
        };
        let id = Some(admission.request_id.clone());
        let effects = if refusal.code.is_token_refusal() {
            refuse_token(socket, refusal.code, id)
        } else {
            let close = match refusal.code {
                ErrorCode::InvalidKey | ErrorCode::ApiKeysDisabled => Some(CloseCode::Token),
                ErrorCode::OriginNotAllowed => Some(CloseCode::Forbidden),
                _ => None,
            };
            let frame = Effect::Reply(ServerFrame::Error(ErrorFrame::new(refusal, id)));
            core::iter::once(frame).chain(close.map(Effect::Close)).collect()
        };
        socket.note_close(&effects);
        effects
    }

    /// The next `seq`. Its row, or one before it, must set it aside before a frame carries it.
    const fn take_seq(&mut self) -> u64 {
        let seq = self.next_seq;
        self.next_seq += 1;
        seq
    }

    /// Sets the next ones aside; the value goes into the row that is written now.
    const fn reserve(&mut self) -> u64 {
        self.reserved_seq = self.next_seq + SEQ_RESERVE;
        self.reserved_seq
    }
}
