//! `/v1/admin/conversations` in the shapes of Open Chat Widget's backend: `_id`, `camelCase`, times as milliseconds.
//! Its clients read these fields; they get what Weft's own routes show, under other names.

use super::{ConversationExport, ConversationView, MessageView, Page, Query};
use crate::auth::default_tenant;
use crate::error::Refusal;
use crate::ids::{ConversationId, TenantId};
use crate::protocol::ws::Role;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Conversations in a list unless `limit` says otherwise, as there.
pub const DEFAULT_ADMIN_LIMIT: u32 = 100;

/// Which part of the list is asked for.
///
/// # Errors
/// `invalid_request` where `limit` isn't 1 to 200.
pub fn admin_page<C: super::Cursor>(query: &Query) -> Result<Page<C>, Refusal> {
    let page = query.page()?;
    let is_given = query.get("limit")?.is_some();
    Ok(if is_given { page } else { Page { limit: DEFAULT_ADMIN_LIMIT, ..page } })
}

/// A conversation in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct AdminConversation {
    /// The conversation's id.
    #[serde(rename = "_id")]
    pub id: ConversationId,
    /// When it began, in milliseconds since 1970.
    #[serde(rename = "_creationTime")]
    #[cfg_attr(feature = "openapi", schemars(with = "i64"))]
    pub creation_time: Timestamp,
    /// The id that the client gave it; the conversation's own where there is none.
    #[serde(rename = "sessionId")]
    pub session_id: String,
    /// When it began.
    #[serde(rename = "createdAt")]
    #[cfg_attr(feature = "openapi", schemars(with = "i64"))]
    pub created_at: Timestamp,
    /// When its last message was stored.
    #[serde(rename = "updatedAt")]
    #[cfg_attr(feature = "openapi", schemars(with = "i64"))]
    pub updated_at: Timestamp,
    /// How its last message begins: at most 500 characters.
    #[serde(rename = "lastMessage")]
    pub last_message: String,
}

impl From<ConversationView> for AdminConversation {
    fn from(view: ConversationView) -> Self {
        Self {
            creation_time: view.created_at,
            session_id: view.session_id.unwrap_or_else(|| view.id.to_string()),
            created_at: view.created_at,
            updated_at: view.last_message_at,
            last_message: view.preview,
            id: view.id,
        }
    }
}

/// Answer of `GET /v1/admin/conversations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct AdminConversationList {
    /// Those with the newest message first.
    pub conversations: Vec<AdminConversation>,
    /// How many there are in all.
    pub total: u64,
    /// Where the next page begins. Weft's own: there one can't go on.
    pub next_cursor: Option<String>,
}

/// A message in a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct AdminMessage {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: String,
    /// When it was stored.
    #[serde(rename = "_creationTime")]
    #[cfg_attr(feature = "openapi", schemars(with = "i64"))]
    pub creation_time: Timestamp,
    /// Its conversation.
    #[serde(rename = "conversationId")]
    pub conversation_id: ConversationId,
    /// Who wrote it.
    pub role: Role,
    /// What it says.
    pub content: String,
    /// When it was stored.
    #[serde(rename = "createdAt")]
    #[cfg_attr(feature = "openapi", schemars(with = "i64"))]
    pub created_at: Timestamp,
}

impl AdminMessage {
    fn new(message: MessageView, conversation_id: ConversationId) -> Self {
        let MessageView { id, role, text, created_at, .. } = message;
        Self { id, creation_time: created_at, conversation_id, role, content: text, created_at }
    }
}

/// Answer of `GET /v1/admin/conversations/{id}`: all of it, as there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct AdminThread {
    /// The conversation.
    pub conversation: AdminConversation,
    /// Oldest first.
    pub messages: Vec<AdminMessage>,
}

impl From<ConversationExport> for AdminThread {
    fn from(export: ConversationExport) -> Self {
        let id = &export.conversation.id;
        let over = export.messages.into_iter().filter(MessageView::is_over);
        let messages = over.map(|message| AdminMessage::new(message, id.clone())).collect();
        Self { messages, conversation: export.conversation.into() }
    }
}

/// Whose conversations are asked for: `tenant`, else `default`, which `WIDGET_API_KEY` opens.
///
/// # Errors
/// `invalid_request` where no tenant can have such a name.
pub fn admin_tenant(query: &Query) -> Result<TenantId, Refusal> {
    Ok(query.get("tenant")?.map(TenantId::parse).transpose()?.unwrap_or_else(|| default_tenant().clone()))
}

/// Whether this tenant need not have been created to have conversations.
#[must_use]
pub fn is_default_tenant(tenant: &TenantId) -> bool {
    tenant == default_tenant()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Environment;

    #[test]
    fn a_conversation_has_open_chat_widgets_fields() {
        let view = ConversationView {
            id: ConversationId::parse("abcdefghijklmnop").expect("an id"),
            environment: Environment::production(),
            session_id: None,
            visitor: None,
            created_at: Timestamp::from_millis(1_000),
            last_message_at: Timestamp::from_millis(2_000),
            message_count: 2,
            preview: "Hello".to_owned(),
        };
        let own = serde_json::to_string(&AdminConversation::from(view.clone())).expect("JSON");
        assert_eq!(
            own,
            r#"{"_id":"abcdefghijklmnop","_creationTime":1000,"sessionId":"abcdefghijklmnop","createdAt":1000,"updatedAt":2000,"lastMessage":"Hello"}"#
        );
        let given = AdminConversation::from(ConversationView { session_id: Some("s:1".to_owned()), ..view });
        assert_eq!(given.session_id, "s:1");
    }
}
