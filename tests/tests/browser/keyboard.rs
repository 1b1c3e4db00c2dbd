//! All of it without a mouse.

use weft_tests::browser::{Demo, Key};

#[test]
fn keyboard_alone_is_enough() {
    let demo = Demo::shared();
    let (_visitor, page) = demo.logged_in_visitor();
    let mut tabs = 0;
    page.wait_until("the focus on the launcher", || {
        tabs += 1;
        assert!(tabs < 200, "Tab never comes to the launcher");
        page.press(Key::Tab);
        page.evaluate("document.activeElement.localName") == "weft-chat" && page.shown().launcher_is_focused
    });
    page.press(Key::Enter);
    page.wait_for_shown("the panel, with the focus in the composer", |shown| {
        shown.is_open && shown.composer_is_focused
    });

    page.type_text("What does");
    page.press(Key::ShiftEnter);
    page.type_text("a gift card cost?");
    page.wait_for_shown("two lines", |shown| shown.draft == "What does\na gift card cost?");
    page.press(Key::Enter);
    let shown = page.wait_for_answers(1);
    assert_eq!(shown.questions(), ["What does\na gift card cost?"]);
    assert_eq!(shown.draft, "");
    assert!(shown.composer_is_focused, "the next question can be typed");

    page.press(Key::Escape);
    let shown = page.wait_for_shown("the panel to close", |shown| !shown.is_open);
    assert!(shown.launcher_is_focused, "the focus is back where it came from");
    page.press(Key::Space);
    page.wait_for_shown("the panel again", |shown| shown.is_open && shown.composer_is_focused);
}

#[test]
fn enter_alone_sends_nothing() {
    let demo = Demo::shared();
    let (_visitor, page) = demo.logged_in_visitor();
    page.open_widget();
    page.press(Key::Enter);
    page.type_text("   ");
    page.press(Key::Enter);
    // A message that does go out shows that the two before would be there by now.
    page.ask("Do you take cards?");
    let shown = page.wait_for_answers(1);
    assert_eq!(shown.questions(), ["Do you take cards?"]);
}

#[test]
fn pages_own_shortcuts_stay_quiet_while_the_visitor_types() {
    let demo = Demo::shared();
    let (_visitor, page) = demo.logged_in_visitor();
    page.evaluate("window.strokes = 0; document.addEventListener('keydown', () => { strokes += 1; })");
    page.press(Key::Escape);
    page.wait_until("the page to hear keys", || page.evaluate("strokes") == 1);
    page.open_widget();
    page.type_text("abc");
    page.wait_for_shown("the text", |shown| shown.draft == "abc");
    assert_eq!(page.evaluate("strokes"), 1);
}
