//! The `Tenant` object: the tenant, its key registry, its configs and its sources. One writer for all of it, so the cap
//! on keys, the one draft and the one pointer to the live version hold without locks.

mod configs;
mod delivery;
mod keys;
mod sources;

use super::no_message;
use crate::bindings::{calls, reply, serve};
use crate::clock;
use crate::store::outbox::{self, Target};
use crate::store::sources::Hit;
use crate::store::sql::Database;
use crate::store::tenants::Registered;
use crate::store::{schema, tenants};
use weft_shared::config::Live;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::{CredentialId, Environment, SourceId};
use weft_shared::keys::KeyRecord;
use weft_shared::protocol::http::{
    ConfigBody, Deployed, NewSource, Page, SourceView, Tenant as TenantBody, UpdateTenant,
};
use weft_shared::time::Timestamp;
use worker::{
    DurableObject, Env, Request, Response, Result, Socket, State, WebSocket, WebSocketIncomingMessage, durable_object,
};

calls! {
    /// What a tenant's object is asked.
    Calls {
        /// Creates the tenant.
        Create { tenant: TenantBody } -> ();
        /// The tenant.
        Describe {} -> TenantBody;
        /// Changes the tenant. `body` is an `UpdateTenant` as it came.
        Update { body: serde_json::Value } -> TenantBody;
        /// Registers a new key and hands it to its guard.
        CreateKey { record: KeyRecord } -> ();
        /// A page of the registry, newest first, and where the next one begins.
        ListKeys { page: Page } -> (Vec<KeyRecord>, Option<String>);
        /// A key was used.
        NoteUse { id: CredentialId, at: Timestamp } -> ();
        /// Draft and live config of an environment.
        ReadConfig { environment: Environment } -> ConfigBody;
        /// Stages fields in the draft.
        Stage { environment: Environment, body: serde_json::Value } -> ConfigBody;
        /// Makes the draft live.
        Deploy { environment: Environment } -> Deployed;
        /// Drops the draft.
        Discard { environment: Environment } -> ConfigBody;
        /// The config in force; none before the first deploy.
        ReadLive { environment: Environment } -> Option<Live>;
        /// Adds a source.
        AddSource { id: SourceId, source: NewSource } -> SourceView;
        /// A page of sources, newest first, and where the next one begins.
        ListSources { page: Page } -> (Vec<SourceView>, Option<String>);
        /// Removes a source.
        RemoveSource { id: SourceId } -> ();
        /// The passages that fit an FTS5 expression best.
        Search { expression: String, limit: u32 } -> Vec<Hit>;
    }
}

/// A tenant.
#[durable_object]
pub struct Tenant {
    state: State,
    env: Env,
    db: Database,
}

type Answer<T> = std::result::Result<T, Refusal>;

impl Tenant {
    /// The tenant and its database, where it was created. Every call but `Create` begins here: a tenant that isn't
    /// there has nothing, and asking for it leaves nothing behind.
    fn registered(&self) -> Answer<(&Database, Registered)> {
        let Some(db) = self.db.if_stored()? else { return Err(ErrorCode::NotFound.into()) };
        let registered = tenants::read(db)?.ok_or(ErrorCode::NotFound)?;
        Ok((db, registered))
    }

    async fn create(&self, tenant: &TenantBody) -> Answer<()> {
        let db = self.db.ready()?;
        if tenants::read(db)?.is_some() {
            return Err(Refusal::new(ErrorCode::Conflict, "There is a tenant of this id already."));
        }
        db.transaction(|| {
            tenants::create(db, tenant)?;
            outbox::add(db, &Target::Directory)
        })?;
        self.deliver().await;
        Ok(())
    }

    fn describe(&self) -> Answer<TenantBody> {
        Ok(self.registered()?.1.tenant)
    }

    async fn update(&self, body: serde_json::Value) -> Answer<TenantBody> {
        let (db, registered) = self.registered()?;
        let update: UpdateTenant =
            serde_json::from_value(body).map_err(|_| Refusal::from(ErrorCode::InvalidRequest))?;
        let before = registered.tenant;
        let after = update.apply(before.clone())?;
        db.transaction(|| {
            tenants::update(db, &after)?;
            if after.hipaa != before.hipaa {
                keys::note_inheritance(db, None)?;
            }
            outbox::add(db, &Target::Directory)
        })?;
        self.deliver().await;
        Ok(after)
    }

    async fn handle(&self, call: Calls) -> Answer<serde_json::Value> {
        match call {
            Calls::Create(Create { tenant }) => reply::<Create>(self.create(&tenant).await),
            Calls::Describe(Describe {}) => reply::<Describe>(self.describe()),
            Calls::Update(Update { body }) => reply::<Update>(self.update(body).await),
            Calls::CreateKey(CreateKey { record }) => reply::<CreateKey>(self.create_key(record).await),
            Calls::ListKeys(ListKeys { page }) => reply::<ListKeys>(self.list_keys(&page)),
            Calls::NoteUse(NoteUse { id, at }) => reply::<NoteUse>(self.note_use(&id, at)),
            Calls::ReadConfig(ReadConfig { environment }) => reply::<ReadConfig>(self.read_config(environment)),
            Calls::Stage(Stage { environment, body }) => reply::<Stage>(self.stage(environment, &body)),
            Calls::Deploy(Deploy { environment }) => reply::<Deploy>(self.deploy(environment).await),
            Calls::Discard(Discard { environment }) => reply::<Discard>(self.discard(environment)),
            Calls::ReadLive(ReadLive { environment }) => reply::<ReadLive>(self.read_live(&environment)),
            Calls::AddSource(AddSource { id, source }) => reply::<AddSource>(self.add_source(id, source)),
            Calls::ListSources(ListSources { page }) => reply::<ListSources>(self.list_sources(&page)),
            Calls::RemoveSource(RemoveSource { id }) => reply::<RemoveSource>(self.remove_source(&id)),
            Calls::Search(Search { expression, limit }) => reply::<Search>(self.search(&expression, limit)),
        }
    }
}

impl DurableObject for Tenant {
    fn new(state: State, env: Env) -> Self {
        let db = Database::new(&state, schema::TENANT);
        Self { state, env, db }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        serve(request, async |call| self.handle(call).await).await
    }

    /// One alarm for all that is to be done later: what was not delivered, and keys that were never finished.
    async fn alarm(&self) -> Result<Response> {
        self.sweep(clock::now()).await;
        self.deliver().await;
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
