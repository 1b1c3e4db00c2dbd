//! Clients of the Worker that see only what an outsider sees: HTTP, WebSocket, and a forge for widget tokens that
//! shares no code with the Worker. What the contract says is written down here once more, so that the product isn't
//! measured with its own ruler.

#![expect(clippy::panic, reason = "what isn't as the contract says fails the test here, with its words")]

mod clock;
mod deployment;
mod document;
mod forge;
mod http;
mod lab;
mod lines;
mod names;
mod objects;
mod session;
mod upstream;
mod workspace;

pub use clock::{now_secs, patiently, sleep_until};
pub use deployment::{Deployment, Settings, Started};
pub use document::OPENAPI;
pub use forge::{Forge, Jwt, base64url, hs256, kid, master_bytes, sign, widget_token_key};
pub use http::{Answer, Call};
pub use lab::{Counts, Lab};
pub use lines::Lines;
pub use names::{fresh, fresh_secret};
pub use objects::StoredObject;
pub use session::{Event, PATIENCE, Socket, Upgrade, chat_request, resume, without};
pub use upstream::{Asked, Upstream};
pub use workspace::{ORIGIN, Visit, Workspace};
