//! A tenant's config of one environment: what it may say, how it is staged, what is live.
//!
//! Decided here: every field's rule and default, what a patch does, how draft and live differ, which origins are
//! allowed. Not decided here: where it is stored, and who may change it ([`crate::auth`]).

mod changes;
mod model;
mod origin;
mod patch;
mod refresh_path;
mod staged;

pub use changes::{Change, changes};
pub use model::{AgentConfig, Appearance, Config, Provider};
pub use origin::{Origin, OriginError};
#[cfg(feature = "openapi")]
pub(crate) use patch::{MAX_ORIGINS, MAX_PER_IP, MAX_QUESTIONS};
pub use refresh_path::{MAX_REFRESH_PATH_CHARS, RefreshPath, RefreshPathError};
pub use staged::{Live, Staged};
