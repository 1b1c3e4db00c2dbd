//! The messages on the screen.

use super::answer::Answer;
use super::dom::{Dom, add_bare_text, is_web_address, set};
use super::words;
use crate::listeners::Listener;
use std::cell::Cell;
use std::rc::Rc;
use web_sys::{HtmlElement, Node};
use weft_shared::protocol::ws::{Role, SourceRef};
use weft_shared::session::transcript::{Change, Entry, EntryState};

/// A reader who is this close to the end follows what comes.
const NEAR_END_PX: i32 = 48;

/// The list of messages.
#[derive(Debug)]
pub(crate) struct Log {
    dom: Dom,
    node: HtmlElement,
    list: HtmlElement,
    welcome: HtmlElement,
    rows: Vec<Row>,
    /// Whether the reader is at the end.
    follows: Rc<Cell<bool>>,
    _scroll: Listener,
}

impl Log {
    /// An empty list.
    pub(crate) fn new(dom: &Dom, parent: &Node) -> Self {
        let node = dom.add(parent, "div", "log");
        // It scrolls, so it must be reached by keyboard.
        node.set_tab_index(0);
        let list = dom.add(&node, "div", "list");
        set(&list, "role", "log");
        set(&list, "aria-live", "polite");
        let welcome = dom.add(&list, "div", "bubble welcome");
        welcome.set_hidden(true);
        let follows = Rc::new(Cell::new(true));
        let (scrolled, is_at_end) = (node.clone(), Rc::clone(&follows));
        let scroll = Listener::new(
            &node,
            "scroll",
            Box::new(move |_| {
                let left = scrolled.scroll_height() - scrolled.scroll_top() - scrolled.client_height();
                is_at_end.set(left < NEAR_END_PX);
            }),
        );
        Self { dom: dom.clone(), node, list, welcome, rows: Vec::new(), follows, _scroll: scroll }
    }

    /// What stands above the first message; empty: nothing.
    pub(crate) fn set_welcome(&self, text: &str) {
        self.welcome.set_text_content(Some(text));
        self.welcome.set_hidden(text.is_empty());
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
                let index = index.min(self.rows.len());
                let row = Row::new(&self.dom, &self.list);
                if let Some(next) = self.rows.get(index) {
                    let _ = self.list.insert_before(&row.node, Some(&next.node));
                }
                self.rows.insert(index, row);
            }
            Change::Updated(index) | Change::Appended { index, .. } => {
                if let Some(row) = self.rows.get_mut(index) {
                    row.is_stale = true;
                }
            }
        }
    }

    /// Draws what changed, and returns the answers that came to their end before the reader's eyes. Who reads at the
    /// end of the list stays there.
    pub(crate) fn settle(&mut self, entries: &[Entry]) -> Vec<usize> {
        let mut finished = Vec::new();
        let mut is_changed = false;
        for (index, (row, entry)) in self.rows.iter_mut().zip(entries).enumerate() {
            if !row.is_stale {
                continue;
            }
            is_changed = true;
            let was_streaming = row.is_streaming;
            if row.draw(&self.dom, entry) {
                // Who writes wants to see what comes of it.
                self.follows.set(true);
            }
            if was_streaming && !row.is_streaming {
                finished.push(index);
            }
        }
        if is_changed {
            // An answer is read out once: when it is over.
            let is_busy = entries.iter().any(Entry::is_streaming);
            set(&self.list, "aria-busy", if is_busy { "true" } else { "false" });
            self.follow();
        }
        finished
    }

    /// Stays at the end, where the reader is there.
    pub(crate) fn follow(&self) {
        if self.follows.get() {
            self.node.set_scroll_top(self.node.scroll_height());
        }
    }
}

/// One message.
#[derive(Debug)]
struct Row {
    node: HtmlElement,
    bubble: HtmlElement,
    note: HtmlElement,
    /// An answer's text; a visitor's is drawn once.
    answer: Option<Answer>,
    is_drawn: bool,
    is_stale: bool,
    is_streaming: bool,
}

impl Row {
    fn new(dom: &Dom, list: &Node) -> Self {
        let node = dom.add(list, "div", "");
        let bubble = dom.add(&node, "div", "bubble");
        let note = dom.add(&node, "div", "note");
        Self { node, bubble, note, answer: None, is_drawn: false, is_stale: true, is_streaming: false }
    }

    /// Draws the message. Whether it is one that the visitor has just sent.
    fn draw(&mut self, dom: &Dom, entry: &Entry) -> bool {
        let is_new = !self.is_drawn;
        self.is_drawn = true;
        self.is_stale = false;
        self.is_streaming = entry.is_streaming();
        let is_sending = entry.state == EntryState::Sending;
        self.node.set_class_name(match (entry.role, entry.state) {
            (Role::User, EntryState::Sending) => "row user sending",
            (Role::User, _) => "row user",
            (Role::Assistant, EntryState::Streaming) => "row streaming",
            (Role::Assistant, _) => "row",
        });
        if entry.role == Role::Assistant {
            let answer = self.answer.get_or_insert_with(|| Answer::new(self.bubble.clone()));
            answer.draw(dom, &entry.text);
            // An answer that ended before its first word has no text to show.
            self.bubble.set_hidden(entry.text.is_empty() && !self.is_streaming);
        } else if is_new {
            dom.add_text(&self.bubble, "span", "unseen", words::YOU);
            add_bare_text(&self.bubble, &entry.text);
        }
        let note = words::note(entry.state);
        self.note.set_text_content(note);
        self.note.set_hidden(note.is_none());
        // Sources come once, with the answer's end.
        if !entry.sources.is_empty() && self.node.child_element_count() == 2 {
            add_sources(dom, &self.node, &entry.sources);
        }
        is_new && is_sending
    }
}

fn add_sources(dom: &Dom, parent: &Node, sources: &[SourceRef]) {
    let list = dom.add(parent, "ul", "sources");
    set(&list, "aria-label", words::SOURCES);
    for source in sources {
        let item = dom.add(&list, "li", "");
        match source.url.as_deref().filter(|url| is_web_address(url)) {
            Some(url) => {
                let link = dom.add_text(&item, "a", "", &source.title);
                set(&link, "href", url);
                set(&link, "target", "_blank");
                // The page that opens must not reach back into this one.
                set(&link, "rel", "noopener");
            }
            None => drop(dom.add_text(&item, "span", "", &source.title)),
        }
    }
}
