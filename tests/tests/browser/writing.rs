//! The composer: what sends, what doesn't, and what is never lost.

use serde_json::json;
use weft_tests::browser::{Key, OwnSite, Page, Visitor};

fn open() -> (OwnSite, Visitor, Page) {
    let own = OwnSite::new(&json!({}));
    own.embed(&format!("data-key='{}'", own.key));
    let (visitor, page) = own.visit();
    page.open_widget();
    (own, visitor, page)
}

#[test]
fn enter_that_picks_a_word_of_an_input_method_sends_nothing() {
    let (_own, _visitor, page) = open();
    page.compose("say=か");
    page.wait_for_shown("the word that is composed", |shown| shown.draft == "say=か");
    page.press(Key::Enter);
    // Safari tells of such an Enter by its code alone.
    page.in_widget(
        "function () { const field = this.querySelector('textarea'); \
         for (const init of [{ isComposing: true, keyCode: 13 }, { isComposing: false, keyCode: 229 }]) \
         field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...init })); }",
        &[],
    )
    .expect("dispatched");
    assert_eq!(page.shown().questions(), Vec::<&str>::new());
    assert!(page.shown().draft.starts_with("say=か"));
    // The positive control: the word is taken, and then Enter sends.
    page.insert_text("say=火");
    page.wait_for_shown("the word that was taken", |shown| shown.draft.starts_with("say=火"));
    page.press(Key::Enter);
    let shown = page.wait_for_answers(1);
    assert_eq!(shown.questions(), ["say=火"]);
}

#[test]
fn input_grows_with_its_lines_and_shrinks_again() {
    let (_own, _visitor, page) = open();
    let height = || page.in_widget("function () { return this.querySelector('textarea').offsetHeight; }", &[]);
    let one_line = height().expect("a number").as_f64().expect("a number");
    for _ in 0..2 {
        page.press(Key::ShiftEnter);
    }
    page.wait_until("three lines", || height().is_ok_and(|now| now.as_f64() == Some(one_line + 48.0)));
    page.type_text("say=Grown.");
    page.press(Key::Enter);
    page.wait_until("one line", || height().is_ok_and(|now| now.as_f64() == Some(one_line)));
}

#[test]
fn counter_shows_near_the_end_and_counts_as_the_worker_does() {
    let (_own, _visitor, page) = open();
    // One character each, though two units of UTF-16 and four bytes.
    page.insert_text(&"🍵".repeat(3_599));
    page.wait_for_shown("the text", |shown| shown.draft.chars().count() == 3_599);
    assert_eq!(page.shown().counter, "");
    page.insert_text("🍵");
    page.wait_for_shown("the counter", |shown| shown.counter == "400 characters left");
    page.insert_text(&"🍵".repeat(399));
    page.wait_for_shown("the counter", |shown| shown.counter == "1 character left");
    page.insert_text("🍵🍵");
    page.wait_for_shown("the counter", |shown| shown.counter == "1 character too many");

    page.press(Key::Enter);
    page.click_button("Send");
    page.press(Key::Enter);
    let shown = page.shown();
    assert_eq!(shown.questions(), Vec::<&str>::new(), "what is too long is not sent");
    assert_eq!(shown.draft.chars().count(), 4_001, "and not lost");
    page.reload();
    page.wait_for_shown("the long draft after a reload", |shown| shown.draft.chars().count() == 4_001);
    // The field is higher than what is seen of it: its middle is out of reach.
    page.in_widget("function () { this.querySelector('textarea').focus(); }", &[]).expect("focused");
    page.press(Key::Backspace);
    page.wait_for_shown("the counter", |shown| shown.counter == "0 characters left");
    page.press(Key::Enter);
    page.wait_for_answers(1);
    assert_eq!(page.record().sent("chat.request")[0].payload()["message"]["text"], "🍵".repeat(4_000));
}

#[test]
fn draft_of_one_tab_is_not_wiped_by_another() {
    let (own, mut visitor, one) = open();
    let other = visitor.page();
    other.go(&own.site.origin());
    other.wait_for_shown("the panel that is open here too", |shown| shown.is_open);
    one.type_text("Half a thought");
    one.wait_for_shown("the text", |shown| shown.draft == "Half a thought");
    own.site.page("/elsewhere", "<!doctype html><title>Elsewhere</title>");
    one.go(&format!("{}/elsewhere", own.site.origin()));
    // This tab was opened before that was written, and has written nothing itself.
    other.reload();
    other.wait_for_shown("the other tab's draft", |shown| shown.draft == "Half a thought");
    other.focus_composer();
    other.press(Key::Enter);
    other.wait_for_answers(1);
    other.reload();
    let shown = other.wait_for_shown("the conversation", |shown| !shown.answers().is_empty());
    assert_eq!(shown.draft, "", "what was sent is no draft any more");
}

#[test]
fn message_that_waits_for_the_network_says_so() {
    let (_own, _visitor, page) = open();
    page.ask("say=Before.");
    page.wait_for_answers(1);
    page.set_offline(true);
    page.wait_for_shown("a word about it", |shown| shown.notice.contains("offline"));
    page.ask("say=After.");
    let shown = page.wait_for_shown("the message that waits", |shown| shown.questions().len() == 2);
    assert_eq!(shown.messages[2].note, "Waiting to be sent");
    assert_eq!(shown.draft, "");
    page.set_offline(false);
    let shown = page.wait_for_answers(2);
    assert_eq!(shown.answers()[1].text, "After.");
    assert_eq!(shown.messages[2].note, "");
}

#[test]
fn question_whose_answer_broke_off_is_asked_again_with_one_click() {
    let (_own, _visitor, page) = open();
    page.ask("words=3 delay_ms=1 then=fail");
    page.wait_for_shown("the offer", |shown| shown.offers == ["Try again"]);
    page.click_button("Try again");
    let shown =
        page.wait_for_shown("the second try", |shown| shown.questions().len() == 2 && shown.answers().len() == 2);
    assert_eq!(shown.questions(), ["words=3 delay_ms=1 then=fail"; 2]);
    assert!(shown.composer_is_focused, "the button is gone, the focus is not");
    page.ask("say=Fine.");
    page.wait_for_shown("an answer that is whole", |shown| {
        shown.answers().last().is_some_and(|answer| answer.text == "Fine.") && shown.offers.is_empty()
    });
}
