//! The one place that reads the browser's clock and sets its timers.

use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::Window;
use weft_shared::time::Timestamp;

/// The longest wait that browsers keep: beyond 31 bits they fire at once.
const MOST_MS: i64 = i32::MAX as i64;

/// What time it is.
#[expect(
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    reason = "this is the clock; milliseconds fit 53 bits"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(js_sys::Date::now() as i64)
}

/// Reads a time as bodies carry it, RFC 3339.
#[expect(clippy::cast_possible_truncation, reason = "not a number becomes 0, and that is long past")]
pub(crate) fn parse(text: &str) -> Timestamp {
    Timestamp::from_millis(js_sys::Date::parse(text) as i64)
}

/// A timer that goes off once, or never where it is dropped before.
#[derive(Debug)]
pub(crate) struct Timer {
    window: Window,
    id: i32,
    // Held for the browser, which calls it.
    _handler: Closure<dyn Fn()>,
}

impl Timer {
    /// Calls `handler` after this many milliseconds. Very long waits end early; the one who waits looks again.
    pub(crate) fn new(window: &Window, wait_ms: i64, handler: Box<dyn Fn()>) -> Self {
        let handler = Closure::wrap(handler);
        let wait_ms = i32::try_from(wait_ms.clamp(0, MOST_MS)).unwrap_or(i32::MAX);
        let id = window
            .set_timeout_with_callback_and_timeout_and_arguments_0(handler.as_ref().unchecked_ref(), wait_ms)
            .unwrap_or_default();
        Self { window: window.clone(), id, _handler: handler }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.window.clear_timeout_with_handle(self.id);
    }
}
