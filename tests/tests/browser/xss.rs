//! Answers that mean harm, streamed one character at a time into a page with a strict policy and Trusted Types: nothing
//! runs, nothing is fetched, and nothing that could do either is ever in the widget.

use serde_json::json;
use weft_tests::api::Deployment;
use weft_tests::browser::{OwnSite, Page, Reply, Visitor};

const ATTACKS: &str = include_str!("../../../shared/tests/markdown/attacks.md");

/// Elements and attributes that an answer may be made of. Anything else in the widget's answers is a fault.
const CHECK: &str = r"function () {
    const elements = new Set(['p', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'ul', 'ol', 'li', 'pre', 'hr', 'table', 'tr', 'th', 'td',
        'strong', 'em', 'del', 'code', 'a', 'br', 'div', 'button']);
    const attributes = {
        a: ['class', 'href', 'target', 'rel'], ol: ['class', 'start'], th: ['class', 'align'], td: ['class', 'align'],
        pre: ['class', 'tabindex'], table: ['class', 'tabindex'], button: ['class', 'type', 'aria-label'],
    };
    const root = this;
    const faults = weftSocket.faults = [];
    weftSocket.looks = 0;
    weftSocket.links = new Set();
    weftSocket.look = () => {
        weftSocket.looks += 1;
        const bubbles = root.querySelectorAll('.row:not(.user) .bubble');
        for (const element of bubbles[bubbles.length - 1].querySelectorAll('*')) {
            if (element.namespaceURI !== 'http://www.w3.org/1999/xhtml' || !elements.has(element.localName)) {
                faults.push('element ' + element.localName);
            }
            for (const { name, value } of element.attributes) {
                // The page may style parts: they are called as the classes are.
                if (name === 'part' && value === element.className) continue;
                if (!(attributes[element.localName] ?? ['class']).includes(name)) {
                    faults.push(element.localName + ' ' + name + '=' + value);
                }
            }
            if (element.localName === 'a') {
                weftSocket.links.add(element.href);
                if (!['http:', 'https:', 'mailto:'].includes(element.protocol)) faults.push('leads to ' + element.href);
                if (element.target !== '_blank' || element.rel !== 'noopener noreferrer') faults.push('opens in the page');
            }
        }
    };
}";

fn strict_site() -> OwnSite {
    let own = OwnSite::new(&json!({}));
    let worker = Deployment::shared().url();
    let socket = worker.replacen("http", "ws", 1);
    let policy = format!(
        "default-src 'none'; script-src {worker} 'wasm-unsafe-eval'; connect-src {worker} {socket}; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    );
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Strict</title><body><h1>Strict</h1>\
         <script src='{worker}/widget/weft.js' data-key='{}' defer></script>",
        own.key
    );
    own.site.answer("/", move || Reply::html(&html).header("Content-Security-Policy", &policy));
    own
}

fn open(own: &OwnSite) -> (Visitor, Page) {
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.go(&own.site.origin());
    let _ = page
        .evaluate("window.hits = 0; window.weftHit = () => { window.hits += 1; }; window.alert = window.weftHit; 0");
    page.take_over_sockets();
    page.open_widget();
    (visitor, page)
}

#[test]
fn no_attack_runs_or_fetches_anything_at_any_character() {
    let own = strict_site();
    let (_visitor, page) = open(&own);
    page.in_widget(CHECK, &[]).expect("the widget is there");
    for attack in ATTACKS.split("\n\n\n") {
        page.answer_in_pieces(attack, 1);
        assert_eq!(page.evaluate("weftSocket.faults"), json!([]), "{attack}");
    }
    assert_eq!(page.evaluate("hits"), 0);
    // It did look, at each character, and there were links to look at.
    let looks = page.evaluate("weftSocket.looks").as_u64().expect("a number");
    assert!(usize::try_from(looks).is_ok_and(|looks| looks > ATTACKS.chars().count() - 400), "{looks}");
    assert!(page.evaluate("weftSocket.links.size").as_u64() > Some(10));

    // Each of them ends as text or as a link that is safe, and is still not alive when it is clicked.
    page.in_widget(
        "function () { for (const link of this.querySelectorAll('.bubble a')) { \
         link.addEventListener('click', (event) => event.preventDefault()); link.click(); } \
         for (const element of this.querySelectorAll('.bubble *')) for (const kind of ['error', 'load', 'mouseover', 'focus', 'toggle']) \
         element.dispatchEvent(new Event(kind)); }",
        &[],
    )
    .expect("the widget is there");
    assert_eq!(page.evaluate("hits"), 0);

    let record = page.record();
    let worker = Deployment::shared().url();
    let ours = [worker, &own.site.origin()];
    let foreign: Vec<_> =
        record.urls().into_iter().filter(|url| !ours.iter().any(|ours| url.starts_with(ours))).collect();
    assert_eq!(foreign, [""; 0]);
    assert!(record.requests.iter().all(|request| !request.url.contains("leak")));
    assert_eq!(record.complaints(), [""; 0]);
}

#[test]
fn the_same_texts_do_harm_where_they_are_taken_for_html() {
    // The control: this corpus is alive, and this policy is what it says.
    let own = OwnSite::new(&json!({}));
    own.site.page("/", "<!doctype html><title>Careless</title><body>");
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.go(&own.site.origin());
    page.block(&["evil.example"]);
    let _ = page.evaluate("window.hits = 0; window.weftHit = () => { window.hits += 1; }; 0");
    let careless = format!(
        "for (const text of {}) {{ const e = document.createElement('div'); document.body.append(e); \
        try {{ e.innerHTML = text; }} catch (error) {{ window.refusal = String(error); }} }}; 0",
        json!(ATTACKS.split("\n\n\n").collect::<Vec<_>>())
    );
    let _ = page.evaluate(&careless);
    page.wait_until("the attacks to strike", || page.evaluate("hits").as_u64() > Some(5));

    let strict = strict_site();
    page.go(&strict.site.origin());
    let _ = page.evaluate(&careless);
    assert!(page.evaluate("window.refusal ?? ''").as_str().unwrap_or_default().contains("TrustedHTML"));
}
