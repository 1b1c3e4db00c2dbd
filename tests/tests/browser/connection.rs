//! Networks that break: what was asked is answered, whole and once.

use serde_json::json;
use weft_tests::api::Deployment;
use weft_tests::browser::{OwnSite, Page, Proxy, Visitor};

/// A page whose widget talks to the Worker over a wire that can be cut.
fn open_over_proxy() -> (OwnSite, Proxy, Visitor, Page) {
    let own = OwnSite::new(&json!({}));
    let proxy = Proxy::start(Deployment::shared().host());
    own.embed(&format!("data-key='{}' data-api-url='{}'", own.key, proxy.url()));
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.go(&own.site.origin());
    page.open_widget();
    page.wait_for_shown("the live config", |shown| shown.notice.is_empty());
    (own, proxy, visitor, page)
}

/// 60 words in three seconds.
const SCRIPT: &str = "words=60 delay_ms=50";

fn whole_answer() -> String {
    (1..=60).map(|number| format!("word{number}")).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn wait_for_first_words(page: &Page) {
    page.wait_for_shown("the first words", |shown| {
        shown.answers().first().is_some_and(|answer| answer.text.contains("word3"))
    });
}

#[track_caller]
fn assert_whole_and_once(page: &Page) {
    let shown = page.wait_for_shown("the whole answer", |shown| {
        shown.answers().first().is_some_and(|answer| answer.text.ends_with("word60"))
    });
    page.wait_until("its end", || !page.record().received("chat.completed").is_empty());
    assert_eq!(shown.questions(), [SCRIPT]);
    assert_eq!(shown.answers().len(), 1, "{shown:?}");
    assert_eq!(shown.answers()[0].text, whole_answer());
    let settled = page.wait_for_shown("quiet", |shown| shown.notice.is_empty());
    assert_eq!(settled.answers()[0].text, whole_answer());
    assert_eq!(settled.messages.len(), 2);
}

#[test]
fn answer_is_whole_when_the_socket_breaks_in_the_middle_of_it() {
    let (_own, proxy, _visitor, page) = open_over_proxy();
    page.ask(SCRIPT);
    wait_for_first_words(&page);
    proxy.cut();
    assert_whole_and_once(&page);
    let record = page.record();
    assert_eq!(record.sockets.len(), 2, "it connected again");
    assert_eq!(record.sent("chat.request").len(), 1, "and asked for what it missed, not anew");
    assert_eq!(record.sent("chat.resume").len(), 1);
}

#[test]
fn answer_is_whole_when_the_network_is_away_for_longer_than_it_takes() {
    let (_own, proxy, _visitor, page) = open_over_proxy();
    page.ask(SCRIPT);
    wait_for_first_words(&page);
    proxy.take_down();
    let shown = page.wait_for_shown("a word about it", |shown| !shown.notice_button.is_empty());
    assert!(shown.notice.contains("connection"), "{}", shown.notice);
    let tried = proxy.accepted();
    page.wait_until("another try by itself", || proxy.accepted() > tried);
    proxy.mend();
    assert_whole_and_once(&page);
}

#[test]
fn message_sent_while_offline_goes_out_once_when_the_network_is_back() {
    let (_own, proxy, _visitor, page) = open_over_proxy();
    page.set_offline(true);
    proxy.take_down();
    page.wait_for_shown("a word about it", |shown| shown.notice.contains("offline"));
    page.ask("say=Back again.");
    let shown = page.wait_for_shown("the waiting message", |shown| shown.questions() == ["say=Back again."]);
    assert!(shown.answers().is_empty());
    proxy.mend();
    page.set_offline(false);
    let shown = page.wait_for_answers(1);
    assert_eq!(shown.questions(), ["say=Back again."]);
    assert_eq!(shown.answers()[0].text, "Back again.");
    assert_eq!(page.record().received("chat.accepted").len(), 1);
}

#[test]
fn stopped_answer_says_so_and_the_next_one_comes() {
    let (_own, _proxy, _visitor, page) = open_over_proxy();
    page.ask("words=2000 delay_ms=50");
    wait_for_first_words(&page);
    page.click_button("Stop the answer");
    page.wait_until("the end", || {
        page.record().received("chat.completed").iter().any(|frame| frame.payload()["status"] == "cancelled")
    });
    page.wait_for_shown("a word about it", |shown| {
        shown.answers().first().is_some_and(|answer| answer.note == "Stopped.")
    });
    page.focus_composer();
    page.ask("say=Next.");
    let shown = page.wait_for_answers(2);
    assert_eq!(shown.answers()[1].text, "Next.");
}

#[test]
fn agent_that_breaks_off_leaves_its_words_and_a_note() {
    let (_own, _proxy, _visitor, page) = open_over_proxy();
    page.ask("words=5 delay_ms=20 then=fail");
    let shown =
        page.wait_for_shown("the note", |shown| shown.answers().first().is_some_and(|answer| !answer.note.is_empty()));
    let answer = shown.answers()[0];
    assert_eq!(answer.text, "word1 word2 word3 word4 word5");
    assert!(answer.note.contains("broke off"), "{answer:?}");
}
