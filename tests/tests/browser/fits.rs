//! The widget on other people's pages and other people's screens.

use serde_json::json;
use weft_tests::browser::{OwnSite, Page, Part, Visitor};

fn own() -> OwnSite {
    OwnSite::new(&json!({ "appearance": { "accent_color": "#006400" } }))
}

/// What the launcher, the panel and a few things in it look like.
fn looks(page: &Page) -> serde_json::Value {
    let function = "function () {
        const names = ['display', 'visibility', 'position', 'opacity', 'fontSize', 'fontFamily', 'lineHeight', 'color',
            'backgroundColor', 'direction', 'textTransform', 'letterSpacing', 'writingMode', 'zoom', 'filter', 'width',
            'height', 'margin', 'padding', 'border', 'boxSizing', 'cursor', 'pointerEvents', 'userSelect', 'transform'];
        return ['.launcher', '.panel', '.title', '.user .bubble', 'textarea', '.send'].map((selector) => {
            const style = getComputedStyle(this.querySelector(selector));
            return [selector, ...names.map((name) => name + ': ' + style[name])];
        });
    }";
    page.in_widget(function, &[]).expect("the panel is open")
}

const HOSTILE: &str = "<style>
    * { all: unset !important; display: none !important; }
    html, body, main, weft-chat { display: block !important; }
    weft-chat, weft-chat[style], :root weft-chat { display: none !important; position: absolute !important;
        visibility: hidden !important; opacity: 0 !important; pointer-events: none !important; transform: scale(0) !important;
        font: 99px fantasy !important; color: red !important; text-transform: uppercase !important;
        letter-spacing: 9px !important; writing-mode: vertical-rl !important; zoom: 3 !important; filter: invert(1) !important;
        width: 1px !important; height: 1px !important; overflow: hidden !important; clip-path: inset(50%) !important;
        direction: rtl !important; unicode-bidi: bidi-override !important; user-select: none !important; }
    button, textarea, section, div, span { all: unset !important; display: none !important; }
    .panel, .launcher, .send { background: red !important; }
</style>";

#[test]
fn hostile_styles_of_the_page_change_nothing() {
    let own = own();
    let mut seen = Vec::new();
    for html in ["", HOSTILE] {
        own.embed_in("en", html, &format!("data-key='{}'", own.key));
        let (_visitor, page) = own.visit();
        page.open_widget();
        page.ask("say=Untouched.");
        page.wait_for_answers(1);
        page.wait_until_still();
        page.screenshot(if html.is_empty() { "desktop-own-page" } else { "desktop-hostile-page" });
        seen.push((looks(&page), page.rectangle_of(Part::Launcher), page.rectangle_of(Part::Panel)));
        // The control: the page's own content is gone there.
        let page_shows = page.evaluate("document.querySelector('h1').checkVisibility()");
        assert_eq!(page_shows, html.is_empty());
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn styles_of_the_widget_do_not_leak_into_the_page() {
    let own = own();
    own.embed_in("en", "<button class='send panel icon launcher'>Mine</button>", &format!("data-key='{}'", own.key));
    let (_visitor, page) = own.visit();
    let style = "JSON.stringify(Object.fromEntries([...getComputedStyle(document.querySelector('main button'))].map((name) => \
                 [name, getComputedStyle(document.querySelector('main button'))[name]])))";
    let before = page.evaluate(style);
    page.open_widget();
    assert_eq!(page.evaluate(style), before);
}

#[test]
fn owner_restyles_by_properties_and_parts() {
    let own = own();
    own.embed_in(
        "en",
        "<style>
            weft-chat {
                --weft-accent: #800080; --weft-font: Georgia, serif; --weft-radius: 3px; --weft-width: 320px;
                --weft-height: 500px; --weft-surface: #fffff0; --weft-raised: #eeeedd; --weft-text: #111122;
                --weft-muted: #444455; --weft-line: #ccccbb;
            }
            weft-chat::part(launcher) { bottom: 100px; border-radius: 4px; }
            weft-chat::part(panel) { bottom: 168px; }
            weft-chat::part(title) { font-size: 21px; }
            weft-chat::part(bubble) { border-radius: 2px; }
            weft-chat::part(send) { border-radius: 5px; }
        </style>",
        &format!("data-key='{}'", own.key),
    );
    let (_visitor, page) = own.visit();
    page.open_widget();
    page.ask("say=Restyled.");
    page.wait_for_answers(1);
    page.wait_until_still();
    page.screenshot("desktop-restyled");
    let style = |selector: &str, property: &str| {
        let function =
            "function (selector, property) { return getComputedStyle(this.querySelector(selector))[property]; }";
        let value = page.in_widget(function, &[json!(selector), json!(property)]).expect("it is there");
        value.as_str().unwrap_or_default().to_owned()
    };
    for (selector, property, value) in [
        (".launcher", "backgroundColor", "rgb(128, 0, 128)"),
        (".launcher", "bottom", "100px"),
        (".launcher", "borderTopLeftRadius", "4px"),
        (".user .bubble", "backgroundColor", "rgb(128, 0, 128)"),
        (".user .bubble", "borderTopLeftRadius", "2px"),
        (".send", "borderTopLeftRadius", "5px"),
        (".title", "fontSize", "21px"),
        (".panel", "fontFamily", "Georgia, serif"),
        ("textarea", "fontFamily", "Georgia, serif"),
        (".panel", "bottom", "168px"),
        (".panel", "width", "320px"),
        (".panel", "height", "500px"),
        (".panel", "borderTopLeftRadius", "3px"),
        (".panel", "backgroundColor", "rgb(255, 255, 240)"),
        (".panel", "color", "rgb(17, 17, 34)"),
        (".row:not(.user) .bubble", "backgroundColor", "rgb(238, 238, 221)"),
        (".new", "color", "rgb(68, 68, 85)"),
        (".bar", "borderBottomColor", "rgb(204, 204, 187)"),
    ] {
        assert_eq!(style(selector, property), value, "{selector} {property}");
    }
}

#[test]
fn every_part_that_the_guide_names_is_there() {
    let own = OwnSite::new(&json!({ "appearance": { "suggested_questions": ["say=Hello."] } }));
    own.embed(&format!("data-key='{}'", own.key));
    let (_visitor, page) = own.visit();
    page.open_widget();
    page.wait_for_shown("the suggested question", |shown| !shown.offers.is_empty());
    page.ask("say=Hello.");
    page.wait_for_answers(1);
    let parts = page
        .in_widget("function () { return [...this.querySelectorAll('[part]')].flatMap((one) => [...one.part]); }", &[])
        .expect("a list");
    let parts: Vec<&str> = parts.as_array().expect("a list").iter().filter_map(|part| part.as_str()).collect();
    let guide = std::fs::read_to_string(
        xtask::project::Project::find().expect("tests run in the project").path("docs/guides/embed.md"),
    );
    let guide = guide.expect("the guide");
    let named = guide.split_once("`::part(…)`").expect("the guide lists the parts").1;
    let named: Vec<&str> = named.lines().next().expect("a line").split('`').skip(1).step_by(2).collect();
    assert!(named.len() > 8, "{named:?}");
    for name in named {
        assert!(parts.contains(&name), "{name} is in the guide and not in the widget: {parts:?}");
    }
}

#[test]
fn phone_gives_the_keyboard_its_room_and_takes_it_back() {
    let own = own();
    own.embed(&format!("data-key='{}'", own.key));
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.resize(390, 844, true);
    page.go(&own.site.origin());
    page.open_widget();
    page.ask("words=300");
    page.wait_for_answers(1);
    page.wait_until_still();
    assert_eq!(page.rectangle_of(Part::Panel), [0, 0, 390, 844]);
    // Headless browsers have no keyboard: the part of the page that is seen is told to be smaller, as one would make it.
    let see = |height: u32, top: u32| {
        page.evaluate(&format!(
            "for (const [name, value] of [['height', {height}], ['offsetTop', {top}]]) \
             Object.defineProperty(visualViewport, name, {{ value, configurable: true }}); \
             visualViewport.dispatchEvent(new Event('resize'))"
        ));
    };
    see(510, 40);
    page.wait_until("the panel above the keyboard", || page.rectangle_of(Part::Panel) == [0, 40, 390, 510]);
    page.screenshot("phone-keyboard");
    let log = "function () { const log = this.querySelector('.log'); \
               return Math.abs(log.scrollHeight - log.scrollTop - log.clientHeight) < 2; }";
    assert_eq!(page.in_widget(log, &[]), Ok(json!(true)), "the newest message is still seen");
    let field = "function () { return this.querySelector('textarea').getBoundingClientRect().bottom; }";
    let bottom = page.in_widget(field, &[]).expect("a number").as_f64().expect("a number");
    assert!(bottom < 550.0, "the field is above the keyboard: {bottom}");
    see(844, 0);
    page.wait_until("the whole screen again", || page.rectangle_of(Part::Panel) == [0, 0, 390, 844]);
    // A browser's own bar is no keyboard.
    see(790, 0);
    assert_eq!(page.rectangle_of(Part::Panel), [0, 0, 390, 844]);
}

#[test]
fn page_at_twice_and_four_times_its_size_can_be_used() {
    let own = own();
    own.embed(&format!("data-key='{}'", own.key));
    for (width, height) in [(640, 450), (320, 256)] {
        let mut visitor = Visitor::new();
        let page = visitor.page();
        page.resize(width, height, false);
        page.go(&own.site.origin());
        page.open_widget();
        page.ask("words=30");
        page.wait_for_answers(1);
        page.wait_until_still();
        page.screenshot(if width == 640 { "zoom-200" } else { "zoom-400" });
        let faults = page.in_widget(
            "function () {
                const log = this.querySelector('.log');
                const faults = log.clientHeight < 60 ? ['the log has ' + log.clientHeight + ' pixels'] : [];
                if (log.scrollWidth > log.clientWidth) faults.push('it scrolls sideways');
                for (const one of this.querySelectorAll('.panel button, textarea')) {
                    const box = one.getBoundingClientRect();
                    if (one.checkVisibility() && (box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight))
                        faults.push(one.className + ' is out of sight');
                }
                return faults;
            }",
            &[],
        );
        assert_eq!(faults, Ok(json!([])), "{width} by {height}");
    }
}
