//! At a limit the widget goes away, in every tab and over a reload, and comes back by itself.

use serde_json::{Value, json};
use weft_tests::api::Deployment;
use weft_tests::browser::{OwnSite, Page, Visitor};

const HOUR_MS: i64 = 3_600_000;

/// A clock that the test sets, in the place of the browser's own, put in before any other script. Timers go off in real
/// time, or when the clock is moved past them. What the page hears of the widget is written down.
const PAGE: &str = r"
    let offset = OFFSET;
    const timers = new Map();
    const [now, start, stop] = [Date.now, setTimeout, clearTimeout];
    Date.now = () => now() + offset;
    window.setTimeout = (handler, wait) => {
        const id = start(() => { timers.delete(id); handler(); }, wait);
        timers.set(id, { due: Date.now() + wait, handler });
        return id;
    };
    window.clearTimeout = (id) => { timers.delete(id); stop(id); };
    window.moveClock = (millis) => {
        offset += millis;
        for (const [id, { due, handler }] of [...timers]) if (due <= Date.now()) { clearTimeout(id); handler(); }
    };
    window.heard = [];
    for (const type of ['weft:hidden', 'weft:message'])
        document.addEventListener(type, ({ detail }) => heard.push(type.slice(5) + ' ' + (detail.until ?? detail.role)));
";

/// A page with a clock that is off by so much, and `more` before the widget's script.
fn embed(own: &OwnSite, clock_off_ms: i64, more: &str) {
    let script = Deployment::shared().url();
    let clock = PAGE.replace("OFFSET", &clock_off_ms.to_string());
    own.site.page(
        "/",
        &format!(
            "<!doctype html><html lang=en><meta charset=utf-8><title>A page</title><script>{clock}{more}</script>\
             <body><h1>A page</h1><script src='{script}/widget/weft.js' data-key='{}' defer></script>",
            own.key
        ),
    );
}

fn is_seen(page: &Page) -> bool {
    let look = "function () { return [...this.querySelectorAll('*')].some((element) => element.checkVisibility()); }";
    page.in_widget(look, &[]).is_ok_and(|is_seen| is_seen == true)
}

#[track_caller]
fn wait_until_hidden(page: &Page) {
    page.wait_until("the widget to hide", || !is_seen(page));
}

#[track_caller]
fn wait_until_seen(page: &Page) {
    page.wait_until("the launcher to be seen", || is_seen(page));
}

fn heard(page: &Page) -> Vec<String> {
    serde_json::from_value(page.evaluate("window.heard")).expect("texts")
}

fn configs_asked(page: &Page) -> usize {
    page.record().requests.iter().filter(|request| request.path() == "/widget/config").count()
}

/// Waits until the widget has asked the Worker once more, and has the answer.
#[track_caller]
fn wait_for_another_check(page: &Page, asked_before: usize) {
    page.wait_until("another look at the Worker", || {
        let record = page.record();
        let answered = |path: &str| {
            record.requests.iter().filter(|request| request.path() == path && request.status == Some(200)).count()
        };
        answered("/widget/config") > asked_before
    });
    // The answer's own turn is over when a later one is.
    page.evaluate("new Promise((resolve) => setTimeout(resolve, 100))");
}

fn set_limit(own: &OwnSite, limit: &Value) {
    own.workspace.deploy("production", &json!({ "per_ip_daily": limit }));
}

#[test]
fn third_message_at_a_limit_of_two_hides_the_widget_until_the_reset() {
    let own = OwnSite::new(&json!({ "per_ip_daily": 2 }));
    embed(&own, 0, "");
    let mut visitor = Visitor::new();
    let (page, other) = (visitor.page(), visitor.page());
    page.go(&own.site.origin());
    other.go(&own.site.origin());
    wait_until_seen(&other);
    page.open_widget();
    for (number, question) in ["say=One.", "say=Two."].into_iter().enumerate() {
        page.ask(question);
        page.wait_for_answers(number + 1);
    }
    assert!(is_seen(&page), "two are allowed");
    page.ask("say=Three.");
    wait_until_hidden(&page);
    let [.., last] = &heard(&page)[..] else { panic!("the page hears of it") };
    assert!(last.starts_with("hidden ") && last.contains("T00:00:00"), "{last}");
    // A tab whose widget was never loaded, and what the page's own button asks for.
    wait_until_hidden(&other);
    page.evaluate("weft.open()");
    assert!(!is_seen(&page));
    for tab in [&page, &other] {
        let asked = configs_asked(tab);
        tab.reload();
        wait_for_another_check(tab, asked);
        assert!(!is_seen(tab), "hidden after a reload");
    }
    // The visitor's clock alone brings nothing back: the Worker is asked.
    let asked = configs_asked(&page);
    page.evaluate(&format!("moveClock({})", 25 * HOUR_MS));
    wait_for_another_check(&page, asked);
    assert!(!is_seen(&page), "the Worker's day is not over");
    // The Worker's side of the reset, as far as an outsider can bring it about.
    set_limit(&own, &json!(4));
    page.evaluate(&format!("moveClock({})", 25 * HOUR_MS));
    wait_until_seen(&page);
    // What was written at the limit was kept, and goes out.
    page.open_widget();
    let shown = page.wait_for_shown("the third answer", |shown| shown.answers().len() == 3);
    assert_eq!(shown.questions(), ["say=One.", "say=Two.", "say=Three."]);
    page.ask("say=Four.");
    page.wait_for_shown("the fourth answer", |shown| shown.answers().len() == 4);
    wait_until_seen(&other);
}

#[test]
fn an_answer_that_is_running_at_the_limit_is_read_to_its_end() {
    let own = OwnSite::new(&json!({ "per_ip_daily": 1 }));
    embed(&own, 0, "");
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.go(&own.site.origin());
    page.open_widget();
    page.ask("words=60 delay_ms=50");
    page.wait_for_shown("the first words", |shown| !shown.answers().is_empty());
    page.ask("say=More.");
    page.wait_until("the limit", || !page.record().received("limit.reached").is_empty());
    if page.record().received("chat.completed").is_empty() {
        let shown = page.shown();
        assert!(shown.is_open && shown.notice.contains("limit"), "{shown:?}");
    }
    wait_until_hidden(&page);
    assert_eq!(page.record().received("chat.completed").len(), 1, "it came to its end");
    let heard = heard(&page);
    assert_eq!(heard.len(), 4, "{heard:?}");
    assert_eq!(heard[..3], ["message user", "message user", "message assistant"]);
    assert!(heard[3].starts_with("hidden "), "{heard:?}");
}

#[test]
fn a_visitor_whose_clock_is_off_by_a_day_is_kept_out_and_let_in_as_all_others() {
    for day_ms in [-24 * HOUR_MS, 24 * HOUR_MS] {
        let own = OwnSite::new(&json!({ "per_ip_daily": 1 }));
        embed(&own, day_ms, "");
        let mut visitor = Visitor::new();
        let page = visitor.page();
        page.go(&own.site.origin());
        page.open_widget();
        page.ask("say=One.");
        page.wait_for_answers(1);
        page.ask("say=Two.");
        wait_until_hidden(&page);
        let asked = configs_asked(&page);
        page.reload();
        wait_for_another_check(&page, asked);
        assert!(!is_seen(&page), "{day_ms}");
        // A raised limit lets in with the next page.
        set_limit(&own, &json!(2));
        page.reload();
        wait_until_seen(&page);
        page.wait_until("what was kept to go out", || !page.record().received("chat.completed").is_empty());
    }
}

#[test]
fn where_nothing_can_be_stored_the_first_intent_hides_it() {
    let own = OwnSite::new(&json!({ "per_ip_daily": 1 }));
    embed(&own, 0, "Object.defineProperty(window, 'localStorage', { get() { throw new Error('blocked'); } });");
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.go(&own.site.origin());
    page.open_widget();
    page.ask("say=One.");
    page.wait_for_answers(1);
    page.ask("say=Two.");
    wait_until_hidden(&page);
    page.reload();
    wait_until_seen(&page);
    page.hover(page.launcher());
    wait_until_hidden(&page);
}
