//! The only place that reads the clock: time is an argument everywhere else.

use std::time::Instant;

/// The time now, on a clock that never goes back.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> Instant {
    Instant::now()
}
