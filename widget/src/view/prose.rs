//! An answer's text as blocks and spans: paragraphs with their line breaks, quotes, lists, bold and code. It is a
//! reading of plain text that never fails: what isn't markup stays text.

/// A block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block<'a> {
    /// Which.
    pub kind: Kind,
    /// Its lines, without the marks of its kind.
    pub lines: Vec<&'a str>,
    /// Where it ends, in bytes.
    pub end: usize,
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

/// The first block at or behind `from`; `None`: nothing but space is left.
pub(crate) fn next_block(text: &str, from: usize) -> Option<Block<'_>> {
    let mut block: Option<Block<'_>> = None;
    let mut at = from;
    for line in text[from..].split_inclusive('\n') {
        let end = at + line.len();
        let line = line.trim_end();
        let (kind, body) = read_line(line);
        match &mut block {
            None if line.is_empty() => {}
            None => block = Some(Block { kind, lines: vec![body], end }),
            Some(block) if !line.is_empty() && block.kind == kind => {
                block.lines.push(body);
                block.end = end;
            }
            Some(_) => break,
        }
        at = end;
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

/// The spans of a line.
pub(crate) fn spans(line: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    let (mut rest, mut from) = (line, 0);
    while let Some(at) = rest[from..].find(['*', '`']).map(|at| at + from) {
        let mark = if rest[at..].starts_with("**") { "**" } else { &rest[at..=at] };
        let inside = &rest[at + mark.len()..];
        let is_open = mark != "*" && !inside.starts_with(' ');
        match inside.find(mark).filter(|len| is_open && *len > 0) {
            Some(len) => {
                if at > 0 {
                    spans.push(Span::Text(&rest[..at]));
                }
                let inner = &inside[..len];
                spans.push(if mark == "`" { Span::Code(inner) } else { Span::Bold(inner) });
                rest = &inside[len + mark.len()..];
                from = 0;
            }
            None => from = at + mark.len(),
        }
    }
    if !rest.is_empty() {
        spans.push(Span::Text(rest));
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(text: &str) -> Vec<(Kind, Vec<&str>)> {
        let (mut blocks, mut from) = (Vec::new(), 0);
        while let Some(block) = next_block(text, from) {
            assert!(block.end > from, "each block moves on");
            from = block.end;
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
        for plain in ["2 * 3 * 4", "**open", "` alone", "****", "``", "** a **", "é*ü", ""] {
            let expected = if plain.is_empty() { vec![] } else { vec![Text(plain)] };
            assert_eq!(spans(plain), expected, "{plain}");
        }
        assert_eq!(spans("2*3 **ü**"), [Text("2*3 "), Bold("ü")]);
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
