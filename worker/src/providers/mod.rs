//! Agent providers: what answers. Each says its answer piece by piece and names the sources that it rests on.
//! What is asked and what is said is never trusted with more than that: no provider decides who may do what.

mod scripted;
mod sources;

use crate::log;
use crate::settings::Settings;
use weft_shared::config::{AgentConfig, Provider};
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::TenantId;
use weft_shared::protocol::ws::SourceRef;
use worker::Env;

/// A question, and whose agent it is for.
pub(crate) struct Asking<'a> {
    pub(crate) env: &'a Env,
    pub(crate) tenant: &'a TenantId,
    pub(crate) agent: &'a AgentConfig,
    pub(crate) question: &'a str,
}

/// Has a question answered. Dropped, it stops asking.
///
/// # Errors
/// `agent_failed`, or what an authority refused.
pub(crate) async fn answer(asking: &Asking<'_>, say: &dyn Fn(&str)) -> Result<Vec<SourceRef>, Refusal> {
    match asking.agent.provider {
        Provider::Sources => sources::answer(asking, say).await,
        // Also held here: a config that was deployed while tests ran must not play scripts for visitors.
        Provider::Scripted if Settings::read(asking.env)?.allows_scripted => scripted::answer(asking, say).await,
        provider @ (Provider::Scripted | Provider::OpenAi) => {
            log::warning("agent_not_available", &serde_json::json!({ "provider": provider.as_str() }));
            Err(ErrorCode::AgentFailed.into())
        }
    }
}
