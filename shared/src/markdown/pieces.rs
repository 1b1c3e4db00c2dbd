//! Pieces of a line, and how they become events: nesting is bounded, and no link stands in another.

use super::line::{byte_at, cut};
use super::work::look;
use super::{Event, Tag, links};

/// How many spans may stand in one another. Those beyond that are left out, their text is not.
const MAX_SPANS: u32 = 30;

/// Bytes from and to.
pub(super) type Range = (usize, usize);

/// What a piece is; some have a range of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Nothing,
    Text,
    /// The character with this number.
    Char,
    Code,
    Break,
    Emphasis,
    Strong,
    Struck,
    /// A link to the address that stands there.
    Link,
    /// What began last and is still open ends.
    Close,
}

/// A piece: what it is, and where it stands.
pub(super) type Piece = (Kind, Range);

/// Writes pieces of this text.
pub(super) fn write(source: &str, pieces: &[Piece], out: &mut Vec<Event>) {
    let mut writer = Writer { out, text: String::new() };
    // How many spans are open, and which of the outermost ones are shown, as bits.
    let (mut depth, mut shown) = (0_u32, 0_u64);
    let mut link_depth = 0;
    for &(kind, (start, end)) in pieces {
        let text = cut(source, start, end);
        look(1 + text.len());
        let mut address = String::new();
        let tag = match kind {
            Kind::Nothing => continue,
            Kind::Text => {
                writer.text.push_str(text);
                continue;
            }
            Kind::Char => {
                writer.text.extend(u32::try_from(start).ok().and_then(char::from_u32));
                continue;
            }
            Kind::Break => {
                writer.open(Tag::Break, address);
                writer.push(Event::Close);
                continue;
            }
            Kind::Code => {
                writer.open(Tag::CodeSpan, address);
                push_code(text, &mut writer.text);
                writer.push(Event::Close);
                continue;
            }
            Kind::Close => {
                if depth <= MAX_SPANS && shown >> depth & 1 == 1 {
                    shown &= !(1 << depth);
                    writer.push(Event::Close);
                }
                if link_depth == depth {
                    link_depth = 0;
                }
                depth = depth.saturating_sub(1);
                continue;
            }
            Kind::Emphasis => Tag::Emphasis,
            Kind::Strong => Tag::Strong,
            Kind::Struck => Tag::Struck,
            Kind::Link => Tag::Link,
        };
        depth += 1;
        if kind == Kind::Link {
            // No link in a link.
            match links::read_address(text) {
                Some(found) if link_depth == 0 => address = found,
                _ => continue,
            }
        }
        if depth <= MAX_SPANS {
            if kind == Kind::Link {
                link_depth = depth;
            }
            shown |= 1 << depth;
            writer.open(tag, address);
        }
    }
    writer.flush();
}

struct Writer<'a> {
    out: &'a mut Vec<Event>,
    text: String,
}

impl Writer<'_> {
    fn open(&mut self, tag: Tag, address: String) {
        self.push(Event::Open(tag, address));
    }

    fn push(&mut self, event: Event) {
        self.flush();
        self.out.push(event);
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.out.push(Event::Text(std::mem::take(&mut self.text)));
        }
    }
}

/// Code in a line: line ends are blanks, and one blank at both ends goes where there is more than blanks.
fn push_code(code: &str, out: &mut String) {
    let is_blank = |byte| matches!(byte, b' ' | b'\n');
    let is_padded = code.len() > 1
        && is_blank(byte_at(code, 0))
        && is_blank(byte_at(code, code.len() - 1))
        && !code.bytes().all(is_blank);
    let code = if is_padded { cut(code, 1, code.len() - 1) } else { code };
    out.extend(code.chars().map(|char| if char == '\n' { ' ' } else { char }));
}
