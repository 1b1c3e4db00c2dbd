//! The `KeyGuard` object: the authority on one key. It is found by the credential alone (its name is the key's id, which
//! is derived from it), so one call answers whether the key is in force, what it may do, which config is live, and whether
//! the request is within the key's window.
//!
//! A credential whose tag isn't ours never gets here, so nobody can fill the deployment with guards of made-up keys.

use super::no_message;
use crate::bindings::{self, calls, reply, serve};
use crate::clock;
use crate::log;
use crate::objects::tenant;
use crate::store::guard::{self, Guarded, Standing};
use crate::store::schema;
use crate::store::sql::Database;
use crate::store::windows;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::HashMap;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::keys::{CredentialKind, KeyRecord};
use weft_shared::limits::{Counted, Counting, Window};
use weft_shared::secret::SecretHash;
use weft_shared::tokens::widget_token::TTL_MAX_SECS;
use worker::{
    DurableObject, Env, Request, Response, Result, Socket, State, WebSocket, WebSocketIncomingMessage, durable_object,
};

calls! {
    /// What a guard is asked.
    Calls {
        /// Takes the record of a new key.
        Store { guarded: Box<Guarded> } -> ();
        /// Whether a credential with this hash is in force, and, where the request counts, whether it is within the
        /// window that it counts in. A use, unless the window is full.
        Authenticate { hash: SecretHash, counting: Option<Counting> } -> Authenticated;
        /// Whether the key is still in force, for a socket that was opened with it; counts as a use.
        Check {} -> Standing;
        /// Whether a token that the key minted still stands. Not a use.
        CheckMinter {} -> ();
        /// Takes what the tenant says of the key: its ends, and what it inherits.
        Tell { told: Box<Guarded> } -> ();
        /// Whether the guard answers at all.
        Ping {} -> ();
        /// Takes back a key whose creation was not finished.
        Forget {} -> ();
    }
}

/// A credential in force.
#[derive(Serialize, Deserialize)]
pub(crate) struct Authenticated {
    /// What its guard holds.
    pub(crate) guarded: Guarded,
    /// What its window says; none where nothing limits it. Whoever asked refuses what is over.
    pub(crate) counted: Option<Counted>,
}

/// The authority on one key.
#[durable_object]
pub struct KeyGuard {
    state: State,
    env: Env,
    db: Database,
    /// Windows by name, as they are stored. Only a cache.
    windows: RefCell<HashMap<&'static str, Window>>,
}

type Answer<T> = std::result::Result<T, Refusal>;

impl KeyGuard {
    async fn store(&self, guarded: &Guarded) -> Answer<()> {
        let db = self.db.ready()?;
        db.transaction(|| guard::put(db, guarded))?;
        if guarded.record.kind == CredentialKind::Session
            && let Some(ends) = guarded.record.expires_at
        {
            // Its tokens ask for it until the last of them is over. After that it would be one more object for ever.
            let forget_at = ends.plus_secs(2 * i64::from(TTL_MAX_SECS));
            let set = self.state.storage().set_alarm(forget_at.millis_since(clock::now()).max(0)).await;
            set.map_err(|error| log::unavailable("setting an alarm", &error))?;
        }
        Ok(())
    }

    fn authenticate(&self, hash: &SecretHash, counting: Option<Counting>) -> Answer<Authenticated> {
        let guarded = self.in_force()?;
        // The guard's name is only part of the hash: here all of it is compared, in constant time.
        if guarded.record.hash != *hash {
            return Err(ErrorCode::InvalidKey.into());
        }
        refuse_disabled(&guarded)?;
        // Last of all: what isn't in force is told nothing of a window, and takes nothing of it.
        let counted = counting.map(|counting| self.count(&guarded.record, counting)).transpose()?.flatten();
        // A flood beyond the window costs no write at all; the requests that fill it have noted the use.
        if counted.is_none_or(|counted| counted.verdict.is_ok()) {
            self.note_use(guarded.record.clone())?;
        }
        Ok(Authenticated { guarded, counted })
    }

    /// Counts a request in its window, and stores that before anyone is answered: the runtime holds the answer back until
    /// the row is on disk.
    fn count(&self, record: &KeyRecord, counting: Counting) -> Answer<Option<Counted>> {
        let Some(limit) = counting.limit(record) else { return Ok(None) };
        let db = self.db.ready()?;
        // Taken out, and put back once it is stored: after an error it is read anew.
        let cached = self.windows.borrow_mut().remove(counting.name());
        let mut window = cached.map_or_else(|| windows::read(db, counting), Ok)?;
        let verdict = window.admit(limit, clock::now());
        if let Ok(admitted) = verdict {
            windows::put(db, counting, &window.second_of(admitted.at))?;
        }
        self.windows.borrow_mut().insert(counting.name(), window);
        Ok(Some(Counted { counting, limit, verdict }))
    }

    fn check(&self) -> Answer<Standing> {
        let guarded = self.in_force()?;
        self.note_use(guarded.record)?;
        Ok(guarded.standing)
    }

    /// A token is signed: who it names as its minter was issued here. A guard that knows nothing of it is one of a session
    /// token that is long over, and says nothing against a token that has an end of its own.
    fn check_minter(&self) -> Answer<()> {
        let Some(db) = self.db.if_stored()? else { return Ok(()) };
        let Some(guarded) = guard::read(db)? else { return Ok(()) };
        if guarded.record.is_withdrawn(clock::now()) {
            return Err(ErrorCode::InvalidKey.into());
        }
        refuse_disabled(&guarded)
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

    fn tell(&self, told: &Guarded) -> Answer<()> {
        // A guard without its key was told too early: the key comes with all of this. Or it refuses it anyway.
        let Some(db) = self.db.if_stored()? else { return Ok(()) };
        let Some(guarded) = guard::read(db)? else { return Ok(()) };
        let Guarded { record, standing } = guarded;
        let is_newer = standing.revision < told.standing.revision;
        let standing = if is_newer { told.standing.clone() } else { standing };
        let record = record.adopt(&told.record);
        Ok(db.transaction(|| guard::put(db, &Guarded { record, standing }))?)
    }

    /// Reads what it holds: a guard whose storage is lost must not seem well.
    fn ping(&self) -> Answer<()> {
        if let Some(db) = self.db.if_stored()? {
            guard::read(db)?;
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

/// HIPAA's rule, from the moment at which the guard is told of it.
fn refuse_disabled(guarded: &Guarded) -> Answer<()> {
    if guarded.standing.hipaa && guarded.record.kind == CredentialKind::Secret {
        return Err(ErrorCode::ApiKeysDisabled.into());
    }
    Ok(())
}

impl DurableObject for KeyGuard {
    fn new(state: State, env: Env) -> Self {
        let db = Database::new(&state, schema::KEY_GUARD);
        Self { state, env, db, windows: RefCell::default() }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        serve(request, async |call| match call {
            Calls::Store(Store { guarded }) => reply::<Store>(self.store(&guarded).await),
            Calls::Authenticate(Authenticate { hash, counting }) => {
                reply::<Authenticate>(self.authenticate(&hash, counting))
            }
            Calls::Check(Check {}) => reply::<Check>(self.check()),
            Calls::CheckMinter(CheckMinter {}) => reply::<CheckMinter>(self.check_minter()),
            Calls::Tell(Tell { told }) => reply::<Tell>(self.tell(&told)),
            Calls::Ping(Ping {}) => reply::<Ping>(self.ping()),
            Calls::Forget(Forget {}) => reply::<Forget>(self.forget()),
        })
        .await
    }

    /// A session token that is long over is forgotten.
    async fn alarm(&self) -> Result<Response> {
        self.state.storage().delete_all().await?;
        self.db.was_deleted();
        self.windows.borrow_mut().clear();
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
