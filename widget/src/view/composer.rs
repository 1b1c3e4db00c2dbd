//! Where the visitor writes.

use super::words;
use crate::browser::Node;
use crate::signals::{Scope, Signal, Signals};
use weft_shared::protocol::ws::{MAX_TEXT_CHARS, count_chars};

/// The text field and its buttons.
#[derive(Debug)]
pub(crate) struct Composer {
    field: Node,
    /// Grows with the text: it holds the same text, unseen.
    grow: Node,
    counter: Node,
    send: Node,
    stop: Node,
}

impl Composer {
    /// An empty field.
    pub(crate) fn new(parent: &Node, signals: &Signals, scope: &Scope) -> Self {
        let node = parent.add("div", "composer");
        let grow = node.add("div", "grow");
        let field = grow.add("textarea", "");
        field.set("rows", "1");
        field.set("enterkeyhint", "send");
        let counter = node.add("div", "counter");
        let stop = node.add_icon_button("icon stop", words::STOP);
        let send = node.add_icon_button("icon send", words::SEND);
        scope.listen(signals, &field, "input", Signal::Typed);
        scope.listen(signals, &send, "click", Signal::Submit);
        scope.listen(signals, &stop, "click", Signal::Stop);
        Self { field, grow, counter, send, stop }
    }

    /// What the field says while it is empty.
    pub(crate) fn set_placeholder(&self, text: &str) {
        self.field.set("placeholder", text);
        self.field.set("aria-label", text);
    }

    /// What stands in the field.
    pub(crate) fn text(&self) -> String {
        self.field.text("value")
    }

    /// Puts a text in.
    pub(crate) fn set_text(&self, text: &str) {
        self.field.put("value", text);
        self.refresh();
    }

    /// Moves the cursor into it.
    pub(crate) fn focus(&self) {
        self.field.focus();
    }

    /// Whether there is an answer to stop.
    pub(crate) fn set_answering(&self, is_answering: bool) {
        self.stop.show(is_answering);
    }

    /// Follows what was typed: height, counter, whether it can be sent.
    pub(crate) fn refresh(&self) {
        let text = self.text();
        self.grow.set("data-text", &text);
        let count = count_chars(&text);
        let counter = words::counter(count, MAX_TEXT_CHARS);
        self.counter.show(!counter.is_empty());
        self.counter.set_text(&counter);
        let is_over = count > MAX_TEXT_CHARS;
        self.counter.put("className", if is_over { "counter over" } else { "counter" });
        // Not `disabled`: that would throw the focus out of the panel.
        self.send.set_state("aria-disabled", is_over || text.trim_ascii().is_empty());
    }
}
