//! A request that is under way: it ends at its deadline, or when nobody waits for it any more.

use crate::clock::Timer;
use web_sys::{AbortController, AbortSignal, Window};

/// How long a refresh endpoint, and the live config, may take.
pub(crate) const DEADLINE_MS: i64 = 10_000;

/// Aborts what it stands for at the deadline, or when dropped.
#[derive(Debug)]
pub(crate) struct Pending {
    controller: AbortController,
    _deadline: Timer,
}

impl Pending {
    /// Starts the clock. `None`: the browser has no `AbortController`.
    pub(crate) fn new(window: &Window) -> Option<Self> {
        let controller = AbortController::new().ok()?;
        let late = controller.clone();
        let deadline = Timer::new(window, DEADLINE_MS, Box::new(move || late.abort()));
        Some(Self { controller, _deadline: deadline })
    }

    /// What the request listens to.
    pub(crate) fn signal(&self) -> AbortSignal {
        self.controller.signal()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.controller.abort();
    }
}
