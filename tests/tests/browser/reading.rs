//! How answers are read: drawn while they come, never redrawn, code to copy, and a way back to the newest.

use serde_json::json;
use weft_tests::browser::{OwnSite, Page, Visitor};

/// An answer with everything in it.
const EVERYTHING: &str = include_str!("everything.md");

fn open(own: &OwnSite) -> (Visitor, Page) {
    let mut visitor = Visitor::new();
    let page = visitor.page();
    own.embed(&format!("data-key='{}'", own.key));
    page.go(&own.site.origin());
    page.take_over_sockets();
    page.open_widget();
    (visitor, page)
}

#[test]
fn an_answer_becomes_the_elements_that_its_marks_mean() {
    let own = OwnSite::new(&json!({}));
    let (_visitor, page) = open(&own);
    page.answer_in_pieces(EVERYTHING, 3);
    let counts = page.in_last_answer(
        "function () { const counts = {}; for (const e of this.querySelectorAll('*')) { \
         counts[e.localName] = (counts[e.localName] ?? 0) + 1; } return counts; }",
    );
    for name in [
        "p",
        "h5",
        "h4",
        "ul",
        "ol",
        "li",
        "strong",
        "em",
        "del",
        "code",
        "pre",
        "a",
        "table",
        "th",
        "td",
        "blockquote",
        "hr",
        "br",
    ] {
        assert!(counts[name].as_u64() >= Some(1), "{name}: {counts}");
    }
    assert_eq!(counts["img"], json!(null));
    let text = page.in_last_answer("function () { return this.innerText; }");
    let text = text.as_str().expect("text");
    for marks in ["**", "```", "](", "|--", "## "] {
        assert!(!text.contains(marks), "{marks} is left: {text}");
    }
}

#[test]
fn finished_blocks_are_never_drawn_again() {
    let own = OwnSite::new(&json!({}));
    let (_visitor, page) = open(&own);
    // All that ever goes, but the last block and what it is made of.
    page.in_widget(
        "function () { weftSocket.gone = []; new MutationObserver((all) => { for (const { removedNodes, target } of all) { \
         const bubble = target.parentElement?.closest('.bubble') ?? target.closest?.('.bubble'); if (!bubble) continue; \
         for (const node of removedNodes) { let top = target; while (top !== bubble && top.parentNode !== bubble) top = top.parentNode; \
         if (top !== bubble && [...bubble.children].indexOf(top) < bubble.children.length - 2) weftSocket.gone.push(node.textContent); } } }) \
         .observe(this, { childList: true, subtree: true }); \
         weftSocket.first = null; weftSocket.look = () => { const b = this.querySelectorAll('.row:not(.user) .bubble'); \
         const kids = [...b[b.length - 1].children]; weftSocket.kept ??= []; \
         weftSocket.kept.forEach((node, at) => { if (kids[at] !== node) weftSocket.gone.push('block ' + at); }); \
         weftSocket.kept = kids.slice(0, Math.max(weftSocket.kept.length, kids.length - 2)); }; }",
        &[],
    )
    .expect("the widget is there");
    page.answer_in_pieces(EVERYTHING, 1);
    assert_eq!(page.evaluate("weftSocket.gone"), json!([]));
    assert!(page.evaluate("weftSocket.kept.length").as_u64() >= Some(8));
}

#[test]
fn code_is_copied_as_it_was_written() {
    let own = OwnSite::new(&json!({}));
    let (_visitor, page) = open(&own);
    let _ = page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }; 0");
    page.answer_in_pieces("Run this:\n\n```sh\nweft \"<a>\"\n\tx && y\n```\n\nDone.", 2);
    page.click_button("Copy the code");
    page.wait_until("the code", || page.evaluate("window.copied ?? ''") == "weft \"<a>\"\n\tx && y\n");
    page.wait_until("a word that it is done", || {
        page.in_last_answer("function () { return this.querySelector('.copy').ariaLabel; }") == "Copied"
    });
}

#[test]
fn the_list_stays_where_the_reader_put_it_and_a_button_leads_back() {
    let own = OwnSite::new(&json!({}));
    let (_visitor, page) = open(&own);
    let scroll = |expression: &str| {
        page.in_widget(&format!("function () {{ const log = this.querySelector('.log'); {expression} }}"), &[])
            .expect("the list is there")
    };
    let left = || {
        scroll("return Math.round(log.scrollHeight - log.scrollTop - log.clientHeight);").as_i64().expect("a number")
    };
    let button = || scroll("return this.querySelector('.newest').checkVisibility();") == true;
    page.answer_in_pieces(&"A long line.\n\n".repeat(60), 40);
    assert!(left() < 2, "who is at the end stays there: {}", left());
    assert!(!button());

    scroll("log.scrollTop = 100;");
    page.wait_until("the browser to tell of it", || {
        scroll("return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(log.scrollTop))));") == 100
    });
    assert!(!button(), "nothing new has come");
    let _ = page.evaluate("weftSocket.before = weftSocket.sent.length; 0");
    // Another tab's question and its answer: this reader didn't ask.
    let _ = page.evaluate(
        "(() => { const say = (type, payload) => weftSocket.socket.say(type, payload); \
         say('history', { messages: [{ id: 'another-tabs-question', seq: 90000, role: 'user', text: 'Hm?', createdAt: '2026-01-01T00:00:00Z' }] }); \
         say('chat.delta', { requestId: 'another-tabs-question', seq: 90001, text: 'New.' }); })()",
    );
    page.wait_until("the way back", button);
    assert_eq!(scroll("return log.scrollTop;"), 100);
    page.click_button("To the newest message");
    page.wait_until("the end", || left() < 2 && !button());
    assert_eq!(page.in_widget("function () { return this.activeElement.className; }", &[]), Ok(json!("log")));
}
