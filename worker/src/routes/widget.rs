//! `GET /widget/config` and `GET /widget/session`: what a page's browser calls, with a publishable key.

use super::Asked;
use crate::access;
use crate::bindings;
use crate::clock;
use crate::entropy;
use crate::extract::Incoming;
use crate::live;
use crate::objects::conversation::SessionContext;
use crate::objects::socket_gate::{Close, Open};
use crate::quota::{self, Place};
use crate::reply::Reply;
use crate::settings::Settings;
use std::rc::Rc;
use weft_shared::auth::{Need, Principal};
use weft_shared::config::Live;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::keys::{Credential, KeyRecord};
use weft_shared::protocol::paths::KEY_PARAM;
use weft_shared::session::server::SocketContext;

/// How long a browser may keep a preflight's answer. Short: a deploy can take an origin off the list.
const PREFLIGHT_MAX_AGE_SECS: &str = "60";

/// The period of the rate limit `WIDGET_RATE` (`wrangler.toml`).
const FLOOD_PERIOD_SECS: u32 = 60;

/// A publishable key and what it opens.
struct Opened {
    record: KeyRecord,
    live: Rc<Live>,
    /// HIPAA's rules, or the config's own.
    require_signed_token: bool,
}

/// `GET /widget/config?key=`
pub(super) async fn config(asked: &mut Asked<'_>, settings: &Settings) -> Result<Reply, Refusal> {
    let opened = open(asked, settings).await?;
    let mut body = opened.live.config.for_widget(&opened.record.tenant, &opened.record.environment);
    body.require_signed_token = opened.require_signed_token;
    if let Some(hit) =
        quota::reached(asked.env, &place(asked, settings, &opened)?, opened.live.config.quota_limits()).await?
    {
        body.hidden_until = Some(hit.reset_at.to_rfc3339());
        body.hidden_for_secs = Some(hit.reset_in_secs(clock::now()));
    }
    let reply = Reply::ok(&body);
    Ok(match allowed_origin(&asked.incoming, &opened.live)? {
        Some(origin) => reply.with("Access-Control-Allow-Origin", origin),
        // A page of the Worker's own origin: its GETs carry none.
        None => reply,
    })
}

/// The preflight of [`config`].
pub(super) async fn preflight(asked: &mut Asked<'_>, settings: &Settings) -> Result<Reply, Refusal> {
    let opened = open(asked, settings).await?;
    let origin = allowed_origin(&asked.incoming, &opened.live)?.ok_or(ErrorCode::OriginNotAllowed)?;
    Ok(preflight_reply("GET").with("Access-Control-Allow-Origin", origin))
}

/// `GET /widget/session?key=&conversation=`: everything is checked before the upgrade, so that a refusal is a plain
/// answer and wakes no conversation.
pub(super) async fn session(asked: &mut Asked<'_>, settings: &Settings) -> Result<Reply, Refusal> {
    if !asked.incoming.is_upgrade() {
        return Err(Refusal::invalid("This path takes WebSockets: send Upgrade: websocket."));
    }
    let conversation = asked.incoming.query().conversation()?;
    let opened = open(asked, settings).await?;
    // CORS doesn't protect WebSockets: without this check any page could open one (RFC 6455 section 10.2).
    let origin = allowed_origin(&asked.incoming, &opened.live)?.ok_or(ErrorCode::OriginNotAllowed)?;
    let place = place(asked, settings, &opened)?;
    let Opened { record, live, require_signed_token } = opened;
    // The last thing before the conversation is woken.
    let (gate, lease) = (bindings::socket_gate(asked.env, &place), entropy::unique_id());
    let listed = Open {
        tenant: record.tenant.clone(),
        conversation: conversation.clone(),
        lease: lease.clone(),
        limits: settings.sockets,
    };
    gate.ask(listed).await.map_err(access::authority)?;
    let context = SessionContext {
        socket: SocketContext {
            conversation: conversation.clone(),
            tenant: record.tenant.clone(),
            environment: record.environment.clone(),
            require_signed_token,
        },
        key: record.id.clone(),
        live_version: live.version,
        origin,
        visitor: place.visitor,
        lease: lease.clone(),
    };
    let opened = bindings::open_session(asked.env, &record.tenant, &conversation, &context.to_header()?).await;
    match opened {
        Ok(response) if response.status_code() == 101 => Ok(Reply::upgraded(response)),
        refused => {
            // It holds nothing. Where this fails too, the gate finds out by itself.
            let _ = gate.ask(Close { lease }).await;
            Err(refused.err().unwrap_or(ErrorCode::Unavailable.into()))
        }
    }
}

/// What the limits of this visitor hold for.
///
/// # Errors
/// `misconfigured` where the platform names no address.
fn place(asked: &Asked<'_>, settings: &Settings, opened: &Opened) -> Result<Place, Refusal> {
    let bucket = asked.incoming.address_bucket(settings)?;
    let KeyRecord { tenant, environment, .. } = &opened.record;
    Ok(Place {
        tenant: tenant.clone(),
        environment: environment.clone(),
        visitor: settings.keys.current.ip_pseudonym(tenant, environment, bucket.as_str()),
    })
}

/// Checks the publishable key in the query and finds its live config.
async fn open(asked: &mut Asked<'_>, settings: &Settings) -> Result<Opened, Refusal> {
    let query = asked.incoming.query();
    let key = query.get(KEY_PARAM)?.ok_or(ErrorCode::MissingAuthorization)?;
    turn_flood_away(asked, settings, key).await?;
    let admitted = access::authenticate(asked, settings, key, None).await?;
    let record = admitted.record;
    access::allow(&Principal::from(&record), Need::Widget, None)?;
    let live = live::config(asked.env, &record.tenant, &record.environment, admitted.standing.live_version).await?;
    let require_signed_token = live.config.require_signed_token || admitted.standing.hipaa;
    Ok(Opened { record, live, require_signed_token })
}

/// Turns a flood of one address on one key away before the key's guard is woken: also what is refused costs a call. A
/// credential that isn't ours gets no further than its tag.
async fn turn_flood_away(asked: &Asked<'_>, settings: &Settings, key: &str) -> Result<(), Refusal> {
    let key = Credential::authenticate(key, &settings.keys).map_err(|error| Refusal::from(error.code()))?;
    let bucket = asked.incoming.address_bucket(settings)?;
    let address = settings.keys.current.actor_pseudonym(key.tenant(), bucket.as_str());
    if bindings::is_flood(asked.env, format!("{}/{address}", key.id())).await {
        return Err(Refusal::from(ErrorCode::RateLimited).retry_after(FLOOD_PERIOD_SECS));
    }
    Ok(())
}

/// The request's `Origin`, where there is one.
///
/// # Errors
/// `origin_not_allowed` where it isn't on the live config's list.
fn allowed_origin(incoming: &Incoming, live: &Live) -> Result<Option<String>, Refusal> {
    match incoming.origin() {
        Some(origin) if live.config.is_origin_allowed(&origin) => Ok(Some(origin)),
        Some(_) => Err(ErrorCode::OriginNotAllowed.into()),
        None => Ok(None),
    }
}

/// The answer to a preflight, but for the origin.
pub(super) fn preflight_reply(method: &str) -> Reply {
    Reply::no_content()
        .with("Access-Control-Allow-Methods", method)
        .with("Access-Control-Allow-Headers", "Content-Type")
        .with("Access-Control-Max-Age", PREFLIGHT_MAX_AGE_SECS)
}

/// Lets a page of this origin read the answer, also where it sent cookies.
pub(super) fn readable_with_credentials(reply: Reply, origin: String) -> Reply {
    reply.with("Access-Control-Allow-Origin", origin).with("Access-Control-Allow-Credentials", "true")
}
