//! The provider `sources`: searches the tenant's sources and quotes what fits.

use super::Asking;
use crate::bindings;
use crate::clock;
use crate::objects::tenant::Search;
use weft_shared::agent::{Passage, compose, search_terms};
use weft_shared::error::Refusal;
use weft_shared::protocol::ws::SourceRef;

/// Passages to choose from.
const MAX_HITS: u32 = 12;
/// The pace of the answer: it is there at once, but text that grows can be read as it comes.
const PACE_MS: u32 = 30;

pub(super) async fn answer(asking: &Asking<'_>, say: &dyn Fn(&str)) -> Result<Vec<SourceRef>, Refusal> {
    let hits = match search_terms(asking.question) {
        Some(expression) => {
            bindings::tenant(asking.env, asking.tenant).ask(Search { expression, limit: MAX_HITS }).await?
        }
        None => Vec::new(),
    };
    let passages: Vec<Passage> = hits
        .into_iter()
        .map(|hit| Passage { title: hit.title, url: hit.url, text: hit.text, score: hit.score })
        .collect();
    let composed = compose(asking.question, &passages);
    for chunk in &composed.chunks {
        say(chunk);
        clock::sleep(PACE_MS).await;
    }
    Ok(composed.sources)
}
