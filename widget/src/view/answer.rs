//! Draws an answer while it comes. Blocks that are over are drawn once; only the last one is drawn anew.

use super::prose::{Kind, Span, first_block, read_spans};
use crate::browser::Node;

/// The text of an answer on the screen.
#[derive(Debug)]
pub(crate) struct Answer {
    node: Node,
    /// The text whose blocks are over.
    sealed: String,
    /// The last block.
    open: Option<Node>,
}

impl Answer {
    /// Draws into `node`.
    pub(crate) const fn new(node: Node) -> Self {
        Self { node, sealed: String::new(), open: None }
    }

    /// Shows `text`: what it showed before and more, or another text.
    pub(crate) fn draw(&mut self, text: &str) {
        let mut rest = text.strip_prefix(self.sealed.as_str()).unwrap_or_else(|| {
            self.node.set_text("");
            self.sealed.clear();
            self.open = None;
            text
        });
        if let Some(open) = self.open.take() {
            open.remove();
        }
        while let Some(block) = first_block(rest) {
            let node = add_block(&self.node, &block.lines, block.kind);
            let Some((over, left)) = rest.split_at_checked(block.len) else { return };
            if left.trim_ascii_start().is_empty() {
                self.open = Some(node);
                return;
            }
            self.sealed.push_str(over);
            rest = left;
        }
    }
}

fn add_block(parent: &Node, lines: &[&str], kind: Kind) -> Node {
    let block = parent.add(
        match kind {
            Kind::Paragraph => "p",
            Kind::Quote => "blockquote",
            Kind::List => "ul",
        },
        "",
    );
    for (index, line) in lines.iter().enumerate() {
        if kind == Kind::List {
            add_spans(&block.add("li", ""), line);
        } else {
            if index > 0 {
                block.add("br", "");
            }
            add_spans(&block, line);
        }
    }
    block
}

fn add_spans(parent: &Node, line: &str) {
    read_spans(line, &mut |span| match span {
        Span::Text(text) => parent.append_text(text),
        Span::Bold(text) => drop(parent.add_with_text("strong", "", text)),
        Span::Code(text) => drop(parent.add_with_text("code", "", text)),
    });
}
