//! What a request counts as: which of its key's windows it counts in, how many of its kind pass there within 60 s, and
//! what is told of that.
//!
//! Not decided here: what counts within a window ([`super::window`]), and where windows are kept.

use super::window::{Admitted, Refused};
use crate::error::{ErrorCode, Refusal};
use crate::keys::{CredentialKind, KeyRecord};
use crate::protocol::http::MAX_RATE_LIMIT_PER_MINUTE;
use serde::{Deserialize, Serialize};

/// Requests a minute with one key or session token, unless the key has a limit of its own.
pub const REQUESTS_PER_MINUTE: u32 = 100;
/// Widget tokens a minute with one key or session token, unless the deployment is set otherwise.
pub const MINTS_PER_MINUTE: u32 = 6_000;

/// What a request counts as. Each kind has a window of its own, so that visitors who come for tokens don't eat up what
/// the customer's server has for the API, nor the reverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// A request to the API, against the key's own limit.
    Request,
    /// A widget token, against the deployment's limit.
    Mint {
        /// That limit.
        per_minute: u32,
    },
}

impl Counting {
    /// The window's name: in storage, and as the policy's name in the headers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "default",
            Self::Mint { .. } => "widget-token",
        }
    }

    /// How many pass within 60 s with this key. None: as many as come. Publishable keys are in every page, so a limit on
    /// one would let any stranger shut out all visitors: what limits those is counted by address.
    #[must_use]
    pub fn limit(self, record: &KeyRecord) -> Option<u32> {
        match (record.kind, self) {
            (CredentialKind::Publishable, _) => None,
            (_, Self::Request) => Some(record.rate_limit_per_minute.unwrap_or(REQUESTS_PER_MINUTE)),
            (_, Self::Mint { per_minute }) => Some(per_minute),
        }
    }
}

/// Reads a setting of so many a minute. None where it is no such number.
#[must_use]
pub fn parse_per_minute(setting: &str) -> Option<u32> {
    setting.trim_ascii().parse().ok().filter(|limit| (1..=MAX_RATE_LIMIT_PER_MINUTE).contains(limit))
}

/// A request that a window was asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// As what.
    pub counting: Counting,
    /// How many pass within 60 s.
    pub limit: u32,
    /// Whether this one did.
    pub verdict: Result<Admitted, Refused>,
}

impl Counted {
    /// Whether the request may go on.
    ///
    /// # Errors
    /// `rate_limited`, with the first whole second at which one passes.
    pub fn check(&self) -> Result<(), Refusal> {
        match self.verdict {
            Ok(_) => Ok(()),
            Err(refused) => Err(Refusal::from(ErrorCode::RateLimited).retry_after(refused.retry_after_secs)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_a_whole_number_within_bounds() {
        for (setting, limit) in [("1", Some(1)), (" 6000 ", Some(6_000)), ("100000", Some(100_000))] {
            assert_eq!(parse_per_minute(setting), limit);
        }
        for bad in ["", "0", "-1", "1.5", "1e3", "100001", "none", "99999999999"] {
            assert_eq!(parse_per_minute(bad), None, "{bad}");
        }
    }

    #[test]
    fn names_of_windows_are_pinned() {
        // A change here would forget what is stored under them.
        assert_eq!([Counting::Request.name(), Counting::Mint { per_minute: 1 }.name()], ["default", "widget-token"]);
    }
}
