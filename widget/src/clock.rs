//! The one place that reads the browser's clock.

use weft_shared::time::Timestamp;

/// What time it is.
#[expect(
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    reason = "this is the clock; milliseconds fit 53 bits"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(js_sys::Date::now() as i64)
}
