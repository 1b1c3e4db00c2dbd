//! What a text is made of to do harm: addresses that aren't what they seem, and marks without end.

use crate::html::{html, read};
use proptest::prelude::*;
use weft_shared::markdown::{Event, Stream, Tag, is_safe};

const ATTACKS: &str = include_str!("attacks.md");

fn addresses(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Open(Tag::Link, address) => Some(address.as_str()),
            _ => None,
        })
        .collect()
}

#[test]
fn only_safe_addresses_come_out_of_the_corpus_wherever_it_is_cut() {
    for attack in ATTACKS.split("\n\n\n").filter(|attack| !attack.is_empty()) {
        for end in (0..=attack.len()).filter(|end| attack.is_char_boundary(*end)) {
            let mut stream = Stream::default();
            let patch = stream.update(&attack[..end], end == attack.len());
            for address in addresses(patch.events) {
                let lower = address.to_lowercase();
                assert!(
                    ["http://", "https://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme)),
                    "{attack}: {address}"
                );
                assert!(!address.contains(|char: char| char.is_control()), "{attack}: {address:?}");
            }
        }
    }
    assert!(ATTACKS.split("\n\n\n").count() > 60);
}

#[test]
fn the_corpus_has_links_that_are_followed() {
    // Beside them the others would be found to be nothing by a reader that finds no links at all.
    let events: Vec<Event> = ATTACKS.split("\n\n\n").flat_map(read).collect();
    assert!(addresses(&events).len() > 10);
}

#[test]
fn what_an_address_hides_is_found() {
    for (text, expected) in [
        ("[x](javascript:alert(1))", "<p>x</p>"),
        ("[x](&#106;avascript:alert(1))", "<p>x</p>"),
        ("[x](java&Tab;script:alert(1))", "<p>x</p>"),
        ("[x](java\\script:alert(1))", "<p>x</p>"),
        ("[x](<java\tscript:alert(1)>)", "<p>x</p>"),
        ("[x](\u{1}javascript:alert(1))", "<p>[x](\u{1}javascript:alert(1))</p>"),
        ("[x](data:text/html;base64,PHNjcmlwdD4=)", "<p>x</p>"),
        ("[x](vbscript:x)", "<p>x</p>"),
        ("[x](//a.example)", "<p>x</p>"),
        ("[x](https://a.example)", "<p><a href=\"https://a.example\">x</a></p>"),
        ("[x](HTTPS://a.example)", "<p><a href=\"HTTPS://a.example\">x</a></p>"),
        ("<javascript:alert(1)>", "<p>&lt;javascript:alert(1)&gt;</p>"),
        ("![x](https://a.example/i.png)", "<p><a href=\"https://a.example/i.png\">x</a></p>"),
        ("[![x](https://a.example/i.png)](https://b.example)", "<p><a href=\"https://b.example\">x</a></p>"),
        ("<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>"),
    ] {
        assert_eq!(html(text), expected, "{text}");
    }
}

#[test]
fn elements_stand_only_so_deep_in_one_another() {
    for text in [
        ">".repeat(32_000),
        "- ".repeat(16_000),
        "1. ".repeat(10_000),
        (0..3_000).flat_map(|depth| ["  ".repeat(depth % 300), "- a\n".to_owned()]).collect(),
        "*a **a ".repeat(4_000) + &"a** a*".repeat(4_000),
        "![".repeat(10_000) + &"](https://a.example)".repeat(1_000),
        "> - ".repeat(8_000) + &"**a *a ".repeat(100),
    ] {
        for is_over in [false, true] {
            let (mut depth, mut deepest) = (0_i32, 0);
            for event in Stream::default().update(&text, is_over).events {
                match event {
                    Event::Open(..) => depth += 1,
                    Event::Close => depth -= 1,
                    Event::Text(_) => {}
                }
                deepest = deepest.max(depth);
            }
            assert_eq!(depth, 0);
            assert!(deepest <= 60, "{deepest}: {text:.20}");
        }
    }
}

#[test]
fn cells_are_at_most_as_many_as_bars() {
    let text = "|a".repeat(4_000) + "\n" + &"|-".repeat(4_000) + "\n" + &"|\n".repeat(8_000);
    let cells = read(&text).iter().filter(|event| matches!(event, Event::Open(Tag::Cell(_) | Tag::Head(_), _))).count();
    assert!((4_000..=12_000).contains(&cells), "{cells}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn no_spelling_of_an_address_gets_by(
        start in "[\\x00-\\x20]{0,2}",
        spelled in prop::collection::vec(prop_oneof![Just("j"), Just("&#106;"), Just("\\"), Just("javascript:"), Just("https"), Just("&colon;"),
            Just(":"), Just("&#58;"), Just("//"), Just("\t"), Just("&#9;"), Just("data:"), Just("%0a"), Just("\u{202e}"), Just("a")], 0..8),
        form in 0..4_usize,
    ) {
        let address = start + &spelled.concat();
        let text = match form {
            0 => format!("[x]({address})"),
            1 => format!("[x](<{address}> 't')"),
            2 => format!("![x]({address})"),
            _ => format!("<{address}>"),
        };
        let events = read(&text);
        for found in addresses(&events) {
            prop_assert!(is_safe(found), "{}", found);
            let scheme = found.split(':').next().unwrap_or_default().to_ascii_lowercase();
            prop_assert!(["http", "https", "mailto"].contains(&scheme.as_str()), "{}", found);
        }
    }
}
