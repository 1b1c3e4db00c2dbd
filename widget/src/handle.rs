//! The way to the element for all that happens, one thing after the other.

use crate::clock;
use crate::element::{Element, Fate};
use crate::signals::Signal;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// Leads to an element. What is posted while the element is busy waits its turn: a listener of the page may call back
/// in the middle of anything.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handle(Rc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: RefCell<Vec<(Signal, JsValue, JsValue)>>,
    is_busy: Cell<bool>,
    element: RefCell<Option<Element>>,
}

impl Handle {
    /// From now on the element is there to be told. What it owns leads back here, so it lives until it is told to end.
    pub(crate) fn settle_in(&self, element: Element) {
        *self.0.element.borrow_mut() = Some(element);
    }

    /// Tells the element.
    pub(crate) fn post(&self, signal: Signal, value: JsValue, other: JsValue) {
        self.0.waiting.borrow_mut().push((signal, value, other));
        if self.0.is_busy.replace(true) {
            return;
        }
        loop {
            let waiting = self.0.waiting.take();
            if waiting.is_empty() {
                break;
            }
            for (signal, value, other) in waiting {
                let mut slot = self.0.element.borrow_mut();
                let Some(element) = slot.as_mut() else { continue };
                if element.handle(signal, &value, &other, clock::now()) == Fate::Ends {
                    // What it owned goes with it: listeners, socket, timer.
                    let element = slot.take();
                    drop(slot);
                    drop(element);
                }
            }
        }
        self.0.is_busy.set(false);
    }
}
