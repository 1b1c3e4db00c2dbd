//! The customer's refresh endpoint in all its moods. Each is told to the visitor, who can try again, and loses nothing
//! that they typed.

use serde_json::json;
use std::collections::HashMap;
use weft_tests::browser::{Demo, OwnSite, Page, Reply, Shown, Visitor};

const QUESTION: &str = "Can I send back a teapot?";
const DRAFT: &str = "And who pays for that";

/// Asks with the endpoint failing, and types on.
#[track_caller]
fn ask_in_vain(page: &Page) -> Shown {
    page.open_widget();
    page.ask(QUESTION);
    page.type_text(DRAFT);
    let shown = page.wait_for_shown("a notice that can be acted on", |shown| !shown.notice_button.is_empty());
    assert_eq!(shown.questions(), [QUESTION], "{shown:?}");
    assert!(shown.answers().is_empty());
    assert!(page.record().sent("chat.request").is_empty(), "nothing goes out without a token");
    shown
}

/// Tries again where that didn't happen by itself, and holds that nothing was lost.
#[track_caller]
fn try_again(page: &Page) {
    let shown = page.wait_for("the answer after another try", || {
        let shown = page.shown();
        if !shown.notice_button.is_empty() {
            page.click_button_if_there(&shown.notice_button);
        }
        Some(shown).filter(|shown| !shown.answers().is_empty() && shown.notice.is_empty())
    });
    assert_eq!(shown.questions(), [QUESTION], "{shown:?}");
    assert_eq!(page.shown().draft, DRAFT, "what was typed is kept");
    page.wait_for_answers(1);
}

#[track_caller]
fn try_again_and_send_once(page: &Page) {
    try_again(page);
    assert_eq!(page.record().sent("chat.request").len(), 1);
}

#[test]
fn logged_out_visitor_is_asked_to_sign_in_and_goes_on_after_it() {
    let demo = Demo::shared();
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.go(&demo.at("/"));
    let shown = ask_in_vain(&page);
    assert!(shown.notice.contains("Sign in"), "{}", shown.notice);

    demo.log_in(&page);
    page.wait_for("the answer to what was asked before", || {
        let shown = page.shown();
        if !shown.is_open {
            page.click(page.launcher());
        }
        Some(shown).filter(|shown| !shown.answers().is_empty())
    });
    let shown = page.wait_for_answers(1);
    assert_eq!(shown.questions(), [QUESTION]);
    assert_eq!(shown.draft, DRAFT);
}

#[test]
fn visitor_who_signed_in_in_another_tab_tries_again_in_this_one() {
    let demo = Demo::shared();
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.go(&demo.at("/"));
    ask_in_vain(&page);
    let other_tab = visitor.page();
    demo.log_in(&other_tab);
    try_again(&page);
    // The tabs keep one list of what is unsent: whichever has a token first sends it, always under the same id.
    let mut ids = Vec::new();
    for tab in [&page, &other_tab] {
        ids.extend(tab.record().sent("chat.request").iter().map(|frame| frame.json["id"].to_string()));
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

#[test]
fn each_failure_is_told_apart_and_can_be_tried_again() {
    let demo = Demo::shared();
    let mut told: HashMap<String, &str> = HashMap::new();
    for (fault, word) in [
        ("html", "a page instead of a token"),
        ("500", "problem"),
        ("401", "Sign in"),
        ("garbage", "without a token"),
        ("forged", "not accepted"),
        ("down", "can’t be reached"),
    ] {
        let (_visitor, page) = demo.logged_in_visitor();
        if fault == "down" {
            page.block(&["/weft/token"]);
        } else {
            demo.set_fault(&page, Some(fault));
        }
        if fault == "forged" {
            refused_token(&page, &demo);
            continue;
        }
        let shown = ask_in_vain(&page);
        assert!(shown.notice.contains(word), "{fault}: {}", shown.notice);
        let earlier = told.insert(shown.notice.clone(), fault);
        assert!(earlier.is_none(), "{fault} and {earlier:?} say the same: {}", shown.notice);
        if fault == "down" {
            page.block(&[]);
        } else {
            demo.set_fault(&page, None);
        }
        try_again_and_send_once(&page);
    }
}

/// The endpoint gives a token that Weft refuses.
fn refused_token(page: &Page, demo: &Demo) {
    page.open_widget();
    page.ask(QUESTION);
    let shown = page.wait_for_shown("the refusal", |shown| !shown.notice_button.is_empty());
    assert!(shown.notice.contains("not accepted"), "{}", shown.notice);
    assert!(!page.record().received("chat.error").is_empty());
    demo.set_fault(page, None);
    page.click_button(&shown.notice_button);
    let shown = page.wait_for_answers(1);
    assert_eq!(shown.questions(), [QUESTION]);
}

#[test]
fn endpoint_that_takes_too_long_is_given_up_and_can_be_tried_again() {
    let demo = Demo::shared();
    let (_visitor, page) = demo.logged_in_visitor();
    demo.set_fault(&page, Some("slow"));
    let shown = ask_in_vain(&page);
    assert!(shown.notice.contains("too long"), "{}", shown.notice);
    demo.set_fault(&page, None);
    try_again_and_send_once(&page);
}

#[test]
fn token_is_renewed_on_the_same_socket_before_it_ends() {
    let own = OwnSite::new(&json!({ "require_signed_token": true, "refresh_path": "/token" }));
    own.embed(&format!("data-key='{}'", own.key));
    let workspace = own.workspace.clone();
    // Each is new, and ends in 16 seconds.
    own.site.answer("/token", move || {
        Reply::json(&json!({ "token": workspace.forge().times(-60, 16).token() }).to_string())
    });
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.go(&own.site.origin());
    page.open_widget();
    page.ask("say=First.");
    page.wait_for_answers(1);
    page.wait_until("a renewed token on its way", || !page.record().sent("auth.refresh").is_empty());
    page.ask("say=Second.");
    let shown = page.wait_for_answers(2);
    assert_eq!(shown.answers()[1].text, "Second.");

    let record = page.record();
    assert_eq!(record.sockets.len(), 1, "on the same socket");
    assert!(record.received("chat.error").is_empty());
    let first = &record.sent("chat.request")[0].payload()["widgetToken"];
    assert_ne!(&record.sent("auth.refresh")[0].payload()["widgetToken"], first);
    assert!(shown.notice.is_empty(), "the visitor notices nothing: {}", shown.notice);
}

#[test]
fn one_refresh_is_under_way_at_a_time() {
    let demo = Demo::shared();
    let (_visitor, page) = demo.logged_in_visitor();
    demo.set_fault(&page, Some("slow"));
    page.open_widget();
    page.ask(QUESTION);
    page.click(page.launcher());
    page.wait_for_shown("the panel to close", |shown| !shown.is_open);
    page.open_widget();
    page.ask("And a cup?");
    page.evaluate("dispatchEvent(new Event('focus')); dispatchEvent(new Event('online')); 0");
    let asked = || page.record().requests.iter().filter(|request| request.path() == "/weft/token").count();
    assert_eq!(asked(), 1);
    page.wait_for_shown("it to be given up", |shown| shown.notice.contains("too long"));
    assert_eq!(asked(), 1, "and one was all there was until then");
}
