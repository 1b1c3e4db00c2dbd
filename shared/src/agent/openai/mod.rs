//! The agent provider `openai`: any server that speaks OpenAI's chat completions, streaming.
//!
//! Decided here: where requests go ([`Endpoint`]), what a model is asked ([`request_body`]), how its stream is read
//! ([`Reading`]), what is tried again and when ([`pause_before_retry`]). Asking is the Worker's.

mod endpoint;
mod event_stream;
mod history;
mod reading;
mod request;
mod retry;

pub use endpoint::{Endpoint, InvalidEndpoint};
pub use event_stream::{EventStream, MAX_EVENT_BYTES, Unreadable};
pub use history::{Exchange, MAX_EXCHANGES, MAX_HISTORY_CHARS, MAX_TURN_CHARS, exchanges};
pub use reading::{Failure, Finish, Reading};
pub use request::{Prompt, request_body};
pub use retry::{Attempt, pause_before_retry};
