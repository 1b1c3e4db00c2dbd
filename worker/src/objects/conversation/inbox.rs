//! What comes in: frames and timeouts. Each is decided by the session, stored, and then acted on.

use super::Inner;
use super::sockets::{self, Attached};
use crate::bindings;
use crate::clock;
use crate::live;
use crate::log;
use crate::objects::key_guard::Check;
use crate::settings::Settings;
use crate::store::conversation::ConversationStore;
use crate::store::sql::SqlError;
use std::collections::VecDeque;
use std::rc::Rc;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::protocol::ws::{CloseCode, ErrorFrame, ServerFrame};
use weft_shared::secret::Secret;
use weft_shared::session::server::{
    Admission, ConversationServer, Effect, Input, Received, SocketContext, VerifyToken, Visitor,
};
use weft_shared::time::Timestamp;
use weft_shared::tokens::widget_token::{TokenError, Verifier};
use worker::{WebSocket, WebSocketIncomingMessage};

/// Verifies widget tokens for one socket.
struct Tokens<'a> {
    settings: &'a Settings,
    context: SocketContext,
}

impl VerifyToken for Tokens<'_> {
    fn verify(&self, token: &Secret, now: Timestamp) -> Result<Visitor, ErrorCode> {
        let SocketContext { tenant, environment, .. } = &self.context;
        let Settings { issuer, keys, .. } = self.settings;
        match (Verifier { issuer, tenant, environment, keys }).verify(token.expose(), now) {
            Ok(claims) => Ok(Visitor {
                sub: claims.subject,
                azp: claims.minted_by,
                issued_at: claims.issued_at,
                expires_at: claims.expires_at,
                name: claims.name,
            }),
            Err(error) => {
                if let TokenError::Invalid(reason) = error {
                    log::warning("token_refused", &serde_json::json!({ "tenant": tenant, "reason": reason }));
                }
                Err(error.code())
            }
        }
    }
}

impl Inner {
    /// Deals with a frame, after those that came before it.
    pub(super) async fn receive(self: &Rc<Self>, socket: &WebSocket, message: &WebSocketIncomingMessage) {
        let _turn = self.turns.take().await;
        let (Some(mut attached), Ok(settings)) = (Attached::of(socket), Settings::read(&self.env)) else {
            sockets::close(socket, CloseCode::Unavailable);
            return;
        };
        let input = match message {
            WebSocketIncomingMessage::String(text) => Input::Text(text),
            WebSocketIncomingMessage::Binary(bytes) => Input::Binary(bytes.len()),
        };
        let tokens = Tokens { settings: &settings, context: attached.socket.context.clone() };
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
                self.with_server(|server, store| server.accept(&mut attached.socket, admission, store, clock::now()))
            }
            Err(refusal) => self.with_server(|server, _| Ok(server.refuse(&admission, &refusal))),
        }
    }

    /// Whether the key that the socket was opened with is still in force, and the live config still lets it through.
    async fn ask_authorities(&self, attached: &mut Attached, admission: &Admission) -> Result<(), Refusal> {
        let standing = bindings::key_guard(&self.env, &attached.key).ask(Check {}).await?;
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
    /// what is stored is dropped.
    pub(super) fn with_server<T>(
        self: &Rc<Self>,
        step: impl FnOnce(&mut ConversationServer, &mut ConversationStore<'_>) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let mut store = ConversationStore(&self.db);
        let mut server = if let Some(server) = self.server.take() {
            server
        } else {
            let (server, effects) = ConversationServer::load(&mut store, clock::now())?;
            // Completions and new answers only: nothing among them comes back here.
            self.perform(effects, None);
            server
        };
        let result = step(&mut server, &mut store);
        if result.is_ok() {
            self.server.replace(Some(server));
        }
        result
    }

    /// Does what was decided, in order. `socket` is the one that it was decided for.
    pub(super) fn perform(self: &Rc<Self>, effects: Vec<Effect>, socket: Option<&WebSocket>) {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match (effect, socket) {
                (Effect::Reply(frame), Some(socket)) => {
                    if let ServerFrame::Error(error) = &frame {
                        log::chat_refused(&error.error);
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

    /// Sets the object's one alarm to the first end of a token, where that is before the alarm that is set.
    pub(super) async fn set_alarm(&self) {
        let sockets = self.sockets();
        let attached = sockets.iter().filter_map(Attached::of).filter(|attached| attached.socket.visitor().is_some());
        let Some(next) = attached.filter_map(|attached| attached.socket.poll_timeout()).min() else { return };
        let storage = self.state.storage();
        let is_set = storage.get_alarm().await.ok().flatten().is_some_and(|at| at <= next.as_millis());
        if !is_set && let Err(error) = storage.set_alarm(next.millis_since(clock::now()).max(0)).await {
            log::internal("setting an alarm", &error);
        }
    }
}

fn keep(socket: &WebSocket, attached: &Attached) {
    if let Err(error) = attached.keep(socket) {
        log::internal("keeping a socket's state", &error);
    }
}
