//! Who may call a route: asked of `authorize` itself, for every kind of principal and every scope alone.

use serde_json::{Map, Value, json};
use weft_shared::auth::{Need, Plane, Principal, authorize};
use weft_shared::ids::{CredentialId, Environment, TenantId};
use weft_shared::keys::CredentialKind;
use weft_shared::protocol::routes::Row;
use weft_shared::scope::{Scope, ScopeSet};

/// The schemes that `security` names. `x-weft-principal` says whose credential each takes.
#[must_use]
pub fn schemes() -> Value {
    let bearer = |principal: &str, about: &str| json!({ "type": "http", "scheme": "bearer", "x-weft-principal": principal, "description": about });
    let placed = |place: &str, name: &str, principal: &str, about: &str| json!({ "type": "apiKey", "in": place, "name": name, "x-weft-principal": principal, "description": about });
    json!({
        "adminKey": bearer("admin", "The operator's root credential, `ADMIN_API_KEY` of the deployment."),
        "adminKeyHeader": placed("header", "X-Admin-Api-Key", "admin", "The admin key, for clients that can't set `Authorization`."),
        "sessionToken": bearer("session", "`sess_<tenant>_…`: issued by the operator for one hour; all scopes but `keys:*`."),
        "secretKey": bearer("secret", "`wf_sk_<tenant>_…`: for servers only. It needs the scope that is named beside it."),
        "publishableKey": bearer("publishable", "`wf_pk_<tenant>_…`: may stand in a page."),
        "publishableKeyInQuery": placed("query", "key", "publishable", "The publishable key: the one credential that may stand in a URL, and here alone."),
        "widgetApiKey": bearer("fixed", "`WIDGET_API_KEY` of the deployment: chat for the tenant `default`, for clients of Open Chat Widget."),
        "apiKeyHeader": placed("header", "X-Api-Key", "chat", "Any credential of the chat plane, for clients that can't set `Authorization`."),
        "widgetApiKeyHeader": placed("header", "X-Widget-Api-Key", "chat", "The same, as Open Chat Widget's clients send it."),
    })
}

/// The operation's `security`: any one of these opens it. Empty: nothing is asked.
#[must_use]
pub fn requirements(row: &Row) -> Vec<Value> {
    if is_let_in(&key(CredentialKind::Secret, ScopeSet::NONE), row.need) {
        return Vec::new();
    }
    let mut all = Vec::new();
    let mut add = |scheme: &str, scopes: Vec<String>| {
        let mut requirement = Map::new();
        requirement.insert(scheme.to_owned(), json!(scopes));
        all.push(Value::Object(requirement));
    };
    if is_let_in(&Principal::Admin, row.need) {
        add("adminKey", Vec::new());
        add("adminKeyHeader", Vec::new());
    }
    if is_let_in(&session(), row.need) {
        add("sessionToken", Vec::new());
    }
    // Reading comes before writing, which includes it: the first is the least that opens it.
    let opens = |scope: &Scope| is_let_in(&key(CredentialKind::Secret, ScopeSet::from_iter([*scope])), row.need);
    if let Some(scope) = Scope::ALL.into_iter().find(opens) {
        add("secretKey", vec![scope.to_string()]);
    }
    if is_let_in(&key(CredentialKind::Publishable, ScopeSet::NONE), row.need) {
        add(if row.plane == Plane::Widget { "publishableKeyInQuery" } else { "publishableKey" }, Vec::new());
    }
    if is_let_in(&Principal::WidgetApiKey, row.need) {
        add("widgetApiKey", Vec::new());
    }
    if row.plane == Plane::Chat && matches!(row.need, Need::Chat | Need::History) {
        add("apiKeyHeader", Vec::new());
        add("widgetApiKeyHeader", Vec::new());
    }
    all
}

/// The row's need in one word.
#[must_use]
pub fn need(need: Need) -> String {
    match need {
        Need::Public => "public".to_owned(),
        Need::Admin => "admin".to_owned(),
        Need::Scope(scope) => scope.to_string(),
        Need::Chat => "chat".to_owned(),
        Need::History => "history".to_owned(),
        Need::MintWidgetToken => Scope::WidgetToken.to_string(),
        Need::Widget => "widget".to_owned(),
    }
}

fn is_let_in(principal: &Principal, need: Need) -> bool {
    authorize(principal, need, None).is_ok()
}

fn tenant() -> TenantId {
    TenantId::parse("acme").expect("`acme` is a tenant's slug")
}

fn session() -> Principal {
    let id = CredentialId::parse("ses_0123456789abcdef01234567").expect("24 hex digits");
    Principal::Session { id, tenant: tenant() }
}

fn key(kind: CredentialKind, scopes: ScopeSet) -> Principal {
    let id = CredentialId::parse("key_0123456789abcdef01234567").expect("24 hex digits");
    Principal::Key { id, kind, tenant: tenant(), environment: Environment::production(), scopes }
}
