//! The `KeyGuard` object: the authority on one key. It is found by the credential alone (its name is the key's id, which
//! is derived from it), so one call answers whether the key is in force, what it may do, and which config is live.
//!
//! A credential whose tag isn't ours never gets here, so nobody can fill the deployment with guards of made-up keys.

use super::{no_alarm, no_message};
use crate::bindings::{self, calls, reply, serve};
use crate::clock;
use crate::objects::tenant;
use crate::store::guard::{self, Guarded, Standing};
use crate::store::schema;
use crate::store::sql::Database;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::keys::{CredentialKind, KeyRecord};
use weft_shared::secret::SecretHash;
use worker::{
    DurableObject, Env, Request, Response, Result, Socket, State, WebSocket, WebSocketIncomingMessage, durable_object,
};

calls! {
    /// What a guard is asked.
    Calls {
        /// Takes the record of a new key.
        Store { guarded: Box<Guarded> } -> ();
        /// Whether a credential with this hash is in force; counts as a use.
        Authenticate { hash: SecretHash } -> Guarded;
        /// Whether the key is still in force, for a socket that was opened with it; counts as a use.
        Check {} -> Standing;
        /// Takes what the key inherits of its tenant.
        Inherit { standing: Standing } -> ();
        /// Takes back a key whose creation was not finished.
        Forget {} -> ();
    }
}

/// The authority on one key.
#[durable_object]
pub struct KeyGuard {
    state: State,
    env: Env,
    db: Database,
}

type Answer<T> = std::result::Result<T, Refusal>;

impl KeyGuard {
    fn store(&self, guarded: &Guarded) -> Answer<()> {
        let db = self.db.ready()?;
        Ok(db.transaction(|| guard::put(db, guarded))?)
    }

    fn authenticate(&self, hash: &SecretHash) -> Answer<Guarded> {
        let guarded = self.in_force()?;
        // The guard's name is only part of the hash: here all of it is compared, in constant time.
        if guarded.record.hash != *hash {
            return Err(ErrorCode::InvalidKey.into());
        }
        if guarded.standing.hipaa && guarded.record.kind == CredentialKind::Secret {
            return Err(ErrorCode::ApiKeysDisabled.into());
        }
        self.note_use(guarded.record.clone())?;
        Ok(guarded)
    }

    fn check(&self) -> Answer<Standing> {
        let guarded = self.in_force()?;
        self.note_use(guarded.record)?;
        Ok(guarded.standing)
    }

    /// The key, where it is in force now. Unknown, revoked and expired are all alike to whoever asks.
    fn in_force(&self) -> Answer<Guarded> {
        let Some(db) = self.db.if_stored()? else { return Err(ErrorCode::InvalidKey.into()) };
        guard::read(db)?.filter(|guarded| guarded.record.is_usable(clock::now())).ok_or(ErrorCode::InvalidKey.into())
    }

    /// Notes the use, at most once a minute, here and in the tenant's registry.
    fn note_use(&self, mut record: KeyRecord) -> Answer<()> {
        let now = clock::now();
        if !record.note_use(now) {
            return Ok(());
        }
        guard::put_record(self.db.ready()?, &record)?;
        let env = self.env.clone();
        self.state.wait_until(async move {
            let note = tenant::NoteUse { id: record.id.clone(), at: now };
            // The registry only shows it; the next minute's use tells it again.
            let _ = bindings::tenant(&env, &record.tenant).ask(note).await;
        });
        Ok(())
    }

    fn inherit(&self, standing: &Standing) -> Answer<()> {
        // A guard without its key was told too early: the key comes with what it inherits.
        let Some(db) = self.db.if_stored()? else { return Ok(()) };
        let is_newer = guard::read(db)?.is_some_and(|guarded| guarded.standing.revision < standing.revision);
        if is_newer {
            guard::put_standing(db, standing)?;
        }
        Ok(())
    }

    fn forget(&self) -> Answer<()> {
        match self.db.if_stored()? {
            Some(db) => Ok(guard::clear(db)?),
            None => Ok(()),
        }
    }
}

impl DurableObject for KeyGuard {
    fn new(state: State, env: Env) -> Self {
        let db = Database::new(&state, schema::KEY_GUARD);
        Self { state, env, db }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        serve(request, async |call| match call {
            Calls::Store(Store { guarded }) => reply::<Store>(self.store(&guarded)),
            Calls::Authenticate(Authenticate { hash }) => reply::<Authenticate>(self.authenticate(&hash)),
            Calls::Check(Check {}) => reply::<Check>(self.check()),
            Calls::Inherit(Inherit { standing }) => reply::<Inherit>(self.inherit(&standing)),
            Calls::Forget(Forget {}) => reply::<Forget>(self.forget()),
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
