//! The agent provider `sources`: what it searches for, how it cuts sources, what it quotes, and when it says plainly
//! that nothing fits.
#![cfg(feature = "server")]

use proptest::prelude::*;
use weft_shared::agent::{MAX_PASSAGES, Passage, compose, passages, search_terms};

const RETURNS: &str = "You can send back anything unopened within 60 days.

## How to return something

1. Write to returns@shop.example.
2. Pack it well.

Return shipping is free.

## What can't be returned

Gift cards can't be returned.";

const SHIPPING: &str = "Most parcels arrive within two working days.

## Shipping abroad

We ship to Norway and Japan for 14 pounds, in 7 to 12 working days.

## Cups

A Pebble Cup holds 180 ml.";

/// Every passage of both sources as a hit: the full-text search finds at most these.
fn hits() -> Vec<Passage> {
    let source = |title: &str, body| {
        let title = title.to_owned();
        let url = Some(format!("https://shop.example/{title}"));
        passages(body).into_iter().map(move |text| Passage {
            title: title.clone(),
            url: url.clone(),
            text,
            score: -1.0,
        })
    };
    source("Returns and refunds", RETURNS).chain(source("Delivery and shipping", SHIPPING)).collect()
}

fn answer(question: &str) -> String {
    compose(question, &hits()).text()
}

fn says_nothing_fits(question: &str) -> bool {
    let composed = compose(question, &hits());
    composed.sources.is_empty() && composed.text().starts_with("I could not find anything")
}

#[test]
fn an_answer_quotes_the_passage_and_names_its_source() {
    let composed = compose("How long does shipping to Norway take?", &hits());
    assert_eq!(
        composed.text(),
        "Here is what I found:\n\n\
         **Shipping abroad**\nWe ship to Norway and Japan for 14 pounds, in 7 to 12 working days.\n\
         — Delivery and shipping"
    );
    assert_eq!(composed.sources.len(), 1);
    assert_eq!(composed.sources[0].title, "Delivery and shipping");
    assert_eq!(composed.sources[0].url.as_deref(), Some("https://shop.example/Delivery and shipping"));
}

#[test]
fn the_heading_that_asks_the_question_comes_first() {
    let text = answer("How do I return something?");
    let (how, what) = (text.find("How to return"), text.find("What can't be"));
    assert!(how.is_some() && how < what, "{text}");
}

#[test]
fn it_says_plainly_when_nothing_fits() {
    for question in ["What is the capital of France?", "Who won the world cup in 2014?", "Write me a poem about cats"] {
        assert!(says_nothing_fits(question), "{question}: {}", answer(question));
    }
    // The positive control: one word of a title or heading is enough for a question with two topics.
    assert!(!says_nothing_fits("Do you ship to Germany?"));
    assert!(!says_nothing_fits("Pebble cups"));
    // A word that happens to stand somewhere is not.
    assert!(says_nothing_fits("Which parcels are heaviest?"));
    assert!(compose("Do you ship to Norway?", &[]).sources.is_empty(), "no hits, no answer");
}

#[test]
fn a_greeting_is_asked_back() {
    for greeting in ["hello", "Hi!", "Thanks :)", "?", ""] {
        assert_eq!(search_terms(greeting), None);
        assert!(answer(greeting).starts_with("What would you like to know?"), "{greeting}");
    }
}

#[test]
fn a_german_question_is_answered_in_german() {
    let hit = Passage {
        title: "Versand und Lieferung".to_owned(),
        url: None,
        text: "Versandkosten\nDer Versand kostet 4,90 €.".to_owned(),
        score: -1.0,
    };
    let text = compose("Was kostet der Versand?", &[hit]).text();
    assert!(text.starts_with("Das habe ich dazu gefunden:\n\n**Versandkosten**\n"), "{text}");
    assert!(compose("Wer ist der Kanzler?", &[]).text().starts_with("Dazu habe ich"));
    assert!(compose("Hallo", &[]).text().starts_with("Was möchten Sie wissen?"));
}

#[test]
fn german_small_words_are_topics_in_english() {
    assert_eq!(search_terms("Do you have a red hat?").as_deref(), Some(r#""red" OR "reds" OR "hat" OR "hats""#));
    assert_eq!(search_terms("Hat der Laden Hüte?").as_deref(), Some(r#""lade"* OR "hute"*"#));
}

#[test]
fn a_search_is_for_topics_and_their_forms() {
    for (question, expression) in [
        ("How do I return it?", r#""return"*"#),
        ("returning RETURNED returns", r#""return"*"#),
        ("shipping", r#""ship"*"#),
        ("delivery deliveries", r#""deliver"*"#),
        ("addresses", r#""address"*"#),
        ("boxes", r#""box" OR "boxs""#),
        ("bags", r#""bag" OR "bags""#),
        ("glass", r#""glass"*"#),
        ("bus", r#""bus" OR "buss""#),
        ("exchange", r#""exchang"*"#),
        ("café CAFÉ cafe\u{301}", r#""cafe"*"#),
        ("DHL 24h 12", r#""dhl" OR "dhls" OR "24h" OR "24hs" OR "12" OR "12s""#),
        ("don't you'll", ""),
    ] {
        assert_eq!(search_terms(question).unwrap_or_default(), expression, "{question}");
    }
}

#[test]
fn a_search_has_at_most_16_terms() {
    let question: Vec<String> = (0..100).map(|number| format!("topic{number}")).collect();
    assert_eq!(search_terms(&question.join(" ")).expect("has topics").matches(" OR ").count(), 15);
    assert_eq!(search_terms(&"a".repeat(4_000)), None, "no word is that long");
}

#[test]
fn passages_keep_their_heading_and_their_lists() {
    assert_eq!(
        passages(RETURNS),
        [
            "You can send back anything unopened within 60 days.",
            "How to return something\n1. Write to returns@shop.example.\n2. Pack it well.\n\nReturn shipping is free.",
            "What can't be returned\nGift cards can't be returned.",
        ]
    );
    assert_eq!(passages("A wrapped\nline.\r\n\r\n- one\r\n- two"), ["A wrapped line.\n\n- one\n- two"]);
    assert_eq!(passages("# Only a heading"), ["Only a heading"]);
    assert_eq!(passages("#hashtag, no heading"), ["#hashtag, no heading"]);
    assert!(passages(" \n\n \n").is_empty());
}

#[test]
fn a_long_text_is_cut_between_sentences_under_its_heading() {
    let sentence = "This sentence is there many times, as it has to be. ";
    let cut = passages(&format!("## Terms\n\n{}", sentence.repeat(60)));
    assert!(cut.len() > 3);
    for passage in &cut {
        assert!(passage.starts_with("Terms\nThis sentence") && passage.ends_with("has to be."), "{passage}");
        assert!(passage.chars().count() <= 900);
    }
    // Without sentences at spaces, without spaces anywhere.
    assert!(passages(&"word ".repeat(500)).iter().all(|passage| passage.ends_with("word")));
    assert_eq!(
        passages(&"é".repeat(1_000)).iter().map(|passage| passage.chars().count()).collect::<Vec<_>>(),
        [900, 100]
    );
}

#[test]
fn two_passages_of_a_section_have_one_heading_and_one_title() {
    let hit = |text: &str, score| Passage { title: "Care".to_owned(), url: None, text: text.to_owned(), score };
    let text =
        compose("kettle", &[hit("Kettle\nDescale the kettle.", -2.0), hit("Kettle\nDry the kettle.", -1.5)]).text();
    assert_eq!(text, "Here is what I found:\n\n**Kettle**\nDescale the kettle.\n\nDry the kettle.\n— Care");
}

#[test]
fn an_answer_is_short() {
    let long = |number: usize| Passage {
        title: format!("Source {number}"),
        url: None,
        text: format!("Kettle {number}. {}", "The kettle boils. ".repeat(100)),
        score: -1.0,
    };
    let composed = compose("kettle", &(0..20).map(long).collect::<Vec<_>>());
    assert!(composed.text().chars().count() <= 1_000, "{}", composed.text().chars().count());
    assert_eq!(composed.sources.len(), 1);
    assert!(composed.text().contains(" …\n— Source"));
    let short = |number: usize| Passage { text: format!("Kettle {number}."), ..long(number) };
    assert_eq!(compose("kettle", &(0..20).map(short).collect::<Vec<_>>()).sources.len(), MAX_PASSAGES);
    let same = |number: usize| Passage { text: "Kettle.".to_owned(), ..long(number) };
    assert_eq!(compose("kettle", &(0..20).map(same).collect::<Vec<_>>()).sources.len(), 1, "one text, once");
}

/// The letters and digits of a text, in order.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

proptest! {
    #[test]
    fn no_question_becomes_query_syntax(question in "(\\PC|[\"*():^+-]|OR |AND |NOT |NEAR|\n){0,60}") {
        if let Some(expression) = search_terms(&question) {
            for term in expression.split(" OR ") {
                let word = term.strip_suffix('*').unwrap_or(term);
                let word = word.strip_prefix('"').and_then(|word| word.strip_suffix('"'));
                prop_assert!(word.is_some_and(|word| !word.is_empty() && word.chars().all(char::is_alphanumeric)), "{}", term);
            }
        }
    }

    #[test]
    fn the_pieces_of_an_answer_are_the_answer(
        question in "[a-z ]{0,30}",
        hits in prop::collection::vec(("\\PC{0,20}", "[a-z .\n#]{0,1200}", prop::num::f64::ANY), 0..6),
    ) {
        let hits: Vec<Passage> =
            hits.into_iter().map(|(title, text, score)| Passage { title, url: None, text, score }).collect();
        let composed = compose(&question, &hits);
        prop_assert_eq!(composed.text(), composed.chunks.concat());
        prop_assert!(!composed.chunks.is_empty() && composed.chunks.iter().all(|chunk| !chunk.is_empty()));
        prop_assert!(composed.sources.len() <= MAX_PASSAGES);
        prop_assert!(composed.text().chars().count() < 2_000);
    }

    #[test]
    fn nothing_of_a_source_is_lost(paragraphs in prop::collection::vec("(- |[0-9]\\. )?[a-zA-Zé.,!? \n]{0,400}", 0..8)) {
        let body = paragraphs.join("\n\n");
        let cut = passages(&body);
        prop_assert_eq!(letters(&cut.concat()), letters(&body));
        for passage in &cut {
            prop_assert!(!passage.trim().is_empty() && passage.chars().count() <= 900);
        }
    }

    #[test]
    fn every_heading_leads_its_passages(heading in "[a-z]{1,100}", words in 1_usize..600) {
        let body = format!("## {heading}\n\n{}", "word ".repeat(words));
        let cut = passages(&body);
        prop_assert_eq!(cut.concat().matches("word").count(), words + heading.matches("word").count() * cut.len());
        for passage in &cut {
            let led = format!("{heading}\n");
            prop_assert!(passage.starts_with(&led) && passage.chars().count() <= 900);
        }
    }
}
