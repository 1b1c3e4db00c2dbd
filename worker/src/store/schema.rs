//! The tables of each object, one migration per version. A migration that was ever deployed is never changed: the
//! next one follows it.

/// Of the `Directory` object.
pub(crate) const DIRECTORY: &[&str] = &["
    CREATE TABLE tenants (id TEXT PRIMARY KEY, tenant TEXT NOT NULL) WITHOUT ROWID;
"];

/// Of a `Tenant` object. `tenants` has one row; its `revision` rises with everything that keys inherit.
/// `keys` holds session tokens too. `pending_since` is null once the key's guard has the record; `replaces` is the key
/// that a new one is the successor of. `audit` is only ever added to. `outbox` names whom to tell, and since when.
/// `conversations`, `messages` and `message_texts` are the index of what conversations told; a message has one number in
/// both of its tables. Nothing counts up for ever there, as a counter of its own would be a row more with each message.
/// `secure-delete` takes the words of a deleted text out of the index at once, rather than when it is next merged.
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
    "
    CREATE TABLE conversations (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        environment TEXT NOT NULL,
        session TEXT,
        visitor TEXT,
        created_at INTEGER NOT NULL,
        last_message_at INTEGER NOT NULL,
        message_count INTEGER NOT NULL,
        preview TEXT NOT NULL,
        last_seq INTEGER NOT NULL
    );
    CREATE INDEX conversations_by_time ON conversations (last_message_at, number);
    CREATE TABLE messages (
        number INTEGER PRIMARY KEY,
        conversation INTEGER NOT NULL,
        id TEXT NOT NULL,
        role TEXT NOT NULL,
        created_at INTEGER NOT NULL
    );
    CREATE INDEX messages_by_conversation ON messages (conversation);
    CREATE VIRTUAL TABLE message_texts USING fts5 (text, columnsize = 0, tokenize = 'unicode61 remove_diacritics 2');
    INSERT INTO message_texts (message_texts, rank) VALUES ('secure-delete', 1);
",
    "
    ALTER TABLE outbox ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
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

/// Of a `SocketGate` object: one row for each socket that is held.
pub(crate) const SOCKET_GATE: &[&str] = &["
    CREATE TABLE leases (
        id TEXT PRIMARY KEY,
        tenant TEXT NOT NULL,
        conversation TEXT NOT NULL,
        opened_at INTEGER NOT NULL
    ) WITHOUT ROWID;
"];

/// Of a `Conversation` object. `heads` has one row, and so has `told`: the `seq` up to which the tenant confirmed what it
/// was told. An answer that isn't over has a null `status`. There is no index on
/// `seq`: a conversation is short to read, and every index is one more row to pay for with each write.
pub(crate) const CONVERSATION: &[&str] = &[
    "
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
",
    "
    CREATE TABLE told (only INTEGER PRIMARY KEY CHECK (only = 0), seq INTEGER NOT NULL);
",
];

#[cfg(test)]
mod tests {
    #[test]
    fn sources_are_indexed_as_questions_are_read() {
        let tokenize = format!("tokenize = '{}'", weft_shared::agent::TOKENIZER);
        assert!(super::TENANT.iter().any(|migration| migration.contains(&tokenize)));
    }
}
