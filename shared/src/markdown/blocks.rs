//! Blocks, line by line (CommonMark, sections 4 and 5): which containers a line goes on with, which it begins, and where
//! its text goes.

use super::line::{self, Line};
use super::work::look;
use super::{Event, Tag, inlines, tables};

/// How many quotes, lists and items may stand in one another. Marks beyond that are text: browsers lay out by recursion,
/// and a line of 32 KB of `>` must not become as many elements.
const MAX_CONTAINERS: usize = 20;

/// A block that holds blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    Quote,
    /// A list whose items have this mark.
    List(u8),
    /// An item: how far its text is indented, and whether it has none yet.
    Item(usize, bool),
}

/// A block that holds text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Leaf {
    #[default]
    None,
    /// Its lines are in `text`: what it becomes is known at its end only.
    Paragraph,
    /// Code between fences of this mark and length, indented this far.
    Fenced(u8, usize, usize),
    /// Code that is indented. Empty lines wait in `text`: at its end they don't belong to it.
    Indented,
    /// A table, and how its columns are aligned.
    Table(u64),
}

/// The blocks that are open.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    containers: Vec<Container>,
    leaf: Leaf,
    text: String,
    /// Whether more text may follow on what is read now.
    is_open: bool,
    /// What is over.
    pub out: Vec<Event>,
}

impl Blocks {
    /// What there would be if the last line were over, or the text.
    pub(super) fn end(&self, last: &str, is_over: bool, out: &mut Vec<Event>) {
        let mut ended = Self {
            containers: self.containers.clone(),
            leaf: self.leaf,
            text: self.text.clone(),
            is_open: !is_over,
            out: std::mem::take(out),
        };
        let is_waiting = match self.leaf {
            Leaf::Fenced(mark, ..) => line::ends_fence(last, mark, 1),
            _ => line::is_undecided(last),
        };
        if !last.is_empty() && (is_over || !is_waiting) {
            ended.read_line(last);
        }
        ended.close(0);
        *out = ended.out;
    }

    /// Reads a line, without the mark of its end.
    pub(super) fn read_line(&mut self, text: &str) {
        let mut line = Line::new(text.strip_suffix('\r').unwrap_or(text));
        let mut kept = self.keep(&mut line);
        let mut is_whole = kept == self.containers.len();
        match self.leaf {
            Leaf::Fenced(mark, len, indent) if is_whole => {
                if line.indent() < 4 && line::ends_fence(line.rest, mark, len) {
                    self.end_leaf();
                } else {
                    line.eat(indent);
                    self.push_code(line);
                }
                return;
            }
            Leaf::Indented if is_whole && (line.indent() >= 4 || line.is_blank()) => {
                line.eat(4);
                if line.is_blank() {
                    line.push_to(&mut self.text);
                    self.text.push('\n');
                } else {
                    self.push_code(line);
                }
                return;
            }
            _ => {}
        }
        while !line.is_blank() {
            let indent = line.indent();
            let mut start = line;
            if indent >= 4 {
                // It goes on with a paragraph, also without the marks of its containers.
                if self.leaf == Leaf::Paragraph {
                    break;
                }
                self.begin_leaf(kept, Tag::Code, Leaf::Indented);
                line.eat(4);
                self.push_code(line);
                return;
            }
            start.eat(indent);
            let rest = start.rest;
            if line::byte_at(rest, 0) == b'>' && kept < MAX_CONTAINERS {
                self.begin(kept, Container::Quote, Tag::Quote);
                start.eat_mark(1);
                start.eat(1);
            } else if let Some((level, rest)) = line::heading(rest) {
                self.begin_leaf(kept, Tag::Heading(level), Leaf::None);
                inlines::read(rest, self.is_open, &mut self.out);
                self.out.push(Event::Close);
                return;
            } else if let Some((mark, len)) = line::fence(rest) {
                self.begin_leaf(kept, Tag::Code, Leaf::Fenced(mark, len, indent));
                return;
            } else if let Some(level) = line::underline_level(rest).filter(|_| is_whole && self.leaf == Leaf::Paragraph)
            {
                self.end_paragraph(Tag::Heading(level));
                return;
            } else if line::is_rule(rest) {
                self.begin_leaf(kept, Tag::Rule, Leaf::None);
                self.out.push(Event::Close);
                return;
            } else if let Some(marker) = line::marker(rest)
                .filter(|_| kept + 2 <= MAX_CONTAINERS)
                // Only what is surely a list breaks a paragraph.
                .filter(|marker| {
                    !(is_whole && self.leaf == Leaf::Paragraph)
                        || matches!(marker.tag, Tag::Bullets | Tag::Numbers(1))
                            && !line::trim(line::from(rest, marker.len)).is_empty()
                })
            {
                start.eat_mark(marker.len);
                let (blanks, is_empty) = (start.indent(), start.is_blank());
                let blanks = if is_empty || blanks > 4 { 1 } else { blanks };
                start.eat(blanks);
                let list = Container::List(marker.mark);
                if self.containers.get(..kept).and_then(<[_]>::last) != Some(&list) {
                    self.begin(kept, list, marker.tag);
                    kept = self.containers.len();
                }
                self.begin(kept, Container::Item(indent + marker.len + blanks, is_empty), Tag::Item);
            } else {
                break;
            }
            line = start;
            kept = self.containers.len();
            is_whole = true;
        }
        self.read_text(line, kept, is_whole);
    }

    /// How many containers the line goes on with; their marks are eaten.
    fn keep(&mut self, line: &mut Line<'_>) -> usize {
        let mut kept = 0;
        for container in &mut self.containers {
            match container {
                Container::Quote => {
                    let mut start = *line;
                    if start.eat(4) == 4 || line::byte_at(start.rest, 0) != b'>' {
                        break;
                    }
                    start.eat_mark(1);
                    start.eat(1);
                    *line = start;
                }
                // It goes on with the item, or with the next one.
                Container::List(_) => {}
                Container::Item(indent, is_empty) => {
                    if line.is_blank() {
                        if *is_empty {
                            break;
                        }
                    } else if line.indent() >= *indent {
                        *is_empty = false;
                        line.eat(*indent);
                    } else {
                        break;
                    }
                }
            }
            kept += 1;
        }
        kept
    }

    /// A line that begins no block.
    fn read_text(&mut self, mut line: Line<'_>, kept: usize, is_whole: bool) {
        if line.is_blank() {
            self.close(kept);
            self.end_leaf();
            return;
        }
        line.eat(usize::MAX);
        let text = line.rest;
        // A paragraph goes on without the marks of its containers.
        if self.leaf == Leaf::Paragraph {
            if is_whole && self.begin_table(text) {
                return;
            }
            self.text.push('\n');
            self.text.push_str(text);
        } else if let Leaf::Table(aligns) = self.leaf
            && is_whole
        {
            tables::read_row(text, aligns, false, self.is_open, &mut self.out);
        } else {
            self.close_for(kept);
            self.leaf = Leaf::Paragraph;
            self.text.push_str(text);
        }
    }

    /// Whether `text` makes a table's head of the paragraph's last line.
    fn begin_table(&mut self, text: &str) -> bool {
        let head_at = self.text.bytes().rposition(|byte| byte == b'\n').map_or(0, |at| at + 1);
        look(self.text.len() - head_at);
        let Some(aligns) = tables::read_aligns(text, line::from(&self.text, head_at)) else { return false };
        let head = self.text.split_off(head_at);
        self.end_leaf();
        self.leaf = Leaf::Table(aligns);
        self.push_table_head(&head, aligns);
        true
    }

    fn push_table_head(&mut self, head: &str, aligns: u64) {
        self.open(Tag::Table);
        tables::read_row(head, aligns, true, self.is_open, &mut self.out);
    }

    fn push_code(&mut self, line: Line<'_>) {
        let mut text = std::mem::take(&mut self.text);
        line.push_to(&mut text);
        // While a line is open, its end isn't there.
        if !self.is_open {
            text.push('\n');
        }
        self.out.push(Event::Text(text));
    }

    fn begin(&mut self, kept: usize, container: Container, tag: Tag) {
        if matches!(container, Container::Item(..)) {
            self.close(kept);
        } else {
            self.close_for(kept);
        }
        self.containers.push(container);
        self.open(tag);
    }

    fn begin_leaf(&mut self, kept: usize, tag: Tag, leaf: Leaf) {
        self.close_for(kept);
        self.leaf = leaf;
        self.open(tag);
    }

    /// Ends what the line doesn't go on with. A list ends with whatever is no item of it.
    fn close_for(&mut self, kept: usize) {
        let is_list = matches!(self.containers.get(..kept).and_then(<[_]>::last), Some(Container::List(_)));
        self.close(kept - usize::from(is_list));
    }

    /// Ends the leaf, and all containers but the first `kept`.
    fn close(&mut self, kept: usize) {
        self.end_leaf();
        while self.containers.len() > kept {
            self.containers.pop();
            self.out.push(Event::Close);
        }
    }

    fn open(&mut self, tag: Tag) {
        self.out.push(Event::Open(tag, String::new()));
    }

    fn end_leaf(&mut self) {
        match self.leaf {
            Leaf::None => {}
            Leaf::Paragraph => self.end_paragraph(Tag::Paragraph),
            _ => self.out.push(Event::Close),
        }
        self.leaf = Leaf::None;
        self.text.clear();
    }

    fn end_paragraph(&mut self, tag: Tag) {
        self.leaf = Leaf::None;
        let text = std::mem::take(&mut self.text);
        let text = line::trim(&text);
        if text.is_empty() {
            return;
        }
        if self.is_open && line::byte_at(text, 0) == b'|' && line::find(text, 0, b'\n').is_none() {
            // It will be a table.
            self.push_table_head(text, 0);
        } else {
            self.open(tag);
            inlines::read(text, self.is_open, &mut self.out);
        }
        self.out.push(Event::Close);
    }
}
