//! HTTP bodies and queries: what comes in is read into types that can't be wrong, what goes out is written here.
//!
//! A refusal names the field and never repeats the value, which may be a secret in the wrong place. Unknown fields
//! are refused: a misspelt limit that is silently ignored is a limit that isn't there. The management API speaks
//! `snake_case`, what browsers touch `camelCase`, and times are RFC 3339 in UTC.

mod chat;
mod config;
mod conversations;
mod keys;
mod open_chat_widget;
mod query;
mod read;
mod sessions;
mod sources;
mod tenants;
mod tokens;

pub use chat::{ChatBody, ChatLine, ChatReply, HistoryPage, NDJSON, check_idempotency_key};
pub use config::{ConfigBody, Deployed, EnvironmentBody};
pub use conversations::{
    ConversationExport, ConversationList, ConversationView, Find, FoundMessage, MessageList, MessageView, Thread,
    TimeCursor, VisitorView,
};
pub use keys::{CreateKey, KeyCreated, KeyList, KeyView, MAX_LABEL_CHARS, MAX_RATE_LIMIT_PER_MINUTE, RotateKey};
pub use open_chat_widget::{
    AdminConversation, AdminConversationList, AdminMessage, AdminThread, DEFAULT_ADMIN_LIMIT, admin_page, admin_tenant,
    is_default_tenant,
};
pub use query::{Cursor, DEFAULT_LIMIT, MAX_LIMIT, MAX_PAGE_BYTES, Page, Query};
pub(crate) use read::field_name;
pub use read::{MAX_BODY_BYTES, check_text, read_body, read_optional_body, read_value};
pub use sessions::{CreateSession, SessionCreated, SessionList, SessionView};
pub use sources::{CreateSource, NewSource, SourceList, SourceView};
pub use tenants::{CreateTenant, Tenant, TenantList, UpdateTenant};
pub use tokens::{MintWidgetToken, WidgetTokenBody};

use crate::error::Refusal;
use crate::secret::Secret;
use serde::{Serialize, Serializer};

/// The body of every refusal: `{"error","message"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ErrorBody<'a> {
    /// The code.
    #[cfg_attr(feature = "openapi", schemars(with = "crate::error::ErrorCode"))]
    pub error: &'static str,
    /// One sentence.
    pub message: &'a str,
}

impl<'a> From<&'a Refusal> for ErrorBody<'a> {
    fn from(refusal: &'a Refusal) -> Self {
        Self { error: refusal.code.code(), message: &refusal.message }
    }
}

/// The body of `GET /health`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Health {
    /// Always `ok`: a Worker that isn't doesn't answer.
    #[cfg_attr(feature = "openapi", schemars(extend("const" = "ok")))]
    pub status: &'static str,
}

impl Health {
    /// The one answer.
    pub const OK: Self = Self { status: "ok" };
}

/// Writes a secret into the one body that shows it. Such a body goes out with `Cache-Control: no-store`.
fn expose<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(secret.expose())
}
