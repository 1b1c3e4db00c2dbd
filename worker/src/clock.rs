//! The clock: the only place in the Worker that asks what time it is, or waits.

use js_sys::Promise;
use std::pin::Pin;
use std::task::{Context, Poll};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use weft_shared::time::Timestamp;
use worker::Date;
use worker::web_sys::AbortController;

/// The time now. Workers stop the clock between I/O, so two reads without an `.await` between are equal.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX))
}

#[wasm_bindgen]
extern "C" {
    /// The runtime's own timer. `worker::Delay` reads the handle of `setTimeout` as a number, which since 2026 it isn't.
    #[wasm_bindgen(catch, js_namespace = scheduler, js_name = wait)]
    fn scheduler_wait(millis: f64, options: &JsValue) -> Result<Promise, JsValue>;
}

/// A pause. Dropped, it takes its timer with it: a timer that is left behind keeps an object from hibernating.
pub(crate) struct Sleep {
    /// None where the runtime gave no timer: the pause is over at once.
    timer: Option<JsFuture>,
    controller: Option<AbortController>,
    is_over: bool,
}

/// Waits `millis` milliseconds.
pub(crate) fn sleep(millis: u32) -> Sleep {
    let controller = AbortController::new().ok();
    let options = js_sys::Object::new();
    if let Some(controller) = &controller {
        // Setting a field of an object that was just made can't fail; without it the timer merely lives on.
        let _ = js_sys::Reflect::set(&options, &"signal".into(), &controller.signal());
    }
    let timer = scheduler_wait(f64::from(millis), &options).ok().map(JsFuture::from);
    Sleep { timer, controller, is_over: false }
}

/// Waits until `at`.
pub(crate) async fn sleep_until(at: Timestamp) {
    // Timers may fire a little early, measured by the clock.
    loop {
        let left = at.millis_since(now());
        if left <= 0 {
            return;
        }
        sleep(u32::try_from(left).unwrap_or(u32::MAX)).await;
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let is_ready = self.timer.as_mut().is_none_or(|timer| Pin::new(timer).poll(context).is_ready());
        self.is_over |= is_ready;
        if is_ready { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if !self.is_over
            && let Some(controller) = &self.controller
        {
            controller.abort();
        }
    }
}
