//! Where the visitor writes.

use super::dom::{Dom, set};
use super::words;
use crate::element::{Handle, Input};
use crate::listeners::Listener;
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlElement, HtmlTextAreaElement, KeyboardEvent, Node};
use weft_shared::protocol::ws::MAX_TEXT_CHARS;

/// What browsers without `isComposing` report for a key that the input method takes.
const KEY_OF_INPUT_METHOD: u32 = 229;

/// The text field and its buttons.
#[derive(Debug)]
pub(crate) struct Composer {
    field: HtmlTextAreaElement,
    /// Grows with the text: it holds the same text, unseen.
    grow: HtmlElement,
    counter: HtmlElement,
    send: HtmlElement,
    stop: HtmlElement,
    _listeners: [Listener; 4],
}

impl Composer {
    /// An empty field.
    pub(crate) fn new(dom: &Dom, parent: &Node, handle: &Handle) -> Self {
        let node = dom.add(parent, "div", "composer");
        let grow = dom.add(&node, "div", "grow");
        let field: HtmlTextAreaElement = dom.add(&grow, "textarea", "").unchecked_into();
        set(&field, "rows", "1");
        set(&field, "enterkeyhint", "send");
        let counter = dom.add(&node, "div", "counter");
        let stop = dom.add_icon_button(&node, "icon stop", words::STOP);
        let send = dom.add_icon_button(&node, "icon send", words::SEND);
        let listeners = [
            on(handle, &field, "input", || Input::Typed),
            on(handle, &send, "click", || Input::Submit),
            on(handle, &stop, "click", || Input::Stop),
            {
                let handle = handle.clone();
                Listener::new(
                    &field,
                    "keydown",
                    Box::new(move |event| {
                        let event: KeyboardEvent = event.unchecked_into();
                        // While an input method composes, Enter picks a word and sends nothing.
                        let is_composing = event.is_composing() || event.key_code() == KEY_OF_INPUT_METHOD;
                        if event.key() == "Enter" && !event.shift_key() && !is_composing {
                            event.prevent_default();
                            handle.post(Input::Submit);
                        }
                    }),
                )
            },
        ];
        let composer = Self { field, grow, counter, send, stop, _listeners: listeners };
        composer.refresh();
        composer.set_answering(false);
        composer
    }

    /// What the field says while it is empty.
    pub(crate) fn set_placeholder(&self, text: &str) {
        self.field.set_placeholder(text);
        set(&self.field, "aria-label", text);
    }

    /// What stands in the field.
    pub(crate) fn text(&self) -> String {
        self.field.value()
    }

    /// Puts a text in.
    pub(crate) fn set_text(&self, text: &str) {
        self.field.set_value(text);
        self.refresh();
    }

    /// Moves the cursor into it.
    pub(crate) fn focus(&self) {
        let _ = self.field.focus();
    }

    /// Whether there is an answer to stop.
    pub(crate) fn set_answering(&self, is_answering: bool) {
        self.stop.set_hidden(!is_answering);
    }

    /// Follows what was typed: height, counter, whether it can be sent.
    pub(crate) fn refresh(&self) {
        let text = self.text();
        set(&self.grow, "data-text", &text);
        let count = text.chars().count();
        let counter = words::counter(count, MAX_TEXT_CHARS);
        self.counter.set_hidden(counter.is_none());
        self.counter.set_text_content(counter.as_deref());
        let can_send = count <= MAX_TEXT_CHARS && !text.trim().is_empty();
        // Not `disabled`: that would throw the focus out of the panel.
        set(&self.send, "aria-disabled", if can_send { "false" } else { "true" });
        let _ = self.counter.toggle_attribute_with_force("data-over", count > MAX_TEXT_CHARS);
    }
}

/// Posts an input on each event of this kind.
pub(crate) fn on(handle: &Handle, target: &web_sys::EventTarget, kind: &'static str, input: fn() -> Input) -> Listener {
    let handle = handle.clone();
    Listener::new(target, kind, Box::new(move |_| handle.post(input())))
}
