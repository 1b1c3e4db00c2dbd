//! Tables (GFM, section 4.10). A short row isn't filled up: a head of thousands of columns over thousands of short rows
//! would come out millions of cells long.

use super::line::{byte_at, cut, find, from, run_at, trim};
use super::{Align, Event, Tag, inlines};

/// Columns whose alignment is kept.
const MAX_ALIGNED: u32 = 32;

/// How the columns are aligned, two bits each, where `text` is a row of dashes with as many cells as `head`.
pub(super) fn read_aligns(text: &str, head: &str) -> Option<u64> {
    find(text, 0, b'|')?;
    let (mut aligns, mut count, mut is_bad) = (0, 0, false);
    split(text, &mut |cell| {
        let starts = byte_at(cell, 0) == b':';
        let bare = from(cell, usize::from(starts));
        let dashes = run_at(bare, 0);
        let after = from(bare, dashes);
        is_bad |= byte_at(bare, 0) != b'-' || !matches!(after, "" | ":");
        if count < MAX_ALIGNED {
            aligns |= (u64::from(starts) | u64::from(!after.is_empty()) << 1) << (2 * count);
        }
        count += 1;
    });
    split(head, &mut |_| count = count.wrapping_sub(1));
    (!is_bad && count == 0).then_some(aligns)
}

/// Reads a row; its cells are those of the head where `is_head`.
pub(super) fn read_row(text: &str, aligns: u64, is_head: bool, is_open: bool, out: &mut Vec<Event>) {
    out.push(Event::Open(Tag::Row, String::new()));
    let mut aligns = aligns;
    split(text, &mut |cell| {
        let align = match aligns & 3 {
            0 => Align::Auto,
            1 => Align::Left,
            2 => Align::Right,
            _ => Align::Centre,
        };
        aligns >>= 2;
        let tag = if is_head { Tag::Head(align) } else { Tag::Cell(align) };
        out.push(Event::Open(tag, String::new()));
        inlines::read(cell, is_open, out);
        out.push(Event::Close);
    });
    out.push(Event::Close);
}

/// Tells `take` the cells of a row. Bars behind a backslash are text.
fn split(text: &str, take: &mut dyn FnMut(&str)) {
    let text = trim(text);
    let mut cell = String::new();
    let mut start = usize::from(byte_at(text, 0) == b'|');
    let mut at = start;
    while at <= text.len() {
        if byte_at(text, at) == b'|' && at > start && byte_at(text, at - 1) == b'\\' {
            cell.push_str(cut(text, start, at - 1));
            start = at;
        } else if byte_at(text, at) == b'|' || at == text.len() && at > start {
            cell.push_str(cut(text, start, at));
            take(trim(&cell));
            cell.clear();
            start = at + 1;
        }
        at += 1;
    }
}
