//! An answer's text as blocks and spans: paragraphs with their line breaks, quotes, lists, bold and code. It is a
//! reading of plain text that never fails: what isn't markup stays text.

/// A block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block<'a> {
    /// Which.
    pub kind: Kind,
    /// Its lines, without the marks of its kind.
    pub lines: Vec<&'a str>,
    /// How long it is, in bytes, with the empty lines before it.
    pub len: usize,
}

/// Kinds of blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Lines up to an empty one.
    Paragraph,
    /// Lines behind `>`.
    Quote,
    /// Lines behind `-` or `*`: one item each.
    List,
}

/// A piece of a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Span<'a> {
    Text(&'a str),
    /// Between `**`.
    Bold(&'a str),
    /// Between backticks.
    Code(&'a str),
}

/// The first block; `None`: nothing but space is left.
pub(crate) fn first_block(text: &str) -> Option<Block<'_>> {
    let mut block: Option<Block<'_>> = None;
    let mut len = 0;
    for line in text.split_inclusive('\n') {
        len += line.len();
        let line = line.trim_ascii_end();
        let (kind, body) = read_line(line);
        match &mut block {
            None if line.is_empty() => {}
            None => block = Some(Block { kind, lines: vec![body], len }),
            Some(block) if !line.is_empty() && block.kind == kind => {
                block.lines.push(body);
                block.len = len;
            }
            Some(_) => break,
        }
    }
    block
}

fn read_line(line: &str) -> (Kind, &str) {
    if let Some(rest) = line.strip_prefix('>') {
        (Kind::Quote, rest.strip_prefix(' ').unwrap_or(rest))
    } else if let Some(rest) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
        (Kind::List, rest)
    } else {
        (Kind::Paragraph, line)
    }
}

/// Tells `take` the spans of a line, in order.
pub(crate) fn read_spans<'a>(line: &'a str, take: &mut dyn FnMut(Span<'a>)) {
    // `rest` is what no span has yet, `from` where the search for a mark goes on in it.
    let (mut rest, mut from) = (line, 0);
    while let Some((at, mark)) = find_mark(rest, from, None) {
        let inside_at = at + mark.len();
        let end = find_mark(rest, inside_at, Some(mark)).map(|(end, _)| end);
        // Marks are ASCII, so that each cut is between characters.
        let parts =
            end.and_then(|end| Some((rest.get(..at)?, rest.get(inside_at..end)?, rest.get(end + mark.len()..)?)));
        match parts {
            Some((before, inside, after)) if !inside.is_empty() && !inside.starts_with(' ') => {
                take(Span::Text(before));
                take(if mark == "`" { Span::Code(inside) } else { Span::Bold(inside) });
                (rest, from) = (after, 0);
            }
            _ => from = inside_at,
        }
    }
    take(Span::Text(rest));
}

/// The first mark at or behind `from`: this one, or any.
fn find_mark(text: &str, from: usize, wanted: Option<&str>) -> Option<(usize, &'static str)> {
    let bytes = text.as_bytes();
    (from..bytes.len()).find_map(|at| {
        let mark = match bytes.get(at..)? {
            [b'`', ..] => "`",
            [b'*', b'*', ..] => "**",
            _ => return None,
        };
        wanted.is_none_or(|wanted| wanted == mark).then_some((at, mark))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(line: &str) -> Vec<Span<'_>> {
        let mut spans = Vec::new();
        read_spans(line, &mut |span| spans.push(span));
        spans.retain(|span| *span != Span::Text(""));
        spans
    }

    fn blocks(mut text: &str) -> Vec<(Kind, Vec<&str>)> {
        let mut blocks = Vec::new();
        while let Some(block) = first_block(text) {
            assert!(block.len > 0, "each block moves on");
            text = &text[block.len..];
            blocks.push((block.kind, block.lines));
        }
        blocks
    }

    #[test]
    fn empty_lines_part_paragraphs_and_single_ones_break_lines() {
        assert_eq!(blocks("a\nb\n\n\nc"), [(Kind::Paragraph, vec!["a", "b"]), (Kind::Paragraph, vec!["c"])]);
        assert_eq!(blocks("\n \n"), []);
        assert_eq!(blocks("a\r\n\r\nb"), [(Kind::Paragraph, vec!["a"]), (Kind::Paragraph, vec!["b"])]);
    }

    #[test]
    fn quotes_and_lists_need_no_empty_line_around_them() {
        assert_eq!(
            blocks("See:\n> one\n>two\n- x\n* y\nend"),
            [
                (Kind::Paragraph, vec!["See:"]),
                (Kind::Quote, vec!["one", "two"]),
                (Kind::List, vec!["x", "y"]),
                (Kind::Paragraph, vec!["end"]),
            ]
        );
        assert_eq!(blocks("-5 degrees"), [(Kind::Paragraph, vec!["-5 degrees"])]);
    }

    #[test]
    fn pairs_of_marks_are_spans_and_single_ones_text() {
        use Span::{Bold, Code, Text};
        assert_eq!(spans("a **b** `c`"), [Text("a "), Bold("b"), Text(" "), Code("c")]);
        assert_eq!(spans("2*3 **ü**"), [Text("2*3 "), Bold("ü")]);
        assert_eq!(spans("`a**b`"), [Code("a**b")]);
        for plain in ["2 * 3 * 4", "**open", "` alone", "****", "``", "** a **", "é*ü"] {
            assert_eq!(spans(plain), [Text(plain)], "{plain}");
        }
        assert_eq!(spans(""), []);
    }

    #[test]
    fn no_text_is_lost_wherever_a_stream_is_cut() {
        let text = "Hé **bold** and `code`\n> quote\n\n- item **x\nlast `";
        for (cut, _) in text.char_indices() {
            let text = &text[..cut];
            let read: usize = blocks(text).iter().flat_map(|(_, lines)| lines).map(|line| line.len()).sum();
            assert!(read <= text.len());
            for line in text.lines() {
                let kept: usize = spans(line)
                    .iter()
                    .map(|span| match span {
                        Span::Text(text) => text.len(),
                        Span::Bold(text) => text.len() + 4,
                        Span::Code(text) => text.len() + 2,
                    })
                    .sum();
                assert_eq!(kept, line.len());
            }
        }
    }
}
