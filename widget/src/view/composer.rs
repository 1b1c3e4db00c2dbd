//! Where the visitor writes.

use super::words::is_near_end;
use crate::browser::Node;
use crate::language::{Word, Words};
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
        let field = grow.add("textarea", "field");
        field.set("rows", "1");
        field.set("enterkeyhint", "send");
        field.set("dir", "auto");
        let counter = node.add("div", "counter");
        counter.set("id", "counter");
        field.set("aria-describedby", "counter");
        let stop = node.add_icon_button("icon stop");
        let send = node.add_icon_button("icon send");
        scope.listen(signals, &field, "input", Signal::Typed);
        scope.listen(signals, &send, "click", Signal::Submit);
        scope.listen(signals, &stop, "click", Signal::Stop);
        Self { field, grow, counter, send, stop }
    }

    /// Puts on words; `placeholder` is what the field says while it is empty.
    pub(crate) fn dress(&self, words: &Words, placeholder: &str) {
        self.field.set("placeholder", placeholder);
        self.field.set("aria-label", placeholder);
        self.send.set("aria-label", words.get(Word::Send));
        self.stop.set("aria-label", words.get(Word::Stop));
    }

    /// What stands in the field.
    pub(crate) fn text(&self) -> String {
        self.field.text("value")
    }

    /// Puts a text in.
    pub(crate) fn set_text(&self, text: &str) {
        self.field.put("value", text);
    }

    /// Moves the cursor into it.
    pub(crate) fn focus(&self) {
        self.field.focus();
    }

    /// The last control of the panel.
    pub(crate) const fn last(&self) -> &Node {
        &self.send
    }

    /// Whether there is an answer to stop. The button takes the focus with it when it goes, so that goes on to the field.
    pub(crate) fn set_answering(&self, is_answering: bool, active: &Node) {
        if !is_answering && *active == self.stop {
            self.focus();
        }
        self.stop.show(is_answering);
    }

    /// Follows what was typed: height, counter, whether it can be sent. What is too long stays, to be shortened.
    /// `category` tells the plural category of a number.
    pub(crate) fn refresh(&self, words: &Words, category: &dyn Fn(usize) -> String) {
        let text = self.text();
        self.grow.set("data-text", &text);
        // As it would be sent, and in characters as the Worker counts them.
        let count = count_chars(text.trim_ascii());
        let is_over = count > MAX_TEXT_CHARS;
        let is_near = is_near_end(count, MAX_TEXT_CHARS);
        self.counter.show(is_near);
        if is_near {
            let number = MAX_TEXT_CHARS.abs_diff(count);
            let word = if is_over { Word::Over } else { Word::Left };
            self.counter.set_text(&words.count(word, number, &category(number)));
            self.counter.set_class(if is_over { "counter over" } else { "counter" });
        }
        self.field.set_state("aria-invalid", is_over);
        // Not `disabled`: that would throw the focus out of the panel.
        self.send.set_state("aria-disabled", is_over || count == 0);
    }
}
