//! Two tabs on one conversation, and a reload in mid-answer: everyone sees everything, whole and once.

use serde_json::json;
use weft_tests::browser::{OwnSite, Page, Shown, Visitor};

/// A site whose agent says what it is told to, and a visitor with one tab on it.
fn open() -> (OwnSite, Visitor, Page) {
    let own = OwnSite::new(&json!({}));
    own.embed(&format!("data-key='{}'", own.key));
    let mut visitor = Visitor::new();
    let page = tab(&own, &mut visitor);
    (own, visitor, page)
}

fn tab(own: &OwnSite, visitor: &mut Visitor) -> Page {
    let page = visitor.page();
    page.go(&own.site.origin());
    if !page.shown().is_open {
        page.open_widget();
    }
    page.wait_for_shown("the live config", |shown| shown.notice.is_empty());
    page
}

/// In six seconds: enough to see it in the middle on a busy machine.
const WORDS: usize = 150;
const SCRIPT: &str = "words=150 delay_ms=40";

fn words(count: usize) -> String {
    (1..=count).map(|number| format!("word{number}")).collect::<Vec<_>>().join(" ")
}

/// Waits until the tab shows these questions and answers, in this order, and nothing else.
#[track_caller]
fn shows(page: &Page, questions: &[&str], answers: &[&str]) {
    let is_all = |shown: &Shown| {
        shown.answers().iter().map(|answer| answer.text.as_str()).collect::<Vec<_>>() == answers
            && shown.questions() == questions
    };
    let shown = page.wait_for_shown("all of it", is_all);
    assert_eq!(shown.messages.len(), questions.len() + answers.len(), "{shown:?}");
    assert!(shown.answers().iter().all(|answer| answer.note.is_empty()), "{shown:?}");
}

#[test]
fn two_tabs_see_each_others_messages_and_answers_as_they_come() {
    let (own, mut visitor, one) = open();
    one.ask("say=From the first.");
    shows(&one, &["say=From the first."], &["From the first."]);
    let two = tab(&own, &mut visitor);
    shows(&two, &["say=From the first."], &["From the first."]);

    two.focus_composer();
    two.ask(SCRIPT);
    // Word by word in both, not only at the end.
    for page in [&one, &two] {
        page.wait_for_shown("the first words", |shown| {
            shown.answers().get(1).is_some_and(|answer| answer.text.contains("word3"))
        });
        assert!(page.record().received("chat.completed").iter().all(|frame| frame.payload()["text"] != words(WORDS)));
    }
    let long = words(WORDS);
    let (questions, answers) = (["say=From the first.", SCRIPT], ["From the first.", long.as_str()]);
    shows(&one, &questions, &answers);
    shows(&two, &questions, &answers);

    one.focus_composer();
    one.ask("say=And back.");
    let (questions, answers) = ([questions[0], questions[1], "say=And back."], [answers[0], answers[1], "And back."]);
    shows(&two, &questions, &answers);
    shows(&one, &questions, &answers);
    // Each tab sent what was typed in it, and nothing else.
    assert_eq!((one.record().sent("chat.request").len(), two.record().sent("chat.request").len()), (2, 1));
    one.reload();
    shows(&one, &questions, &answers);
}

#[test]
fn two_tabs_that_ask_at_the_same_time_show_the_same_conversation() {
    let (own, mut visitor, one) = open();
    one.ask("say=Begun.");
    shows(&one, &["say=Begun."], &["Begun."]);
    let two = tab(&own, &mut visitor);
    shows(&two, &["say=Begun."], &["Begun."]);
    one.focus_composer();
    one.ask("words=40 delay_ms=40");
    two.focus_composer();
    two.ask("words=25 delay_ms=40");
    let both = |shown: &Shown| {
        let mut texts: Vec<&str> = shown.answers().iter().map(|answer| answer.text.as_str()).collect();
        texts.sort_unstable();
        shown.messages.len() == 6 && texts == ["Begun.", &words(25), &words(40)]
    };
    let (at_one, at_two) = (one.wait_for_shown("both answers", both), two.wait_for_shown("both answers", both));
    let order = |shown: &Shown| shown.messages.iter().map(|message| message.text.clone()).collect::<Vec<_>>();
    assert_eq!(order(&at_one), order(&at_two), "in the same order");
}

#[test]
fn an_answer_is_whole_after_a_reload_in_the_middle_of_it() {
    let (_own, _visitor, page) = open();
    page.ask(SCRIPT);
    for wanted in ["word3", "word20"] {
        page.wait_for_shown("some words", |shown| {
            shown.answers().first().is_some_and(|answer| answer.text.contains(wanted))
        });
        assert!(page.record().received("chat.completed").is_empty(), "in mid-answer");
        page.reload();
    }
    shows(&page, &[SCRIPT], &[&words(WORDS)]);
    assert_eq!(page.record().sent("chat.request").len(), 1, "asked once, not once per page");
    page.reload();
    shows(&page, &[SCRIPT], &[&words(WORDS)]);
}
