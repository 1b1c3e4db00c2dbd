//! The provider `sources`: searches the tenant's sources and quotes what fits.

use super::Asking;
use crate::clock;
use weft_shared::agent::compose;
use weft_shared::error::Refusal;
use weft_shared::protocol::ws::SourceRef;

/// The pace of the answer: it is there at once, but text that grows can be read as it comes.
const PACE_MS: u32 = 30;

pub(super) async fn answer(asking: &Asking<'_>, say: &dyn Fn(&str)) -> Result<Vec<SourceRef>, Refusal> {
    let passages = super::search(asking).await?;
    let composed = compose(asking.question, &passages);
    for chunk in &composed.chunks {
        say(chunk);
        clock::sleep(PACE_MS).await;
    }
    Ok(composed.sources)
}
