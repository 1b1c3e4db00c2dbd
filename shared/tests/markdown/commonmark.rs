//! The specification's own examples, each as it stands. docs/MARKDOWN.md holds which of them come out.

use crate::html::{html, normalize};
use serde::Deserialize;
use std::fmt::Write as _;
use std::{env, fs};

const EXAMPLES: &str = include_str!("spec/commonmark-0.31.2.json");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/MARKDOWN.md");
const BEGIN: &str =
    "<!-- Written by the test `examples_that_pass_are_those_on_the_page`; BLESS=1 writes it anew. -->\n";
const END: &str = "<!-- end -->\n";

/// Why examples of a section don't come out. A section that isn't here has to come out as a whole.
const REASONS: [(&str, &str); 12] = [
    ("Backslash escapes", "a backslash in `<https://…>`; HTML; link reference definitions"),
    ("Entity and numeric character references", "names of entities; HTML; link reference definitions"),
    ("HTML blocks", "no HTML"),
    ("Link reference definitions", "none are read"),
    ("Lists", "HTML between lists; link reference definitions"),
    ("Code spans", "HTML"),
    ("Emphasis and strong emphasis", "HTML"),
    ("Links", "link reference definitions; HTML"),
    ("Images", "link reference definitions"),
    (
        "Autolinks",
        "schemes that aren't followed, and addresses of mail without `mailto:`, stay text; a backslash (603)",
    ),
    ("Raw HTML", "no HTML"),
    ("Hard line breaks", "HTML"),
];
#[derive(Deserialize)]
struct Example {
    #[serde(rename = "example")]
    number: u32,
    section: String,
    markdown: String,
    html: String,
}

fn examples() -> Vec<Example> {
    serde_json::from_str(EXAMPLES).expect("the examples are JSON")
}

/// Whether an example comes out, also where its relative addresses are whole ones.
fn passes(example: &Example) -> bool {
    let is_same = |markdown: &str, expected: &str| html(markdown) == normalize(&by_our_rules(expected));
    let (markdown, expected) = with_whole_addresses(&example.markdown, &example.html);
    is_same(&example.markdown, &example.html) && is_same(&markdown, &expected)
}

/// What the specification's HTML is by the widget's rules: no titles, no classes, no images but links to them, and of a
/// link that isn't safe its text alone.
fn by_our_rules(html: &str) -> String {
    let mut out = String::new();
    let mut is_dropped = false;
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let len = rest[at..].find('>').map_or(rest.len() - at, |end| end + 1);
        let tag = &rest[at..at + len];
        rest = &rest[at + len..];
        let attribute = |name: &str| {
            let value = tag.split_once(&format!(" {name}=\""))?.1;
            value.split_once('"').map(|(value, _)| value)
        };
        if tag.starts_with("<img ") {
            let (address, text) = (attribute("src").unwrap_or_default(), attribute("alt").unwrap_or_default());
            if is_safe(address) && !out.contains("<a ") {
                write!(out, "<a href=\"{address}\">{text}</a>").expect("a String takes any text");
            } else {
                out.push_str(text);
            }
        } else if let Some(address) = attribute("href").filter(|_| tag.starts_with("<a ")) {
            is_dropped = !is_safe(address);
            if !is_dropped {
                write!(out, "<a href=\"{address}\">").expect("a String takes any text");
            }
        } else if tag == "</a>" {
            if !is_dropped {
                out.push_str(tag);
            }
        } else if tag.starts_with("<code ") {
            out.push_str("<code>");
        } else {
            out.push_str(tag);
        }
    }
    out + rest
}

fn is_safe(address: &str) -> bool {
    let address = address.to_ascii_lowercase();
    ["http://", "https://", "mailto:"].iter().any(|scheme| address.starts_with(scheme))
}

/// The same example with whole addresses for the relative ones: by the widget's rules those don't become links.
fn with_whole_addresses(markdown: &str, html: &str) -> (String, String) {
    const BASE: &str = "https://a.example/";
    let (mut markdown, mut html) = (markdown.to_owned(), html.to_owned());
    for (attribute, rest) in [("href=\"", html.clone()), ("src=\"", html.clone())] {
        let addresses: Vec<String> =
            rest.split(attribute).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect();
        for address in addresses {
            if is_safe(&address) || address.is_empty() {
                continue;
            }
            for before in ["](", "](<"] {
                let written = format!("{before}{address}");
                if markdown.contains(&written) {
                    markdown = markdown.replace(&written, &format!("{before}{BASE}{address}"));
                    html = html.replace(&format!("{attribute}{address}\""), &format!("{attribute}{BASE}{address}\""));
                    html = html.replace(&written, &format!("{before}{BASE}{address}"));
                }
            }
        }
    }
    (markdown, html)
}

fn table() -> String {
    let mut sections: Vec<(String, Vec<u32>, Vec<u32>)> = Vec::new();
    for example in examples() {
        if sections.last().is_none_or(|(section, ..)| *section != example.section) {
            sections.push((example.section.clone(), Vec::new(), Vec::new()));
        }
        let (_, passing, failing) = sections.last_mut().expect("there is one now");
        if passes(&example) { passing } else { failing }.push(example.number);
    }
    let mut out = String::from("| section | pass | of | don't pass | why |\n| --- | --: | --: | --- | --- |\n");
    let (mut passing_in_all, mut in_all) = (0, 0);
    for (section, passing, failing) in sections {
        let reason = REASONS.iter().find(|(known, _)| *known == section).map(|(_, reason)| *reason);
        assert!(failing.is_empty() == reason.is_none(), "{section}: {failing:?} fail, and the reason is {reason:?}");
        let all = passing.len() + failing.len();
        let failing = failing.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        writeln!(out, "| {section} | {} | {all} | {failing} | {} |", passing.len(), reason.unwrap_or_default())
            .expect("a String takes any text");
        passing_in_all += passing.len();
        in_all += all;
    }
    writeln!(out, "| **in all** | **{passing_in_all}** | **{in_all}** | | |").expect("a String takes any text");
    out
}

#[test]
fn examples_that_pass_are_those_on_the_page() {
    assert_eq!(examples().len(), 652);
    let page = fs::read_to_string(PAGE).expect("docs/MARKDOWN.md is there");
    let (before, rest) = page.split_once(BEGIN).expect("docs/MARKDOWN.md has the table's beginning");
    let (written, after) = rest.split_once(END).expect("docs/MARKDOWN.md has the table's end");
    let table = table();
    if env::var_os("BLESS").is_some() {
        fs::write(PAGE, format!("{before}{BEGIN}{table}{END}{after}")).expect("docs/MARKDOWN.md can be written");
    } else {
        assert_eq!(
            written, table,
            "docs/MARKDOWN.md is out of date: run this test with BLESS=1, and read what changed"
        );
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "what a developer asks for")]
fn failing_examples_are_told() {
    for example in examples().iter().filter(|example| !passes(example)) {
        let (markdown, expected) = with_whole_addresses(&example.markdown, &example.html);
        println!(
            "{} {}\n{markdown:?}\n  want {:?}\n  got  {:?}",
            example.number,
            example.section,
            normalize(&by_our_rules(&expected)),
            html(&markdown)
        );
    }
}
