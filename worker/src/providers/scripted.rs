//! The provider `scripted`, for tests: plays the script that the message is.

use super::Asking;
use crate::clock;
use weft_shared::agent::scripted::{Ending, Script, Step};
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::protocol::ws::SourceRef;

pub(super) async fn answer(asking: &Asking<'_>, say: &dyn Fn(&str)) -> Result<Vec<SourceRef>, Refusal> {
    for step in Script::parse(asking.question).steps() {
        match step {
            Step::Delay { ms } => clock::sleep(ms).await,
            Step::Text(text) => say(&text),
            Step::End(Ending::Complete) => return Ok(Vec::new()),
            Step::End(Ending::Fail | Ending::Truncate) => return Err(ErrorCode::AgentFailed.into()),
            Step::End(Ending::Hang) => std::future::pending().await,
        }
    }
    Ok(Vec::new())
}
