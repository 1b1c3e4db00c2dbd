//! Agent providers: what answers. Each says its answer piece by piece and names the sources that it rests on.
//! What is asked and what is said is never trusted with more than that: no provider decides who may do what.

mod openai;
mod scripted;
mod sources;

use crate::bindings;
use crate::log;
use crate::objects::tenant::Search;
use crate::settings::Settings;
use crate::store::sources::Hit;
use weft_shared::agent::openai::Exchange;
use weft_shared::agent::{Passage, search_terms};
use weft_shared::config::{AgentConfig, Provider};
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::TenantId;
use weft_shared::session::server::{Outcome, Profile};
use worker::Env;

/// Passages to choose from.
const MAX_HITS: u32 = 12;

/// A question, and whose agent it is for.
pub(crate) struct Asking<'a> {
    pub(crate) env: &'a Env,
    pub(crate) tenant: &'a TenantId,
    pub(crate) agent: &'a AgentConfig,
    pub(crate) question: &'a str,
    /// What the author's token said, where there was one.
    pub(crate) visitor: Option<&'a Profile>,
    /// Reads what was said before.
    pub(crate) history: &'a dyn Fn() -> Result<Vec<Exchange>, Refusal>,
}

/// Has a question answered. Each piece of the answer is said as it comes; an empty one is a sign of life. Dropped, it
/// stops asking.
///
/// # Errors
/// `agent_failed`, `misconfigured`, or what an authority refused.
pub(crate) async fn answer(asking: &Asking<'_>, say: &dyn Fn(&str)) -> Result<Outcome, Refusal> {
    match asking.agent.provider {
        Provider::Sources => sources::answer(asking, say).await.map(Outcome::Complete),
        Provider::OpenAi => openai::answer(asking, say).await,
        // Also held here: a config that was deployed while tests ran must not play scripts for visitors.
        Provider::Scripted if Settings::read(asking.env)?.allows_scripted => {
            scripted::answer(asking, say).await.map(Outcome::Complete)
        }
        provider @ Provider::Scripted => {
            log::warning("agent_not_available", &serde_json::json!({ "provider": provider.as_str() }));
            Err(ErrorCode::AgentFailed.into())
        }
    }
}

/// The passages of the tenant's sources that a question finds.
async fn search(asking: &Asking<'_>) -> Result<Vec<Passage>, Refusal> {
    let Some(expression) = search_terms(asking.question) else { return Ok(Vec::new()) };
    let hits = bindings::tenant(asking.env, asking.tenant).ask(Search { expression, limit: MAX_HITS }).await?;
    let passage = |hit: Hit| Passage { title: hit.title, url: hit.url, text: hit.text, score: hit.score };
    Ok(hits.into_iter().map(passage).collect())
}
