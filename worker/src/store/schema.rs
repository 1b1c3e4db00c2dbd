//! The tables of each object, one migration per version. A migration that was ever deployed is never changed: the
//! next one follows it.

/// Of the `Directory` object.
pub(crate) const DIRECTORY: &[&str] = &["
    CREATE TABLE tenants (id TEXT PRIMARY KEY, tenant TEXT NOT NULL) WITHOUT ROWID;
"];

/// Of a `Tenant` object. `tenants` has one row; its `revision` rises with everything that keys inherit.
/// `keys` holds session tokens too. `pending_since` is null once the key's guard has the record; `replaces` is the key
/// that a new one is the successor of. `audit` is only ever added to. `outbox` names what others are still to be told.
/// The tokenizer is the one that `weft_shared::agent` composes its expressions for (a test compares the two).
pub(crate) const TENANT: &[&str] = &[
    "
    CREATE TABLE tenants (tenant TEXT NOT NULL, revision INTEGER NOT NULL);
    CREATE TABLE keys (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        record TEXT NOT NULL,
        pending_since INTEGER
    );
    CREATE TABLE configs (environment TEXT PRIMARY KEY, draft TEXT, live_version INTEGER) WITHOUT ROWID;
    CREATE TABLE config_versions (
        environment TEXT NOT NULL,
        version INTEGER NOT NULL,
        config TEXT NOT NULL,
        deployed_at INTEGER NOT NULL,
        PRIMARY KEY (environment, version)
    ) WITHOUT ROWID;
    CREATE TABLE sources (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        body TEXT NOT NULL,
        url TEXT,
        created_at INTEGER NOT NULL
    );
    CREATE VIRTUAL TABLE passages USING fts5 (
        title, text, source UNINDEXED, tokenize = 'unicode61 remove_diacritics 2'
    );
    CREATE TABLE outbox (target TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID;
",
    "
    ALTER TABLE keys ADD COLUMN replaces TEXT;
    CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, act TEXT NOT NULL);
",
];

/// Of a `KeyGuard` object: `guards` has one row. `accepted` holds the requests that count, one row for each second, in a
/// ring for each window: what is over is written over.
pub(crate) const KEY_GUARD: &[&str] = &[
    "
    CREATE TABLE guards (record TEXT NOT NULL, standing TEXT NOT NULL);
",
    "
    CREATE TABLE accepted (
        window TEXT NOT NULL,
        slot INTEGER NOT NULL,
        second TEXT NOT NULL,
        PRIMARY KEY (window, slot)
    ) WITHOUT ROWID;
",
];

/// Of an `IpQuota` object: one row.
pub(crate) const IP_QUOTA: &[&str] = &["
    CREATE TABLE ledgers (id INTEGER PRIMARY KEY, ledger TEXT NOT NULL);
"];

/// Of a `Conversation` object. `heads` has one row. An answer that isn't over has a null `status`. There is no index on
/// `seq`: a conversation is short to read, and every index is one more row to pay for with each write.
pub(crate) const CONVERSATION: &[&str] = &["
    CREATE TABLE heads (head TEXT NOT NULL);
    CREATE TABLE messages (
        id TEXT PRIMARY KEY,
        seq INTEGER NOT NULL,
        role TEXT NOT NULL,
        text TEXT NOT NULL,
        request_id TEXT NOT NULL,
        status TEXT,
        sources TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        reserved_seq INTEGER NOT NULL
    ) WITHOUT ROWID;
"];

#[cfg(test)]
mod tests {
    #[test]
    fn sources_are_indexed_as_questions_are_read() {
        let tokenize = format!("tokenize = '{}'", weft_shared::agent::TOKENIZER);
        assert!(super::TENANT.iter().any(|migration| migration.contains(&tokenize)));
    }
}
