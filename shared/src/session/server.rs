//! The Worker's half of the session, without I/O: what each frame of each socket of one conversation does.
//!
//! A `chat.request` takes two steps. [`ConversationServer::receive`] checks what needs no one else (shape, token,
//! history secret, expiry); the caller then asks the authorities that need a call (the key's guard, the quota) and comes
//! back with [`ConversationServer::accept`] or [`ConversationServer::refuse`]. Memory here is only a cache: after a
//! restart [`ConversationServer::load`] finds everything that matters in the [`Store`].

use super::answer::RunningAnswer;
use crate::conversation::{Head, Store, StoredMessage, answer_id};
use crate::error::{ErrorCode, Refusal};
use crate::ids::{Environment, RequestId, TenantId};
use crate::protocol::ws::{
    Accepted, AnswerStatus, ChatRequest, ClientFrame, CloseCode, ErrorFrame, Expiring, FIRST_FRAME_DEADLINE_MS,
    History, MAX_FRAME_BYTES, PROTOCOL, Ready, Role, ServerFrame, SourceRef,
};
use crate::secret::{HistorySecret, Secret, SecretHash};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How many `seq` each stored row sets aside, so that a delta needs no write of its own.
const SEQ_RESERVE: u64 = 1_000;
/// Refusals of a token in a row that end the socket.
const MAX_TOKEN_REFUSALS: u8 = 3;
/// A token's end is announced this long before, or a quarter of its life where that is less.
const EXPIRING_NOTICE_SECS: i64 = 60;
/// About how much text one `history` frame carries, in bytes, so that it stays below [`MAX_FRAME_BYTES`].
const HISTORY_FRAME_BYTES: usize = 40 * 1024;

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
    /// Whose conversation.
    pub tenant: TenantId,
    /// In which environment.
    pub environment: Environment,
    /// Whether requests need a signed widget token.
    pub require_signed_token: bool,
}

/// One socket's state: what is kept with the socket while the object sleeps.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Socket {
    /// What holds for it.
    pub context: SocketContext,
    opened_at: Timestamp,
    /// A `chat.request` or `chat.resume` came.
    started: bool,
    /// The hash of the history secret that it showed.
    secret: Option<SecretHash>,
    /// It proved the history secret: it gets what the conversation sends.
    joined: bool,
    refusals: u8,
    visitor: Option<Visitor>,
    /// The end of the present token was announced.
    noticed: bool,
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
        };
        (socket, ServerFrame::Ready(ready))
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

    /// When [`Self::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let first_frame = (!self.started).then(|| self.opened_at.plus_millis(FIRST_FRAME_DEADLINE_MS));
        let notice = self.visitor.as_ref().filter(|_| !self.noticed).map(notice_at);
        first_frame.into_iter().chain(notice).min()
    }

    /// Cuts a socket that said nothing in time, announces the end of a token.
    pub fn handle_timeout(&mut self, now: Timestamp) -> Vec<Effect> {
        if !self.started && now.millis_since(self.opened_at) >= FIRST_FRAME_DEADLINE_MS {
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

    fn welcome(&mut self, visitor: Visitor) {
        self.visitor = Some(visitor);
        self.noticed = false;
        self.refusals = 0;
    }
}

fn notice_at(visitor: &Visitor) -> Timestamp {
    let life_secs = visitor.expires_at.millis_since(visitor.issued_at) / 1000;
    visitor.expires_at.plus_secs(-EXPIRING_NOTICE_SECS.min(life_secs / 4))
}

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
    text: String,
    history_secret: SecretHash,
}

/// What a frame leads to.
#[derive(Debug)]
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
    /// It broke off, or never began.
    Failed(Refusal),
}

/// One conversation's memory.
#[derive(Debug, Default)]
pub struct ConversationServer {
    head: Option<Head>,
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
                effects.extend(row.to_completed().map(|completed| Effect::All(ServerFrame::Completed(completed))));
            } else {
                server.queue.push_back(StartAnswer { request_id: message.request_id, text: message.text });
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
        Ok(Received::Admit(Admission {
            request_id: request.id,
            visitor: socket.visitor.clone(),
            is_duplicate,
            text: request.text,
            history_secret,
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
        let Admission { request_id, text, history_secret, .. } = admission;
        // While the authorities were asked, another socket may have begun the conversation with another secret.
        if !self.is_in_conversation(socket, history_secret) {
            return Ok(break_off_request(&ErrorCode::WrongHistorySecret.into(), request_id, CloseCode::Forbidden));
        }
        socket.secret = Some(history_secret);
        if let Some(stored) = store.message(&request_id)? {
            return self.accept_again(socket, &stored, &text, store);
        }
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
        if self.head.is_some() {
            store.put(&message)?;
        } else {
            let SocketContext { tenant, environment, .. } = socket.context.clone();
            let head = Head { tenant, environment, history_secret, created_at: now };
            store.begin(&head, &message)?;
            self.head = Some(head);
        }
        socket.joined = true;
        let history = History { messages: vec![message.to_history()] };
        let mut effects = vec![
            Effect::Reply(ServerFrame::Accepted(Accepted { request_id: request_id.clone(), seq, duplicate: false })),
            Effect::Others(ServerFrame::History(history)),
        ];
        self.queue.push_back(StartAnswer { request_id, text });
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

    /// Says no to a request that an authority refused. A limit and a lost credential end the socket.
    #[must_use]
    pub fn refuse(&self, admission: &Admission, refusal: &Refusal) -> Vec<Effect> {
        let frame = ErrorFrame::new(refusal, Some(admission.request_id.clone()));
        let close = match refusal.code {
            ErrorCode::InvalidKey | ErrorCode::ApiKeysDisabled => Some(CloseCode::Token),
            ErrorCode::OriginNotAllowed => Some(CloseCode::Forbidden),
            _ => None,
        };
        let mut effects = vec![Effect::Reply(ServerFrame::Error(frame))];
        effects.extend(close.map(Effect::Close));
        effects
    }

    /// `chat.resume`: what came after `last_seq`, then live.
    fn resume<S: Store>(
        &self,
        socket: &mut Socket,
        secret: &HistorySecret,
        last_seq: u64,
        store: &S,
    ) -> Result<Vec<Effect>, S::Error> {
        socket.started = true;
        let secret = secret.hash();
        if !self.is_in_conversation(socket, secret) {
            return Ok(break_off(&ErrorCode::WrongHistorySecret.into(), CloseCode::Forbidden));
        }
        // Where nothing was accepted yet, there is nothing to see and nothing is stored: any secret may come.
        socket.secret = Some(secret);
        socket.joined = self.head.is_some();
        let mut history = Vec::new();
        let mut replay = Vec::new();
        for message in store.messages_after(last_seq)? {
            match message.to_completed() {
                // The widget saw the beginning of this answer: it gets the end as it would have come.
                Some(completed) if last_seq > 0 && is_known(&message.request_id, last_seq, store)? => {
                    replay.push(ServerFrame::Completed(completed));
                }
                _ if message.is_over() => history.push(message),
                _ => {}
            }
        }
        if let Some(running) = &self.running {
            replay.extend(running.replay_after(last_seq).into_iter().map(ServerFrame::Delta));
        }
        Ok(history_frames(&history).into_iter().chain(replay).map(Effect::Reply).collect())
    }

    fn receive_cancel<S: Store>(
        &mut self,
        socket: &Socket,
        id: &RequestId,
        store: &S,
    ) -> Result<Vec<Effect>, S::Error> {
        if !socket.joined {
            let refusal = Refusal::invalid("chat.cancel must come after a chat.request or chat.resume.");
            return Ok(break_off_request(&refusal, id.clone(), CloseCode::BadFrame));
        }
        if let Some(running) = &mut self.running
            && running.request_id() == id
        {
            running.cancel();
            return Ok(vec![Effect::Stop(id.clone())]);
        }
        if self.queue.iter().any(|waiting| &waiting.request_id == id) {
            return Ok(vec![Effect::Stop(id.clone())]);
        }
        // An answer that is over can't be stopped; that is no one's fault.
        Ok(if store.message(id)?.is_some() {
            Vec::new()
        } else {
            vec![Effect::Reply(ServerFrame::Error(ErrorFrame::new(&ErrorCode::NotFound.into(), Some(id.clone()))))]
        })
    }

    /// Stores a visitor's stop: call for each [`Effect::Stop`], once the agent is no longer asked.
    ///
    /// # Errors
    /// The storage's own.
    pub fn stopped<S: Store>(
        &mut self,
        id: &RequestId,
        store: &mut S,
        now: Timestamp,
    ) -> Result<Vec<Effect>, S::Error> {
        if self.running.as_ref().is_some_and(|running| running.request_id() == id) {
            return self.end(id, AnswerStatus::Cancelled, Vec::new(), store, now);
        }
        let Some(at) = self.queue.iter().position(|waiting| &waiting.request_id == id) else { return Ok(Vec::new()) };
        self.queue.remove(at);
        let seq = self.take_seq();
        let row = RunningAnswer::new(id.clone(), now).finish(seq, self.reserve(), AnswerStatus::Cancelled, Vec::new());
        store.put(&row)?;
        Ok(row.to_completed().map(|completed| Effect::All(ServerFrame::Completed(completed))).into_iter().collect())
    }

    /// The agent gave the next piece. An answer that reaches its longest ends here, `interrupted`.
    ///
    /// # Errors
    /// The storage's own.
    pub fn push<S: Store>(
        &mut self,
        id: &RequestId,
        piece: &str,
        store: &mut S,
        now: Timestamp,
    ) -> Result<Vec<Effect>, S::Error> {
        let is_expected =
            self.running.as_ref().is_some_and(|running| running.request_id() == id && !running.is_cancelled());
        if !is_expected || piece.is_empty() {
            return Ok(Vec::new());
        }
        let must_reserve = self.next_seq > self.reserved_seq;
        let seq = self.take_seq();
        let Some(running) = &mut self.running else { return Ok(Vec::new()) };
        let (delta, is_full) = running.push(piece, seq);
        if must_reserve || running.is_flush_due(now) {
            self.reserved_seq = self.next_seq + SEQ_RESERVE;
            store.put(&running.flush(self.reserved_seq, now))?;
        }
        let mut effects = vec![Effect::All(ServerFrame::Delta(delta))];
        if is_full {
            effects.push(Effect::Stop(id.clone()));
            effects.extend(self.end(id, AnswerStatus::Interrupted, Vec::new(), store, now)?);
        }
        Ok(effects)
    }

    /// The agent is done.
    ///
    /// # Errors
    /// The storage's own.
    pub fn finish<S: Store>(
        &mut self,
        id: &RequestId,
        outcome: Outcome,
        store: &mut S,
        now: Timestamp,
    ) -> Result<Vec<Effect>, S::Error> {
        match outcome {
            Outcome::Complete(sources) => self.end(id, AnswerStatus::Complete, sources, store, now),
            Outcome::Failed(refusal) => {
                let ended = self.end(id, AnswerStatus::Interrupted, Vec::new(), store, now)?;
                if ended.is_empty() {
                    return Ok(ended);
                }
                let error = ErrorFrame::new(&refusal, Some(id.clone()));
                Ok(core::iter::once(Effect::All(ServerFrame::Error(error))).chain(ended).collect())
            }
        }
    }

    fn end<S: Store>(
        &mut self,
        id: &RequestId,
        status: AnswerStatus,
        sources: Vec<SourceRef>,
        store: &mut S,
        now: Timestamp,
    ) -> Result<Vec<Effect>, S::Error> {
        let Some(running) = self.running.take_if(|running| running.request_id() == id) else { return Ok(Vec::new()) };
        let status = if running.is_cancelled() { AnswerStatus::Cancelled } else { status };
        let seq = self.take_seq();
        let row = running.finish(seq, self.reserve(), status, sources);
        store.put(&row)?;
        let mut effects = Vec::new();
        effects.extend(row.to_completed().map(|completed| Effect::All(ServerFrame::Completed(completed))));
        effects.extend(self.start_next(now));
        Ok(effects)
    }

    fn start_next(&mut self, now: Timestamp) -> Option<Effect> {
        if self.running.is_some() {
            return None;
        }
        let next = self.queue.pop_front()?;
        self.running = Some(RunningAnswer::new(next.request_id.clone(), now));
        Some(Effect::Answer(next))
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

fn is_known<S: Store>(request: &RequestId, last_seq: u64, store: &S) -> Result<bool, S::Error> {
    Ok(store.message(request)?.is_some_and(|message| message.seq <= last_seq))
}

/// Splits a history so that each frame stays below the largest; one frame at least, to say that all is there.
fn history_frames(messages: &[StoredMessage]) -> Vec<ServerFrame> {
    let mut frames = vec![History { messages: Vec::new() }];
    let mut bytes = 0;
    for message in messages {
        let size = message.text.len() + 256;
        if bytes > 0 && bytes + size > HISTORY_FRAME_BYTES {
            frames.push(History { messages: Vec::new() });
            bytes = 0;
        }
        bytes += size;
        if let Some(frame) = frames.last_mut() {
            frame.messages.push(message.to_history());
        }
    }
    frames.into_iter().map(ServerFrame::History).collect()
}

/// What is wrong with the token that this socket stands on, if anything.
fn token_trouble(socket: &Socket, now: Timestamp) -> Option<ErrorCode> {
    match &socket.visitor {
        Some(visitor) if visitor.expires_at <= now => Some(ErrorCode::ExpiredToken),
        None if socket.context.require_signed_token => Some(ErrorCode::TokenRequired),
        _ => None,
    }
}

fn take_token(
    socket: &mut Socket,
    token: &Secret,
    request: Option<RequestId>,
    tokens: &impl VerifyToken,
    now: Timestamp,
) -> Result<(), Vec<Effect>> {
    match tokens.verify(token, now) {
        Ok(visitor) => {
            socket.welcome(visitor);
            Ok(())
        }
        Err(code) => Err(refuse_token(socket, code, request)),
    }
}

/// A refused token leaves the socket open for a fresh one; the third in a row doesn't.
fn refuse_token(socket: &mut Socket, code: ErrorCode, request: Option<RequestId>) -> Vec<Effect> {
    socket.refusals = socket.refusals.saturating_add(1);
    let mut effects = vec![Effect::Reply(ServerFrame::Error(ErrorFrame::new(&code.into(), request)))];
    if socket.refusals >= MAX_TOKEN_REFUSALS {
        effects.push(Effect::Close(CloseCode::Token));
    }
    effects
}

fn break_off(refusal: &Refusal, code: CloseCode) -> Vec<Effect> {
    vec![Effect::Reply(ServerFrame::Error(ErrorFrame::new(refusal, None))), Effect::Close(code)]
}

fn break_off_request(refusal: &Refusal, request: RequestId, code: CloseCode) -> Vec<Effect> {
    vec![Effect::Reply(ServerFrame::Error(ErrorFrame::new(refusal, Some(request)))), Effect::Close(code)]
}
