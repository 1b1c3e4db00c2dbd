//! Trees as HTML text, to compare them with the specification's. The widget makes no such text.

use std::fmt::Write as _;
use weft_shared::markdown::{Align, Event, Stream, Tag};

/// All events of a text that is over.
pub(crate) fn read(text: &str) -> Vec<Event> {
    Stream::default().update(text, true).events.to_vec()
}

/// The HTML of a text, brought into one form.
pub(crate) fn html(text: &str) -> String {
    normalize(&render(&read(text)))
}

/// Neighbouring texts as one, as a reader sees them.
pub(crate) fn join_texts(events: &[Event]) -> Vec<Event> {
    let mut joined: Vec<Event> = Vec::new();
    for event in events {
        match (joined.last_mut(), event) {
            (Some(Event::Text(before)), Event::Text(text)) => before.push_str(text),
            _ => joined.push(event.clone()),
        }
    }
    joined
}

/// As CommonMark's reference implementation writes it.
pub(crate) fn render(events: &[Event]) -> String {
    let mut out = String::new();
    let mut ends: Vec<String> = Vec::new();
    for event in events {
        match event {
            Event::Text(text) => out.push_str(&escape(text)),
            Event::Close => out.push_str(&ends.pop().expect("each end has a beginning")),
            Event::Open(tag, address) => {
                let (begin, end) = match tag {
                    Tag::Paragraph => ("<p>".to_owned(), "</p>\n".to_owned()),
                    Tag::Heading(level) => (format!("<h{level}>"), format!("</h{level}>\n")),
                    Tag::Quote => ("<blockquote>\n".to_owned(), "</blockquote>\n".to_owned()),
                    Tag::Bullets => ("<ul>\n".to_owned(), "</ul>\n".to_owned()),
                    Tag::Numbers(1) => ("<ol>\n".to_owned(), "</ol>\n".to_owned()),
                    Tag::Numbers(start) => (format!("<ol start=\"{start}\">\n"), "</ol>\n".to_owned()),
                    Tag::Item => ("<li>".to_owned(), "</li>\n".to_owned()),
                    Tag::Code => ("<pre><code>".to_owned(), "</code></pre>\n".to_owned()),
                    Tag::Rule => ("<hr />\n".to_owned(), String::new()),
                    Tag::Table => ("<table>".to_owned(), "</table>\n".to_owned()),
                    Tag::Row => ("<tr>".to_owned(), "</tr>\n".to_owned()),
                    Tag::Head(align) | Tag::Cell(align) => {
                        let name = if matches!(tag, Tag::Head(_)) { "th" } else { "td" };
                        let align = match align {
                            Align::Auto => "",
                            Align::Left => " align=\"left\"",
                            Align::Right => " align=\"right\"",
                            Align::Centre => " align=\"center\"",
                        };
                        (format!("<{name}{align}>"), format!("</{name}>\n"))
                    }
                    Tag::Strong => ("<strong>".to_owned(), "</strong>".to_owned()),
                    Tag::Emphasis => ("<em>".to_owned(), "</em>".to_owned()),
                    Tag::Struck => ("<del>".to_owned(), "</del>".to_owned()),
                    Tag::CodeSpan => ("<code>".to_owned(), "</code>".to_owned()),
                    Tag::Link => (format!("<a href=\"{}\">", escape_address(address)), "</a>".to_owned()),
                    Tag::Break => ("<br />\n".to_owned(), String::new()),
                };
                out.push_str(&begin);
                ends.push(end);
            }
        }
    }
    assert_eq!(ends, [""; 0], "each beginning has an end");
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn escape_address(address: &str) -> String {
    let mut out = String::new();
    for byte in address.bytes() {
        match byte {
            b'&' => out.push_str("&amp;"),
            b'\'' => out.push_str("&#x27;"),
            b' ' | b'"' | b'\\' | b'[' | b']' | b'`' | b'<' | b'>' | 128.. => {
                write!(out, "%{byte:02X}").expect("a String takes any text");
            }
            _ => out.push(char::from(byte)),
        }
    }
    out
}

const BLOCKS: [&str; 18] = [
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "ul",
    "ol",
    "li",
    "pre",
    "hr",
    "table",
    "tr",
    "th",
    "td",
    "code",
];

/// One form for what means the same to the widget: blanks between blocks, and items of lists with or without paragraphs.
pub(crate) fn normalize(html: &str) -> String {
    let mut out = String::new();
    let mut open: Vec<&str> = Vec::new();
    let mut dropped: Vec<bool> = Vec::new();
    let mut after_block = true;
    let mut after_paragraph = false;
    for token in tokens(html) {
        let name = token.trim_matches(['<', '/', '>']).split([' ', '/']).next().unwrap_or_default();
        let is_tag = token.starts_with('<');
        let in_code = open.contains(&"pre");
        let is_block = is_tag && BLOCKS.contains(&name) && (name != "code" || in_code);
        if is_block && !in_code {
            out.truncate(out.trim_end_matches('\n').len());
        }
        if !is_tag {
            out.push_str(if after_block && !in_code { token.trim_start_matches('\n') } else { token });
        } else if token.starts_with("</") {
            open.pop();
            if !dropped.pop().unwrap_or(false) {
                out.push_str(token);
            }
        } else {
            let is_loose = name == "p" && open.last() == Some(&"li");
            if !is_loose {
                out.push_str(token);
            } else if after_paragraph {
                // Two paragraphs in an item aren't one.
                out.push('¶');
            }
            if !token.ends_with("/>") {
                open.push(name);
                dropped.push(is_loose);
            }
        }
        after_paragraph = token == "</p>" || after_paragraph && !is_tag && token.trim().is_empty();
        after_block = is_block;
    }
    out
}

fn tokens(html: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = html;
    while !rest.is_empty() {
        let len = if rest.starts_with('<') {
            rest.find('>').map_or(rest.len(), |at| at + 1)
        } else {
            rest.find('<').unwrap_or(rest.len())
        };
        let (token, left) = rest.split_at(len);
        tokens.push(token);
        rest = left;
    }
    tokens
}
