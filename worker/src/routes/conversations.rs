//! `/v1/tenants/{tenant}/conversations`, `…/messages`, and the operator's `/v1/admin/conversations`.
//!
//! Lists and searches are the tenant's index to answer; one conversation is read from its own object, which has it as it
//! is now.

use super::Managed;
use crate::bindings;
use crate::objects::conversation::{Export, ReadThread};
use crate::objects::tenant::{DeleteConversation, ListConversations, ListForAdmin, ListMessages};
use crate::reply::Reply;
use weft_shared::error::Refusal;
use weft_shared::ids::{ConversationId, TenantId};
use weft_shared::protocol::http::{
    AdminConversation, AdminConversationList, AdminThread, ConversationList, Find, MessageList, admin_page,
    admin_tenant, is_default_tenant,
};

/// `GET …/conversations`
pub(super) async fn list(managed: Managed<'_>, tenant: &TenantId) -> Result<Reply, Refusal> {
    let find = Find::read(&managed.incoming.query())?;
    let call = ListConversations { find };
    let (conversations, next_cursor) = bindings::tenant(managed.env, tenant).ask(call).await?;
    Ok(Reply::ok(&ConversationList { conversations, next_cursor }))
}

/// `GET …/messages`
pub(super) async fn messages(managed: Managed<'_>, tenant: &TenantId) -> Result<Reply, Refusal> {
    let find = Find::read(&managed.incoming.query())?;
    let (messages, next_cursor) = bindings::tenant(managed.env, tenant).ask(ListMessages { find }).await?;
    Ok(Reply::ok(&MessageList { messages, next_cursor }))
}

/// `GET …/conversations/{id}`
pub(super) async fn read(managed: Managed<'_>, tenant: &TenantId, id: ConversationId) -> Result<Reply, Refusal> {
    let page = managed.incoming.query().page()?;
    let conversation = bindings::conversation(managed.env, tenant, &id);
    Ok(Reply::ok(&conversation.ask(ReadThread { id, page }).await?))
}

/// `GET …/conversations/{id}/export`
pub(super) async fn export(managed: Managed<'_>, tenant: &TenantId, id: ConversationId) -> Result<Reply, Refusal> {
    // An id has nothing in it that could end the header's quotes.
    let disposition = format!("attachment; filename=\"conversation-{id}.json\"");
    let export = bindings::conversation(managed.env, tenant, &id).ask(Export { id }).await?;
    Ok(Reply::ok(&export).with("Content-Disposition", disposition))
}

/// `DELETE …/conversations/{id}`
pub(super) async fn delete(managed: Managed<'_>, tenant: &TenantId, id: ConversationId) -> Result<Reply, Refusal> {
    let by = managed.by(tenant);
    bindings::tenant(managed.env, tenant).ask(DeleteConversation { id, by }).await?;
    Ok(Reply::no_content())
}

/// `GET /v1/admin/conversations`
pub(super) async fn admin_list(managed: Managed<'_>) -> Result<Reply, Refusal> {
    let query = managed.incoming.query();
    let (tenant, page) = (admin_tenant(&query)?, admin_page(&query)?);
    let call = ListForAdmin { page, is_default: is_default_tenant(&tenant) };
    let (conversations, next_cursor, total) = bindings::tenant(managed.env, &tenant).ask(call).await?;
    let conversations = conversations.into_iter().map(AdminConversation::from).collect();
    Ok(Reply::ok(&AdminConversationList { conversations, total, next_cursor }))
}

/// `GET /v1/admin/conversations/{id}`
pub(super) async fn admin_read(managed: Managed<'_>, id: ConversationId) -> Result<Reply, Refusal> {
    let tenant = admin_tenant(&managed.incoming.query())?;
    let export = bindings::conversation(managed.env, &tenant, &id).ask(Export { id }).await?;
    Ok(Reply::ok(&AdminThread::from(export)))
}
