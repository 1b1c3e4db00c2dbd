//! What it looks like: pictures in `target/screenshots`, and the facts about layout that need no eye.

use serde_json::json;
use weft_tests::browser::{Demo, OwnSite, Page, Part, Visitor};

const QUESTION: &str = "Can I send back a tea that I have opened?";

fn asked(page: &Page) {
    page.open_widget();
    page.ask(QUESTION);
    page.wait_for_answers(1);
    page.wait_until_still();
}

#[track_caller]
fn assert_no_sideways_scrolling(page: &Page) {
    let overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assert_eq!(overflow, 0);
    let inside = page.in_widget(
        "function () { const log = this.querySelector('.log'); return log.scrollWidth - log.clientWidth; }",
        &[],
    );
    assert_eq!(inside, Ok(0.into()));
}

/// Every control of the panel is inside of it and leaves the others free.
#[track_caller]
fn assert_controls_are_in_place(page: &Page) {
    let function = "function () {
        const panel = this.querySelector('[role=dialog]');
        const controls = [...panel.querySelectorAll('button, textarea')].filter((control) => control.checkVisibility());
        const name = (control) => control.ariaLabel || control.textContent || control.localName;
        const box = (element) => element.getBoundingClientRect();
        const [outer, faults] = [box(panel), []];
        controls.forEach((one, index) => {
            const a = box(one);
            if (a.left < outer.left || a.top < outer.top || a.right > outer.right || a.bottom > outer.bottom) {
                faults.push(name(one) + ' sticks out');
            }
            if (one.localName === 'button' && (a.width < 24 || a.height < 24)) faults.push(name(one) + ' is too small');
            for (const other of controls.slice(index + 1)) {
                const b = box(other);
                if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom) {
                    faults.push(name(one) + ' lies over ' + name(other));
                }
            }
        });
        return controls.length > 2 ? faults : ['there are only ' + controls.length + ' controls'];
    }";
    assert_eq!(page.in_widget(function, &[]), Ok(json!([])));
}

#[test]
fn desktop() {
    let (_visitor, page) = Demo::shared().logged_in_visitor();
    let _ = page.launcher();
    page.screenshot("desktop-closed");
    asked(&page);
    page.screenshot("desktop-answer");
    let [left, top, width, height] = page.rectangle_of(Part::Panel);
    let [window_width, window_height] = window(&page);
    assert!(left > window_width / 2 && left + width <= window_width, "{left} {width} of {window_width}");
    assert!(top >= 0 && top + height <= window_height, "{top} {height} of {window_height}");
    let [_, launcher_top, ..] = page.rectangle_of(Part::Launcher);
    assert!(top + height <= launcher_top, "the panel leaves the launcher free");
    assert_controls_are_in_place(&page);
    assert_no_sideways_scrolling(&page);
}

#[test]
fn phone() {
    let (_visitor, page) = Demo::shared().logged_in_visitor();
    page.resize(390, 844, true);
    page.reload();
    let _ = page.launcher();
    page.screenshot("phone-closed");
    asked(&page);
    page.screenshot("phone-answer");
    assert_eq!(page.rectangle_of(Part::Panel), [0, 0, 390, 844], "it takes the whole screen");
    assert_controls_are_in_place(&page);
    assert_no_sideways_scrolling(&page);
    page.click_button("Close");
    page.wait_for_shown("the panel to close", |shown| !shown.is_open);
}

#[test]
fn dark() {
    let (_visitor, page) = Demo::shared().logged_in_visitor();
    page.prefer_dark(true);
    asked(&page);
    page.screenshot("desktop-dark");
    assert_eq!(page.style_of(Part::Panel, "colorScheme"), "dark");
    page.prefer_dark(false);
    page.wait_until("daylight", || page.style_of(Part::Panel, "colorScheme") == "light");
}

#[test]
fn errors() {
    let demo = Demo::shared();
    let (_visitor, page) = demo.logged_in_visitor();
    demo.set_fault(&page, Some("html"));
    page.open_widget();
    page.ask(QUESTION);
    page.wait_for_shown("the notice", |shown| !shown.notice_button.is_empty());
    page.wait_until_still();
    page.screenshot("desktop-refresh-endpoint-fails");
    assert_controls_are_in_place(&page);
    page.set_offline(true);
    page.wait_for_shown("the notice", |shown| shown.notice.contains("offline"));
    page.wait_until_still();
    page.screenshot("desktop-offline");
}

#[test]
fn signing_in_is_asked_for_on_a_dark_phone() {
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.resize(390, 844, true);
    page.prefer_dark(true);
    page.go(&Demo::shared().at("/"));
    page.open_widget();
    page.wait_for_shown("the notice", |shown| shown.notice.contains("Sign in"));
    page.wait_until_still();
    page.screenshot("phone-dark-sign-in");
    assert_controls_are_in_place(&page);
    assert_no_sideways_scrolling(&page);
}

#[test]
fn an_answer_with_everything() {
    let own = OwnSite::new(&json!({}));
    own.embed(&format!("data-key='{}'", own.key));
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.go(&own.site.origin());
    page.resize(1280, 1500, false);
    page.take_over_sockets();
    page.open_widget();
    let everything = include_str!("everything.md");
    page.answer_in_pieces(everything, 400);
    for (name, width, height, is_phone, is_dark) in [
        ("desktop-everything", 1280, 900, false, false),
        ("phone-everything", 390, 844, true, false),
        ("phone-dark-everything", 390, 844, true, true),
    ] {
        page.resize(width, height, is_phone);
        page.prefer_dark(is_dark);
        page.wait_until_still();
        for (part, place) in [("top", "0"), ("end", "log.scrollHeight")] {
            let scroll = format!("function () {{ const log = this.querySelector('.log'); log.scrollTop = {place}; }}");
            page.in_widget(&scroll, &[]).expect("the list is there");
            page.screenshot(&format!("{name}-{part}"));
        }
        assert_no_sideways_scrolling(&page);
    }
    // What is too wide scrolls inside of itself.
    let wide =
        "function () { return [...this.querySelectorAll('pre, table')].some((e) => e.scrollWidth > e.clientWidth); }";
    assert_eq!(page.in_widget(wide, &[]), Ok(true.into()));
}

/// A chat on a site of its own, in another language and another way to see it.
fn own_chat(language: &str, question: &str) -> (OwnSite, Visitor, Page) {
    let own = OwnSite::new(&json!({ "appearance": { "suggested_questions": ["say=One?", "say=A second question?"] } }));
    own.embed_in(language, "", &format!("data-key='{}'", own.key));
    let (visitor, page) = own.visit();
    page.open_widget();
    page.wait_for_shown("the live config", |shown| !shown.offers.is_empty());
    page.wait_until_still();
    page.screenshot(&format!("desktop-empty-{language}"));
    page.ask(question);
    page.wait_for_answers(1);
    page.wait_until_still();
    (own, visitor, page)
}

#[test]
fn right_to_left() {
    let (_own, _visitor, page) = own_chat("ar", "say=نعم، يستغرق التوصيل يومين. (2 days)");
    page.ask("And in English?");
    page.wait_for_answers(2);
    page.wait_until_still();
    page.screenshot("desktop-right-to-left");
    assert_eq!(page.style_of(Part::Panel, "direction"), "rtl");
    assert_controls_are_in_place(&page);
    page.resize(390, 844, true);
    page.screenshot("phone-right-to-left");
    assert_controls_are_in_place(&page);
    assert_no_sideways_scrolling(&page);
}

#[test]
fn forced_colours() {
    let (_own, _visitor, page) = own_chat("en", "words=12 delay_ms=1 then=fail");
    page.prefer("forced-colors", "active");
    page.wait_until("forced colours", || page.evaluate("matchMedia('(forced-colors: active)').matches") == true);
    assert_controls_are_in_place(&page);
    page.insert_text(&"a".repeat(4_010));
    page.wait_for_shown("the counter", |shown| !shown.counter.is_empty());
    page.wait_until_still();
    page.screenshot("desktop-forced-colours");
    // Each icon differs from what it lies on.
    let function = "function () {
        return [...this.querySelectorAll('.icon')].filter((icon) => icon.checkVisibility()).map((icon) =>
            getComputedStyle(icon, '::before').backgroundColor === getComputedStyle(this.querySelector('.panel')).backgroundColor
                ? icon.className + ' is not seen' : '').filter((fault) => fault);
    }";
    assert_eq!(page.in_widget(function, &[]), Ok(json!([])));
}

#[test]
fn refused() {
    let (own, _visitor, page) = own_chat("de", "say=Ja.");
    let keys = own.workspace.admin("GET", "/keys?limit=200").send().expect(200);
    let id = keys["keys"][0]["id"].as_str().expect("the only key").to_owned();
    assert_eq!(own.workspace.admin("DELETE", &format!("/keys/{id}")).send().status, 204);
    page.reload();
    page.wait_for_shown("the refusal", |shown| shown.notice.contains("nicht verfügbar"));
    page.wait_until_still();
    page.screenshot("desktop-refused");
    assert_controls_are_in_place(&page);
}

fn window(page: &Page) -> [i32; 2] {
    serde_json::from_value(page.evaluate("[innerWidth, innerHeight]")).expect("two numbers")
}
