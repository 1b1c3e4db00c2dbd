//! Draws an answer while it comes. Blocks that are over are drawn once; only the last one is drawn anew.

use super::dom::{Dom, add_bare_text};
use super::prose::{Kind, Span, next_block, spans};
use web_sys::{HtmlElement, Node};

/// The text of an answer on the screen.
#[derive(Debug)]
pub(crate) struct Answer {
    node: HtmlElement,
    /// The text whose blocks are over.
    sealed: String,
    /// The last block.
    open: Option<HtmlElement>,
}

impl Answer {
    /// Draws into `node`.
    pub(crate) const fn new(node: HtmlElement) -> Self {
        Self { node, sealed: String::new(), open: None }
    }

    /// Shows `text`: what it showed before and more, or another text.
    pub(crate) fn draw(&mut self, dom: &Dom, text: &str) {
        if !text.starts_with(&self.sealed) {
            self.node.set_text_content(None);
            self.sealed.clear();
            self.open = None;
        }
        if let Some(open) = self.open.take() {
            open.remove();
        }
        let mut from = self.sealed.len();
        while let Some(block) = next_block(text, from) {
            let node = add_block(dom, &self.node, block.kind, &block.lines);
            from = block.end;
            if text[from..].trim_start().is_empty() {
                self.open = Some(node);
                break;
            }
            self.sealed.clear();
            self.sealed.push_str(&text[..from]);
        }
    }
}

fn add_block(dom: &Dom, parent: &Node, kind: Kind, lines: &[&str]) -> HtmlElement {
    let tag = match kind {
        Kind::Paragraph => "p",
        Kind::Quote => "blockquote",
        Kind::List => "ul",
    };
    let block = dom.add(parent, tag, "");
    for (index, line) in lines.iter().enumerate() {
        if kind == Kind::List {
            add_spans(dom, &dom.add(&block, "li", ""), line);
        } else {
            if index > 0 {
                dom.add(&block, "br", "");
            }
            add_spans(dom, &block, line);
        }
    }
    block
}

fn add_spans(dom: &Dom, parent: &HtmlElement, line: &str) {
    for span in spans(line) {
        match span {
            Span::Text(text) => add_bare_text(parent, text),
            Span::Bold(text) => drop(dom.add_text(parent, "strong", "", text)),
            Span::Code(text) => drop(dom.add_text(parent, "code", "", text)),
        }
    }
}
