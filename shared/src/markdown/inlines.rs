//! What stands in a line (CommonMark, section 6): emphasis, code, links, escapes, entities, hard breaks; GFM's `~~`.
//!
//! One pass makes pieces; marks of emphasis find their partners when the text is over, or the link around them is
//! (the specification's appendix, "an algorithm for parsing nested emphasis and links"). Each step moves on, so that
//! `*a **a *a **a…` and `[[[[…` take linear time.

use super::flanks::Beside;
use super::line::{byte_at, cut, find, from, run_at};
use super::links::{self, Target};
use super::pieces::{Kind, Piece};
use super::work::look;
use super::{Event, pieces};

/// Lengths of runs of backticks that are told apart; longer ones are text.
const MAX_BACKTICKS: usize = 31;

/// Marks that may begin or end a span. Each of them is a piece of its own.
#[derive(Debug, Clone, Copy)]
struct Run {
    mark: u8,
    /// The first piece that is left, and how many are.
    at: usize,
    count: usize,
    /// How many there were.
    whole: usize,
    can_open: bool,
    can_close: bool,
}

/// A `[` that may begin a link.
#[derive(Debug, Clone, Copy)]
struct Bracket {
    /// Its piece.
    at: usize,
    /// How many runs come before it.
    runs: usize,
    is_image: bool,
}

/// Reads the text of a block. While it is open, what is unfinished is read as it will probably end.
pub(super) fn read(text: &str, is_open: bool, out: &mut Vec<Event>) {
    let mut reader = Reader { text, is_open, pieces: Vec::new(), runs: Vec::new(), brackets: Vec::new() };
    reader.read();
    pieces::write(text, &reader.pieces, out);
}

struct Reader<'a> {
    text: &'a str,
    is_open: bool,
    pieces: Vec<Piece>,
    runs: Vec<Run>,
    brackets: Vec<Bracket>,
}

impl Reader<'_> {
    #[expect(clippy::too_many_lines, reason = "one arm for each mark")]
    fn read(&mut self) {
        let text = self.text;
        let end = text.len();
        // Bit n: there is no run of n backticks ahead.
        let mut missing = 0_u32;
        // Brackets before this one are within what would be a link in a link.
        let mut spent = 0;
        let (mut plain, mut at) = (0, 0);
        while at < end {
            let start = at;
            let byte = byte_at(text, at);
            let next = byte_at(text, at + 1);
            at += 1;
            // What the marks become, if they become anything.
            let mut piece = (Kind::Nothing, (0, 0));
            match byte {
                b'\\' if next == b'\n' => {
                    piece.0 = Kind::Break;
                    at += 1;
                }
                b'\\' if next.is_ascii_punctuation() => {
                    piece = (Kind::Text, (at, at + 1));
                    at += 1;
                }
                b'\\' if self.is_open && at == end => {}
                b'\n' => {
                    let mut bare = start;
                    while bare > plain && byte_at(text, bare - 1) == b' ' {
                        bare -= 1;
                    }
                    self.push_text(plain, bare);
                    plain = start;
                    if start < bare + 2 {
                        continue;
                    }
                    piece.0 = Kind::Break;
                }
                b'&' => match links::read_entity(from(text, start)) {
                    Some((char, len)) => {
                        piece = (Kind::Char, (char as usize, 0));
                        at = start + len;
                    }
                    None => continue,
                },
                b'`' => {
                    let len = run_at(text, start);
                    at = start + len;
                    if len > MAX_BACKTICKS {
                        continue;
                    }
                    let closing = if missing >> len & 1 == 1 { None } else { find_backticks(text, at, len) };
                    match closing {
                        Some(close) => {
                            piece = (Kind::Code, (at, close));
                            at = close + len;
                        }
                        None if self.is_open => {
                            piece = (Kind::Code, (at, end));
                            at = end;
                        }
                        None => {
                            missing |= 1 << len;
                            continue;
                        }
                    }
                }
                b'<' => match links::read_autolink(from(text, start)) {
                    Some(len) => {
                        at = start + len;
                        let inside = (start + 1, at - 1);
                        self.push_text(plain, start);
                        plain = at;
                        self.pieces.push((Kind::Link, inside));
                        self.pieces.push((Kind::Text, inside));
                        piece.0 = Kind::Close;
                    }
                    None => continue,
                },
                b'*' | b'_' | b'~' => {
                    let count = run_at(text, start);
                    at = start + count;
                    self.push_text(plain, start);
                    plain = at;
                    // Whether more of them come decides what they are.
                    if !(self.is_open && at == end) {
                        self.push_run(byte, start, count);
                    }
                    continue;
                }
                b'!' | b'[' => {
                    let is_image = byte == b'!';
                    if is_image && next != b'[' {
                        continue;
                    }
                    at += usize::from(is_image);
                    self.push_text(plain, start);
                    plain = at;
                    self.brackets.push(Bracket { at: self.pieces.len(), runs: self.runs.len(), is_image });
                    self.push_text(start, at);
                    continue;
                }
                b']' => {
                    let Some(bracket) = self.brackets.pop() else { continue };
                    let is_spent = self.brackets.len() < spent;
                    spent = spent.min(self.brackets.len());
                    if is_spent && !bracket.is_image {
                        continue;
                    }
                    let target = if next == b'(' { links::read_target(text, at + 1) } else { Target::None };
                    let is_last = self.is_open && (at == end || matches!(target, Target::Unfinished));
                    if let Target::Found(range, after) = target {
                        self.pair(bracket.runs);
                        self.set(bracket.at, (Kind::Link, range));
                        piece.0 = Kind::Close;
                        at = after;
                        if !bracket.is_image {
                            spent = self.brackets.len();
                        }
                    } else if is_last {
                        // Its address is still to come, whole or in part.
                        self.drop(bracket.at);
                        at = end;
                    } else {
                        continue;
                    }
                }
                _ => continue,
            }
            self.push_text(plain, start);
            self.pieces.push(piece);
            plain = at;
        }
        self.push_text(plain, end);
        if self.is_open
            && let Some(bracket) = self.brackets.last().copied()
        {
            self.drop(bracket.at);
        }
        self.pair(0);
    }

    fn push_text(&mut self, start: usize, end: usize) {
        if start < end {
            self.pieces.push((Kind::Text, (start, end)));
        }
    }

    fn drop(&mut self, at: usize) {
        self.set(at, (Kind::Nothing, (0, 0)));
    }

    fn set(&mut self, at: usize, piece: Piece) {
        if let Some(slot) = self.pieces.get_mut(at) {
            *slot = piece;
        }
    }

    /// Whether these marks may begin or end a span: section 6.2, "left-flanking" and "right-flanking".
    fn push_run(&mut self, mark: u8, start: usize, count: usize) {
        let before = Beside::of(cut(self.text, 0, start).chars().next_back());
        let after = Beside::of(from(self.text, start + count).chars().next());
        let is_left = after != Beside::Blank && (after != Beside::Punctuation || before != Beside::Other);
        let is_right = before != Beside::Blank && (before != Beside::Punctuation || after != Beside::Other);
        let (can_open, can_close) = match mark {
            b'*' => (is_left, is_right),
            b'_' => (
                is_left && (!is_right || before == Beside::Punctuation),
                is_right && (!is_left || after == Beside::Punctuation),
            ),
            // One `~` alone means "about".
            _ => (is_left && count == 2, is_right && count == 2),
        };
        self.runs.push(Run { mark, at: self.pieces.len(), count, whole: count, can_open, can_close });
        for at in start..start + count {
            self.push_text(at, at + 1);
        }
    }

    /// Finds partners among the runs from `base` on, and forgets them.
    fn pair(&mut self, base: usize) {
        // Runs from `base` to `top` still wait for a partner.
        let mut top = base;
        // Below these, none waits for a run of such a kind: nothing is looked for twice.
        let mut floors = [base; 18];
        for at in base..self.runs.len() {
            let Some(mut run) = self.runs.get(at).copied() else { return };
            while run.can_close && run.count > 0 {
                let kind = usize::from(run.mark == b'_') * 6 + usize::from(run.mark == b'~') * 12;
                let kind = kind + usize::from(run.can_open) * 3 + run.whole % 3;
                let Some(floor) = floors.get_mut(kind) else { return };
                let Some(found) =
                    (*floor..top).rev().find(|at| self.runs.get(*at).is_some_and(|opener| opener.fits(&run)))
                else {
                    *floor = top;
                    break;
                };
                let Some(opener) = self.runs.get_mut(found) else { return };
                let is_double = opener.count >= 2 && run.count >= 2;
                let taken = 1 + usize::from(is_double);
                opener.count -= taken;
                let (open_at, is_used) = (opener.at + opener.count, opener.count == 0);
                self.set_span(open_at, run.mark, is_double);
                self.set(run.at, (Kind::Close, (0, 0)));
                if is_double {
                    self.drop(run.at + 1);
                }
                run.at += taken;
                run.count -= taken;
                top = found + usize::from(!is_used);
                for floor in &mut floors {
                    *floor = (*floor).min(top);
                }
            }
            if run.can_open && run.count > 0 {
                if let Some(slot) = self.runs.get_mut(top) {
                    *slot = run;
                }
                top += 1;
            }
        }
        if self.is_open && base == 0 {
            self.close_waiting(top);
        }
        self.runs.truncate(base);
    }

    /// What surely begins a span will have an end.
    fn close_waiting(&mut self, top: usize) {
        for at in 0..top {
            let Some(run) = self.runs.get(at).copied().filter(|run| !run.can_close && run.whole <= 3) else { continue };
            let mut left = run.count;
            while left > 0 {
                let is_double = left >= 2;
                left -= 1 + usize::from(is_double);
                self.set_span(run.at + left, run.mark, is_double);
                self.pieces.push((Kind::Close, (0, 0)));
            }
        }
    }

    fn set_span(&mut self, at: usize, mark: u8, is_double: bool) {
        let kind = match mark {
            b'~' => Kind::Struck,
            _ if is_double => Kind::Strong,
            _ => Kind::Emphasis,
        };
        self.set(at, (kind, (0, 0)));
        if is_double {
            self.drop(at + 1);
        }
    }
}

impl Run {
    /// Whether `closer` may be its partner: same mark, and the specification's "rule of 3".
    fn fits(&self, closer: &Self) -> bool {
        look(1);
        self.mark == closer.mark
            && (!(self.can_close || closer.can_open)
                || !(self.whole + closer.whole).is_multiple_of(3)
                || self.whole.is_multiple_of(3))
    }
}

/// Where the next run of just so many backticks begins.
fn find_backticks(text: &str, mut at: usize, len: usize) -> Option<usize> {
    loop {
        at = find(text, at, b'`')?;
        let found = run_at(text, at);
        if found == len {
            return Some(at);
        }
        at += found;
    }
}
