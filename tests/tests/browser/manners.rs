//! What the widget tells the visitor, when it keeps quiet, and what it leaves alone.

use serde_json::{Value, json};
use weft_tests::browser::{OwnSite, Page, Visitor};

fn open(config: &Value, attributes: &str) -> (OwnSite, Visitor, Page) {
    let own = OwnSite::new(config);
    own.embed(&format!("data-key='{}' {attributes}", own.key));
    let (visitor, page) = own.visit();
    page.open_widget();
    (own, visitor, page)
}

fn saved(page: &Page) -> Value {
    let text = page.evaluate("Object.values(localStorage).find((text) => text.includes('historySecret'))");
    serde_json::from_str(text.as_str().expect("the widget's record")).expect("JSON")
}

#[test]
fn new_conversation_leaves_nothing_of_the_old_one_in_any_tab() {
    let (own, mut visitor, page) = open(&json!({}), "");
    page.ask("say=Old.");
    page.wait_for_answers(1);
    let other = visitor.page();
    other.go(&own.site.origin());
    other.wait_for_shown("the conversation in the other tab", |shown| shown.answers().len() == 1);
    let old = saved(&page);

    page.click_button("New conversation");
    let shown = page.wait_for_shown("an empty panel", |shown| shown.messages.is_empty());
    assert!(shown.is_open && shown.composer_is_focused);
    other.wait_for_shown("an empty panel in the other tab", |shown| shown.messages.is_empty());
    page.ask("say=New.");
    page.wait_for_answers(1);
    other.wait_for_shown("the new conversation in the other tab", |shown| {
        shown.answers().first().is_some_and(|answer| answer.text == "New.")
    });
    let new = saved(&page);
    assert_ne!(old["conversation"], new["conversation"]);
    assert_ne!(old["historySecret"], new["historySecret"]);
    assert!(!page.local_storage().contains(old["historySecret"].as_str().expect("text")), "the old record is gone");
    for tab in [&page, &other] {
        tab.reload();
        let shown = tab.wait_for_shown("the new conversation", |shown| shown.answers().len() == 1);
        assert_eq!(shown.questions(), ["say=New."]);
    }
}

#[test]
fn answer_that_is_left_for_a_new_conversation_is_stopped() {
    let (_own, _visitor, page) = open(&json!({}), "");
    page.ask("words=2000 delay_ms=50");
    page.wait_for_shown("the first words", |shown| !shown.answers().is_empty());
    let request = page.record().sent("chat.request")[0].json["id"].clone();
    page.click_button("New conversation");
    page.wait_for_shown("an empty panel", |shown| shown.messages.is_empty());
    assert_eq!(page.record().sent("chat.cancel")[0].json["id"], request);
    page.ask("say=Next.");
    let shown = page.wait_for_shown("the next answer", |shown| !shown.answers().is_empty());
    assert_eq!(shown.answers()[0].text, "Next.");
    assert_eq!(shown.messages.len(), 2, "{shown:?}");
}

#[test]
fn two_tabs_that_send_while_offline_lose_and_double_nothing() {
    let (own, mut visitor, one) = open(&json!({}), "");
    let two = visitor.page();
    two.go(&own.site.origin());
    two.wait_for_shown("the panel", |shown| shown.is_open && shown.notice.is_empty());
    for tab in [&one, &two] {
        tab.set_offline(true);
        tab.wait_for_shown("a word about it", |shown| shown.notice.contains("offline"));
        tab.focus_composer();
    }
    one.ask("say=One.");
    two.ask("say=Two.");
    two.wait_for_shown("the message that waits", |shown| shown.questions() == ["say=Two."]);
    let kept = saved(&one)["outbox"].to_string();
    assert!(kept.contains("say=One.") && kept.contains("say=Two."), "{kept}");
    // The first tab stays offline: what it stored is all that the second has of it.
    two.set_offline(false);
    two.reload();
    let shown = two.wait_for_answers(2);
    let mut answers: Vec<&str> = shown.answers().iter().map(|answer| answer.text.as_str()).collect();
    answers.sort_unstable();
    assert_eq!(answers, ["One.", "Two."]);
    two.wait_until("an empty outbox", || saved(&two)["outbox"] == json!([]));
}

#[test]
fn launcher_tells_of_an_answer_that_came_while_the_panel_was_closed() {
    let (_own, _visitor, page) = open(&json!({ "appearance": { "title": "Help" } }), "");
    page.ask("words=20 delay_ms=50");
    page.wait_for_shown("the first words", |shown| !shown.answers().is_empty());
    page.click(page.launcher());
    let shown = page.wait_for_shown("the panel to close", |shown| !shown.is_open);
    assert_eq!(shown.launcher, "Help");
    page.wait_for_shown("word of the answer", |shown| shown.launcher == "Help, 1 new message");
    let dot = "function () { return getComputedStyle(this.querySelector('.launcher'), '::after').width; }";
    assert_eq!(page.in_widget(dot, &[]), Ok(json!("12px")));
    page.screenshot("desktop-unread");
    page.open_widget();
    let shown = page.shown();
    assert_eq!(shown.launcher, "Help", "it was read");
    assert_eq!(page.in_widget(dot, &[]), Ok(json!("auto")));
    page.ask("say=Seen at once.");
    page.wait_for_answers(2);
    assert_eq!(page.shown().launcher, "Help");
}

#[test]
fn conversation_that_is_over_says_so_and_goes_on_as_a_new_one() {
    let (own, _visitor, page) = open(&json!({}), "");
    page.ask("say=Before.");
    page.wait_for_answers(1);
    let conversation = saved(&page)["conversation"].as_str().expect("an id").to_owned();
    assert_eq!(own.workspace.admin("DELETE", &format!("/conversations/{conversation}")).send().status, 204);
    let shown = page.wait_for_shown("a word about it", |shown| shown.notice.contains("is over"));
    assert_eq!(shown.notice_button, "Start a new one");
    page.ask("say=After.");
    let shown = page.wait_for_shown("the message that waits", |shown| shown.questions().len() == 2);
    assert_eq!(shown.messages[2].note, "Waiting to be sent");
    page.click_button("Start a new one");
    let shown = page.wait_for_shown("the answer in the new one", |shown| {
        shown.answers().last().is_some_and(|answer| answer.text == "After.") && shown.notice.is_empty()
    });
    assert_eq!(shown.questions(), ["say=After."], "what was not sent went into the new one");
    assert_ne!(saved(&page)["conversation"], conversation);
}

#[test]
fn conversation_of_somebody_else_says_so_and_goes_on_as_a_new_one() {
    let (_own, _visitor, page) = open(&json!({}), "");
    page.ask("say=Before.");
    page.wait_for_answers(1);
    // As after a restored profile: the record names a conversation that this secret doesn't open.
    let secret = saved(&page)["historySecret"].as_str().expect("a secret").to_owned();
    let swap = format!(
        "for (const [key, text] of Object.entries(localStorage)) \
         localStorage.setItem(key, text.replace('{secret}', 'A'.repeat(22)));"
    );
    let _ = page.call("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": swap }));
    page.reload();
    let shown = page.wait_for_shown("a word about it", |shown| shown.notice.contains("can’t go on here"));
    page.click_button(&shown.notice_button);
    page.ask("say=After.");
    let shown = page.wait_for_shown("the answer in the new one", |shown| {
        shown.answers().first().is_some_and(|answer| answer.text == "After.")
    });
    assert_eq!(shown.questions(), ["say=After."]);
}

#[test]
fn link_that_is_refused_before_it_opens_is_told_apart_from_a_broken_one() {
    let (own, _visitor, page) = open(&json!({}), "");
    page.wait_for_shown("the live config", |shown| shown.notice.is_empty());
    let keys = own.workspace.admin("GET", "/keys?limit=200").send().expect(200);
    let id = keys["keys"][0]["id"].as_str().expect("the only key").to_owned();
    assert_eq!(own.workspace.admin("DELETE", &format!("/keys/{id}")).send().status, 204);
    page.evaluate(
        "window.codes = []; document.addEventListener('weft:error', (event) => codes.push(event.detail.error)); 0",
    );
    page.ask("say=Too late.");
    let shown = page.wait_for_shown("the refusal", |shown| shown.notice.contains("isn’t available"));
    assert_eq!(shown.notice_button, "Try again");
    assert_eq!(shown.questions(), ["say=Too late."], "what was sent is still there");
    assert_eq!(page.evaluate("codes"), json!(["invalid_key"]));
    let tried = page.record().sockets.len();
    page.click_button("Try again");
    page.wait_until("the config to be asked again", || {
        page.record().requests.iter().filter(|request| request.path() == "/widget/config").count() >= 3
    });
    assert_eq!(page.record().sockets.len(), tried, "no link is tried while the answer is no");
}

#[test]
fn owner_reads_in_the_console_what_to_check_where_the_config_cannot_be_read() {
    let own = OwnSite::new(&json!({ "allowed_origins": ["https://elsewhere.example"] }));
    own.embed(&format!("data-key='{}'", own.key));
    let (_visitor, page) = own.visit();
    page.open_widget();
    let shown = page.wait_for_shown("a word about it", |shown| shown.notice.contains("can’t be reached"));
    assert!(shown.notice.contains("by itself"), "{}", shown.notice);
    let console = page.record().console.join("\n");
    for word in ["allowed_origins", "connect-src"] {
        assert!(console.contains(word), "{console}");
    }
}

#[test]
fn suggested_questions_are_asked_with_one_click_and_then_gone() {
    let config = json!({ "appearance": { "suggested_questions": ["say=From the config.", "say=<b>Bold</b>"] } });
    let (_own, _visitor, page) = open(&config, "");
    let shown = page.wait_for_shown("the questions", |shown| !shown.offers.is_empty());
    assert_eq!(shown.offers, ["say=From the config.", "say=<b>Bold</b>"]);
    page.click_button("say=<b>Bold</b>");
    let shown = page.wait_for_answers(1);
    assert_eq!(shown.answers()[0].text, "<b>Bold</b>");
    assert!(shown.offers.is_empty() && shown.composer_is_focused, "{shown:?}");

    let (_own, _visitor, page) = open(&config, "data-suggested-questions='say=One.| say=Two. |'");
    let shown = page.wait_for_shown("the page's own questions", |shown| !shown.offers.is_empty());
    assert_eq!(shown.offers, ["say=One.", "say=Two."]);
}

#[test]
fn page_keeps_its_title_its_globals_and_its_focus() {
    let own = OwnSite::new(&json!({}));
    own.embed_in("en", "<button id=help onclick='weft.open()'>Help</button>", &format!("data-key='{}'", own.key));
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.go(&own.site.origin());
    let names = "Object.getOwnPropertyNames(window).sort().join(' ')";
    // What a page without the widget has, and what it has with it.
    page.evaluate("window.bare = (() => { const frame = document.createElement('iframe'); document.body.append(frame); \
                   const names = Object.getOwnPropertyNames(frame.contentWindow); frame.remove(); return names; })(); 0");
    page.click(page.place_of("#help"));
    page.wait_for_shown("the panel", |shown| shown.is_open && shown.composer_is_focused);
    page.ask("say=Hello.");
    page.wait_for_answers(1);
    let added = page.evaluate(&format!(
        "{names}.split(' ').filter((name) => !bare.includes(name) && name !== 'bare' && isNaN(name) && !/^help$/.test(name))"
    ));
    assert_eq!(added, json!(["weft"]));
    assert_eq!(page.evaluate("document.title"), "A page");
    assert_eq!(page.evaluate("document.cookie"), "");
    assert_eq!(page.evaluate("document.querySelectorAll('style, link, meta[name=viewport] ~ meta').length"), 0);
    assert_eq!(page.evaluate("[...document.documentElement.attributes].map((one) => one.name)"), json!(["lang"]));
    assert_eq!(page.evaluate("document.adoptedStyleSheets.length"), 0);
    page.press(weft_tests::browser::Key::Escape);
    page.wait_for_shown("the panel to close", |shown| !shown.is_open);
    assert_eq!(page.evaluate("document.activeElement.id"), "help", "the focus goes back to what opened it");
}
