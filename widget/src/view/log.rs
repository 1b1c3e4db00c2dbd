//! The messages on the screen.

use super::answer::Answer;
use super::links::add_sources;
use super::words;
use crate::browser::{Node, get};
use crate::signals::{Scope, Signal, Signals, Timer};
use js_sys::Function;
use wasm_bindgen::JsCast as _;
use weft_shared::protocol::ws::Role;
use weft_shared::session::transcript::{Change, Entry, EntryState};

/// A reader who is this close to the end follows what comes.
const NEAR_END_PX: f64 = 48.0;

/// How long what an answer grew by waits to be drawn: pieces may come faster than a screen shows them.
const DRAW_MS: i64 = 32;

/// The list of messages.
#[derive(Debug)]
pub(crate) struct Log {
    node: Node,
    list: Node,
    welcome: Node,
    /// Leads back to the end.
    newest: Node,
    rows: Vec<Row>,
    /// Whether the reader is at the end.
    is_following: bool,
    on_draw: Function,
    /// Until then, answers that only grew aren't drawn.
    draw_timer: Option<Timer>,
}

impl Log {
    /// An empty list.
    pub(crate) fn new(parent: &Node, signals: &Signals, scope: &Scope) -> Self {
        let node = parent.add("div", "log");
        // It scrolls, so it must be reached by keyboard.
        node.set("tabindex", "0");
        let list = node.add("div", "list");
        list.set("role", "log");
        list.set("aria-live", "polite");
        let welcome = list.add("div", "bubble welcome");
        let newest = parent.add("div", "end").add_icon_button("icon newest", words::NEWEST);
        newest.show(false);
        scope.listen(signals, &node, "scroll", Signal::Scrolled);
        scope.listen(signals, &node, "click", Signal::Clicked);
        scope.listen(signals, &newest, "click", Signal::Newest);
        Self {
            node,
            list,
            welcome,
            newest,
            rows: Vec::new(),
            is_following: true,
            on_draw: signals.function(Signal::Draw),
            draw_timer: None,
        }
    }

    /// What stands above the first message; empty: nothing.
    pub(crate) fn set_welcome(&self, text: &str) {
        self.welcome.set_text(text);
        self.welcome.show(!text.is_empty());
    }

    /// The reader scrolled.
    pub(crate) fn handle_scroll(&mut self) {
        let node = &self.node;
        let left = node.number("scrollHeight") - node.number("scrollTop") - node.number("clientHeight");
        self.is_following = left < NEAR_END_PX;
        if self.is_following {
            self.newest.show(false);
        }
    }

    /// The reader wants to be at the end.
    pub(crate) fn go_to_newest(&mut self) {
        self.is_following = true;
        self.follow();
        self.newest.show(false);
        // The button goes: the keyboard goes on from here.
        self.node.focus();
    }

    /// Copies the code beside a button. Where the page has no clipboard, as without HTTPS, it is selected, so that a key
    /// does the rest.
    pub(crate) fn handle_click(&self, window: &Node, target: &Node) {
        if !target.text("className").starts_with("icon copy") {
            return;
        }
        let code = target.node("previousSibling");
        let clipboard = get(&window.node("navigator"), "clipboard");
        if clipboard.is_undefined() {
            window.get_selection().select_all_children(&code);
        } else {
            let written = clipboard.unchecked_ref::<Node>().write_text(&code.text("textContent"));
            // A page may forbid it: then nobody is told, but the console neither.
            written.then(&self.on_draw, &self.on_draw);
            target.put("className", "icon copy done");
            target.set("aria-label", words::COPIED);
        }
    }

    /// What grew since the last time may be drawn.
    pub(crate) fn handle_draw(&mut self) {
        self.draw_timer = None;
    }

    /// Takes all messages away.
    pub(crate) fn clear(&mut self) {
        for row in self.rows.drain(..) {
            row.node.remove();
        }
    }

    /// Takes a change of the messages in; [`Self::settle`] draws it. A round of changes counts indices as it goes, and
    /// only when it is over do the messages stand where they are to be drawn.
    pub(crate) fn apply(&mut self, change: Change) {
        match change {
            Change::Added(index) => {
                let row = Row::new(&self.list);
                if let Some(next) = self.rows.get(index) {
                    next.node.before(&row.node);
                    self.rows.insert(index, row);
                } else {
                    self.rows.push(row);
                }
            }
            Change::Updated(index) => {
                if let Some(row) = self.rows.get_mut(index) {
                    row.is_stale = true;
                }
            }
            Change::Appended { index, .. } => {
                if let Some(row) = self.rows.get_mut(index) {
                    row.has_grown = true;
                    self.draw_timer.get_or_insert_with(|| Timer::new(&self.on_draw, DRAW_MS));
                }
            }
        }
    }

    /// Draws what changed, and tells `finish` of the answers that came to their end before the reader's eyes. Who reads
    /// at the end of the list stays there.
    pub(crate) fn settle(&mut self, entries: &[Entry], finish: &dyn Fn(&Entry)) {
        let mut is_changed = false;
        let mut is_busy = false;
        for (row, entry) in self.rows.iter_mut().zip(entries) {
            is_busy |= entry.is_streaming();
            if !(row.is_stale || row.has_grown && self.draw_timer.is_none()) {
                continue;
            }
            is_changed = true;
            // Who writes wants to see what comes of it.
            self.is_following |= !row.is_drawn && entry.state == EntryState::Sending;
            let was_streaming = row.is_streaming;
            row.draw(entry);
            if was_streaming && !row.is_streaming {
                finish(entry);
            }
        }
        if is_changed {
            // An answer is read out once: when it is over.
            self.list.set_state("aria-busy", is_busy);
            self.follow();
            self.newest.show(!self.is_following);
        }
    }

    /// Stays at the end, where the reader is there.
    pub(crate) fn follow(&self) {
        if self.is_following {
            self.node.put_number("scrollTop", self.node.number("scrollHeight"));
        }
    }
}

/// One message.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each says what is still to be done with it")]
struct Row {
    node: Node,
    bubble: Node,
    note: Node,
    answer: Answer,
    is_drawn: bool,
    is_stale: bool,
    has_grown: bool,
    is_streaming: bool,
}

impl Row {
    fn new(list: &Node) -> Self {
        let node = list.add("div", "");
        let bubble = node.add("div", "bubble");
        let answer = Answer::new(bubble.clone());
        Self {
            note: node.add("div", "note"),
            node,
            bubble,
            answer,
            is_drawn: false,
            is_stale: true,
            has_grown: false,
            is_streaming: false,
        }
    }

    fn draw(&mut self, entry: &Entry) {
        self.is_stale = false;
        self.has_grown = false;
        self.is_streaming = entry.is_streaming();
        let is_answer = entry.role == Role::Assistant;
        self.node.put(
            "className",
            match entry.state {
                EntryState::Streaming => "row streaming",
                _ if is_answer => "row",
                _ => "row user",
            },
        );
        if is_answer {
            self.answer.draw(&entry.text, !self.is_streaming);
            // An answer that ended before its first word has no text to show.
            self.bubble.show(self.is_streaming || !entry.text.is_empty());
        } else if !self.is_drawn {
            self.bubble.add_with_text("span", "unseen", words::YOU);
            self.bubble.append_text(&entry.text);
        }
        let note = words::note(entry.state);
        self.note.set_text(note);
        self.note.show(!note.is_empty());
        // Sources come once, with the answer's end.
        if !entry.sources.is_empty() && !self.has_sources() {
            add_sources(&self.node, &entry.sources);
        }
        self.is_drawn = true;
    }

    fn has_sources(&self) -> bool {
        self.node.number("childElementCount") > 2.0
    }
}
