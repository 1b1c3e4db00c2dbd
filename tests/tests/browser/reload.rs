//! What survives a reload: the conversation, the panel, and what was typed.

use weft_tests::browser::Demo;

#[test]
fn history_and_draft_come_back_after_a_reload() {
    let demo = Demo::shared();
    let (_visitor, page) = demo.logged_in_visitor();
    page.open_widget();
    page.ask("How much does delivery cost?");
    let before = page.wait_for_answers(1);
    page.type_text("And how long");
    page.reload();

    let after = page.wait_for_shown("the conversation", |shown| !shown.answers().is_empty());
    assert!(after.is_open, "it was open");
    assert_eq!(after.questions(), before.questions());
    assert_eq!(after.answers()[0].text, before.answers()[0].text);
    assert_eq!(after.draft, "And how long");

    page.click(page.place_of("body"));
    page.focus_composer();
    page.type_text(" does it take?");
    page.press(weft_tests::browser::Key::Enter);
    let shown = page.wait_for_answers(2);
    assert_eq!(shown.questions(), ["How much does delivery cost?", "And how long does it take?"]);
    assert_eq!(shown.messages.len(), 4, "nothing is there twice: {shown:?}");
    assert_eq!(shown.draft, "");
}

#[test]
fn answer_goes_on_over_a_reload() {
    let demo = Demo::shared();
    let (_visitor, page) = demo.logged_in_visitor();
    page.open_widget();
    page.ask("Which size of bag should I buy?");
    page.wait_until("the first words", || !page.record().received("chat.delta").is_empty());
    page.reload();
    let shown = page.wait_for_shown("the whole answer", |shown| {
        let answers = shown.answers();
        answers.len() == 1 && !answers[0].text.is_empty()
    });
    assert_eq!(shown.questions(), ["Which size of bag should I buy?"]);
    page.wait_until("its end", || {
        let shown = page.shown();
        shown.messages.len() == 2
            && page.record().frames().any(|frame| matches!(frame.kind(), "history" | "chat.completed"))
    });
}

#[test]
fn unsent_text_is_kept_when_the_visitor_walks_through_the_shop() {
    let demo = Demo::shared();
    let (_visitor, page) = demo.logged_in_visitor();
    page.open_widget();
    page.type_text("I was about to ask");
    page.wait_for_shown("the text", |shown| shown.draft == "I was about to ask");
    page.go(&demo.at("/help"));
    // It was open, so it opens again by itself: a click now might come just after and close it.
    page.wait_for_shown("the text again", |shown| shown.is_open && shown.draft == "I was about to ask");
}
