//! One line: how far it is indented, and what its first marks could begin (CommonMark, sections 2.2, 4 and 5).

use super::Tag;
use super::work::look;

/// What is left of a line. A tab reaches to the next multiple of 4 columns and can be eaten in part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// The text, without what was eaten.
    pub rest: &'a str,
    /// The column at which it begins.
    column: usize,
    /// Columns left of a tab of which a part was eaten; they come before `rest`.
    pub spare: usize,
}

impl<'a> Line<'a> {
    pub(super) const fn new(rest: &'a str) -> Self {
        Self { rest, column: 0, spare: 0 }
    }

    /// Eats blank columns: this many, or as many as there are. Says how many it were.
    pub(super) fn eat(&mut self, most: usize) -> usize {
        for eaten in 0..most {
            look(1);
            if self.spare == 0 {
                self.spare = match self.rest.as_bytes().first() {
                    Some(b' ') => 1,
                    Some(b'\t') => 4 - self.column % 4,
                    _ => return eaten,
                };
                self.rest = from(self.rest, 1);
            }
            self.spare -= 1;
            self.column += 1;
        }
        most
    }

    /// How many blank columns it begins with.
    pub(super) fn indent(mut self) -> usize {
        self.eat(usize::MAX)
    }

    /// Eats a mark of this many bytes, which are ASCII.
    pub(super) fn eat_mark(&mut self, len: usize) {
        self.rest = from(self.rest, len);
        self.column += len;
    }

    pub(super) fn is_blank(&self) -> bool {
        trim(self.rest).is_empty()
    }

    /// Puts what is left behind `text`.
    pub(super) fn push_to(&self, text: &mut String) {
        for _ in 0..self.spare {
            text.push(' ');
        }
        text.push_str(self.rest);
    }
}

/// What a list's mark says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marker {
    /// The character by which lists are told apart.
    pub mark: u8,
    /// What list it begins.
    pub tag: Tag,
    /// Bytes of the mark.
    pub len: usize,
}

/// The text from a byte on.
pub(super) fn from(text: &str, at: usize) -> &str {
    cut(text, at, text.len())
}

/// A piece of the text. Marks are ASCII, so that each cut is between characters.
pub(super) fn cut(text: &str, start: usize, end: usize) -> &str {
    text.get(start..end).unwrap_or_default()
}

/// The byte there; 0 behind the end.
pub(super) fn byte_at(text: &str, at: usize) -> u8 {
    look(1);
    text.as_bytes().get(at).copied().unwrap_or(0)
}

/// Where the byte is next, from there on.
pub(super) fn find(text: &str, at: usize, byte: u8) -> Option<usize> {
    (at..text.len()).find(|at| byte_at(text, *at) == byte)
}

/// A number of this base, of digits alone, that isn't too large.
pub(super) fn read_number(text: &str, base: u32) -> Option<u32> {
    let mut number = 0_u32;
    for char in text.chars() {
        number = number.checked_mul(base)?.checked_add(char.to_digit(base)?)?;
    }
    (!text.is_empty()).then_some(number)
}

/// Without blanks at both ends.
pub(super) fn trim(text: &str) -> &str {
    let bare = text.trim_ascii();
    look(text.len() - bare.len());
    bare
}

pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n')
}

/// How many times the byte there follows on itself.
pub(super) fn run_at(text: &str, at: usize) -> usize {
    let byte = byte_at(text, at);
    (at..text.len()).take_while(|at| byte_at(text, *at) == byte).count()
}

/// Whether the line holds nothing but this byte and blanks; how many of it there are.
fn count_only(text: &str, mark: u8) -> Option<usize> {
    let mut count = 0;
    for byte in text.bytes() {
        look(1);
        if byte == mark {
            count += 1;
        } else if !is_blank(byte) {
            return None;
        }
    }
    Some(count)
}

/// `***`, `- - -`
pub(super) fn is_rule(text: &str) -> bool {
    let mark = byte_at(text, 0);
    matches!(mark, b'*' | b'-' | b'_') && count_only(text, mark) >= Some(3)
}

/// The level of the heading that a line of `=` or `-` makes of the paragraph above.
pub(super) fn underline_level(text: &str) -> Option<u8> {
    let text = trim(text);
    let level = match byte_at(text, 0) {
        b'=' => 1,
        b'-' => 2,
        _ => return None,
    };
    (run_at(text, 0) == text.len()).then_some(level)
}

/// The level and the text of a heading that begins with `#`.
pub(super) fn heading(text: &str) -> Option<(u8, &str)> {
    if byte_at(text, 0) != b'#' {
        return None;
    }
    let level = run_at(text, 0);
    let rest = from(text, level);
    if level > 6 || !(rest.is_empty() || is_blank(byte_at(rest, 0))) {
        return None;
    }
    // Marks that close it belong to it only behind a blank.
    let rest = trim(rest);
    let mut end = rest.len();
    while end > 0 && byte_at(rest, end - 1) == b'#' {
        end -= 1;
    }
    let is_closed = end == 0 || is_blank(byte_at(rest, end - 1));
    Some((u8::try_from(level).ok()?, if is_closed { trim(cut(rest, 0, end)) } else { rest }))
}

/// The mark of a fence, and how long it is.
pub(super) fn fence(text: &str) -> Option<(u8, usize)> {
    let mark = byte_at(text, 0);
    let len = run_at(text, 0);
    let is_fence = match mark {
        b'`' => find(text, len, b'`').is_none(),
        b'~' => true,
        _ => false,
    };
    (is_fence && len >= 3).then_some((mark, len))
}

/// Whether it ends a fence of this mark and length.
pub(super) fn ends_fence(text: &str, mark: u8, len: usize) -> bool {
    let text = trim(text);
    byte_at(text, 0) == mark && run_at(text, 0) == text.len() && text.len() >= len
}

/// The mark of a list's item.
pub(super) fn marker(text: &str) -> Option<Marker> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    look(digits);
    let mark = byte_at(text, digits);
    let tag = match (mark, digits) {
        (b'-' | b'+' | b'*', 0) => Tag::Bullets,
        (b'.' | b')', 1..=9) => Tag::Numbers(read_number(cut(text, 0, digits), 10)?),
        _ => return None,
    };
    let len = digits + 1;
    (len == text.len() || is_blank(byte_at(text, len))).then_some(Marker { mark, tag, len })
}

/// Whether what follows may still make anything of these marks: nothing but marks so far.
pub(super) fn is_undecided(text: &str) -> bool {
    let is_mark = |byte: u8| {
        look(1);
        byte != b'!' && byte != b'<' && !byte.is_ascii_alphabetic() && byte < 128
    };
    text.bytes().all(is_mark)
}
