//! The one table of routes: which method and path is what, who may call it, and whether a browser may from another
//! origin. The Worker's dispatch, its CORS answers and the `OpenAPI` document are all built from it.
//!
//! Paths are matched byte by byte, and each resource has one spelling: another case, a trailing or doubled slash and
//! any percent-encoding are `not_found`. So no proxy and no log can see another path than the one that is served, and
//! an encoded slash never ends a segment. `/api/v1/…` is the same as `/v1/…`. `HEAD` is answered wherever `GET` is
//! (RFC 9110 section 9.3.2).

use super::paths::{HEALTH_PATH, TEST_WIDGET_TOKEN_PATH, WIDGET_CONFIG_PATH, WIDGET_SESSION_PATH, WIDGET_TOKEN_PATH};
use crate::auth::{Need, Plane};
use crate::error::{ErrorCode, Refusal};
use crate::ids::{ConversationId, CredentialId, SourceId, TenantId};
use crate::scope::{Resource, Scope};

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    /// `GET /health`
    Health,
    /// `GET /widget/config`
    WidgetConfig,
    /// `GET /widget/session`
    WidgetSession,
    /// `POST /widget-token`
    MintWidgetToken,
    /// `POST /test-widget-token`
    TestWidgetToken,
    /// `POST /v1/chat`
    Chat,
    /// `POST /v1/chat/stream`
    ChatStream,
    /// `POST /chat`, its older name.
    OldChatStream,
    /// `GET /v1/conversations/{id}/messages`
    ReadMessages,
    /// `POST /v1/tenants`
    CreateTenant,
    /// `GET /v1/tenants`
    ListTenants,
    /// `GET /v1/tenants/{tenant}`
    ReadTenant,
    /// `PATCH /v1/tenants/{tenant}`
    UpdateTenant,
    /// `POST /v1/tenants/{tenant}/keys`
    CreateKey,
    /// `GET /v1/tenants/{tenant}/keys`
    ListKeys,
    /// `POST /v1/tenants/{tenant}/keys/{id}/rotate`
    RotateKey,
    /// `DELETE /v1/tenants/{tenant}/keys/{id}`
    RevokeKey,
    /// `POST /v1/sessions`
    CreateSession,
    /// `GET /v1/tenants/{tenant}/sessions`
    ListSessions,
    /// `DELETE /v1/tenants/{tenant}/sessions/{id}`
    RevokeSession,
    /// `GET /v1/tenants/{tenant}/config`
    ReadConfig,
    /// `PATCH /v1/tenants/{tenant}/config`
    StageConfig,
    /// `POST /v1/tenants/{tenant}/config/deploy`
    DeployConfig,
    /// `POST /v1/tenants/{tenant}/config/discard`
    DiscardConfig,
    /// `POST /v1/tenants/{tenant}/sources`
    CreateSource,
    /// `GET /v1/tenants/{tenant}/sources`
    ListSources,
    /// `DELETE /v1/tenants/{tenant}/sources/{id}`
    DeleteSource,
    /// `GET /v1/tenants/{tenant}/audit`
    ReadAudit,
    /// `GET /v1/openapi.json`
    OpenApi,
    /// `GET /docs`
    Docs,
    /// `GET /v1/tenants/{tenant}/conversations`
    ListConversations,
    /// `GET /v1/tenants/{tenant}/conversations/{id}`
    ReadConversation,
    /// `DELETE /v1/tenants/{tenant}/conversations/{id}`
    DeleteConversation,
    /// `GET /v1/tenants/{tenant}/conversations/{id}/export`
    ExportConversation,
    /// `GET /v1/tenants/{tenant}/messages`
    ListMessages,
    /// `GET /v1/admin/conversations`
    AdminListConversations,
    /// `GET /v1/admin/conversations/{id}`
    AdminReadConversation,
}

/// The methods that routes have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are HTTP's own (RFC 9110, RFC 5789)")]
pub enum Method {
    Get,
    Post,
    Patch,
    Delete,
}

impl Method {
    /// As in the request line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether a request with this method is taken. Methods are case-sensitive (RFC 9110 section 9.1).
    fn takes(self, method: &str) -> bool {
        method == self.as_str() || (method == "HEAD" && self == Self::Get)
    }
}

/// Whether pages of other origins may read the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cors {
    /// No page may: no CORS header, and a preflight is refused. For what a customer's server calls, and for the
    /// WebSocket, which knows no CORS and checks its `Origin` itself.
    Closed,
    /// Pages of the live config's allowed origins may, by exact echo of their `Origin` (and `Vary: Origin`).
    AllowedOrigins,
    /// The same, where the key comes in a header. A preflight carries none (Fetch, CORS-preflight fetch), so it can't be
    /// told whose pages are asking: it is answered alike to everyone, with nothing in it that differs, and only says that
    /// the request may be sent. That opens nothing: there are no cookies here, so a page can send no more than it
    /// holds itself, as any program can. Whether the page may read, and whether the request does anything at all, is
    /// decided on the request itself, by the live config of the key's tenant.
    AllowedOriginsOfKey,
}

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// What it asks for.
    pub route: Route,
    /// With which method.
    pub method: Method,
    /// At which path; `{…}` stands for one segment.
    pub pattern: &'static str,
    /// Who may.
    pub need: Need,
    /// Where the credential may stand.
    pub plane: Plane,
    /// Whether pages of other origins may.
    pub cors: Cors,
}

impl Row {
    /// Whether pages of any origin may read this refusal. The widget reads the config to learn why nothing goes, and an
    /// unknown key names no origins to echo; the refusals' texts are fixed, and any server may read them. Only whether a
    /// page's own origin is allowed stays untold.
    #[must_use]
    pub fn is_readable_by_all(&self, refusal: ErrorCode) -> bool {
        self.route == Route::WidgetConfig && refusal != ErrorCode::OriginNotAllowed
    }
}

const fn row(route: Route, method: Method, pattern: &'static str, need: Need, plane: Plane, cors: Cors) -> Row {
    Row { route, method, pattern, need, plane, cors }
}

const fn managed(route: Route, method: Method, pattern: &'static str, need: Need) -> Row {
    row(route, method, pattern, need, Plane::Management, Cors::Closed)
}

const fn chat(route: Route, method: Method, pattern: &'static str, need: Need) -> Row {
    row(route, method, pattern, need, Plane::Chat, Cors::AllowedOriginsOfKey)
}

const CHAT: &str = "/v1/chat";
const CHAT_STREAM: &str = "/v1/chat/stream";
const OLD_CHAT_STREAM: &str = "/chat";
const HISTORY: &str = "/v1/conversations/{id}/messages";
const TENANTS: &str = "/v1/tenants";
const TENANT: &str = "/v1/tenants/{tenant}";
const KEYS: &str = "/v1/tenants/{tenant}/keys";
const KEY: &str = "/v1/tenants/{tenant}/keys/{id}";
const ROTATE: &str = "/v1/tenants/{tenant}/keys/{id}/rotate";
const NEW_SESSION: &str = "/v1/sessions";
const SESSIONS: &str = "/v1/tenants/{tenant}/sessions";
const SESSION: &str = "/v1/tenants/{tenant}/sessions/{id}";
const CONFIG: &str = "/v1/tenants/{tenant}/config";
const DEPLOY: &str = "/v1/tenants/{tenant}/config/deploy";
const DISCARD: &str = "/v1/tenants/{tenant}/config/discard";
const SOURCES: &str = "/v1/tenants/{tenant}/sources";
const SOURCE: &str = "/v1/tenants/{tenant}/sources/{id}";
const OPENAPI: &str = "/v1/openapi.json";
const DOCS: &str = "/docs";
const AUDIT: &str = "/v1/tenants/{tenant}/audit";
const CONVERSATIONS: &str = "/v1/tenants/{tenant}/conversations";
const CONVERSATION: &str = "/v1/tenants/{tenant}/conversations/{id}";
const EXPORT: &str = "/v1/tenants/{tenant}/conversations/{id}/export";
const MESSAGES: &str = "/v1/tenants/{tenant}/messages";
const ADMIN_CONVERSATIONS: &str = "/v1/admin/conversations";
const ADMIN_CONVERSATION: &str = "/v1/admin/conversations/{id}";

/// Every route. A route that isn't here doesn't exist.
pub static ROUTES: &[Row] = &[
    row(Route::Health, Method::Get, HEALTH_PATH, Need::Public, Plane::Widget, Cors::Closed),
    row(Route::WidgetConfig, Method::Get, WIDGET_CONFIG_PATH, Need::Widget, Plane::Widget, Cors::AllowedOrigins),
    row(Route::WidgetSession, Method::Get, WIDGET_SESSION_PATH, Need::Widget, Plane::Widget, Cors::Closed),
    managed(Route::MintWidgetToken, Method::Post, WIDGET_TOKEN_PATH, Need::MintWidgetToken),
    row(
        Route::TestWidgetToken,
        Method::Post,
        TEST_WIDGET_TOKEN_PATH,
        Need::Public,
        Plane::Widget,
        Cors::AllowedOrigins,
    ),
    chat(Route::Chat, Method::Post, CHAT, Need::Chat),
    chat(Route::ChatStream, Method::Post, CHAT_STREAM, Need::Chat),
    chat(Route::OldChatStream, Method::Post, OLD_CHAT_STREAM, Need::Chat),
    chat(Route::ReadMessages, Method::Get, HISTORY, Need::History),
    managed(Route::CreateTenant, Method::Post, TENANTS, Need::Admin),
    managed(Route::ListTenants, Method::Get, TENANTS, Need::Admin),
    managed(Route::ReadTenant, Method::Get, TENANT, Need::Admin),
    managed(Route::UpdateTenant, Method::Patch, TENANT, Need::Admin),
    managed(Route::CreateKey, Method::Post, KEYS, Need::Scope(Scope::Write(Resource::Keys))),
    managed(Route::ListKeys, Method::Get, KEYS, Need::Scope(Scope::Read(Resource::Keys))),
    managed(Route::RotateKey, Method::Post, ROTATE, Need::Scope(Scope::Write(Resource::Keys))),
    managed(Route::RevokeKey, Method::Delete, KEY, Need::Scope(Scope::Write(Resource::Keys))),
    managed(Route::CreateSession, Method::Post, NEW_SESSION, Need::Admin),
    managed(Route::ListSessions, Method::Get, SESSIONS, Need::Admin),
    managed(Route::RevokeSession, Method::Delete, SESSION, Need::Admin),
    managed(Route::ReadConfig, Method::Get, CONFIG, Need::Scope(Scope::Read(Resource::Settings))),
    managed(Route::StageConfig, Method::Patch, CONFIG, Need::Scope(Scope::Write(Resource::Settings))),
    managed(Route::DeployConfig, Method::Post, DEPLOY, Need::Scope(Scope::Write(Resource::Settings))),
    managed(Route::DiscardConfig, Method::Post, DISCARD, Need::Scope(Scope::Write(Resource::Settings))),
    managed(Route::CreateSource, Method::Post, SOURCES, Need::Scope(Scope::Write(Resource::Sources))),
    managed(Route::ListSources, Method::Get, SOURCES, Need::Scope(Scope::Read(Resource::Sources))),
    managed(Route::DeleteSource, Method::Delete, SOURCE, Need::Scope(Scope::Write(Resource::Sources))),
    managed(Route::ReadAudit, Method::Get, AUDIT, Need::Scope(Scope::Read(Resource::Settings))),
    managed(Route::OpenApi, Method::Get, OPENAPI, Need::Public),
    managed(Route::Docs, Method::Get, DOCS, Need::Public),
    managed(Route::ListConversations, Method::Get, CONVERSATIONS, Need::Scope(Scope::Read(Resource::Conversations))),
    managed(Route::ReadConversation, Method::Get, CONVERSATION, Need::Scope(Scope::Read(Resource::Conversations))),
    managed(
        Route::DeleteConversation,
        Method::Delete,
        CONVERSATION,
        Need::Scope(Scope::Write(Resource::Conversations)),
    ),
    managed(Route::ExportConversation, Method::Get, EXPORT, Need::Scope(Scope::Read(Resource::Conversations))),
    managed(Route::ListMessages, Method::Get, MESSAGES, Need::Scope(Scope::Read(Resource::Messages))),
    managed(Route::AdminListConversations, Method::Get, ADMIN_CONVERSATIONS, Need::Admin),
    managed(Route::AdminReadConversation, Method::Get, ADMIN_CONVERSATION, Need::Admin),
];

/// A request that is in the table.
#[derive(Debug, Clone, Copy)]
pub struct Match<'p> {
    /// Its row.
    pub row: &'static Row,
    /// What stood for `{tenant}` and `{id}`, as it came.
    tenant: Option<&'p str>,
    id: Option<&'p str>,
}

impl Match<'_> {
    /// What it asks for.
    #[must_use]
    pub const fn route(&self) -> Route {
        self.row.route
    }

    /// The path's tenant, where the route has one.
    ///
    /// # Errors
    /// `invalid_request` where no tenant can have such a name.
    pub fn tenant(&self) -> Result<Option<TenantId>, Refusal> {
        Ok(self.tenant.map(TenantId::parse).transpose()?)
    }

    /// The path's `{id}`, as it came: the route's own type parses it.
    #[must_use]
    pub const fn id(&self) -> Option<&str> {
        self.id
    }

    /// The path's source.
    ///
    /// # Errors
    /// `not_found` where no source can have such an id: ids are made here, so a wrong one was never given out.
    pub fn source_id(&self) -> Result<SourceId, Refusal> {
        self.id.and_then(|id| SourceId::parse(id).ok()).ok_or_else(|| ErrorCode::NotFound.into())
    }

    /// The path's conversation.
    ///
    /// # Errors
    /// `not_found` where no conversation can have such an id.
    pub fn conversation_id(&self) -> Result<ConversationId, Refusal> {
        self.id.and_then(|id| ConversationId::parse(id).ok()).ok_or_else(|| ErrorCode::NotFound.into())
    }

    /// The path's key.
    ///
    /// # Errors
    /// `not_found` where no key can have such an id; a session token is none.
    pub fn key_id(&self) -> Result<CredentialId, Refusal> {
        self.credential_id(|id| !id.is_session())
    }

    /// The path's session token.
    ///
    /// # Errors
    /// `not_found` where no session token can have such an id.
    pub fn session_id(&self) -> Result<CredentialId, Refusal> {
        self.credential_id(CredentialId::is_session)
    }

    fn credential_id(&self, is_meant: impl FnOnce(&CredentialId) -> bool) -> Result<CredentialId, Refusal> {
        let id = self.id.and_then(|id| CredentialId::parse(id).ok()).filter(is_meant);
        id.ok_or_else(|| ErrorCode::NotFound.into())
    }
}

/// A request that isn't in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Miss {
    /// There is no such path.
    NotFound,
    /// The path is there, the method isn't.
    MethodNotAllowed {
        /// For the header `Allow`.
        allow: String,
    },
}

impl Miss {
    /// Its code.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound => ErrorCode::NotFound,
            Self::MethodNotAllowed { .. } => ErrorCode::MethodNotAllowed,
        }
    }
}

/// Finds what a request asks for. `path` is the URL's path as it came, without the query.
///
/// # Errors
/// [`Miss`] where the table has no such path, or not with this method. `OPTIONS` is [`preflight`]'s.
pub fn find<'p>(method: &str, path: &'p str) -> Result<Match<'p>, Miss> {
    let mut allow = Vec::new();
    for found in at(path) {
        if found.row.method.takes(method) {
            return Ok(found);
        }
        allow.push(found.row.method.as_str());
        if found.row.method == Method::Get {
            allow.push("HEAD");
        }
        if found.row.cors != Cors::Closed && !allow.contains(&"OPTIONS") {
            allow.push("OPTIONS");
        }
    }
    if allow.is_empty() { Err(Miss::NotFound) } else { Err(Miss::MethodNotAllowed { allow: allow.join(", ") }) }
}

/// The route that a CORS preflight asks for: `OPTIONS` with `Access-Control-Request-Method`. None where no page of
/// another origin may call it, so that the preflight fails.
#[must_use]
pub fn preflight<'p>(requested_method: &str, path: &'p str) -> Option<Match<'p>> {
    at(path).find(|found| found.row.method.takes(requested_method) && found.row.cors != Cors::Closed)
}

/// The same address over HTTPS, at its usual port: where a request that came over plain HTTP is sent.
#[must_use]
pub fn https_address(host: &str, path: &str, query: Option<&str>) -> String {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("https://{host}{path}{query}")
}

/// The rows whose pattern fits, whatever their method.
fn at(path: &str) -> impl Iterator<Item = Match<'_>> {
    let path = canonical(path);
    ROUTES.iter().filter_map(move |row| {
        let mut found = Match { row, tenant: None, id: None };
        let mut segments = path.split('/');
        for wanted in row.pattern.split('/') {
            let segment = segments.next()?;
            match wanted {
                "{tenant}" if !segment.is_empty() => found.tenant = Some(segment),
                "{id}" if !segment.is_empty() => found.id = Some(segment),
                _ if wanted == segment => {}
                _ => return None,
            }
        }
        segments.next().is_none().then_some(found)
    })
}

/// `/api/v1/…` is `/v1/…`; a path with percent-encoding is none (it keeps its first `%`, and no row has one).
fn canonical(path: &str) -> &str {
    if path.contains(['%', '\\']) {
        return "";
    }
    match path.strip_prefix("/api") {
        Some(rest) if rest.starts_with("/v1/") => rest,
        _ => path,
    }
}
