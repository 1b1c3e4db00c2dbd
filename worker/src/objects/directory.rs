//! The `Directory` object: the list of tenants, for the operator. Each tenant's own object tells it of itself.

use super::{no_alarm, no_message};
use crate::bindings::{calls, reply, serve};
use crate::store::sql::Database;
use crate::store::{schema, tenants};
use weft_shared::error::Refusal;
use weft_shared::ids::TenantId;
use weft_shared::protocol::http::{Page, Tenant};
use worker::{
    DurableObject, Env, Request, Response, Result, Socket, State, WebSocket, WebSocketIncomingMessage, durable_object,
};

calls! {
    /// What the directory is asked.
    Calls {
        /// Lists a tenant, or what has changed of it.
        Put { tenant: Tenant } -> ();
        /// A page of tenants, by id, and where the next one begins.
        List { page: Page<TenantId> } -> (Vec<Tenant>, Option<String>);
    }
}

/// The list of tenants.
#[durable_object]
pub struct Directory {
    db: Database,
}

impl Directory {
    fn put(&self, tenant: &Tenant) -> std::result::Result<(), Refusal> {
        Ok(tenants::list_in_directory(self.db.ready()?, tenant)?)
    }

    fn list(&self, page: &Page<TenantId>) -> std::result::Result<(Vec<Tenant>, Option<String>), Refusal> {
        match self.db.if_stored()? {
            Some(db) => Ok(tenants::directory_page(db, page)?),
            None => Ok((Vec::new(), None)),
        }
    }
}

impl DurableObject for Directory {
    fn new(state: State, _env: Env) -> Self {
        Self { db: Database::new(&state, schema::DIRECTORY) }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        serve(request, async |call| match call {
            Calls::Put(Put { tenant }) => reply::<Put>(self.put(&tenant)),
            Calls::List(List { page }) => reply::<List>(self.list(&page)),
        })
        .await
    }

    async fn alarm(&self) -> Result<Response> {
        no_alarm()
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
