//! The messages on the screen.

use super::answer::Answer;
use super::links::add_sources;
use super::words::note;
use crate::browser::{Node, get};
use crate::language::{Word, Words};
use crate::signals::{Scope, Signal, Signals, Timer};
use crate::text::concat;
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
    /// Whether what is to be sent can't go out just now.
    is_waiting: bool,
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
        node.set("role", "log");
        // Not read out by itself, piece after piece: the announcer has each answer read out once, when it is whole.
        node.set("aria-live", "off");
        let list = node.add("div", "list");
        let welcome = list.add("div", "bubble welcome");
        let newest = parent.add("div", "end").add_icon_button("icon newest");
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
            is_waiting: false,
            on_draw: signals.function(Signal::Draw),
            draw_timer: None,
        }
    }

    /// Puts on words; `title` is the panel's.
    pub(crate) fn dress(&self, words: &Words, title: &str) {
        self.node.set("aria-label", title);
        self.newest.set("aria-label", words.get(Word::Newest));
    }

    /// What scrolls.
    pub(crate) const fn node(&self) -> &Node {
        &self.node
    }

    /// A message as it is read out, with what stands under it.
    pub(crate) fn said(&self, index: usize) -> String {
        self.rows.get(index).map(|row| row.node.text("innerText")).unwrap_or_default()
    }

    /// Whether what is to be sent can't go out just now.
    pub(crate) fn set_waiting(&mut self, is_waiting: bool) {
        if self.is_waiting != is_waiting {
            self.is_waiting = is_waiting;
            for row in &mut self.rows {
                row.is_stale = true;
            }
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
    pub(crate) fn handle_click(&self, window: &Node, target: &Node, words: &Words) {
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
            target.set_class("icon copy done");
            target.set("aria-label", words.get(Word::Copied));
        }
    }

    /// What grew since the last time may be drawn.
    pub(crate) fn handle_draw(&mut self) {
        self.draw_timer = None;
    }

    /// Takes all messages away, and has this many drawn anew.
    pub(crate) fn redraw(&mut self, count: usize) {
        for row in self.rows.drain(..) {
            row.node.remove();
        }
        self.rows.extend((0..count).map(|_| Row::new(&self.list)));
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

    /// Draws what changed, and gives the indices of the messages that came to their end before the reader's eyes:
    /// answers that are whole, and messages that were refused. Who reads at the end of the list stays there.
    pub(crate) fn settle(&mut self, entries: &[Entry], words: &Words) -> Vec<usize> {
        let mut is_changed = false;
        let mut ended = Vec::new();
        for (index, (row, entry)) in self.rows.iter_mut().zip(entries).enumerate() {
            if !(row.is_stale || row.has_grown && self.draw_timer.is_none()) {
                continue;
            }
            is_changed = true;
            // Who writes wants to see what comes of it.
            self.is_following |= !row.is_drawn && entry.state == EntryState::Sending;
            let was_open = row.is_open;
            row.draw(entry, words, self.is_waiting);
            if was_open && !row.is_open && entry.state != EntryState::Sent {
                ended.push(index);
            }
        }
        if is_changed {
            self.follow();
            self.newest.show(!self.is_following);
        }
        ended
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
    /// Whether it is still on its way, or coming.
    is_open: bool,
}

impl Row {
    fn new(list: &Node) -> Self {
        let node = list.add("div", "");
        let bubble = node.add("div", "bubble");
        bubble.set("dir", "auto");
        let answer = Answer::new(bubble.clone());
        Self {
            note: node.add("div", "note"),
            node,
            bubble,
            answer,
            is_drawn: false,
            is_stale: true,
            has_grown: false,
            is_open: false,
        }
    }

    fn draw(&mut self, entry: &Entry, words: &Words, is_waiting: bool) {
        self.is_stale = false;
        self.has_grown = false;
        let is_streaming = entry.is_streaming();
        self.is_open = is_streaming || entry.state == EntryState::Sending;
        let is_answer = entry.role == Role::Assistant;
        self.node.set_class(match entry.state {
            EntryState::Streaming => "row streaming",
            _ if is_answer => "row",
            _ => "row user",
        });
        if is_answer {
            self.answer.draw(&entry.text, !is_streaming, words);
            // An answer that ended before its first word has no text to show.
            self.bubble.show(is_streaming || !entry.text.is_empty());
        } else if !self.is_drawn {
            let you = concat(&[words.get(Word::You), ": "]);
            // With a direction of its own it has no say in the message's.
            self.bubble.add_with_text("span", "unseen", &you).set("dir", "auto");
            self.bubble.append_text(&entry.text);
        }
        let note = note(entry.state, is_waiting);
        self.note.set_text(note.map(|word| words.get(word)).unwrap_or_default());
        self.note.show(note.is_some());
        // Sources come once, with the answer's end.
        if !entry.sources.is_empty() && !self.has_sources() {
            add_sources(&self.node, &entry.sources, words);
        }
        self.is_drawn = true;
    }

    fn has_sources(&self) -> bool {
        self.node.number("childElementCount") > 2.0
    }
}
