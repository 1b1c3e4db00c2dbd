//! The Worker from outside: every route, every refusal beside its positive control, and the session frame by frame.
//!
//! Each test has a tenant of its own, so all of them run at once against one Worker. Run them with
//! `cargo xtask test --api`.

#![expect(clippy::panic, reason = "a helper that meets what must not be fails its test")]

mod admin_conversations;
mod answers;
mod audit;
mod bodies;
mod canary;
mod chat;
mod chat_cors;
mod chat_http;
mod chat_stream;
mod config;
mod conversation_bound;
mod conversations;
mod crashes;
mod credentials;
mod deployments;
mod export;
mod forged_tokens;
mod frames;
mod hipaa;
mod history;
mod https;
mod isolation;
mod keys;
mod lists;
mod openai;
mod openai_faults;
mod openapi;
mod previous_master;
mod quota;
mod rate_limit;
mod refresh_path;
mod resume;
mod retention;
mod revocation;
mod rotation;
mod routes;
mod rows_written;
mod scopes;
mod search;
mod secrecy;
mod sessions;
mod shop;
mod sleep;
mod sockets;
mod sources;
mod stored;
mod stranger;
mod tenants;
mod test_widget_token;
mod token_encoding;
mod token_renewal;
mod upgrade;
mod widget_assets;
mod widget_config;
mod widget_token;
