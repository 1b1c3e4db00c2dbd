//! What comes in: frames and timeouts. Each is decided by the session, stored, and then acted on.

use super::Inner;
use super::sockets::{self, Attached};
use crate::access::authority;
use crate::bindings;
use crate::clock;
use crate::live;
use crate::log;
use crate::objects::key_guard::{Check, CheckMinter};
use crate::quota::{self, Place};
use crate::settings::Settings;
use crate::store::conversation::ConversationStore;
use crate::store::guard::Standing;
use crate::store::sql::SqlError;
use crate::tokens::Tokens;
use futures_util::future::join;
use std::collections::VecDeque;
use std::rc::Rc;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::{CredentialId, RequestId};
use weft_shared::limits::QuotaLimits;
use weft_shared::protocol::ws::{ClientFrame, CloseCode, ErrorFrame, MAX_FRAME_BYTES, ServerFrame};
use weft_shared::session::server::{Admission, ConversationServer, Denial, Effect, Input, Received, SocketContext};
use worker::{WebSocket, WebSocketIncomingMessage};

/// Frames that may wait for their turn in one conversation. Its people write one after the other; more than this is
/// someone who wants the object's memory.
pub(super) const MAX_WAITING: usize = 64;

/// What is held of a frame while it waits: of one that is refused for its kind or its size, nothing but that size.
enum Frame {
    Text(String),
    Refused(usize),
}

impl Frame {
    fn of(message: WebSocketIncomingMessage) -> Self {
        match message {
            WebSocketIncomingMessage::String(text) if text.len() > MAX_FRAME_BYTES => Self::Refused(text.len()),
            WebSocketIncomingMessage::String(text) => Self::Text(text),
            WebSocketIncomingMessage::Binary(bytes) => Self::Refused(bytes.len()),
        }
    }
}

impl Inner {
    /// Deals with a frame, after those that came before it.
    pub(super) async fn receive(self: &Rc<Self>, socket: &WebSocket, message: WebSocketIncomingMessage) {
        let frame = Frame::of(message);
        if self.turns.waiting() >= MAX_WAITING {
            log::chat_refused(ErrorCode::RateLimited.code());
            let refusal = Refusal::from(ErrorCode::RateLimited).retry_after(1);
            sockets::send(socket, &ServerFrame::Error(ErrorFrame::new(&refusal, None)));
            sockets::close(socket, CloseCode::Limit);
            return;
        }
        let _turn = self.turns.take().await;
        let (Some(mut attached), Ok(settings)) = (Attached::of(socket), Settings::read(&self.env)) else {
            sockets::close(socket, CloseCode::Unavailable);
            return;
        };
        // Before anyone is asked about it.
        let too_fast = attached.socket.take_frame(clock::now());
        if !too_fast.is_empty() {
            keep(socket, &attached);
            self.perform(too_fast, Some(socket));
            return;
        }
        let SocketContext { tenant, environment, .. } = attached.socket.context.clone();
        let tokens = Tokens { settings: &settings, tenant, environment };
        if let Err(refusal) = self.check_frame(&attached, &frame, &tokens).await {
            keep(socket, &attached);
            refuse(socket, &refusal);
            return;
        }
        let input = match &frame {
            Frame::Text(text) => Input::Text(text),
            // The session looks at the size first, whatever the kind.
            Frame::Refused(size) => Input::Binary(*size),
        };
        let received =
            self.with_server(|server, store| server.receive(&mut attached.socket, input, &tokens, store, clock::now()));
        let decided = match received {
            Ok(Received::Done(effects)) => Ok(effects),
            Ok(Received::Admit(admission)) => {
                // What the frame brought, a token above all, holds from here on, whatever the authorities say.
                keep(socket, &attached);
                self.admit(&mut attached, admission).await
            }
            Err(error) => Err(error),
        };
        match decided {
            Ok(effects) => {
                // Kept first: whoever joined just now is among those who get what follows.
                keep(socket, &attached);
                self.perform(effects, Some(socket));
            }
            Err(error) => {
                let refusal = log::internal("conversation", &error);
                sockets::send(socket, &ServerFrame::Error(ErrorFrame::new(&refusal, None)));
                sockets::close(socket, CloseCode::Unavailable);
            }
        }
        self.set_alarm().await;
    }

    /// Asks the authorities about a request, then accepts or refuses it.
    async fn admit(self: &Rc<Self>, attached: &mut Attached, admission: Admission) -> Result<Vec<Effect>, SqlError> {
        match self.ask_authorities(attached, &admission).await {
            Ok(()) => {
                self.expect_telling().await;
                self.with_server(|server, store| server.accept(&mut attached.socket, admission, store, clock::now()))
            }
            Err(denial) => {
                self.with_server(|server, _| Ok(server.refuse(&mut attached.socket, &admission, &denial, clock::now())))
            }
        }
    }

    /// Whether the credentials that a frame stands on are in force. Asked before the session sees the frame: between
    /// what it says and what is sent nothing may be waited for, or a socket that resumes would miss a piece. A
    /// `chat.request` isn't asked about here: its admission is.
    async fn check_frame(&self, attached: &Attached, frame: &Frame, tokens: &Tokens<'_>) -> Result<(), Refusal> {
        let Frame::Text(text) = frame else { return Ok(()) };
        let token = match ClientFrame::parse(text) {
            Ok(ClientFrame::Resume(resume)) => resume.widget_token,
            Ok(ClientFrame::Refresh(token)) => Some(token),
            Ok(ClientFrame::Cancel(_)) => None,
            _ => return Ok(()),
        };
        let minter = match token {
            // One that is refused is the session's to refuse, and names nobody.
            Some(token) => tokens.claims(&token, clock::now()).ok().map(|claims| claims.minted_by),
            None => attached.socket.visitor().map(|visitor| visitor.azp.clone()),
        };
        let standing = self.ask_guards(attached, minter.as_deref()).await?;
        // HIPAA: history too is for those alone whom the customer's backend vouches for.
        if standing.hipaa && minter.is_none() { Err(ErrorCode::TokenRequired.into()) } else { Ok(()) }
    }

    /// Asks for the key that the socket was opened with, and for the credential that minted its token.
    async fn ask_guards(&self, attached: &Attached, minter: Option<&str>) -> Result<Standing, Refusal> {
        let minter = minter.and_then(|id| CredentialId::parse(id).ok());
        let minter = async {
            match &minter {
                Some(id) => bindings::key_guard(&self.env, id).ask(CheckMinter {}).await,
                None => Ok(()),
            }
        };
        let key = bindings::key_guard(&self.env, &attached.key);
        let (standing, minter) = join(key.ask(Check {}), minter).await;
        minter.map_err(authority)?;
        standing.map_err(authority)
    }

    /// Whether the credentials are in force, the live config still lets the page through, and the visitor's address has
    /// messages left. Counting comes last: what is refused costs the visitor nothing.
    async fn ask_authorities(&self, attached: &mut Attached, admission: &Admission) -> Result<(), Denial> {
        let minter = admission.visitor.as_ref().map(|visitor| visitor.azp.as_str());
        let standing = self.ask_guards(attached, minter).await?;
        let context = &mut attached.socket.context;
        let live = live::config(&self.env, &context.tenant, &context.environment, standing.live_version).await?;
        self.live_version.set(Some(live.version));
        if !live.config.is_origin_allowed(&attached.origin) {
            return Err(ErrorCode::OriginNotAllowed.into());
        }
        context.require_signed_token = live.config.require_signed_token || standing.hipaa;
        if context.require_signed_token && admission.visitor.is_none() {
            return Err(ErrorCode::TokenRequired.into());
        }
        // It was counted when it was accepted.
        if admission.is_duplicate {
            return Ok(());
        }
        self.count(attached.place(), &admission.request_id, live.config.quota_limits()).await
    }

    /// Counts a message against the limits of its visitor's address. Without a limit nobody waits for it.
    pub(super) async fn count(&self, place: Place, id: &RequestId, limits: QuotaLimits) -> Result<(), Denial> {
        // Ids of requests are the browser's choice: only within their conversation do they name one message.
        let message = format!("{}/{id}", self.state.id());
        if !limits.is_open() {
            return quota::count(&self.env, &place, &message, limits).await;
        }
        let env = self.env.clone();
        self.state.wait_until(async move {
            let _ = quota::count(&env, &place, &message, limits).await;
        });
        Ok(())
    }

    /// Deals with what is due on a socket.
    pub(super) async fn handle_timeout(self: &Rc<Self>, socket: &WebSocket) {
        let _turn = self.turns.take().await;
        let Some(mut attached) = Attached::of(socket) else { return };
        let effects = attached.socket.handle_timeout(clock::now());
        if !effects.is_empty() {
            keep(socket, &attached);
            self.perform(effects, Some(socket));
        }
    }

    /// Runs a step of the session. Memory that isn't there is loaded first; memory that an error may have left behind
    /// what is stored is dropped, and loaded anew.
    pub(super) fn with_server<T>(
        self: &Rc<Self>,
        step: impl FnOnce(&mut ConversationServer, &mut ConversationStore<'_>) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let mut store = ConversationStore(&self.db);
        let mut server = match self.server.take() {
            Some(server) => server,
            None => self.load(&mut store)?,
        };
        let result = step(&mut server, &mut store);
        if result.is_ok() {
            self.server.replace(Some(server));
        } else {
            self.recover(&mut store);
        }
        result
    }

    /// Takes up what is stored.
    fn load(self: &Rc<Self>, store: &mut ConversationStore<'_>) -> Result<ConversationServer, SqlError> {
        let (server, effects) = ConversationServer::load(store, clock::now())?;
        // Completions and new answers only: nothing among them comes back here.
        self.perform(effects, None);
        Ok(server)
    }

    /// After an error of the storage. The answer under way belongs to the memory that is gone: what it says would be
    /// passed over, so it is stopped. Loading ends it, and begins the next one, which nobody else may ever ask for.
    /// Tried once: where the storage fails again, the next frame loads.
    fn recover(self: &Rc<Self>, store: &mut ConversationStore<'_>) {
        self.stop_answers();
        match self.load(store) {
            Ok(server) => drop(self.server.replace(Some(server))),
            Err(error) => {
                log::internal("loading after an error", &error);
                self.listeners.end(ErrorCode::Unavailable);
            }
        }
    }

    /// Does what was decided, in order. `socket` is the one that it was decided for.
    pub(super) fn perform(self: &Rc<Self>, effects: Vec<Effect>, socket: Option<&WebSocket>) {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match (effect, socket) {
                (Effect::Reply(frame), Some(socket)) => {
                    match &frame {
                        ServerFrame::Error(error) => log::chat_refused(&error.error),
                        ServerFrame::Limit(_) => log::chat_refused(ErrorCode::QuotaExceeded.code()),
                        _ => {}
                    }
                    sockets::send(socket, &frame);
                }
                (Effect::Close(code), Some(socket)) => sockets::close(socket, code),
                (Effect::Reply(_) | Effect::Close(_), None) => {}
                (Effect::Others(frame), but) => self.broadcast(&frame, but),
                (Effect::All(frame), _) => self.broadcast(&frame, None),
                (Effect::Answer(start), _) => self.start_answer(start),
                (Effect::Stop(id), _) => {
                    self.stop_answer(&id);
                    match self.with_server(|server, store| server.stopped(&id, store, clock::now())) {
                        Ok(more) => more.into_iter().rev().for_each(|effect| effects.push_front(effect)),
                        Err(error) => {
                            log::internal("stopping an answer", &error);
                        }
                    }
                }
            }
        }
    }

    /// Sets the object's one alarm to what is due first, where that is before the alarm that is set.
    pub(super) async fn set_alarm(&self) {
        let sockets = self.sockets();
        let attached = sockets.iter().filter_map(Attached::of).filter(|attached| attached.socket.visitor().is_some());
        let tokens = attached.filter_map(|attached| attached.socket.poll_timeout());
        let Some(next) = tokens.chain(self.telling_due()).min() else { return };
        let storage = self.state.storage();
        let is_set = storage.get_alarm().await.ok().flatten().is_some_and(|at| at <= next.as_millis());
        if !is_set && let Err(error) = storage.set_alarm(next.millis_since(clock::now()).max(0)).await {
            log::internal("setting an alarm", &error);
        }
    }
}

/// Says no to a frame whose credentials are not in force. A token that is missing can still come on this socket; a key
/// that is gone ends it.
fn refuse(socket: &WebSocket, refusal: &Refusal) {
    log::chat_refused(refusal.code.code());
    sockets::send(socket, &ServerFrame::Error(ErrorFrame::new(refusal, None)));
    match refusal.code {
        ErrorCode::InvalidKey | ErrorCode::ApiKeysDisabled => sockets::close(socket, CloseCode::Token),
        ErrorCode::Unavailable => sockets::close(socket, CloseCode::Unavailable),
        _ => {}
    }
}

fn keep(socket: &WebSocket, attached: &Attached) {
    if let Err(error) = attached.keep(socket) {
        log::internal("keeping a socket's state", &error);
    }
}
