//! Script tags as site owners write them.

use serde_json::json;
use weft_tests::api::Deployment;
use weft_tests::browser::{OwnSite, Page, Part, Site, Visitor};

fn visit(own: &OwnSite) -> (Visitor, Page) {
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.go(&own.site.origin());
    (visitor, page)
}

#[test]
fn script_tag_of_open_chat_widget_is_understood() {
    let own = OwnSite::new(&json!({ "appearance": { "title": "From the config", "theme": "light" } }));
    own.embed(&format!(
        "data-api-url='{}' data-api-key='{}' data-title='Support desk' data-welcome-message='Good day!' \
         data-input-placeholder='Your words' data-position='bottom-left' data-accent-color='#b00020'",
        Deployment::shared().url(),
        own.key
    ));
    let (_visitor, page) = visit(&own);
    let [left, ..] = page.rectangle_of(Part::Launcher);
    assert!(left < 100, "the launcher is at the left: {left}");
    assert_eq!(page.style_of(Part::Launcher, "backgroundColor"), "rgb(176, 0, 32)");
    assert_eq!(page.shown().launcher, "Support desk");

    page.open_widget();
    let shown = page.wait_for_shown("the words of the page", |shown| shown.welcome == "Good day!");
    assert_eq!((shown.title.as_str(), shown.placeholder.as_str()), ("Support desk", "Your words"));
    let [left, ..] = page.rectangle_of(Part::Panel);
    assert!(left < 100, "the panel is at the left: {left}");
    page.ask("say=Understood.");
    assert_eq!(page.wait_for_answers(1).answers()[0].text, "Understood.");
    assert_eq!(page.style_of(Part::Launcher, "backgroundColor"), "rgb(176, 0, 32)");
}

#[test]
fn live_config_dresses_a_tag_that_says_nothing() {
    let looks = json!({
        "title": "From the config", "welcome_message": "Hello from the config", "input_placeholder": "Ask away",
        "accent_color": "#006400", "position": "bottom-left",
    });
    let own = OwnSite::new(&json!({ "appearance": looks }));
    own.embed(&format!("data-key='{}'", own.key));
    let (_visitor, page) = visit(&own);
    page.open_widget();
    let shown = page.wait_for_shown("the config's words", |shown| shown.welcome == "Hello from the config");
    assert_eq!((shown.title.as_str(), shown.placeholder.as_str()), ("From the config", "Ask away"));
    page.wait_until("the config's colour", || page.style_of(Part::Launcher, "backgroundColor") == "rgb(0, 100, 0)");
    let [left, ..] = page.rectangle_of(Part::Launcher);
    assert!(left < 100, "{left}");
}

#[test]
fn page_of_another_origin_gets_no_chat_with_this_key() {
    let own = OwnSite::new(&json!({}));
    own.embed(&format!("data-key='{}'", own.key));
    let stranger = Site::start();
    let worker = Deployment::shared().url();
    stranger.page(
        "/",
        &format!("<!doctype html><script src='{worker}/widget/weft.js' data-key='{}' defer></script>", own.key),
    );
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.go(&stranger.origin());
    page.open_widget();
    // The refusal itself is not for that page to read, so that the widget can't tell it from a network that fails.
    let shown = page.wait_for_shown("a word about it", |shown| shown.notice.contains("can’t be reached"));
    assert!(shown.welcome.is_empty());
    assert!(page.record().sockets.is_empty());

    let (_visitor, allowed) = visit(&own);
    allowed.open_widget();
    allowed.ask("say=Allowed.");
    assert_eq!(allowed.wait_for_answers(1).answers()[0].text, "Allowed.");
}

#[test]
fn page_script_opens_sends_listens_and_takes_it_away() {
    let own = OwnSite::new(&json!({}));
    own.embed(&format!("data-key='{}'", own.key));
    let (_visitor, page) = visit(&own);
    page.evaluate("window.heard = []; window.off = weft.on('message', (detail) => heard.push(detail.role + ': ' + detail.text)); 0");
    page.evaluate("weft.send('say=Sent by the page.')");
    let shown = page.wait_for_answers(1);
    assert!(shown.is_open);
    page.wait_until("both events", || page.evaluate("heard.length") == 2);
    assert_eq!(page.evaluate("heard"), json!(["user: say=Sent by the page.", "assistant: Sent by the page."]));
    page.evaluate("weft.close()");
    page.wait_for_shown("the panel to close", |shown| !shown.is_open);
    page.evaluate("weft.toggle()");
    page.wait_for_shown("the panel to open", |shown| shown.is_open);
    page.evaluate("off(); weft.destroy()");
    assert_eq!(page.evaluate("document.querySelectorAll('weft-chat').length"), 0);
    page.wait_until("the socket to close", || page.record().sockets.iter().all(|socket| socket.is_closed));
}

#[test]
fn pages_own_token_provider_takes_the_endpoints_place() {
    let own = OwnSite::new(&json!({ "require_signed_token": true, "refresh_path": "/token" }));
    own.embed(&format!("data-key='{}'", own.key));
    let (_visitor, page) = visit(&own);
    let token = own.workspace.forge().token();
    page.evaluate(&format!("weft.setTokenProvider(async () => ({{ token: '{token}' }}))"));
    page.open_widget();
    page.ask("say=With a token of the page's.");
    page.wait_for_answers(1);
    assert_eq!(page.record().sent("chat.request")[0].payload()["widgetToken"], token);
    assert!(page.record().requests.iter().all(|request| request.path() != "/token"));
}

#[test]
fn markup_in_an_answer_stays_text() {
    let own = OwnSite::new(&json!({}));
    own.embed(&format!("data-key='{}'", own.key));
    let (_visitor, page) = visit(&own);
    page.open_widget();
    page.ask("say=<img src=/leak onerror=alert(1)> and <b>bold</b>");
    let shown = page.wait_for_answers(1);
    assert_eq!(shown.answers()[0].text, "<img src=/leak onerror=alert(1)> and <b>bold</b>");
    assert_eq!(shown.questions(), ["say=<img src=/leak onerror=alert(1)> and <b>bold</b>"]);
    assert!(page.record().requests.iter().all(|request| request.path() != "/leak"));
}
