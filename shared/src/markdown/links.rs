//! Addresses: which may become a link, and how they are written (CommonMark, sections 2.4, 2.5, 6.3 and 6.5).

use super::line::{byte_at, cut, from, is_blank, read_number};
use super::work::look;

/// How deep brackets may stand in an address. The specification asks for 3 at least; a bound keeps `[a](b[a](b…` linear.
const MAX_PARENTHESES: usize = 8;

/// What may be followed. Anything else, `javascript:` above all, stays text.
const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];

/// What follows on `](`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// No address.
    None,
    /// The text ends before it does.
    Unfinished,
    /// Where the address begins and ends, and where the text goes on.
    Found((usize, usize), usize),
}

/// Whether an address may become a link. It is what a browser gets to see: a scheme that was hidden behind entities or
/// backslashes shows here, and no browser drops what stands in one of these (it would a tab or a line's end).
#[must_use]
pub fn is_safe(address: &str) -> bool {
    let starts = |scheme: &str| address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    SCHEMES.into_iter().any(starts) && !address.bytes().any(|byte| byte.is_ascii_control())
}

/// The address of a link as it is meant, where it is safe.
pub(super) fn read_address(text: &str) -> Option<String> {
    let mut address = String::new();
    let mut at = 0;
    while let Some(char) = from(text, at).chars().next() {
        if char == '\\' && byte_at(text, at + 1).is_ascii_punctuation() {
            address.push(char::from(byte_at(text, at + 1)));
            at += 2;
        } else if let Some((char, len)) = read_entity(from(text, at)) {
            address.push(char);
            at += len;
        } else {
            address.push(char);
            at += char.len_utf8();
        }
    }
    is_safe(&address).then_some(address)
}

/// The character that `&…;` stands for, and how long it is written.
pub(super) fn read_entity(text: &str) -> Option<(char, usize)> {
    if byte_at(text, 0) != b'&' {
        return None;
    }
    let len = text.bytes().skip(1).take(9).position(|byte| byte == b';')?;
    let name = cut(text, 1, 1 + len);
    let char = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "nbsp" => '\u{a0}',
        _ => {
            let number = name.strip_prefix('#')?;
            let is_hex = byte_at(number, 0) | 32 == b'x';
            let code = read_number(from(number, usize::from(is_hex)), if is_hex { 16 } else { 10 })?;
            char::from_u32(code).filter(|char| *char != '\0').unwrap_or(char::REPLACEMENT_CHARACTER)
        }
    };
    Some((char, len + 2))
}

/// How long `<https://…>` or `<name@host>` is.
pub(super) fn read_autolink(text: &str) -> Option<usize> {
    let is_end = |byte: u8| {
        look(1);
        matches!(byte, b'<' | b'>' | b' ') || byte.is_ascii_control()
    };
    let len = text.bytes().skip(1).position(is_end)? + 2;
    let address = cut(text, 1, len - 1);
    (byte_at(text, len - 1) == b'>' && is_safe(address)).then_some(len)
}

/// Reads an address, a title and `)`. Titles aren't shown.
pub(super) fn read_target(text: &str, at: usize) -> Target {
    let start = skip_blanks(text, at);
    let (range, mut at) = if byte_at(text, start) == b'<' {
        let Some(end) = find_end(text, start + 1, b'>', b"<\n") else { return missing(text, start + 1, b"<\n>") };
        ((start + 1, end), end + 1)
    } else {
        let end = find_bare_end(text, start);
        ((start, end), end)
    };
    let after = skip_blanks(text, at);
    let quote = byte_at(text, after);
    if after > at && matches!(quote, b'"' | b'\'' | b'(') {
        let close = if quote == b'(' { b')' } else { quote };
        let inner: &[u8] = if quote == b'(' { b"(" } else { b"" };
        let Some(end) = find_end(text, after + 1, close, inner) else { return missing(text, after + 1, inner) };
        at = skip_blanks(text, end + 1);
    } else {
        at = after;
    }
    match byte_at(text, at) {
        b')' => Target::Found(range, at + 1),
        _ if at >= text.len() => Target::Unfinished,
        _ => Target::None,
    }
}

/// Whether the end is still to come, or can't.
fn missing(text: &str, at: usize, not: &[u8]) -> Target {
    let is_wrong = |byte: u8| {
        look(1);
        not.contains(&byte)
    };
    if from(text, at).bytes().any(is_wrong) { Target::None } else { Target::Unfinished }
}

fn skip_blanks(text: &str, mut at: usize) -> usize {
    while is_blank(byte_at(text, at)) {
        at += 1;
    }
    at
}

/// Where `end` is, before any of `not`. A backslash hides what follows it.
fn find_end(text: &str, mut at: usize, end: u8, not: &[u8]) -> Option<usize> {
    while at < text.len() {
        let byte = byte_at(text, at);
        if byte == end {
            return Some(at);
        }
        if not.contains(&byte) {
            return None;
        }
        at += 1 + usize::from(byte == b'\\');
    }
    None
}

/// Where an address without `<` ends: at a blank, or at a bracket that it didn't open.
fn find_bare_end(text: &str, mut at: usize) -> usize {
    let mut depth = 0;
    while at < text.len() {
        match byte_at(text, at) {
            b'\\' if byte_at(text, at + 1).is_ascii_punctuation() => at += 1,
            b'(' if depth < MAX_PARENTHESES => depth += 1,
            b'(' => break,
            b')' if depth == 0 => break,
            b')' => depth -= 1,
            byte if byte <= b' ' => break,
            _ => {}
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_https_and_mailto_become_links() {
        for good in ["https://a.example", "http://a.example/b", "HTTPS://a.example", "mailto:a@b.example"] {
            assert!(is_safe(good), "{good}");
        }
        for bad in [
            "",
            "javascript:alert(1)",
            " https://a",
            "java\nscript:x",
            "data:text/html,x",
            "//a.example",
            "/a",
            "https:/a",
            "https:\\\\a",
            "vbscript:x",
            "http",
            "ht\u{0}tps://a",
            "https://a\tb",
            "https://a\u{7f}",
            "éttps://",
        ] {
            assert!(!is_safe(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_hidden_in_an_address_is_seen_before_it_is_judged() {
        assert_eq!(read_address("https&#58;//a.example/?x&amp;y"), Some("https://a.example/?x&y".to_owned()));
        assert_eq!(read_address("https://a.example/\\)"), Some("https://a.example/)".to_owned()));
        for bad in ["java&#x0a;script:x", "&#106;avascript:x", "javascript&#58;x", "java\\script:x", "https://a&#10;b"]
        {
            assert_eq!(read_address(bad), None, "{bad}");
        }
    }
}
