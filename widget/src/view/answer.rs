//! Draws an answer while it comes, node by node. What is drawn and stays so is not touched.

use super::links::set_address;
use crate::browser::Node;
use crate::language::{Word, Words};
use weft_shared::markdown::{Align, Event, Stream, Tag};

/// The text of an answer on the screen.
#[derive(Debug)]
pub(crate) struct Answer {
    node: Node,
    stream: Stream,
}

impl Answer {
    /// Draws into `node`.
    pub(crate) fn new(node: Node) -> Self {
        Self { node, stream: Stream::default() }
    }

    /// Shows `text`: what it showed before and more, or another text.
    pub(crate) fn draw(&mut self, text: &str, is_over: bool, words: &Words) {
        let change = self.stream.update(text, is_over);
        let mut path = Vec::new();
        for keep in change.keep {
            let node = path.last().map_or_else(|| self.node.clone(), open_child);
            let children = node.node("childNodes");
            while children.number("length") > f64::from(keep) {
                node.node("lastChild").remove();
            }
            path.push(node);
        }
        if let Some(node) = path.last().filter(|_| !change.append.is_empty()) {
            node.node("lastChild").append_data(change.append);
        }
        for event in change.events {
            let Some(parent) = path.last() else { return };
            match event {
                Event::Open(tag, address) => {
                    let node = add(parent, *tag, address, words);
                    path.push(node);
                }
                Event::Text(text) => parent.append_text(text),
                Event::Close => drop(path.pop()),
            }
        }
    }
}

/// The last child, or what is drawn into where that is a frame around it.
fn open_child(node: &Node) -> Node {
    let child = node.node("lastChild");
    if child.text("localName") == "div" { child.node("firstChild") } else { child }
}

fn add(parent: &Node, tag: Tag, address: &str, words: &Words) -> Node {
    let name = match tag {
        Tag::Paragraph => "p",
        // Those of the page and of the panel are above them.
        Tag::Heading(1) => "h3",
        Tag::Heading(2) => "h4",
        Tag::Heading(3) => "h5",
        Tag::Heading(_) => "h6",
        Tag::Quote => "blockquote",
        Tag::Bullets => "ul",
        Tag::Numbers(_) => "ol",
        Tag::Item => "li",
        Tag::Code => "pre",
        Tag::Rule => "hr",
        Tag::Table => "table",
        Tag::Row => "tr",
        Tag::Head(_) => "th",
        Tag::Cell(_) => "td",
        Tag::Strong => "strong",
        Tag::Emphasis => "em",
        Tag::Struck => "del",
        Tag::CodeSpan => "code",
        Tag::Link => "a",
        Tag::Break => "br",
    };
    if matches!(tag, Tag::Code | Tag::Table) {
        // They scroll inside of this, also by keyboard.
        let frame = parent.add("div", "wide");
        let node = frame.add(name, "");
        node.set("tabindex", "0");
        if tag == Tag::Code {
            frame.add_icon_button("icon copy").set("aria-label", words.get(Word::Copy));
        }
        return node;
    }
    let node = parent.add(name, "");
    match tag {
        Tag::Numbers(start) => node.put_number("start", f64::from(start)),
        Tag::Link => set_address(&node, address),
        Tag::Head(align) | Tag::Cell(align) => node.put(
            "align",
            match align {
                Align::Auto => "",
                Align::Left => "left",
                Align::Right => "right",
                Align::Centre => "center",
            },
        ),
        _ => {}
    }
    node
}
