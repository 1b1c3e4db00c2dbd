//! The `IpQuota` object: what one visitor's address has used of its limits in one environment. It is named by a keyed
//! pseudonym: the address itself is stored nowhere. When its month is over it deletes itself.

use super::no_message;
use crate::bindings::{calls, reply, serve};
use crate::clock;
use crate::log;
use crate::store::quota;
use crate::store::schema;
use crate::store::sql::Database;
use weft_shared::error::Refusal;
use weft_shared::limits::{LimitHit, QuotaLimits};
use weft_shared::secret::SecretHash;
use weft_shared::time::Timestamp;
use worker::{
    DurableObject, Env, Request, Response, Result, Socket, State, WebSocket, WebSocketIncomingMessage, durable_object,
};

calls! {
    /// What a quota is asked. The limits come with each call, from the live config of that moment.
    Calls {
        /// Counts a message, once however often it comes; or names the limit that keeps it out.
        Count { message: SecretHash, limits: QuotaLimits } -> Option<LimitHit>;
        /// Which limit would keep a message out. Counts nothing.
        Reached { limits: QuotaLimits } -> Option<LimitHit>;
    }
}

/// The counters of one address.
#[durable_object]
pub struct IpQuota {
    state: State,
    db: Database,
}

type Answer<T> = std::result::Result<T, Refusal>;

impl IpQuota {
    async fn count(&self, message: SecretHash, limits: QuotaLimits) -> Answer<Option<LimitHit>> {
        let db = self.db.ready()?;
        match quota::read(db)?.unwrap_or_default().count(message, limits, clock::now()) {
            Ok(Some(counted)) => {
                quota::put(db, &counted)?;
                self.end_at(counted.ends_at()).await?;
                Ok(None)
            }
            Ok(None) => Ok(None),
            Err(hit) => Ok(Some(hit)),
        }
    }

    /// Whoever is only asked about leaves nothing behind.
    fn reached(&self, limits: QuotaLimits) -> Answer<Option<LimitHit>> {
        let Some(db) = self.db.if_stored()? else { return Ok(None) };
        Ok(quota::read(db)?.and_then(|ledger| ledger.reached(limits, clock::now())))
    }

    /// One alarm, set once: it is looked at then whether there is anything left to count.
    async fn end_at(&self, at: Timestamp) -> Answer<()> {
        let storage = self.state.storage();
        let failed = |error: worker::Error| log::unavailable("setting an alarm", &error);
        if storage.get_alarm().await.map_err(failed)?.is_none() {
            storage.set_alarm(at.millis_since(clock::now()).max(0)).await.map_err(failed)?;
        }
        Ok(())
    }
}

impl DurableObject for IpQuota {
    fn new(state: State, _env: Env) -> Self {
        let db = Database::new(&state, schema::IP_QUOTA);
        Self { state, db }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        serve(request, async |call| match call {
            Calls::Count(Count { message, limits }) => reply::<Count>(self.count(message, limits).await),
            Calls::Reached(Reached { limits }) => reply::<Reached>(self.reached(limits)),
        })
        .await
    }

    /// A month is over. Where messages came since, their month is waited for.
    async fn alarm(&self) -> Result<Response> {
        let counted = match self.db.if_stored() {
            Ok(Some(db)) => quota::read(db),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        // A row that can't be read would hide what an address used: the alarm is tried again rather than that it is lost.
        let ends_at = counted.map_err(|error| error.to_string())?.map(|ledger| ledger.ends_at());
        match ends_at {
            Some(at) if clock::now() < at => {
                self.state.storage().set_alarm(at.millis_since(clock::now())).await?;
            }
            _ => {
                self.state.storage().delete_all().await?;
                self.db.was_deleted();
            }
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
