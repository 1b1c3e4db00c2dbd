//! SQLite in a Durable Object, through bindings of our own: `worker`'s cursor throws what it can't return, and has no
//! `transactionSync`. Here every error comes back as a value, and a transaction that fails leaves nothing.

use serde::de::DeserializeOwned;
use std::cell::Cell;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use weft_shared::error::Refusal;
use worker::State;

pub(crate) use worker::SqlStorageValue as Value;

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type Storage;
    #[wasm_bindgen(method, getter)]
    fn sql(this: &Storage) -> Sql;
    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(this: &Storage, body: &mut dyn FnMut() -> Result<JsValue, JsValue>)
    -> Result<JsValue, JsValue>;

    #[derive(Clone)]
    type Sql;
    #[wasm_bindgen(method, catch, variadic)]
    fn exec(this: &Sql, query: &str, bindings: &js_sys::Array) -> Result<Cursor, JsValue>;

    type Cursor;
    #[wasm_bindgen(method, getter, js_name = rowsWritten)]
    fn rows_written(this: &Cursor) -> f64;
    #[wasm_bindgen(method, catch, js_name = toArray)]
    fn to_array(this: &Cursor) -> Result<js_sys::Array, JsValue>;
}

/// What the database said, or a row that isn't what we wrote. SQLite's messages name tables and columns, no values.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SqlError {
    /// SQLite's own.
    #[error("SQLite: {0}")]
    Engine(String),
    /// A row that can't be read: it fails closed.
    #[error("stored row: {0}")]
    Row(String),
}

impl From<JsValue> for SqlError {
    fn from(error: JsValue) -> Self {
        let message = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
        Self::Engine(message.or_else(|| error.as_string()).unwrap_or_else(|| "unknown error".to_owned()))
    }
}

impl From<serde_json::Error> for SqlError {
    fn from(error: serde_json::Error) -> Self {
        Self::Row(error.to_string())
    }
}

impl From<SqlError> for Refusal {
    fn from(error: SqlError) -> Self {
        crate::log::internal("storage", &error)
    }
}

/// An object's database and its schema, one migration per version.
pub(crate) struct Database {
    storage: Storage,
    sql: Sql,
    migrations: &'static [&'static str],
    /// Whether the schema is known to be there and of this version.
    is_ready: Cell<bool>,
    /// Rows written since they were asked for last, as SQLite counts them: what an object is billed for.
    rows_written: Cell<f64>,
}

impl Database {
    /// The object's database. Touches nothing yet: an object that was only asked must leave nothing behind.
    pub(crate) fn new(state: &State, migrations: &'static [&'static str]) -> Self {
        let storage = state.storage();
        let raw: &JsValue = storage.as_raw().as_ref();
        let storage: Storage = raw.clone().unchecked_into();
        Self { sql: storage.sql(), storage, migrations, is_ready: Cell::new(false), rows_written: Cell::new(0.0) }
    }

    /// The database, where anything was ever stored in it.
    ///
    /// # Errors
    /// SQLite's own.
    pub(crate) fn if_stored(&self) -> Result<Option<&Self>, SqlError> {
        if !self.is_ready.get() {
            let tables: Vec<Name> =
                self.rows("SELECT name FROM sqlite_master WHERE name = 'schema_version'", vec![])?;
            if tables.is_empty() {
                return Ok(None);
            }
        }
        self.ready().map(Some)
    }

    /// The database, with its schema.
    ///
    /// # Errors
    /// SQLite's own.
    pub(crate) fn ready(&self) -> Result<&Self, SqlError> {
        if !self.is_ready.get() {
            self.transaction(|| self.migrate())?;
            self.is_ready.set(true);
        }
        Ok(self)
    }

    /// All of the object's storage was deleted: nothing is known of it any more.
    pub(crate) fn was_deleted(&self) {
        self.is_ready.set(false);
    }

    fn migrate(&self) -> Result<(), SqlError> {
        self.run("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)", vec![])?;
        let version = self.row::<Version>("SELECT version FROM schema_version", vec![])?.map_or(0, |row| row.version);
        if version >= self.migrations.len() {
            return Ok(());
        }
        for migration in &self.migrations[version..] {
            self.run(migration, vec![])?;
        }
        self.run("DELETE FROM schema_version", vec![])?;
        let version = i64::try_from(self.migrations.len()).unwrap_or(i64::MAX);
        self.run("INSERT INTO schema_version (version) VALUES (?)", vec![version.into()])
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// SQLite's own.
    pub(crate) fn run(&self, query: &str, bindings: Vec<Value>) -> Result<(), SqlError> {
        let cursor = self.exec(query, bindings)?;
        self.count(&cursor);
        Ok(())
    }

    fn count(&self, cursor: &Cursor) {
        self.rows_written.set(self.rows_written.get() + cursor.rows_written());
    }

    /// How many rows were written since this was asked last.
    pub(crate) fn take_rows_written(&self) -> f64 {
        self.rows_written.take()
    }

    /// Runs a query and reads every row.
    ///
    /// # Errors
    /// SQLite's own, or a row that isn't a `T`.
    pub(crate) fn rows<T: DeserializeOwned>(&self, query: &str, bindings: Vec<Value>) -> Result<Vec<T>, SqlError> {
        let cursor = self.exec(query, bindings)?;
        let rows = cursor.to_array()?;
        self.count(&cursor);
        rows.iter().map(|row| serde_wasm_bindgen::from_value(row).map_err(|e| SqlError::Row(e.to_string()))).collect()
    }

    /// The first row of a query, if there is one.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub(crate) fn row<T: DeserializeOwned>(&self, query: &str, bindings: Vec<Value>) -> Result<Option<T>, SqlError> {
        Ok(self.rows(query, bindings)?.into_iter().next())
    }

    fn exec(&self, query: &str, bindings: Vec<Value>) -> Result<Cursor, SqlError> {
        let bindings: js_sys::Array = bindings.into_iter().map(JsValue::from).collect();
        Ok(self.sql.exec(query, &bindings)?)
    }

    /// Runs `body` as one step: all of it is stored, or, where it fails, nothing. It must not wait for anything.
    ///
    /// # Errors
    /// `body`'s own, or SQLite's where the step can't be stored.
    pub(crate) fn transaction<T, E: From<SqlError>>(&self, body: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let mut body = Some(body);
        let mut outcome = None;
        let stored = self.storage.transaction_sync(&mut || {
            outcome = body.take().map(|body| body());
            match &outcome {
                Some(Ok(_)) => Ok(JsValue::UNDEFINED),
                // Whatever is thrown rolls back; the error itself goes around.
                _ => Err(JsValue::from_str("rolled back")),
            }
        });
        match (outcome, stored) {
            (Some(Ok(value)), Ok(_)) => Ok(value),
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(SqlError::from(error).into()),
            (None, Ok(_)) => Err(SqlError::Engine("the transaction did not run".to_owned()).into()),
        }
    }
}

#[derive(serde::Deserialize)]
struct Name {
    #[expect(dead_code, reason = "only whether there is a row counts")]
    name: String,
}

#[derive(serde::Deserialize)]
struct Version {
    version: usize,
}
