//! The limits of a visitor's address, asked of its `IpQuota` object: the one way in for messages by WebSocket and by
//! HTTP, and for the widget's question whether it is to show at all.
//!
//! The limits come from the live config of that moment, so a lowered one holds at once and a raised one lets in at once.
//! Messages are counted also where no limit is set, so that a limit that is set later holds for what was sent before.
//! That is done on the side: nobody waits for it, and nothing is refused where it fails.

use crate::bindings;
use crate::objects::ip_quota::{Count, Reached};
use weft_shared::error::Refusal;
use weft_shared::ids::{Environment, TenantId};
use weft_shared::limits::{LimitHit, QuotaLimits};
use weft_shared::secret::SecretHash;
use weft_shared::session::server::Denial;
use worker::Env;

/// A visitor's address at a tenant: what its limits hold for.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Whose visitor.
    pub(crate) tenant: TenantId,
    /// In which environment.
    pub(crate) environment: Environment,
    /// What stands for the address: `MasterKey::ip_pseudonym`.
    pub(crate) visitor: String,
}

/// Counts a message, or says why it may not pass. The last question before a message is stored: what is refused for
/// another reason isn't counted, and neither is a duplicate, for which this must not be called. The same `message` is
/// counted once, so that one whose conversation died before it stored it may come again.
///
/// # Errors
/// [`Denial::Limited`]; [`Denial::Refused`] where the counters can't be reached: then nobody is let through.
pub(crate) async fn count(env: &Env, place: &Place, message: &str, limits: QuotaLimits) -> Result<(), Denial> {
    let call = Count { message: SecretHash::of(message), limits };
    match bindings::ip_quota(env, place).ask(call).await.map_err(crate::access::authority)? {
        Some(hit) => Err(Denial::Limited(hit)),
        None => Ok(()),
    }
}

/// Which limit keeps this visitor out now, if one does. Where no limit is set, nobody is asked.
///
/// # Errors
/// `unavailable` where the counters can't be reached.
pub(crate) async fn reached(env: &Env, place: &Place, limits: QuotaLimits) -> Result<Option<LimitHit>, Refusal> {
    if limits.is_open() {
        return Ok(None);
    }
    bindings::ip_quota(env, place).ask(Reached { limits }).await.map_err(crate::access::authority)
}
