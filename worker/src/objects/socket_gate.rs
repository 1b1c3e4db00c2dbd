//! The `SocketGate` object: the sockets that one visitor's address holds in one environment, listed before the
//! conversation is woken. Each is a lease. Its conversation gives it back when the socket is gone; a conversation that
//! died can't, so where the cap is reached the gate asks the listed ones what they still hold.

use super::no_message;
use crate::bindings::{self, calls, reply, serve};
use crate::clock;
use crate::log;
use crate::objects::conversation;
use crate::store::leases::{self, Lease};
use crate::store::schema;
use crate::store::sql::Database;
use futures_util::future::join_all;
use std::cell::{Cell, RefCell};
use weft_shared::error::Refusal;
use weft_shared::ids::{ConversationId, TenantId};
use weft_shared::limits::Window;
use weft_shared::limits::sockets::SocketLimits;
use weft_shared::time::Timestamp;
use worker::{
    DurableObject, Env, Request, Response, Result, Socket, State, WebSocket, WebSocketIncomingMessage, durable_object,
};

/// The list is held against the conversations at most this often: who knocks at a full gate must not wake a hundred
/// objects with each knock.
const RECONCILE_MS: i64 = 30_000;
/// A lease as young as this may be on its way to its conversation still.
const ON_ITS_WAY_MS: i64 = 30_000;
/// A gate looks after its leases this often, and goes where none is left.
const LOOK_AFTER_MS: i64 = 3_600_000;

calls! {
    /// What a gate is asked.
    Calls {
        /// Lists a socket before it is opened.
        Open { tenant: TenantId, conversation: ConversationId, lease: String, limits: SocketLimits } -> ();
        /// A socket is gone, or was never opened.
        Close { lease: String } -> ();
    }
}

/// The gate of one address.
#[durable_object]
pub struct SocketGate {
    state: State,
    env: Env,
    db: Database,
    /// Only a cache: a flood keeps the object awake, and with it this.
    opened: RefCell<Window>,
    reconciled_at: Cell<Timestamp>,
}

type Answer<T> = std::result::Result<T, Refusal>;

impl SocketGate {
    async fn open(&self, lease: Lease, limits: SocketLimits) -> Answer<()> {
        let db = self.db.ready()?;
        let now = clock::now();
        if limits.is_full(leases::count(db)?) && now.millis_since(self.reconciled_at.get()) >= RECONCILE_MS {
            self.reconciled_at.set(now);
            self.reconcile(db).await?;
        }
        // Nothing is waited for between the count and the entry.
        limits.admit(&mut self.opened.borrow_mut(), leases::count(db)?, now)?;
        leases::put(db, &lease)?;
        self.look_after().await
    }

    fn close(&self, lease: &str) -> Answer<()> {
        if let Some(db) = self.db.if_stored()? {
            leases::remove(db, lease)?;
        }
        Ok(())
    }

    /// Takes those off the list that their conversation doesn't hold. One that can't be reached keeps them.
    async fn reconcile(&self, db: &Database) -> Answer<()> {
        let settled = clock::now().plus_millis(-ON_ITS_WAY_MS);
        let old: Vec<Lease> = leases::all(db)?.into_iter().filter(|lease| lease.opened_at <= settled).collect();
        let mut talks: Vec<_> = old.iter().map(|lease| (&lease.tenant, &lease.conversation)).collect();
        talks.sort();
        talks.dedup();
        let asked = talks.into_iter().map(|(tenant, conversation)| async move {
            let held = bindings::conversation(&self.env, tenant, conversation).ask(conversation::Held {}).await;
            (conversation, held)
        });
        for (conversation, held) in join_all(asked).await {
            let Ok(held) = held else { continue };
            for lease in old.iter().filter(|lease| lease.conversation == *conversation) {
                if !held.contains(&lease.id) {
                    leases::remove(db, &lease.id)?;
                }
            }
        }
        Ok(())
    }

    async fn look_after(&self) -> Answer<()> {
        let storage = self.state.storage();
        let failed = |error: worker::Error| log::unavailable("setting an alarm", &error);
        if storage.get_alarm().await.map_err(failed)?.is_none() {
            storage.set_alarm(LOOK_AFTER_MS).await.map_err(failed)?;
        }
        Ok(())
    }

    /// What the alarm does. `true`: sockets are held, so it is to come again.
    async fn tidy(&self) -> Answer<bool> {
        let Some(db) = self.db.if_stored()? else { return Ok(false) };
        self.reconcile(db).await?;
        Ok(leases::count(db)? > 0)
    }
}

impl DurableObject for SocketGate {
    fn new(state: State, env: Env) -> Self {
        let db = Database::new(&state, schema::SOCKET_GATE);
        Self { state, env, db, opened: RefCell::default(), reconciled_at: Cell::default() }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        serve(request, async |call| match call {
            Calls::Open(Open { tenant, conversation, lease, limits }) => {
                let lease = Lease { id: lease, tenant, conversation, opened_at: clock::now() };
                reply::<Open>(self.open(lease, limits).await)
            }
            Calls::Close(Close { lease }) => reply::<Close>(self.close(&lease)),
        })
        .await
    }

    async fn alarm(&self) -> Result<Response> {
        let is_needed = self.tidy().await.map_err(|refusal| refusal.to_string())?;
        if is_needed {
            self.state.storage().set_alarm(LOOK_AFTER_MS).await?;
        } else {
            self.state.storage().delete_all().await?;
            self.db.was_deleted();
        }
        Response::empty()
    }

    async fn connect(&self, _socket: Socket) -> Result<()> {
        Ok(())
    }

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        no_message(&socket, &message)
    }

    async fn websocket_close(&self, _: WebSocket, _: usize, _: String, _: bool) -> Result<()> {
        Ok(())
    }

    async fn websocket_error(&self, _: WebSocket, _: worker::Error) -> Result<()> {
        Ok(())
    }
}
