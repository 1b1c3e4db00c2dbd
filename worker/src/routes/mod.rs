//! The routes, one file per resource. Each decodes, asks an object, and encodes.

mod audit;
mod chat;
mod config;
mod conversations;
mod docs;
mod keys;
mod sessions;
mod sources;
mod tenants;
mod tokens;
mod widget;

use crate::access;
use crate::extract::Incoming;
use crate::reply::Reply;
use crate::router::settings_for;
use crate::settings::Settings;
use weft_shared::audit::{Actor, By};
use weft_shared::auth::Principal;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::TenantId;
use weft_shared::limits::Counted;
use weft_shared::protocol::routes::{Match, Route};
use worker::Env;

/// A request on its way.
pub(crate) struct Asked<'a> {
    pub(crate) env: &'a Env,
    pub(crate) incoming: Incoming,
    /// Whose it is, once that is known: for the log.
    pub(crate) tenant: Option<String>,
    /// What the window of its credential says, where one counts it: for the answer's headers, whatever the answer is.
    pub(crate) counted: Option<Counted>,
    /// The page that may read the answer, refusals included: set once its origin was found to be allowed. For routes
    /// whose key comes in a header.
    pub(crate) readable_by: Option<String>,
}

impl<'a> Asked<'a> {
    pub(crate) const fn new(env: &'a Env, incoming: Incoming) -> Self {
        Self { env, incoming, tenant: None, counted: None, readable_by: None }
    }
}

/// A management request whose principal may do what it asks.
struct Managed<'a> {
    env: &'a Env,
    settings: &'a Settings,
    incoming: &'a mut Incoming,
    principal: Principal,
}

impl Managed<'_> {
    /// Who acts, and from where, for this tenant's audit log.
    fn by(&self, tenant: &TenantId) -> By {
        By { actor: Actor::from(&self.principal), address: actor_address(self.settings, self.incoming, tenant) }
    }
}

/// What stands for the address that a request comes from. None where the platform names none: an act is not refused
/// for that, least of all a revocation.
pub(crate) fn actor_address(settings: &Settings, incoming: &Incoming, tenant: &TenantId) -> Option<String> {
    let bucket = incoming.address_bucket(settings).ok()?;
    Some(settings.keys.current.actor_pseudonym(tenant, bucket.as_str()))
}

/// Answers a request that is in the table.
///
/// # Errors
/// Every refusal there is.
pub(crate) async fn answer(asked: &mut Asked<'_>, found: &Match<'_>) -> Result<Reply, Refusal> {
    let row = found.row;
    let settings = settings_for(asked.env, &asked.incoming, row.plane)?;
    match row.route {
        Route::WidgetConfig => return widget::config(asked, &settings).await,
        Route::WidgetSession => return widget::session(asked, &settings).await,
        Route::TestWidgetToken => return tokens::test(asked, &settings).await,
        Route::OpenApi => return Ok(docs::document()),
        Route::Docs => return Ok(docs::page()),
        Route::Chat => return chat::whole(asked, &settings).await,
        Route::ChatStream | Route::OldChatStream => return chat::stream(asked, &settings).await,
        Route::ReadMessages => return chat::messages(asked, &settings, found.conversation_id()).await,
        _ => {}
    }
    let principal = access::principal(asked, &settings, row.need, row.plane).await?;
    let tenant = found.tenant()?;
    access::allow(&principal, row.need, tenant.as_ref())?;
    if let Some(tenant) = &tenant {
        asked.tenant = Some(tenant.to_string());
    }
    let managed = Managed { env: asked.env, settings: &settings, incoming: &mut asked.incoming, principal };
    match (row.route, tenant) {
        (Route::MintWidgetToken, _) => tokens::mint(managed).await,
        (Route::CreateTenant, _) => tenants::create(managed).await,
        (Route::ListTenants, _) => tenants::list(managed).await,
        (Route::ReadTenant, Some(tenant)) => tenants::read(managed, &tenant).await,
        (Route::UpdateTenant, Some(tenant)) => tenants::update(managed, &tenant).await,
        (Route::CreateKey, Some(tenant)) => keys::create(managed, tenant).await,
        (Route::ListKeys, Some(tenant)) => keys::list(managed, &tenant).await,
        (Route::RotateKey, Some(tenant)) => keys::rotate(managed, tenant, found.key_id()?).await,
        (Route::RevokeKey, Some(tenant)) => keys::revoke(managed, &tenant, found.key_id()?).await,
        (Route::CreateSession, _) => sessions::create(managed).await,
        (Route::ListSessions, Some(tenant)) => sessions::list(managed, &tenant).await,
        (Route::RevokeSession, Some(tenant)) => sessions::revoke(managed, &tenant, found.session_id()?).await,
        (Route::ReadAudit, Some(tenant)) => audit::read(managed, &tenant).await,
        (Route::ReadConfig, Some(tenant)) => config::read(managed, &tenant).await,
        (Route::StageConfig, Some(tenant)) => config::stage(managed, &tenant).await,
        (Route::DeployConfig, Some(tenant)) => config::deploy(managed, &tenant).await,
        (Route::DiscardConfig, Some(tenant)) => config::discard(managed, &tenant).await,
        (Route::CreateSource, Some(tenant)) => sources::create(managed, &tenant).await,
        (Route::ListSources, Some(tenant)) => sources::list(managed, &tenant).await,
        (Route::DeleteSource, Some(tenant)) => sources::delete(managed, &tenant, found.source_id()?).await,
        (Route::ListConversations, Some(tenant)) => conversations::list(managed, &tenant).await,
        (Route::ReadConversation, Some(tenant)) => {
            conversations::read(managed, &tenant, found.conversation_id()?).await
        }
        (Route::DeleteConversation, Some(tenant)) => {
            conversations::delete(managed, &tenant, found.conversation_id()?).await
        }
        (Route::ExportConversation, Some(tenant)) => {
            conversations::export(managed, &tenant, found.conversation_id()?).await
        }
        (Route::ListMessages, Some(tenant)) => conversations::messages(managed, &tenant).await,
        (Route::AdminListConversations, _) => conversations::admin_list(managed).await,
        (Route::AdminReadConversation, _) => conversations::admin_read(managed, found.conversation_id()?).await,
        // The routes of one tenant have it in their path, so nothing gets here.
        _ => Err(ErrorCode::NotFound.into()),
    }
}

/// Answers a CORS preflight of a route that pages of other origins may call.
///
/// # Errors
/// As the route's own.
pub(crate) async fn preflight(asked: &mut Asked<'_>, found: &Match<'_>) -> Result<Reply, Refusal> {
    let settings = settings_for(asked.env, &asked.incoming, found.row.plane)?;
    match found.route() {
        Route::WidgetConfig => widget::preflight(asked, &settings).await,
        Route::TestWidgetToken => tokens::preflight(asked, &settings).await,
        Route::Chat | Route::ChatStream | Route::OldChatStream | Route::ReadMessages => {
            Ok(chat::preflight(asked, found.row.method))
        }
        _ => Err(ErrorCode::NotFound.into()),
    }
}
