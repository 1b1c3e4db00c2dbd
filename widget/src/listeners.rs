//! Event listeners that go with their owner: a page that takes the widget away keeps nothing of it.

use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventTarget};

/// A listener on an event target, removed when dropped.
#[derive(Debug)]
pub(crate) struct Listener {
    target: EventTarget,
    kind: &'static str,
    handler: Closure<dyn Fn(Event)>,
}

impl Listener {
    /// Calls `handler` on each event of this kind.
    pub(crate) fn new(target: &EventTarget, kind: &'static str, handler: Box<dyn Fn(Event)>) -> Self {
        let handler = Closure::wrap(handler);
        // It fails for no target: the handler is a function.
        let _ = target.add_event_listener_with_callback(kind, handler.as_ref().unchecked_ref());
        Self { target: target.clone(), kind, handler }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.target.remove_event_listener_with_callback(self.kind, self.handler.as_ref().unchecked_ref());
    }
}
