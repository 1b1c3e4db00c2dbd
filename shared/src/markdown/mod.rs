//! Markdown while it streams: what an answer's text means, as events from which a view is built node by node.
//!
//! It follows CommonMark 0.31.2 with GFM's tables and `~~`, as far as an answer needs it; docs/MARKDOWN.md lists which of
//! the specification's examples come out. There is no HTML and no image: a tag is text, an image is a link to it. An address
//! becomes a link only where [`links`] lets it. No link reference definitions, as one that comes later would change what
//! was drawn before, and lists are neither tight nor loose for the same reason.
//!
//! Lines that are over are read once. Only the last, open block is read anew with each piece, in time linear in its
//! length whatever it holds; nesting is bounded, as browsers lay out by recursion.

mod blocks;
mod flanks;
mod inlines;
mod line;
mod links;
mod pieces;
mod tables;
mod work;

use blocks::Blocks;
pub use links::is_safe;

/// A piece of a document, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An element begins; a link with an address that is safe to follow, all others with an empty text.
    Open(Tag, String),
    /// Text in the element that is open. It is never markup.
    Text(String),
    /// The element that was opened last and is still open ends.
    Close,
}

/// An element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// A paragraph.
    Paragraph,
    /// A heading of level 1 to 6.
    Heading(u8),
    /// A block quote.
    Quote,
    /// A list.
    Bullets,
    /// A list whose numbers begin with this one.
    Numbers(u32),
    /// An item of a list.
    Item,
    /// A code block.
    Code,
    /// A thematic break; empty.
    Rule,
    /// A table: rows of cells, the first of which is the head.
    Table,
    /// A row.
    Row,
    /// A cell of the head.
    Head(Align),
    /// A cell.
    Cell(Align),
    /// `**strong**`
    Strong,
    /// `*emphasis*`
    Emphasis,
    /// `~~struck~~`
    Struck,
    /// `code` in a line.
    CodeSpan,
    /// A link.
    Link,
    /// A hard line break; empty.
    Break,
}

/// How a column is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// As the text runs.
    Auto,
    /// `:--`
    Left,
    /// `--:`
    Right,
    /// `:-:`
    Centre,
}

/// What is to be done to what is drawn.
#[derive(Debug, PartialEq, Eq)]
pub struct Patch<'a> {
    /// How many children stay, in the root, in its last child that stays, in the last one of that, and so on: all of these
    /// are open. What comes behind goes.
    pub keep: Vec<u32>,
    /// What the last child that stays in the last of these, a text, gets behind it.
    pub append: &'a str,
    /// What comes into the last of these then, and into those around it.
    pub events: &'a [Event],
}

/// Reads a text that grows.
#[derive(Debug)]
pub struct Stream {
    /// The lines that are over.
    read: String,
    blocks: Blocks,
    /// How many children each open element has, from the root on, before `events`.
    base: Vec<u32>,
    /// What was drawn last, and how much of it is final.
    events: Vec<Event>,
    final_count: usize,
}

impl Default for Stream {
    fn default() -> Self {
        Self { read: String::new(), blocks: Blocks::default(), base: vec![0], events: Vec::new(), final_count: 0 }
    }
}

impl Stream {
    /// Takes the text so far, whole. While it is not over, what is unfinished is read as it will probably end: a `**`
    /// without its partner is bold up to the end, half an address isn't shown, a line of marks waits for what they mean.
    pub fn update(&mut self, text: &str, is_over: bool) -> Patch<'_> {
        if !text.starts_with(self.read.as_str()) {
            *self = Self::default();
        }
        let mut at = self.read.len();
        while let Some(end) = line::find(text, at, b'\n') {
            self.blocks.read_line(line::cut(text, at, end));
            at = end + 1;
        }
        self.read.push_str(line::cut(text, self.read.len(), at));
        let mut events = std::mem::take(&mut self.blocks.out);
        let final_count = events.len();
        self.blocks.end(line::from(text, at), is_over, &mut events);
        self.compare(events, final_count)
    }

    /// What leads from what is drawn to these events, of which the first ones are final.
    fn compare(&mut self, events: Vec<Event>, final_count: usize) -> Patch<'_> {
        let mut drawn = std::mem::replace(&mut self.events, events).into_iter();
        for event in drawn.by_ref().take(self.final_count) {
            count(&mut self.base, &event);
        }
        self.final_count = final_count;
        let mut keep = self.base.clone();
        let mut append = "";
        let mut same = 0;
        for (new, old) in self.events.iter().zip(drawn) {
            if *new == old {
                count(&mut keep, new);
                same += 1;
                continue;
            }
            if let (Event::Text(new_text), Event::Text(old_text)) = (new, &old)
                && new_text.starts_with(old_text.as_str())
            {
                append = line::from(new_text, old_text.len());
                count(&mut keep, new);
                same += 1;
            }
            break;
        }
        Patch { keep, append, events: self.events.get(same..).unwrap_or_default() }
    }
}

/// Goes on with the numbers of children behind an event.
fn count(counts: &mut Vec<u32>, event: &Event) {
    if *event == Event::Close {
        counts.pop();
        return;
    }
    if let Some(count) = counts.last_mut() {
        *count += 1;
    }
    if matches!(event, Event::Open(..)) {
        counts.push(0);
    }
}
