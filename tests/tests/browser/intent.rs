//! What a page pays before anybody chats, and that the widget lives under a strict policy.

use serde_json::json;
use weft_tests::api::Deployment;
use weft_tests::browser::{Demo, Key, OwnSite, Page, Reply, Visitor};

const QUESTION: &str = "Do you repair pots?";

/// The paths that the page has asked the Worker for.
fn asked_of_worker(page: &Page) -> Vec<String> {
    let worker = Deployment::shared().url();
    let record = page.record();
    let requests = record.requests.iter().filter(|request| request.url.starts_with(worker));
    requests.map(|request| request.path().to_owned()).collect()
}

fn fresh_page() -> (Visitor, Page) {
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.go(&Demo::shared().at("/"));
    let _ = page.launcher();
    // The page has nothing left to do.
    page.evaluate("new Promise((resolve) => requestIdleCallback(() => setTimeout(resolve)))");
    (visitor, page)
}

/// The module and the WebAssembly, under names that hold a hash of their content.
fn wait_for_widget(page: &Page) {
    page.wait_until("the module and the WebAssembly", || {
        let asked = asked_of_worker(page);
        [("/widget/weft-", ".js"), ("/widget/weft_bg-", ".wasm")]
            .iter()
            .all(|(start, end)| asked.iter().any(|path| path.starts_with(start) && path.ends_with(end)))
    });
}

#[test]
fn before_intent_a_page_loads_one_script_and_has_one_launcher() {
    let (_visitor, page) = fresh_page();
    assert_eq!(asked_of_worker(&page), ["/widget/weft.js"]);
    assert!(page.record().sockets.is_empty());
    assert_eq!(page.evaluate("document.querySelectorAll('weft-chat').length"), 1);
    let buttons = page.in_widget("function () { return this.querySelectorAll('*').length; }", &[]);
    assert_eq!(buttons, Ok(1.into()), "the launcher and nothing else");
    assert_eq!(page.local_storage(), "[]");
    assert_eq!(page.evaluate("document.cookie"), "");
}

#[test]
fn pointer_over_the_launcher_loads_the_widget() {
    let (_visitor, page) = fresh_page();
    page.hover(page.launcher());
    wait_for_widget(&page);
    assert!(!page.shown().is_open);
}

#[test]
fn focus_on_the_launcher_loads_the_widget() {
    let (_visitor, page) = fresh_page();
    page.wait_until("the focus on the launcher", || {
        page.press(Key::Tab);
        page.shown().launcher_is_focused
    });
    wait_for_widget(&page);
    assert!(!page.shown().is_open);
}

#[test]
fn first_click_loads_the_widget_and_opens_it() {
    let (_visitor, page) = fresh_page();
    page.open_widget();
    wait_for_widget(&page);
    // Another click closes it, another opens it again.
    page.click(page.launcher());
    page.wait_for_shown("the panel to close", |shown| !shown.is_open);
    page.click(page.launcher());
    page.wait_for_shown("the panel to open", |shown| shown.is_open);
}

#[test]
fn pages_own_button_opens_the_widget() {
    let (_visitor, page) = fresh_page();
    page.click(page.place_of("button[data-ask]"));
    page.wait_for_shown("the panel to open", |shown| shown.is_open);
}

#[test]
fn strict_policy_with_trusted_types_has_nothing_to_complain_of() {
    let demo = Demo::shared();
    let (_visitor, page) = demo.logged_in_visitor();
    let policy = page.evaluate("fetch('/').then((response) => response.headers.get('content-security-policy'))");
    for part in ["require-trusted-types-for 'script'", "default-src 'self'", "style-src 'self'"] {
        assert!(policy.as_str().is_some_and(|policy| policy.contains(part)), "{policy}");
    }
    page.open_widget();
    page.ask(QUESTION);
    page.wait_for_answers(1);
    page.reload();
    let _ = page.launcher();
    assert_eq!(page.record().complaints(), Vec::<&str>::new());
}

#[test]
fn widget_that_could_not_load_says_so_and_loads_at_the_next_try() {
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.block(&["/widget/weft_bg-"]);
    page.go(&Demo::shared().at("/"));
    page.click(page.launcher());
    page.wait_for_shown("the launcher to say so", |shown| shown.launcher.contains("could not load"));
    page.block(&[]);
    page.open_widget();
}

#[test]
fn policy_that_forbids_webassembly_is_named_in_the_console() {
    let own = OwnSite::new(&json!({}));
    let worker = Deployment::shared().url();
    let html = format!("<!doctype html><script src='{worker}/widget/weft.js' data-key='{}' defer></script>", own.key);
    let policy = format!("default-src 'self'; script-src 'self' {worker}; connect-src {worker}");
    own.site.answer("/", move || Reply::html(&html).header("Content-Security-Policy", &policy));
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.go(&own.site.origin());
    page.click(page.launcher());
    page.wait_for_shown("the launcher to say so", |shown| shown.launcher.contains("could not load"));
    page.wait_until("the exact word to add", || {
        page.record().console.iter().any(|line| line.contains("Weft") && line.contains("'wasm-unsafe-eval'"))
    });
}
