//! A text in pieces gives the same as the whole, and what is finished is not touched again.

use crate::html::{join_texts, read};
use proptest::prelude::*;
use weft_shared::markdown::{Event, Stream};

/// A document as a browser holds it: each node has a number of its own, so that one that was drawn anew shows.
#[derive(Debug, Default)]
struct Document {
    root: Node,
    made: u32,
}

#[derive(Debug, Default, Clone, PartialEq)]
struct Node {
    number: u32,
    /// What opened it; `None` is the root.
    event: Option<Event>,
    children: Vec<Node>,
}

impl Document {
    fn show(&mut self, stream: &mut Stream, text: &str, is_over: bool) {
        let change = stream.update(text, is_over);
        let mut path: Vec<usize> = Vec::new();
        for (level, keep) in change.keep.iter().enumerate() {
            let node = self.at(&path);
            let keep = usize::try_from(*keep).expect("32 bits fit");
            assert!(node.children.len() >= keep, "what stays is there");
            node.children.truncate(keep);
            if level + 1 < change.keep.len() {
                path.push(keep - 1);
            }
        }
        if !change.append.is_empty() {
            let last = self.at(&path).children.last_mut().and_then(|node| node.event.as_mut());
            let Some(Event::Text(text)) = last else { unreachable!("no text to append to: {last:?}") };
            text.push_str(change.append);
        }
        for event in change.events {
            self.made += 1;
            let number = self.made;
            if *event == Event::Close {
                path.pop().expect("an element is open");
                continue;
            }
            let node = self.at(&path);
            node.children.push(Node { number, event: Some(event.clone()), children: Vec::new() });
            let last = node.children.len() - 1;
            if matches!(event, Event::Open(..)) {
                path.push(last);
            }
        }
        assert_eq!(path, [0; 0], "all is closed again");
    }

    fn at(&mut self, path: &[usize]) -> &mut Node {
        path.iter().fold(&mut self.root, |node, index| &mut node.children[*index])
    }

    fn events(&self) -> Vec<Event> {
        fn push(node: &Node, events: &mut Vec<Event>) {
            events.extend(node.event.clone());
            for child in &node.children {
                push(child, events);
            }
            if matches!(node.event, Some(Event::Open(..))) {
                events.push(Event::Close);
            }
        }
        let mut events = Vec::new();
        push(&self.root, &mut events);
        join_texts(&events)
    }
}

/// Shows a text in pieces that end at these bytes, as far as those are between characters.
fn in_pieces(text: &str, ends: impl Iterator<Item = usize>) -> Document {
    let (mut document, mut stream) = (Document::default(), Stream::default());
    for end in ends.filter(|end| text.is_char_boundary(*end)) {
        document.show(&mut stream, &text[..end], false);
    }
    document.show(&mut stream, text, true);
    document
}

const ALL: &str = "# A title\n\nSome *text* with **bold `code`** and [a link](https://a.example \"t\").\nMore\\\nlines  \nhere.\n\n\
    1. one\n2. two\n   - deep\n\n     more\n     ```rust\n     let x;\n     ```\n3. three\n\n> quote\nlazy\n> > deeper\n\n\
    | a | b |\n|:-:|--:|\n| 1 | `x\\|y` |\n| 2 |\n\n    indented\n\n    code\n\n***\n\nTitle\n===\n~~old~~ &amp; &#x41; <https://b.example>\n\
    ![image](https://c.example/i.png) <b>no</b>\n~~~\nfence\n\n~~\n~~~\nend *open **and [more](https://d";

#[test]
fn each_way_to_cut_a_text_ends_in_the_same_document() {
    let whole = join_texts(&read(ALL));
    assert!(whole.len() > 100, "{}", whole.len());
    assert_eq!(in_pieces(ALL, 0..ALL.len()).events(), whole);
    for end in 0..ALL.len() {
        assert_eq!(in_pieces(ALL, std::iter::once(end)).events(), whole, "cut at {end}");
    }
}

#[test]
fn finished_blocks_keep_their_nodes_while_the_rest_comes() {
    let (mut document, mut stream) = (Document::default(), Stream::default());
    let mut finished: Vec<Node> = Vec::new();
    for end in (0..=ALL.len()).filter(|end| ALL.is_char_boundary(*end)) {
        document.show(&mut stream, &ALL[..end], false);
        let children = &document.root.children;
        // All but the last block; the last two while a paragraph's line may still begin another block.
        let sure = children.len().saturating_sub(2);
        for (index, node) in finished.iter().enumerate() {
            assert_eq!(&children[index], node, "block {index} was touched at byte {end}");
        }
        finished = children[..sure.max(finished.len())].to_vec();
    }
    assert!(finished.len() > 8);
}

#[test]
fn finished_items_and_rows_keep_their_nodes_too() {
    for (text, count) in [("- a\n- b **x**\n- c\n- d", 3), ("|a|\n|-|\n|1|\n|2|\n|3", 3), ("```\na\nb\nc\nd", 4)] {
        let (mut document, mut stream) = (Document::default(), Stream::default());
        document.show(&mut stream, text, false);
        let numbers = |document: &Document| -> Vec<u32> {
            document.root.children[0].children.iter().map(|node| node.number).collect()
        };
        let before = numbers(&document);
        document.show(&mut stream, &format!("{text} and\n"), false);
        assert!(before.len() >= count, "{text}: {before:?}");
        assert_eq!(numbers(&document)[..count], before[..count], "{text}");
    }
}

#[test]
fn a_growing_text_keeps_its_node() {
    let (mut document, mut stream) = (Document::default(), Stream::default());
    document.show(&mut stream, "Hello **wor", false);
    let before = document.root.clone();
    let made = document.made;
    document.show(&mut stream, "Hello **world", false);
    let number = |node: &Node| node.children[0].children[1].children[0].number;
    assert_eq!(number(&document.root), number(&before));
    assert!(document.made <= made + 2, "nothing but ends came");
}

/// What is to be seen while the text is open.
fn seen(text: &str) -> String {
    let events = Stream::default().update(text, false).events.to_vec();
    let mut html = crate::html::normalize(&crate::html::render(&events));
    for tag in ["<p>", "</p>"] {
        html = html.replace(tag, "");
    }
    html
}

#[test]
fn what_is_unfinished_is_shown_as_it_will_probably_end() {
    for (text, expected) in [
        ("It is **bol", "It is <strong>bol</strong>"),
        ("It is **bold*", "It is <strong>bold</strong>"),
        ("It is **bold**", "It is <strong>bold</strong>"),
        ("It is **", "It is "),
        ("It is *so", "It is <em>so</em>"),
        ("It is ***so", "It is <em><strong>so</strong></em>"),
        ("Run `carg", "Run <code>carg</code>"),
        ("Run ``a`b", "Run <code>a`b</code>"),
        ("See [the pa", "See the pa"),
        ("See [the page]", "See the page"),
        ("See [the page](htt", "See the page"),
        ("See [the page](https://a.example", "See the page"),
        ("See [the page](https://a.example \"ti", "See the page"),
        ("See [the page](https://a.example)", "See <a href=\"https://a.example\">the page</a>"),
        ("See [1] and", "See [1] and"),
        ("So 2 * 3 * 4", "So 2 * 3 * 4"),
        ("So 5*3", "So 5*3"),
        ("a\n-", "a"),
        ("a\n1", "a"),
        ("``", ""),
        ("```\ncode\n``", "<pre><code>code\n</code></pre>"),
        ("```\ncode", "<pre><code>code</code></pre>"),
        ("| a | b", "<table><tr><th>a</th><th>b</th></tr></table>"),
        ("| a | b |\n|--", "<table><tr><th>a</th><th>b</th></tr></table>"),
        ("a | b", "a | b"),
    ] {
        assert_eq!(seen(text), expected, "{text:?}");
    }
}

#[test]
fn another_text_takes_the_place_of_the_first() {
    let (mut document, mut stream) = (Document::default(), Stream::default());
    document.show(&mut stream, "# One\n\ntwo\n\nthree", false);
    document.show(&mut stream, "Four", true);
    assert_eq!(document.events(), join_texts(&read("Four")));
}

/// Marks beside one another, as chance alone would seldom put them.
fn markdown() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => prop::sample::select(vec![
            "*", "**", "_", "__", "~~", "`", "``", "```", "~~~", "[", "](", ")", "![", "<", ">", "> ", "- ", "1. ", "2) ",
            "#", "## ", "===", "---", "|", "|-|", "\n", "\n\n", "\r\n", " ", "    ", "\t", "\\", "&amp;", "&#1;", "&#x110000;",
            "https://a.example", "javascript:x", "\"", "'", "(", ":", "!",
        ])
        .prop_map(str::to_owned),
        3 => "[a-z]{1,4}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_in_any_pieces_ends_in_the_same_document(text in markdown(), cuts in prop::collection::vec(0_usize..240, 0..12)) {
        let whole = join_texts(&read(&text));
        let mut cuts = cuts;
        cuts.sort_unstable();
        cuts.retain(|cut| *cut < text.len());
        prop_assert_eq!(in_pieces(&text, cuts.into_iter()).events(), whole.clone());
        prop_assert_eq!(in_pieces(&text, 0..text.len()).events(), whole);
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        read(&text);
        in_pieces(&text, 0..text.len());
    }
}
