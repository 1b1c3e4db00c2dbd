//! WCAG 2.2 AA, as far as machines can tell: axe-core in every state, the accessibility tree of a whole chat, contrast
//! for any accent colour, the keyboard.

use serde_json::{Value, json};
use std::fs;
use weft_tests::browser::{Key, OwnSite, Page, Visitor};
use xtask::project::Project;

fn site(config: &Value) -> OwnSite {
    let own = OwnSite::new(config);
    own.embed(&format!("data-key='{}'", own.key));
    own
}

fn config() -> Value {
    json!({ "appearance": { "title": "Ask Acme", "suggested_questions": ["say=Hello."] } })
}

/// Walks through every state that a visitor can come to, and looks at each.
fn walk(own: &OwnSite, page: &Page, look: &dyn Fn(&str)) {
    let _ = page.launcher();
    look("closed, before intent");
    page.open_widget();
    page.wait_for_shown("the suggested question", |shown| !shown.offers.is_empty());
    page.wait_until_still();
    look("open and empty");
    page.insert_text(&"a".repeat(3_700));
    page.wait_for_shown("the counter", |shown| !shown.counter.is_empty());
    look("near the end of the text");
    page.insert_text(&"a".repeat(500));
    page.wait_for_shown("the counter", |shown| shown.counter.contains("too many"));
    look("too long");
    for _ in 0..2 {
        page.in_widget("function () { this.querySelector('textarea').select(); }", &[]).expect("selected");
        page.press(Key::Backspace);
    }
    page.ask("words=400 delay_ms=20");
    page.wait_for_shown("the first words", |shown| !shown.answers().is_empty());
    page.wait_until_still();
    look("while an answer comes");
    page.click_button("Stop the answer");
    page.wait_for_shown("its end", |shown| shown.answers().first().is_some_and(|answer| answer.note == "Stopped."));
    page.focus_composer();
    page.ask("words=3 delay_ms=1 then=fail");
    page.wait_for_shown("the offer to try again", |shown| !shown.offers.is_empty());
    page.wait_until_still();
    look("after a failed answer");
    page.set_offline(true);
    page.wait_for_shown("a word about it", |shown| shown.notice.contains("offline"));
    page.ask("say=Later.");
    page.wait_for_shown("the message that waits", |shown| shown.questions().len() == 3);
    page.wait_until_still();
    look("offline");
    page.set_offline(false);
    page.wait_for_shown("the answer", |shown| shown.answers().last().is_some_and(|answer| answer.text == "Later."));
    own.site.answer("/weft/token", || weft_tests::browser::Reply::html("<p>Sign in").status(401));
    own.workspace.deploy("production", &json!({ "require_signed_token": true }));
    page.reload();
    page.wait_for_shown("a notice with a button", |shown| !shown.notice_button.is_empty());
    page.wait_until_still();
    look("signed out");
    page.click_button("Close");
    page.wait_for_shown("the panel to close", |shown| !shown.is_open);
    look("closed");
}

#[test]
fn axe_finds_nothing_in_any_state_by_day() {
    let own = site(&config());
    let (_visitor, page) = own.visit();
    walk(&own, &page, &|state| page.assert_accessible(state));
}

#[test]
fn axe_finds_nothing_in_any_state_by_night() {
    let own = site(&config());
    let (_visitor, page) = own.visit();
    page.prefer_dark(true);
    walk(&own, &page, &|state| page.assert_accessible(state));
}

#[test]
fn axe_finds_nothing_on_a_phone_that_reads_from_right_to_left() {
    let own = site(&config());
    own.embed_in("ar", "", &format!("data-key='{}'", own.key));
    let (_visitor, page) = own.visit();
    page.resize(390, 844, true);
    page.reload();
    page.open_widget();
    page.ask("say=مرحبا");
    page.wait_for_answers(1);
    page.wait_until_still();
    page.assert_accessible("an answer");
}

#[test]
fn axe_finds_nothing_in_an_answer_with_everything() {
    let own = site(&json!({}));
    let (_visitor, page) = own.visit();
    page.take_over_sockets();
    page.open_widget();
    page.answer_in_pieces(include_str!("everything.md"), 400);
    for is_dark in [false, true] {
        page.prefer_dark(is_dark);
        page.wait_until_still();
        page.assert_accessible(if is_dark { "by night" } else { "by day" });
    }
    page.in_widget("function () { this.querySelector('.log').scrollTop = 0; }", &[]).expect("scrolled");
    page.wait_until_still();
    page.assert_accessible("away from the newest message");
}

#[test]
fn axe_finds_nothing_where_a_conversation_is_over() {
    let own = site(&json!({}));
    let (_visitor, page) = own.visit();
    page.open_widget();
    page.ask("say=Hello.");
    page.wait_for_answers(1);
    let socket = page.record().sockets[0].url.clone();
    let conversation = socket.split("conversation=").nth(1).expect("it is in the address");
    assert_eq!(own.workspace.admin("DELETE", &format!("/conversations/{conversation}")).send().status, 204);
    page.wait_for_shown("a word about it", |shown| shown.notice.contains("is over"));
    page.wait_until_still();
    page.assert_accessible("over");
}

#[test]
fn axe_sees_into_the_widget() {
    // The control: a fault that is put in is found.
    let own = site(&json!({}));
    let (_visitor, page) = own.visit();
    page.open_widget();
    page.assert_accessible("untouched");
    page.in_widget("function () { this.querySelector('.send').removeAttribute('aria-label'); }", &[]).expect("done");
    let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| page.assert_accessible("spoilt")));
    let said = found.expect_err("a button without a name is found");
    assert!(said.downcast_ref::<String>().is_some_and(|said| said.contains("button-name")));
}

#[test]
fn accessibility_tree_of_a_whole_chat_is_the_golden_one() {
    let own = OwnSite::new(&json!({ "agent": { "provider": "sources" }, "appearance": { "title": "Ask Acme" } }));
    let source =
        json!({ "title": "Delivery", "body": "Delivery takes two working days.", "url": "https://shop.example/d" });
    let _ = own.workspace.admin("POST", "/sources").json(&source).send().expect(201);
    own.embed(&format!("data-key='{}'", own.key));
    let (_visitor, page) = own.visit();
    page.open_widget();
    page.ask("How long does delivery take?");
    page.wait_for_answers(1);
    page.type_text("And how");
    page.wait_for_shown("the text", |shown| shown.draft == "And how");
    // What is read out goes after a while: then the answer is there once.
    page.wait_until("the announcement to go", || {
        page.in_widget("function () { return this.querySelector('[aria-live=polite]').textContent; }", &[])
            == Ok(json!(""))
    });
    let tree = page.accessibility_tree();
    let file = Project::find().expect("tests run in the project").path("tests/golden/accessibility-tree.txt");
    if std::env::var_os("WEFT_BLESS").is_some() {
        fs::create_dir_all(file.parent().expect("a folder")).expect("the folder can be made");
        fs::write(&file, &tree).expect("the file can be written");
    }
    let golden = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(tree, golden, "to take it over: WEFT_BLESS=1 cargo xtask test --browser accessibility_tree");
}

#[test]
fn answer_is_read_out_once_and_whole() {
    let own = site(&json!({}));
    let (_visitor, page) = own.visit();
    page.open_widget();
    page.in_widget(
        "function () {
            this.heard = [];
            const live = [...this.querySelectorAll('[aria-live=polite], [role=status]')];
            this.liveLog = this.querySelector('[role=log]').getAttribute('aria-live');
            const hear = (changes) => changes.forEach((change) => change.addedNodes.forEach((node) => this.heard.push(node.textContent)));
            for (const region of live) new MutationObserver(hear).observe(region, { childList: true, subtree: true });
        }",
        &[],
    )
    .expect("the panel is open");
    page.ask("words=40 delay_ms=20");
    page.wait_for_answers(1);
    page.ask("words=3 delay_ms=1 then=fail");
    page.wait_for_shown("its end", |shown| shown.answers().len() == 2 && !shown.answers()[1].note.is_empty());
    let heard = page.in_widget("function () { return [this.liveLog, this.heard]; }", &[]).expect("a list");
    let whole = (1..=40).map(|number| format!("word{number}")).collect::<Vec<_>>().join(" ");
    assert_eq!(heard[0], "off", "the log itself is not read out piece by piece");
    let heard: Vec<&str> = heard[1].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let answers: Vec<&&str> = heard.iter().filter(|text| text.contains("word")).collect();
    assert_eq!(answers.len(), 2, "{heard:?}");
    assert_eq!(answers[0].trim(), whole);
    assert!(answers[1].contains("word3") && answers[1].contains("The answer broke off here."), "{heard:?}");
}

#[test]
fn text_is_legible_on_any_accent_colour_in_both_themes() {
    let own = site(&json!({}));
    let (_visitor, page) = own.visit();
    page.open_widget();
    page.ask("say=Hello.");
    page.wait_for_answers(1);
    page.insert_text("a");
    for theme in ["light", "dark"] {
        page.prefer_dark(theme == "dark");
        page.wait_until("the theme", || page.style_of(weft_tests::browser::Part::Panel, "colorScheme") == theme);
        page.wait_until_still();
        let worst = page.in_widget(CONTRAST, &[]).expect("numbers");
        for (what, least) in [("onAccent", 4.5), ("link", 4.5), ("text", 4.5), ("muted", 4.5)] {
            let contrast = worst[what]["contrast"].as_f64().expect("a number");
            assert!(contrast >= least, "{theme}, {what}: {}", worst[what]);
        }
        assert_eq!(worst["colours"], 216);
    }
}

/// The worst contrast (WCAG 2.2) over 216 accent colours. Colours are read as the browser paints them: on a canvas.
const CONTRAST: &str = r"function () {
    const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const bytes = (colour) => {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        return context.getImageData(0, 0, 1, 1).data;
    };
    const luminance = (colour) => {
        const [r, g, b] = [...bytes(colour)].slice(0, 3).map((byte) => {
            const part = byte / 255;
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (one, other) => {
        const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
        return (light + 0.05) / (dark + 0.05);
    };
    const worst = { colours: 0 };
    const see = (what, accent, front, back) => {
        const found = contrast(front, back);
        if (!(worst[what]?.contrast <= found)) worst[what] = { contrast: found, accent, front, back };
    };
    const panel = this.querySelector('[role=dialog]');
    const probe = panel.appendChild(document.createElement('span'));
    const own = (name) => {
        probe.style.transition = 'none';
        probe.style.color = `var(${name})`;
        return getComputedStyle(probe).color;
    };
    for (let n = 0; n < 216; n++) {
        const accent = '#' + [n / 36, n / 6, n].map((part) => ((Math.floor(part) % 6) * 51).toString(16).padStart(2, '0')).join('');
        this.host.style.setProperty('--weft-accent', accent);
        for (const selector of ['.user .bubble', '.send', ':host > .launcher', '.mark']) {
            const style = getComputedStyle(this.querySelector(selector.replace(':host > ', '')));
            see('onAccent', accent, style.color, style.backgroundColor);
        }
        for (const surface of ['--surface', '--raised']) {
            see('link', accent, own('--read'), own(surface));
            see('text', accent, own('--text'), own(surface));
            see('muted', accent, own('--muted'), own(surface));
        }
        worst.colours++;
    }
    this.host.style.removeProperty('--weft-accent');
    probe.remove();
    return worst;
}";

#[test]
fn focus_stays_in_the_panel_where_it_covers_the_page() {
    let own = site(&json!({}));
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.resize(390, 844, true);
    page.go(&own.site.origin());
    page.open_widget();
    let active =
        || page.in_widget("function () { return this.activeElement?.ariaLabel ?? ''; }", &[]).unwrap_or_default();
    let modal = "function () { return this.querySelector('[role=dialog]').ariaModal; }";
    assert_eq!(page.in_widget(modal, &[]), Ok(json!("true")));
    page.press(Key::Tab);
    page.wait_until("the last control", || active() == "Send");
    page.press(Key::Tab);
    page.wait_until("the first control", || active() == "Close");
    page.press(Key::ShiftTab);
    page.wait_until("the last control", || active() == "Send");

    // Beside a page that is seen, the focus goes on into it.
    page.resize(1280, 900, false);
    page.reload();
    page.focus_composer();
    page.wait_until("the panel beside the page", || page.in_widget(modal, &[]) == Ok(json!("false")));
    page.press(Key::Tab);
    page.wait_until("the last control", || active() == "Send");
    page.press(Key::Tab);
    page.wait_until("the focus out of the panel", || active() == "");
}

#[test]
fn every_control_shows_the_focus_and_is_large_enough() {
    let own = site(&config());
    let (_visitor, page) = own.visit();
    page.open_widget();
    page.ask("say=Hello.");
    page.wait_for_answers(1);
    page.wait_until_still();
    let mut seen = Vec::new();
    for _ in 0..12 {
        page.press(Key::Tab);
        let focused = page.in_widget(
            "function () {
                const active = this.activeElement;
                if (!active) return null;
                const style = getComputedStyle(active);
                const ring = getComputedStyle(active.closest('.composer') && active.localName === 'textarea' ? active.closest('.composer') : active);
                const box = active.getBoundingClientRect();
                return [active.ariaLabel || active.className, style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
                    || ring.boxShadow !== 'none', Math.min(box.width, box.height)];
            }",
            &[],
        );
        let focused = focused.expect("a look");
        if focused.is_null() {
            continue;
        }
        assert_eq!(focused[1], true, "{focused} shows no focus");
        assert!(focused[2].as_f64().is_some_and(|size| size >= 24.0), "{focused} is too small");
        seen.push(focused[0].as_str().unwrap_or_default().to_owned());
    }
    for name in ["New conversation", "Close", "Send", "Write a message", "Ask Acme"] {
        assert!(seen.iter().any(|known| known == name), "{name} is not reached: {seen:?}");
    }
}

#[test]
fn nothing_moves_where_motion_is_not_wanted() {
    let own = site(&json!({}));
    let (_visitor, page) = own.visit();
    let count = "function () { return document.getAnimations().concat(this.getAnimations()).length; }";
    page.prefer("prefers-reduced-motion", "reduce");
    page.open_widget();
    page.ask("words=100 delay_ms=50");
    page.wait_for_shown("the first words", |shown| !shown.answers().is_empty());
    assert_eq!(page.in_widget(count, &[]), Ok(json!(0)));
    page.prefer("prefers-reduced-motion", "no-preference");
    page.click_button("New conversation");
    page.ask("words=100 delay_ms=50");
    page.wait_until("something that moves", || page.in_widget(count, &[]).is_ok_and(|count| count != json!(0)));
}
