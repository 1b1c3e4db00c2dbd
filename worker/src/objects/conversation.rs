//! The `Conversation` object: one conversation, its sockets and its answers. What a frame does is decided by
//! `weft_shared::session::server`; here frames are read and sent, rows written, authorities asked, timers kept.
//!
//! Sockets hibernate: between frames the object leaves memory, and what is known of a socket is kept with it
//! ([`sockets::Attached`]). Memory is only a cache. An answer is an exception: while it runs, it holds the object.

mod answer;
mod http;
mod inbox;
mod managing;
mod sockets;
mod telling;
mod turns;

use crate::bindings::{CHAT_PATH, CONTEXT_HEADER, SESSION_PATH, calls, reply, serve};
use crate::clock;
use crate::log;
use crate::store::schema;
use crate::store::sql::Database;
use futures_util::future::AbortHandle;
use http::Listeners;
use serde::{Deserialize, Serialize};
use sockets::Attached;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use turns::Turns;
use weft_shared::error::Refusal;
use weft_shared::ids::{ConversationId, CredentialId, RequestId};
use weft_shared::limits::QuotaLimits;
use weft_shared::protocol::http::{ConversationExport, HistoryPage, Page, Thread};
use weft_shared::protocol::ws::{PING, PONG};
use weft_shared::session::server::{ConversationServer, HttpMessage, Reader, Socket, SocketContext};
use weft_shared::time::Timestamp;
use worker::{
    DurableObject, Env, Request, Response, Result, State, WebSocket, WebSocketIncomingMessage, WebSocketPair,
    WebSocketRequestResponsePair, durable_object,
};

calls! {
    /// What a conversation is asked, but for its sockets and streams.
    Calls {
        /// Takes a message that came over HTTP, and gives its whole answer.
        Chat { ask: ChatAsk } -> String;
        /// A page of the messages that are over, the oldest first.
        ReadMessages { reader: Reader, page: Page<u64> } -> HistoryPage;
        /// A page of it, oldest message first.
        ReadThread { id: ConversationId, page: Page } -> Thread;
        /// All of it.
        Export { id: ConversationId } -> ConversationExport;
        /// Deletes it. With a limit, only where its last message was stored then or before.
        Erase { limit: Option<Timestamp> } -> Erased;
        /// The names of the sockets that it holds, as the gate has them.
        Held {} -> Vec<String>;
    }
}

/// A message that came over HTTP, with what the edge found out about who sent it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ChatAsk {
    /// The message.
    pub(crate) message: HttpMessage,
    /// What stands for the visitor's address, and its limits; none for a customer's server, which no visitor's limit
    /// counts.
    pub(crate) visitor: Option<(String, QuotaLimits)>,
    /// The version of the live config that it was let through under; none: there is none.
    pub(crate) live_version: Option<u32>,
}

/// What became of a conversation that was to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Erased {
    /// It was there, and isn't any more.
    Gone,
    /// There was none.
    Nothing,
    /// It has a newer message.
    Kept { last_message_at: Timestamp },
}

/// What the edge found out about a socket before it let it through.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SessionContext {
    /// What holds for the session.
    pub(crate) socket: SocketContext,
    /// The publishable key that it was opened with; asked again with each message.
    pub(crate) key: CredentialId,
    /// The version of the live config that it was opened under.
    pub(crate) live_version: u32,
    /// The page's origin; held against the live config again with each message.
    pub(crate) origin: String,
    /// What stands for the visitor's address.
    pub(crate) visitor: String,
    /// Its name at the gate for sockets.
    pub(crate) lease: String,
}

impl SessionContext {
    /// As the internal request's header carries it.
    ///
    /// # Errors
    /// `internal`: it holds names and origins alone, which are ASCII.
    pub(crate) fn to_header(&self) -> std::result::Result<String, Refusal> {
        serde_json::to_string(self).map_err(|error| log::internal("encoding a session's context", &error))
    }
}

/// One conversation.
#[durable_object]
pub struct Conversation {
    inner: Rc<Inner>,
}

/// What handlers, answers and timers share.
struct Inner {
    state: State,
    env: Env,
    db: Database,
    /// None until it is needed, and while the storage fails: then it is loaded from what is stored.
    server: RefCell<Option<ConversationServer>>,
    /// Frames are dealt with one after the other, in the order in which they came.
    turns: Turns,
    /// The tenant is told by one call at a time.
    telling: Turns,
    /// Whether there is or may soon be something that the tenant wasn't told. What counts is what is stored.
    is_untold: Cell<bool>,
    /// The answers under way, to stop them.
    answers: RefCell<HashMap<RequestId, AbortHandle>>,
    /// The HTTP requests that wait for theirs.
    listeners: Listeners,
    /// The version of the live config that the last message was admitted under.
    live_version: Cell<Option<u32>>,
}

impl Inner {
    /// A call other than a socket's or a stream's.
    async fn handle(self: &Rc<Self>, call: Calls) -> std::result::Result<serde_json::Value, Refusal> {
        match call {
            Calls::Chat(Chat { ask }) => reply::<Chat>(self.chat(ask).await),
            Calls::ReadMessages(ReadMessages { reader, page }) => {
                reply::<ReadMessages>(self.read_messages(&reader, &page))
            }
            Calls::ReadThread(ReadThread { id, page }) => reply::<ReadThread>(self.read_thread(id, &page)),
            Calls::Export(Export { id }) => reply::<Export>(self.export(id)),
            Calls::Erase(Erase { limit }) => reply::<Erase>(self.erase(limit).await),
            Calls::Held(Held {}) => reply::<Held>(Ok(self.leases())),
        }
    }

    /// Accepts a socket that the edge let through. Nothing is stored: a stranger who says nothing leaves no trace.
    fn open(self: &Rc<Self>, context: SessionContext) -> Result<Response> {
        let pair = WebSocketPair::new()?;
        let socket = pair.server;
        let (opened, greeting) = Socket::open(context.socket.clone(), clock::now());
        let deadline = opened.poll_timeout();
        self.live_version.set(Some(context.live_version));
        self.state.as_raw().accept_websocket(socket.as_ref())?;
        Attached::new(opened, context).keep(&socket)?;
        sockets::send(&socket, &greeting);
        // A timer, not an alarm: an alarm would be a write for each stranger. It keeps the object awake for those ten
        // seconds at most; should the object die before, its sockets die with it.
        if let Some(deadline) = deadline {
            let inner = Rc::clone(self);
            self.state.wait_until(async move {
                clock::sleep_until(deadline).await;
                inner.handle_timeout(&socket).await;
            });
        }
        Response::from_websocket(pair.client)
    }
}

impl DurableObject for Conversation {
    fn new(state: State, env: Env) -> Self {
        // Answered by the runtime, without waking the object.
        if let Ok(pair) = WebSocketRequestResponsePair::new(PING, PONG) {
            let _ = state.as_raw().set_websocket_auto_response(&pair);
        }
        let db = Database::new(&state, schema::CONVERSATION);
        let inner = Inner {
            state,
            env,
            db,
            server: RefCell::new(None),
            turns: Turns::default(),
            telling: Turns::default(),
            is_untold: Cell::new(false),
            answers: RefCell::default(),
            listeners: Listeners::default(),
            live_version: Cell::new(None),
        };
        Self { inner: Rc::new(inner) }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        match request.path().as_str() {
            SESSION_PATH => {}
            CHAT_PATH => return self.inner.stream(request).await,
            _ => return serve(request, async |call| self.inner.handle(call).await).await,
        }
        // Only the edge can reach an object, and it builds this header itself.
        let context = request.headers().get(CONTEXT_HEADER)?.unwrap_or_default();
        self.inner.open(serde_json::from_str(&context)?)
    }

    /// One alarm for all that is due: the ends of tokens, and what the tenant wasn't told.
    async fn alarm(&self) -> Result<Response> {
        for socket in self.inner.sockets() {
            self.inner.handle_timeout(&socket).await;
        }
        self.inner.tell_tenant().await;
        self.inner.set_alarm().await;
        Response::empty()
    }

    async fn connect(&self, _socket: worker::Socket) -> Result<()> {
        Ok(())
    }

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        self.inner.receive(&socket, message).await;
        Ok(())
    }

    /// The runtime answers the close; what the socket was is kept with it and goes with it. Its answer goes on.
    async fn websocket_close(&self, socket: WebSocket, _code: usize, _reason: String, _was_clean: bool) -> Result<()> {
        self.inner.release(&socket).await;
        Ok(())
    }

    /// A connection that broke is as one that closed.
    async fn websocket_error(&self, socket: WebSocket, _error: worker::Error) -> Result<()> {
        self.inner.release(&socket).await;
        Ok(())
    }
}
