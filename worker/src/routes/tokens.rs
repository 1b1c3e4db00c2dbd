//! `POST /widget-token` and `POST /test-widget-token`

use super::{Asked, Managed};
use crate::access;
use crate::clock;
use crate::entropy;
use crate::live;
use crate::reply::Reply;
use crate::routes::widget;
use crate::settings::{Settings, misconfigured};
use weft_shared::auth::{Need, Principal, authorize};
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::{Environment, TenantId};
use weft_shared::limits::Counting;
use weft_shared::protocol::http::{MintWidgetToken, WidgetTokenBody, read_optional_body};
use weft_shared::tokens::widget_token::{Mint, TTL_DEFAULT_SECS, User};

/// The end user that the test route's tokens are for.
const TEST_USER: &str = "test-user";

/// `POST /widget-token`
pub(super) async fn mint(managed: Managed<'_>) -> Result<Reply, Refusal> {
    let body: MintWidgetToken = read_optional_body(&managed.incoming.body().await?)?;
    let ttl_secs = body.ttl_secs()?;
    let (Some(tenant), Some(azp)) = (managed.principal.tenant(), managed.principal.azp()) else {
        return Err(ErrorCode::InsufficientScope.into());
    };
    let environment = match (managed.principal.environment(), body.environment) {
        // A key minting for another environment than its own would reach beyond itself.
        (Some(own), Some(asked)) if *own != asked => {
            return Err(Refusal::invalid("environment must be the key's own, or left out."));
        }
        (Some(own), _) => own.clone(),
        (None, asked) => asked.unwrap_or_else(Environment::production),
    };
    let token = sign(managed.settings, tenant, &environment, azp.as_str(), body.user.as_ref(), ttl_secs)?;
    Ok(Reply::ok(&token))
}

/// `POST /test-widget-token`: what a customer's refresh endpoint would answer, to allowed origins alone.
pub(super) async fn test(asked: &mut Asked<'_>, settings: &Settings) -> Result<Reply, Refusal> {
    let counting = Need::MintWidgetToken.counting(settings.mints_per_minute);
    let (principal, origin) = test_page(asked, settings, Some(counting)).await?;
    // Whatever the body says, it is read no further than any other.
    asked.incoming.body().await?;
    let Principal::Key { id, tenant, environment, .. } = principal else { return Err(ErrorCode::NotFound.into()) };
    let user = User { id: TEST_USER.to_owned(), name: None, email: None, data: None };
    let token = sign(settings, &tenant, &environment, id.as_str(), Some(&user), TTL_DEFAULT_SECS)?;
    Ok(widget::readable_with_credentials(Reply::ok(&token), origin))
}

/// The preflight of [`test`].
pub(super) async fn preflight(asked: &mut Asked<'_>, settings: &Settings) -> Result<Reply, Refusal> {
    // A browser's own question before the page's request: that one counts.
    let (_, origin) = test_page(asked, settings, None).await?;
    Ok(widget::readable_with_credentials(widget::preflight_reply("POST"), origin))
}

/// The key that the test route mints with, and the page's origin, where that is allowed.
async fn test_page(
    asked: &mut Asked<'_>,
    settings: &Settings,
    counting: Option<Counting>,
) -> Result<(Principal, String), Refusal> {
    let key = settings.test_key.as_ref().ok_or(ErrorCode::NotFound)?;
    let admitted = access::authenticate(asked, settings, key.expose(), counting).await;
    let admitted = admitted.map_err(|refusal| match refusal.code {
        ErrorCode::Unavailable | ErrorCode::RateLimited => refusal,
        _ => misconfigured("TEST_WIDGET_TOKEN_API_KEY", refusal.code.code()),
    })?;
    let principal = Principal::from(&admitted.record);
    authorize(&principal, Need::MintWidgetToken, None)
        .map_err(|_| misconfigured("TEST_WIDGET_TOKEN_API_KEY", "is not a secret key with widget:token"))?;
    let record = &admitted.record;
    let live = live::config(asked.env, &record.tenant, &record.environment, admitted.standing.live_version).await?;
    // Browsers send an Origin with every POST; without one this isn't a page's request.
    let origin = asked.incoming.origin().filter(|origin| live.config.is_origin_allowed(origin));
    Ok((principal, origin.ok_or(ErrorCode::OriginNotAllowed)?))
}

fn sign(
    settings: &Settings,
    tenant: &TenantId,
    environment: &Environment,
    azp: &str,
    user: Option<&User>,
    ttl_secs: u32,
) -> Result<WidgetTokenBody, Refusal> {
    let mint = Mint { issuer: &settings.issuer, tenant, environment, azp, user, ttl_secs, jti: entropy::unique_id() };
    let (token, expires_at) = mint.mint(&settings.keys, clock::now())?;
    Ok(WidgetTokenBody { token, expires_at })
}
