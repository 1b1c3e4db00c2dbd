//! Who may do what. The one place that decides it: a route names its [`Need`], a request brings its [`Principal`], and
//! [`authorize`] says yes or which refusal. What isn't allowed here by name is denied.
//!
//! Also decided here: where in a request a credential may stand, and where not.

use crate::error::ErrorCode;
use crate::ids::{CredentialId, Environment, TenantId};
use crate::keys::credential::{CredentialKind, has_credential_shape};
use crate::keys::record::KeyRecord;
use crate::limits::Counting;
use crate::scope::{Resource, Scope, ScopeSet};
use crate::secret::{Secret, SecretHash};
use std::sync::LazyLock;

/// The tenant that `WIDGET_API_KEY` opens.
static DEFAULT_TENANT: LazyLock<TenantId> =
    LazyLock::new(|| TenantId::parse("default").expect("`default` is a tenant's slug"));

/// The tenant that `WIDGET_API_KEY` opens. It need not have been created.
#[must_use]
pub fn default_tenant() -> &'static TenantId {
    &DEFAULT_TENANT
}

/// The longest credential that is looked at, in bytes.
const MAX_CREDENTIAL_BYTES: usize = 1024;

/// Who asks: a credential that was checked and is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// The operator, by the admin key.
    Admin,
    /// An API key.
    Key {
        /// Its id.
        id: CredentialId,
        /// Publishable or secret.
        kind: CredentialKind,
        /// Its tenant.
        tenant: TenantId,
        /// Its environment.
        environment: Environment,
        /// What it may do.
        scopes: ScopeSet,
    },
    /// A session token.
    Session {
        /// Its id.
        id: CredentialId,
        /// Its tenant.
        tenant: TenantId,
    },
    /// `WIDGET_API_KEY`: chat for tenant `default`, for clients of Open Chat Widget.
    WidgetApiKey,
}

impl Principal {
    /// The tenant that it is confined to. `None`: the operator.
    #[must_use]
    pub fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Admin => None,
            Self::Key { tenant, .. } | Self::Session { tenant, .. } => Some(tenant),
            Self::WidgetApiKey => Some(&DEFAULT_TENANT),
        }
    }

    /// The environment that it belongs to, where it belongs to one.
    #[must_use]
    pub const fn environment(&self) -> Option<&Environment> {
        match self {
            Self::Key { environment, .. } => Some(environment),
            Self::Admin | Self::Session { .. } | Self::WidgetApiKey => None,
        }
    }

    /// What a token minted by it names as `azp`: the key's or session's id.
    #[must_use]
    pub const fn azp(&self) -> Option<&CredentialId> {
        match self {
            Self::Key { id, .. } | Self::Session { id, .. } => Some(id),
            Self::Admin | Self::WidgetApiKey => None,
        }
    }

    /// The scopes that it can hand on to a key that it creates: no key grants more than its own.
    #[must_use]
    pub fn scopes(&self) -> ScopeSet {
        match self {
            Self::Admin => ScopeSet::all(),
            Self::Key { kind: CredentialKind::Secret, scopes, .. } => *scopes,
            Self::Session { .. } => ScopeSet::all_but_keys(),
            Self::Key { .. } | Self::WidgetApiKey => ScopeSet::NONE,
        }
    }
}

/// The record says who its credential is. Whether that is in force is the record's [`KeyRecord::is_usable`].
impl From<&KeyRecord> for Principal {
    fn from(record: &KeyRecord) -> Self {
        match record.kind {
            CredentialKind::Session => Self::Session { id: record.id.clone(), tenant: record.tenant.clone() },
            kind @ (CredentialKind::Publishable | CredentialKind::Secret) => Self::Key {
                id: record.id.clone(),
                kind,
                tenant: record.tenant.clone(),
                environment: record.environment.clone(),
                scopes: record.scopes,
            },
        }
    }
}

/// What a route asks of who calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: anyone.
    Public,
    /// The admin key.
    Admin,
    /// Management: the admin key, a session token, or a secret key with this scope.
    Scope(Scope),
    /// The chat plane: a publishable key, a secret key with `messages:write`, a session token or `WIDGET_API_KEY`.
    Chat,
    /// A conversation's messages on the chat plane: as [`Self::Chat`], but a secret key needs `messages:read`. Whoever
    /// isn't the customer's server needs the conversation's history secret as well.
    History,
    /// A secret key with `widget:token` or a session token.
    MintWidgetToken,
    /// The widget plane: a publishable key.
    Widget,
}

impl Need {
    /// What a request counts as that needs this, with the deployment's limit on widget tokens.
    #[must_use]
    pub const fn counting(self, mints_per_minute: u32) -> Counting {
        match self {
            Self::MintWidgetToken => Counting::Mint { per_minute: mints_per_minute },
            Self::Public | Self::Admin | Self::Scope(_) | Self::Chat | Self::History | Self::Widget => {
                Counting::Request
            }
        }
    }
}

/// Whether `principal` may do what needs `need` to what belongs to `tenant` (`None`: to nobody, or to the principal's
/// own tenant).
///
/// The scope is looked at first and says nothing about other tenants: it depends on the credential alone. Then another
/// tenant's resource is `not_found`, exactly as a missing one.
///
/// # Errors
/// [`ErrorCode::InsufficientScope`] or [`ErrorCode::NotFound`].
pub fn authorize(principal: &Principal, need: Need, tenant: Option<&TenantId>) -> Result<(), ErrorCode> {
    if !reaches(principal, need) {
        return Err(ErrorCode::InsufficientScope);
    }
    match (principal.tenant(), tenant) {
        (Some(own), Some(asked)) if own != asked => Err(ErrorCode::NotFound),
        _ => Ok(()),
    }
}

fn reaches(principal: &Principal, need: Need) -> bool {
    use CredentialKind::{Publishable, Secret};
    match principal {
        Principal::Admin => matches!(need, Need::Public | Need::Admin | Need::Scope(_)),
        Principal::Key { kind: Publishable, .. } => {
            matches!(need, Need::Public | Need::Chat | Need::History | Need::Widget)
        }
        Principal::Key { kind: Secret, scopes, .. } => scopes_reach(*scopes, need),
        Principal::Session { .. } => scopes_reach(ScopeSet::all_but_keys(), need),
        Principal::WidgetApiKey => matches!(need, Need::Public | Need::Chat | Need::History),
        // A session's record makes a `Principal::Session`: a key of that kind is nobody's.
        Principal::Key { kind: CredentialKind::Session, .. } => need == Need::Public,
    }
}

fn scopes_reach(scopes: ScopeSet, need: Need) -> bool {
    match need {
        Need::Public => true,
        Need::Scope(scope) => scopes.grants(scope),
        Need::Chat => scopes.grants(Scope::Write(Resource::Messages)),
        Need::History => scopes.grants(Scope::Read(Resource::Messages)),
        Need::MintWidgetToken => scopes.grants(Scope::WidgetToken),
        Need::Admin | Need::Widget => false,
    }
}

/// A key that is a setting of the deployment, `ADMIN_API_KEY` or `WIDGET_API_KEY`: kept as a hash, compared in
/// constant time.
#[derive(Debug, Clone, Copy)]
pub struct FixedKey(SecretHash);

/// The operator's root credential.
pub type AdminKey = FixedKey;

impl FixedKey {
    /// Takes the setting in. `None` where it is empty or blank: an empty key must never match an empty credential.
    #[must_use]
    pub fn parse(setting: &str) -> Option<Self> {
        let setting = setting.trim_ascii();
        (!setting.is_empty()).then(|| Self(SecretHash::of(setting)))
    }

    /// Whether `presented` is this key. Takes the same time wherever the two differ.
    #[must_use]
    pub fn matches(&self, presented: &str) -> bool {
        self.0 == SecretHash::of(presented)
    }
}

/// The group of routes that a request belongs to: which headers may carry its credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plane {
    /// Also takes `X-Api-Key` and `X-Widget-Api-Key`.
    Chat,
    /// Also takes `X-Admin-Api-Key`.
    Management,
    /// `Authorization` alone.
    Widget,
}

impl Plane {
    const fn headers(self) -> &'static [&'static str] {
        match self {
            Self::Chat => &["X-Api-Key", "X-Widget-Api-Key"],
            Self::Management => &["X-Admin-Api-Key"],
            Self::Widget => &[],
        }
    }
}

/// Finds the credential that a request presents: `Authorization: Bearer …`, else the plane's own headers in their
/// order. Where `Authorization` is there, it alone counts. `header` looks a header up, whatever its name's case.
///
/// # Errors
/// [`ErrorCode::MissingAuthorization`] where there is none; [`ErrorCode::MalformedKey`] where `Authorization` has
/// another scheme or nothing that can be a credential.
pub fn pick_credential(header: &dyn Fn(&str) -> Option<String>, plane: Plane) -> Result<Secret, ErrorCode> {
    let present = |name: &str| header(name).map(Secret::new).filter(|value| !value.expose().trim_ascii().is_empty());
    if let Some(value) = present("Authorization") {
        // RFC 9110 section 11.1: the scheme's case doesn't matter.
        return match value.expose().trim_ascii().split_once(' ') {
            Some((scheme, credential)) if scheme.eq_ignore_ascii_case("bearer") => plain(credential),
            _ => Err(ErrorCode::MalformedKey),
        };
    }
    plane
        .headers()
        .iter()
        .find_map(|name| present(name))
        .map_or(Err(ErrorCode::MissingAuthorization), |value| plain(value.expose()))
}

/// One credential and nothing else: two headers of one name arrive joined by a comma and a blank.
fn plain(text: &str) -> Result<Secret, ErrorCode> {
    let text = text.trim_ascii();
    let is_plain = (1..=MAX_CREDENTIAL_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain.then(|| Secret::new(text)).ok_or(ErrorCode::MalformedKey)
}

/// Every header that carries a credential, of whatever kind.
const CREDENTIAL_HEADERS: [&str; 6] =
    ["Authorization", "X-Api-Key", "X-Widget-Api-Key", "X-Admin-Api-Key", "X-Widget-Token", "X-History-Secret"];

/// What a request carries that is or could be a credential, wherever it stands: for a request that came over plain HTTP,
/// where all of it could be read on the way. Empty: it carries none.
#[must_use]
pub fn exposed_credentials(header: &dyn Fn(&str) -> Option<String>, query: &str) -> Vec<Secret> {
    let headers = CREDENTIAL_HEADERS.iter().filter_map(|name| header(name));
    let headers = headers.filter(|value| !value.trim_ascii().is_empty());
    let queried = parameters(query)
        .filter(|(name, value)| is_credential_name(name) || is_credential_text(name) || is_credential_text(value));
    let queried = queried.map(|(name, value)| if is_credential_text(&name) { name } else { value });
    headers.chain(queried).map(|text| Secret::new(without_scheme(&text))).collect()
}

/// The text behind `Bearer`, where that stands before it.
fn without_scheme(text: &str) -> &str {
    let text = text.trim();
    match text.split_once(' ') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") => rest.trim(),
        _ => text,
    }
}

/// Names of query parameters that carry credentials elsewhere, without `-` and `_`, in lower case.
const CREDENTIAL_NAMES: [&str; 16] = [
    "key",
    "apikey",
    "xapikey",
    "xwidgetapikey",
    "xadminapikey",
    "adminapikey",
    "widgetapikey",
    "token",
    "accesstoken",
    "authtoken",
    "widgettoken",
    "sessiontoken",
    "authorization",
    "bearer",
    "secret",
    "historysecret",
];

/// Whether a URL's query carries a credential: a parameter named like one, or text of a credential's or a JWT's shape
/// anywhere. URLs end in logs, histories and `Referer` headers, so such a request is refused with `invalid_request`,
/// whatever else is right about it.
#[must_use]
pub fn credential_in_query(query: &str) -> bool {
    parameters(query)
        .any(|(name, value)| is_credential_name(&name) || is_credential_text(&name) || is_credential_text(&value))
}

/// The same for the widget plane, whose publishable key comes as `key`: the one exception. It must be the
/// only one, so that no two readers of the query see different keys.
#[must_use]
pub fn credential_in_widget_query(query: &str) -> bool {
    let mut keys = 0_usize;
    let is_found = parameters(query).any(|(name, value)| {
        if name == "key" {
            keys += 1;
            return is_credential_text(&value) && !value.starts_with(CredentialKind::Publishable.prefix());
        }
        is_credential_name(&name) || is_credential_text(&name) || is_credential_text(&value)
    });
    is_found || keys > 1
}

fn parameters(query: &str) -> impl Iterator<Item = (String, String)> {
    let query = query.strip_prefix('?').unwrap_or(query);
    url::form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned()))
}

fn is_credential_name(name: &str) -> bool {
    let folded: String = name.chars().filter(|c| !matches!(c, '-' | '_')).collect::<String>().to_ascii_lowercase();
    CREDENTIAL_NAMES.contains(&folded.as_str())
}

fn is_credential_text(text: &str) -> bool {
    let text = without_scheme(text);
    // A key cut short still gives most of itself away.
    [CredentialKind::Publishable, CredentialKind::Secret].iter().any(|kind| text.starts_with(kind.prefix()))
        || has_credential_shape(text)
        || is_jwt_shaped(text)
}

/// `{"` in base64url is `eyJ`: so begins every JWT that anyone makes.
fn is_jwt_shaped(text: &str) -> bool {
    text.starts_with("eyJ") && text.split('.').count() == 3
}

#[cfg(test)]
mod tests;
