//! Who asks on the chat plane, and what the live config says to them.

use crate::access::{self, Admitted};
use crate::bindings;
use crate::clock;
use crate::live;
use crate::objects::tenant::{Create, Describe, ReadLive};
use crate::routes::{Asked, actor_address};
use crate::settings::Settings;
use futures_util::future::join;
use weft_shared::audit::{Actor, By};
use weft_shared::auth::{Need, Plane, Principal, pick_credential};
use weft_shared::config::Live;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::{Environment, TenantId};
use weft_shared::keys::{CredentialKind, Side};
use weft_shared::limits::QuotaLimits;
use weft_shared::protocol::http::CreateTenant;

/// A credential that may do what it asks, from a page that may ask it.
pub(super) struct Caller {
    /// Whose.
    pub(super) tenant: TenantId,
    /// In which environment it speaks: a key's own, else `production`.
    pub(super) environment: Environment,
    /// In which environment it reads; none: in all of them.
    pub(super) readable_environment: Option<Environment>,
    /// A page's, or a server's.
    pub(super) side: Side,
    /// Whether it must bring a signed widget token.
    pub(super) require_signed_token: bool,
    /// What the live config allows a visitor's address.
    pub(super) limits: QuotaLimits,
    /// The version of the live config, where there is one.
    pub(super) live_version: Option<u32>,
}

impl Caller {
    /// Finds the caller: credential, then what it may do, then the page's origin.
    pub(super) async fn of(asked: &mut Asked<'_>, settings: &Settings, need: Need) -> Result<Self, Refusal> {
        let credential = pick_credential(&|name| asked.incoming.header(name), Plane::Chat)?;
        if settings.widget_key.is_some_and(|key| key.matches(credential.expose())) {
            return Self::of_widget_api_key(asked, settings, need).await;
        }
        if settings.admin.is_some_and(|key| key.matches(credential.expose())) {
            access::allow(&Principal::Admin, need, None)?;
        }
        let counting = need.counting(settings.mints_per_minute);
        let admitted = access::authenticate(asked, settings, credential.expose(), Some(counting)).await?;
        access::allow(&Principal::from(&admitted.record), need, None)?;
        match admitted.record.kind {
            CredentialKind::Publishable => Self::of_page(asked, need, admitted).await,
            CredentialKind::Secret | CredentialKind::Session => Self::of_server(asked, need, admitted).await,
        }
    }

    /// A publishable key: the live config's rules hold.
    async fn of_page(asked: &mut Asked<'_>, need: Need, admitted: Admitted) -> Result<Self, Refusal> {
        let Admitted { record, standing } = admitted;
        let live = live::config(asked.env, &record.tenant, &record.environment, standing.live_version).await?;
        let is_page = allow_origin(asked, Some(&live), false)?;
        // Browsers name the page's origin with every `POST`. With a `GET` of the Worker's own pages they don't, and what is
        // read is behind the history secret.
        if !is_page && need == Need::Chat {
            return Err(ErrorCode::OriginNotAllowed.into());
        }
        Ok(Self {
            readable_environment: Some(record.environment.clone()),
            environment: record.environment,
            tenant: record.tenant,
            side: Side::Page,
            require_signed_token: live.config.require_signed_token || standing.hipaa,
            limits: live.config.quota_limits(),
            live_version: Some(live.version),
        })
    }

    /// A secret key or session token: the customer's own server, which vouches for whom it speaks for. Pages have no
    /// business with these, so no page may read the answer.
    async fn of_server(asked: &Asked<'_>, need: Need, admitted: Admitted) -> Result<Self, Refusal> {
        let Admitted { record, standing } = admitted;
        let live_version = match need {
            Need::Chat => {
                let live = live::config(asked.env, &record.tenant, &record.environment, standing.live_version).await?;
                Some(live.version)
            }
            _ => None,
        };
        Ok(Self {
            readable_environment: (record.kind != CredentialKind::Session).then(|| record.environment.clone()),
            environment: record.environment,
            tenant: record.tenant,
            side: Side::Server,
            require_signed_token: false,
            limits: QuotaLimits::default(),
            live_version,
        })
    }

    /// `WIDGET_API_KEY`: tenant `default`, which is made where it isn't there yet. No guard knows this key, so its
    /// tenant is asked itself.
    async fn of_widget_api_key(asked: &mut Asked<'_>, settings: &Settings, need: Need) -> Result<Self, Refusal> {
        let principal = Principal::WidgetApiKey;
        access::allow(&principal, need, None)?;
        let tenant = principal.tenant().cloned().ok_or(ErrorCode::Internal)?;
        asked.tenant = Some(tenant.to_string());
        let environment = Environment::production();
        let object = bindings::tenant(asked.env, &tenant);
        let (described, live) =
            join(object.ask(Describe {}), object.ask(ReadLive { environment: environment.clone() })).await;
        let hipaa = found(described)?.map(|tenant| tenant.hipaa);
        let live = found(live)?.flatten();
        // A page of anywhere, until there is a list: that is for trying it out, and never for production. Servers have no
        // origin, and are let through as Open Chat Widget lets them.
        allow_origin(asked, live.as_ref(), !settings.is_production)?;
        if hipaa.is_none() && need == Need::Chat {
            create(asked, settings, &tenant).await?;
        }
        Ok(Self {
            require_signed_token: hipaa.unwrap_or_default()
                || live.as_ref().is_some_and(|live| live.config.require_signed_token),
            limits: live.as_ref().map(|live| live.config.quota_limits()).unwrap_or_default(),
            live_version: live.map(|live| live.version),
            readable_environment: Some(environment.clone()),
            tenant,
            environment,
            side: Side::Page,
        })
    }
}

/// Whether a page asks; then it may read the answer.
///
/// # Errors
/// `origin_not_allowed` where it isn't on the live config's list, or, without a config, `is_open` is false.
fn allow_origin(asked: &mut Asked<'_>, live: Option<&Live>, is_open: bool) -> Result<bool, Refusal> {
    let Some(origin) = asked.incoming.origin() else { return Ok(false) };
    let is_allowed = live.map_or(is_open, |live| live.config.is_origin_allowed(&origin));
    if !is_allowed {
        return Err(ErrorCode::OriginNotAllowed.into());
    }
    asked.readable_by = Some(origin);
    Ok(true)
}

/// Makes the tenant, as if the operator had. Whoever else makes it at the same time makes the same one.
async fn create(asked: &Asked<'_>, settings: &Settings, tenant: &TenantId) -> Result<(), Refusal> {
    let by = By { actor: Actor::System, address: actor_address(settings, &asked.incoming, tenant) };
    let body = CreateTenant { id: tenant.clone(), name: None, hipaa: false, retention_days: None };
    let call = Create { tenant: body.into_tenant(clock::now())?, by };
    match bindings::tenant(asked.env, tenant).ask(call).await {
        Err(refusal) if refusal.code != ErrorCode::Conflict => Err(refusal),
        _ => Ok(()),
    }
}

/// What a tenant's object says of itself; none where there is no such tenant.
fn found<T>(result: Result<T, Refusal>) -> Result<Option<T>, Refusal> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(refusal) if refusal.code == ErrorCode::NotFound => Ok(None),
        Err(refusal) => Err(refusal),
    }
}
