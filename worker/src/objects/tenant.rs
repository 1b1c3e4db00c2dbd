//! The `Tenant` object: the tenant, its key registry, its configs and its sources. One writer for all of it, so the cap
//! on keys, the one draft and the one pointer to the live version hold without locks.

mod configs;
mod delivery;
mod ends;
mod index;
mod keys;
mod sources;

use super::no_message;
use crate::bindings::{calls, reply, serve};
use crate::clock;
use crate::store::outbox::{self, Target};
use crate::store::sources::Hit;
use crate::store::sql::Database;
use crate::store::tenants::Registered;
use crate::store::{audit, schema, tenants};
use std::cell::RefCell;
use std::collections::HashMap;
use weft_shared::audit::{Action, AuditEntry, By};
use weft_shared::config::Live;
use weft_shared::conversation::index::Note;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::{ConversationId, CredentialId, Environment, SourceId};
use weft_shared::keys::KeyRecord;
use weft_shared::protocol::http::{
    ConfigBody, ConversationView, Deployed, Find, FoundMessage, NewSource, Page, SourceView, Tenant as TenantBody,
    TimeCursor, UpdateTenant,
};
use weft_shared::retention::Retention;
use weft_shared::time::Timestamp;
use worker::{
    DurableObject, Env, Request, Response, Result, Socket, State, WebSocket, WebSocketIncomingMessage, durable_object,
};

calls! {
    /// What a tenant's object is asked.
    Calls {
        /// Creates the tenant.
        Create { tenant: TenantBody, by: By } -> ();
        /// The tenant.
        Describe {} -> TenantBody;
        /// Changes the tenant. `body` is an `UpdateTenant` as it came.
        Update { body: serde_json::Value, by: By } -> TenantBody;
        /// Registers a new key and hands it to its guard.
        CreateKey { record: KeyRecord, by: By } -> ();
        /// A key's record.
        FindKey { id: CredentialId } -> KeyRecord;
        /// Registers a key's successor and lets the key itself end at `grace_ends_at`.
        RotateKey { id: CredentialId, successor: KeyRecord, grace_ends_at: Timestamp, by: By } -> ();
        /// Revokes a key or session token.
        Revoke { id: CredentialId, by: By } -> ();
        /// A key or session token came over plain HTTP.
        Expose { id: CredentialId, by: By, revoke: bool } -> ();
        /// Registers a new session token and hands it to its guard.
        CreateSession { record: KeyRecord, by: By } -> ();
        /// A page of session tokens, newest first, and where the next one begins.
        ListSessions { page: Page } -> (Vec<KeyRecord>, Option<String>);
        /// A page of the audit log, newest first, and where the next one begins.
        ReadAudit { page: Page } -> (Vec<AuditEntry>, Option<String>);
        /// A page of the registry, newest first, and where the next one begins.
        ListKeys { page: Page } -> (Vec<KeyRecord>, Option<String>);
        /// A key was used.
        NoteUse { id: CredentialId, at: Timestamp } -> ();
        /// Draft and live config of an environment.
        ReadConfig { environment: Environment } -> ConfigBody;
        /// Stages fields in the draft.
        Stage { environment: Environment, body: serde_json::Value, by: By } -> ConfigBody;
        /// Makes the draft live.
        Deploy { environment: Environment, by: By } -> Deployed;
        /// Drops the draft.
        Discard { environment: Environment, by: By } -> ConfigBody;
        /// The config in force; none before the first deploy.
        ReadLive { environment: Environment } -> Option<Live>;
        /// Adds a source.
        AddSource { id: SourceId, source: NewSource, by: By } -> SourceView;
        /// A page of sources, newest first, and where the next one begins.
        ListSources { page: Page } -> (Vec<SourceView>, Option<String>);
        /// Removes a source.
        RemoveSource { id: SourceId, by: By } -> ();
        /// Takes over what a conversation tells of itself.
        IndexMessages { note: Box<Note> } -> ();
        /// A page of conversations, and where the next one begins.
        ListConversations { find: Find<TimeCursor> } -> (Vec<ConversationView>, Option<String>);
        /// The same for the operator, with how many there are; of a tenant that may never have been created.
        ListForAdmin { page: Page<TimeCursor>, is_default: bool } -> (Vec<ConversationView>, Option<String>, u64);
        /// A page of messages, and where the next one begins.
        ListMessages { find: Find<u32> } -> (Vec<FoundMessage>, Option<String>);
        /// Deletes a conversation.
        DeleteConversation { id: ConversationId, by: By } -> ();
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
    /// When each key was last seen on an open line. Only a cache: it spares the log repetitions.
    exposed: RefCell<HashMap<CredentialId, Timestamp>>,
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

    async fn create(&self, tenant: &TenantBody, by: &By) -> Answer<()> {
        let db = self.db.ready()?;
        if tenants::read(db)?.is_some() {
            return Err(Refusal::new(ErrorCode::Conflict, "There is a tenant of this id already."));
        }
        db.transaction(|| {
            tenants::create(db, tenant)?;
            let act = by.did(Action::TenantCreated).with("name", tenant.name.as_str()).with("hipaa", tenant.hipaa);
            audit::add(db, &act, clock::now())?;
            outbox::add(db, &Target::Directory)
        })?;
        self.deliver().await;
        Ok(())
    }

    fn describe(&self) -> Answer<TenantBody> {
        Ok(self.registered()?.1.tenant)
    }

    async fn update(&self, body: serde_json::Value, by: &By) -> Answer<TenantBody> {
        let (db, registered) = self.registered()?;
        let update: UpdateTenant =
            serde_json::from_value(body).map_err(|_| Refusal::from(ErrorCode::InvalidRequest))?;
        let before = registered.tenant;
        let after = update.apply(before.clone())?;
        db.transaction(|| {
            tenants::update(db, &after)?;
            if after != before {
                let act = by.did(Action::TenantUpdated);
                let act = if after.name == before.name { act } else { act.with("name", after.name.as_str()) };
                let act = if after.hipaa == before.hipaa { act } else { act.with("hipaa", after.hipaa) };
                let days = |tenant: &TenantBody| tenant.retention_days.map(Retention::as_days);
                let act = if days(&after) == days(&before) { act } else { act.with("retention_days", days(&after)) };
                audit::add(db, &act, clock::now())?;
            }
            if after.hipaa != before.hipaa {
                keys::note_inheritance(db, None)?;
            }
            outbox::add(db, &Target::Directory)
        })?;
        self.deliver().await;
        // HIPAA's rules hold from the answer on: not before every guard knows of them.
        if after.hipaa && outbox::entries(db)?.iter().any(|entry| matches!(entry.target, Target::Guard(_))) {
            return Err(Refusal::from(ErrorCode::Unavailable).retry_after(1));
        }
        Ok(after)
    }

    fn read_audit(&self, page: &Page) -> Answer<(Vec<AuditEntry>, Option<String>)> {
        let (db, _) = self.registered()?;
        Ok(audit::page(db, page)?)
    }

    async fn handle(&self, call: Calls) -> Answer<serde_json::Value> {
        match call {
            Calls::Create(Create { tenant, by }) => reply::<Create>(self.create(&tenant, &by).await),
            Calls::Describe(Describe {}) => reply::<Describe>(self.describe()),
            Calls::Update(Update { body, by }) => reply::<Update>(self.update(body, &by).await),
            Calls::CreateKey(CreateKey { record, by }) => reply::<CreateKey>(self.create_key(record, &by).await),
            Calls::FindKey(FindKey { id }) => reply::<FindKey>(self.find_key(&id)),
            Calls::RotateKey(RotateKey { id, successor, grace_ends_at, by }) => {
                reply::<RotateKey>(self.rotate(&id, &successor, grace_ends_at, &by).await)
            }
            Calls::Revoke(Revoke { id, by }) => reply::<Revoke>(self.revoke(&id, &by).await),
            Calls::Expose(Expose { id, by, revoke }) => reply::<Expose>(self.expose(&id, &by, revoke).await),
            Calls::CreateSession(CreateSession { record, by }) => {
                reply::<CreateSession>(self.create_session(record, &by).await)
            }
            Calls::ListSessions(ListSessions { page }) => reply::<ListSessions>(self.list_sessions(&page)),
            Calls::ReadAudit(ReadAudit { page }) => reply::<ReadAudit>(self.read_audit(&page)),
            Calls::ListKeys(ListKeys { page }) => reply::<ListKeys>(self.list_keys(&page)),
            Calls::NoteUse(NoteUse { id, at }) => reply::<NoteUse>(self.note_use(&id, at)),
            Calls::ReadConfig(ReadConfig { environment }) => reply::<ReadConfig>(self.read_config(environment)),
            Calls::Stage(Stage { environment, body, by }) => reply::<Stage>(self.stage(environment, &body, &by)),
            Calls::Deploy(Deploy { environment, by }) => reply::<Deploy>(self.deploy(environment, &by).await),
            Calls::Discard(Discard { environment, by }) => reply::<Discard>(self.discard(environment, &by)),
            Calls::ReadLive(ReadLive { environment }) => reply::<ReadLive>(self.read_live(&environment)),
            Calls::AddSource(AddSource { id, source, by }) => reply::<AddSource>(self.add_source(id, source, &by)),
            Calls::ListSources(ListSources { page }) => reply::<ListSources>(self.list_sources(&page)),
            Calls::RemoveSource(RemoveSource { id, by }) => reply::<RemoveSource>(self.remove_source(&id, &by)),
            Calls::IndexMessages(IndexMessages { note }) => reply::<IndexMessages>(self.index(*note).await),
            Calls::ListConversations(ListConversations { find }) => {
                reply::<ListConversations>(self.list_conversations(&find))
            }
            Calls::ListForAdmin(ListForAdmin { page, is_default }) => {
                reply::<ListForAdmin>(self.list_for_admin(page, is_default))
            }
            Calls::ListMessages(ListMessages { find }) => reply::<ListMessages>(self.list_messages(&find)),
            Calls::DeleteConversation(DeleteConversation { id, by }) => {
                reply::<DeleteConversation>(self.delete_conversation(&id, &by).await)
            }
            Calls::Search(Search { expression, limit }) => reply::<Search>(self.search(&expression, limit)),
        }
    }
}

impl DurableObject for Tenant {
    fn new(state: State, env: Env) -> Self {
        let db = Database::new(&state, schema::TENANT);
        Self { state, env, db, exposed: RefCell::default() }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        serve(request, async |call| self.handle(call).await).await
    }

    /// One alarm for all that is to be done later: what was not delivered, keys that were never finished, conversations
    /// that are kept no longer.
    async fn alarm(&self) -> Result<Response> {
        self.sweep(clock::now()).await;
        self.expire(clock::now()).await;
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
