//! What the other tests take for granted of their own tools.

use serde_json::json;
use weft_tests::browser::{Key, Page, Site, Visitor};

/// A page of a site with an input field and a closed shadow root of the widget's name.
const PAGE: &str = "<!doctype html><meta charset=utf-8><title>Tools</title><input id=name autofocus>
<script>
  const host = document.createElement('weft-chat');
  host.attachShadow({ mode: 'closed' }).innerHTML = '<button aria-label=Chat>Hidden words</button>';
  document.body.append(host);
  console.error('told to the console', 7);
</script>";

fn open(site: &Site) -> (Visitor, Page) {
    site.page("/", PAGE);
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.go(&site.origin());
    (visitor, page)
}

#[test]
fn closed_shadow_root_is_read_by_the_tests_and_not_by_the_page() {
    let site = Site::start();
    let (_visitor, page) = open(&site);
    assert_eq!(page.shown().launcher, "Chat: Hidden words");
    assert_eq!(page.evaluate("document.querySelector('weft-chat').shadowRoot === null"), true);
    page.reload();
    assert_eq!(page.shown().launcher, "Chat: Hidden words", "also after a reload");
}

#[test]
fn keys_and_clicks_reach_the_page_as_a_persons_do() {
    let site = Site::start();
    let (_visitor, page) = open(&site);
    page.evaluate("document.addEventListener('keydown', (event) => { window.trusted = event.isTrusted; })");
    page.click(page.place_of("#name"));
    page.type_text("Zoë, 42");
    page.wait_until("the typed text", || page.evaluate("document.querySelector('#name').value") == "Zoë, 42");
    assert_eq!(page.evaluate("window.trusted"), true);
    page.press(Key::Backspace);
    page.wait_until("one letter less", || page.evaluate("document.querySelector('#name').value") == "Zoë, 4");
}

#[test]
fn requests_console_and_exceptions_are_recorded() {
    let site = Site::start();
    let (_visitor, page) = open(&site);
    page.evaluate(
        "fetch('/missing?secret=1', { method: 'POST', body: 'sent', headers: { 'X-Own': 'header' } }).then(() => 0)",
    );
    page.evaluate("setTimeout(() => { throw new Error('nobody caught this') })");
    page.wait_until("the exception", || !page.record().exceptions.is_empty());
    let record = page.record();
    let request = record.requests.iter().find(|request| request.path() == "/missing").expect("recorded");
    assert_eq!((request.method.as_str(), request.status), ("POST", Some(404)));
    assert_eq!(request.body.as_deref(), Some("sent"));
    assert!(request.headers.contains("X-Own"), "{}", request.headers);
    assert!(record.urls().iter().any(|url| url.ends_with("?secret=1")));
    assert!(record.console.iter().any(|line| line == "error: told to the console 7"), "{:?}", record.console);
    assert!(record.exceptions[0].contains("nobody caught this"));
    assert_eq!(page.answer_of(request), "Not found");
}

#[test]
fn violations_of_a_pages_policy_are_recorded() {
    let site = Site::start();
    let page_with_policy = "<!doctype html><meta http-equiv=Content-Security-Policy \
        content=\"default-src 'self'; require-trusted-types-for 'script'\"><p>Strict";
    site.page("/", page_with_policy);
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.go(&site.origin());
    assert!(page.record().complaints().is_empty(), "{:?}", page.record().complaints());
    let thrown = page.try_evaluate("document.querySelector('p').innerHTML = '<b>x</b>'").expect_err("forbidden");
    assert!(thrown.contains("TrustedHTML"), "{thrown}");
    page.wait_until("the violation", || !page.record().violations.is_empty());
    let _ = page.try_evaluate("fetch('http://127.0.0.1:1/')");
    page.wait_until("the second one", || page.record().violations.iter().any(|text| text.contains("connect-src")));
}

#[test]
fn blocked_requests_fail_and_others_do_not() {
    let site = Site::start();
    let (_visitor, page) = open(&site);
    page.block(&["/blocked"]);
    page.reload();
    let outcome = |path: &str| page.evaluate(&format!("fetch('{path}').then((r) => r.status, () => 'failed')"));
    assert_eq!(outcome("/blocked"), "failed");
    assert_eq!(outcome("/other"), 404);
    page.block(&[]);
    assert_eq!(outcome("/blocked"), 404);
}

#[test]
fn network_size_and_colours_can_be_taken_away() {
    let site = Site::start();
    let (_visitor, page) = open(&site);
    page.set_offline(true);
    assert_eq!(page.evaluate("navigator.onLine"), false);
    assert_eq!(page.evaluate("fetch('/').then(() => 'came', () => 'failed')"), "failed");
    page.set_offline(false);
    assert_eq!(page.evaluate("fetch('/').then(() => 'came', () => 'failed')"), "came");
    page.resize(390, 844, true);
    assert_eq!(page.evaluate("[innerWidth, screen.width, devicePixelRatio]"), json!([980, 390, 2]));
    page.resize(1000, 700, false);
    assert_eq!(page.evaluate("[innerWidth, innerHeight, devicePixelRatio]"), json!([1000, 700, 1]));
    for is_dark in [true, false] {
        page.prefer_dark(is_dark);
        assert_eq!(page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches"), is_dark);
    }
}

#[test]
fn visitors_share_nothing_and_tabs_of_one_visitor_do() {
    let site = Site::start();
    let (mut visitor, page) = open(&site);
    page.evaluate("localStorage.setItem('mine', '1')");
    let (_other_visitor, other) = open(&site);
    assert!(other.evaluate("localStorage.getItem('mine')").is_null());
    let tab = visitor.page();
    tab.go(&site.origin());
    assert_eq!(tab.evaluate("localStorage.getItem('mine')"), "1");
}
