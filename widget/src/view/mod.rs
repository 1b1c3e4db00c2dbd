//! What the visitor sees: the panel beside the launcher. It shows what it is told. All nodes are built one by one, and no
//! HTML is parsed anywhere in the widget: there is nothing in which a text could become markup, and it runs where the
//! page demands Trusted Types.

mod answer;
mod composer;
mod links;
mod log;
pub(crate) mod words;

use crate::browser::{Node, css_supports, get};
use crate::options::{Look, Looks};
use crate::signals::{Scope, Signal, Signals};
use crate::text::concat;
use composer::Composer;
use js_sys::Array;
use log::Log;
use wasm_bindgen::JsCast as _;
use web_sys::CssStyleSheet;
use words::Notice;

/// The style sheet, without its comments and blanks.
const STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/style.css"));

/// The panel and the launcher.
#[derive(Debug)]
pub(crate) struct View {
    launcher: Node,
    panel: Node,
    title: Node,
    sheet: CssStyleSheet,
    notice: Node,
    notice_text: Node,
    notice_button: Node,
    said: Notice,
    /// The messages.
    pub log: Log,
    /// Where the visitor writes.
    pub composer: Composer,
    _scope: Scope,
}

impl View {
    /// Builds the panel, closed. `None`: the browser has no constructable style sheets, so it must be an old one.
    pub(crate) fn new(root: &Node, launcher: Node, signals: &Signals) -> Option<Self> {
        let scope = Scope::new()?;
        let sheet = CssStyleSheet::new().ok()?;
        get(root, "adoptedStyleSheets").unchecked_into::<Array>().push(&sheet);
        // Where a limit hides the widget, the loader doesn't show it first.
        if !launcher.flag("isConnected") {
            root.append(&launcher);
        }
        let panel = root.add("section", "");
        panel.set("role", "dialog");
        let bar = panel.add("header", "bar");
        bar.add("span", "icon mark");
        let title = bar.add("h2", "title");
        let close = bar.add_icon_button("icon close", words::CLOSE);
        let log = Log::new(&panel, signals, &scope);
        let notice = panel.add("div", "notice");
        let notice_text = notice.add("span", "");
        notice_text.set("role", "status");
        let notice_button = notice.add("button", "");
        let composer = Composer::new(&panel, signals, &scope);
        scope.listen(signals, &close, "click", Signal::Close);
        scope.listen(signals, &notice_button, "click", Signal::Retry);
        scope.listen(signals, &panel, "keydown", Signal::KeyDown);
        scope.listen(signals, &panel, "keyup", Signal::KeyOther);
        scope.listen(signals, &panel, "keypress", Signal::KeyOther);
        // The loader may have left its text here.
        launcher.set_text("");
        let said = words::NOTHING;
        notice.show(false);
        Some(Self {
            launcher,
            panel,
            title,
            sheet,
            notice,
            notice_text,
            notice_button,
            said,
            log,
            composer,
            _scope: scope,
        })
    }

    /// Puts on looks.
    pub(crate) fn dress(&self, looks: &Looks) {
        let or = |look, default| Some(looks.get(look)).filter(|text| !text.is_empty()).unwrap_or(default);
        let title = or(Look::Title, words::TITLE);
        self.title.set_text(title);
        self.panel.set("aria-label", title);
        self.launcher.set("aria-label", title);
        self.composer.set_placeholder(or(Look::InputPlaceholder, words::PLACEHOLDER));
        self.log.set_welcome(looks.get(Look::WelcomeMessage));
        let side = if looks.get(Look::Position).ends_with("left") { "left" } else { "right" };
        let theme = match looks.get(Look::Theme) {
            "light" => " light",
            "dark" => " dark",
            _ => "",
        };
        self.panel.put("className", &concat(&["panel ", side, theme]));
        self.launcher.put("className", side);
        // Only what the browser takes for a colour goes into the sheet: it can't end the rule that it stands in.
        let accent = looks.get(Look::AccentColor);
        let rule = if css_supports("color", accent) { [":host{--a:", accent, "}"] } else { [""; 3] };
        let _ = self.sheet.replace_sync(&concat(&[STYLE, rule[0], rule[1], rule[2]]));
    }

    /// Whether the panel is open.
    pub(crate) fn is_open(&self) -> bool {
        !self.panel.flag("hidden")
    }

    /// Opens the panel and moves the focus into it, or closes it and gives the focus back.
    pub(crate) fn open(&self, is_open: bool) {
        self.show(is_open);
        if is_open {
            self.composer.focus();
            self.log.follow();
        } else {
            self.launcher.focus();
        }
    }

    /// Opens or closes the panel and leaves the focus where it is.
    pub(crate) fn show(&self, is_open: bool) {
        self.panel.show(is_open);
        self.launcher.set_state("aria-expanded", is_open);
    }

    /// What is the matter; an empty text: nothing.
    pub(crate) fn set_notice(&mut self, notice: Notice) {
        // What is said once more would be read out once more.
        if notice == self.said {
            return;
        }
        self.said = notice;
        self.notice.show(!notice.text.is_empty());
        self.notice_text.set_text(notice.text);
        self.notice_button.set_text(notice.button);
        self.notice_button.show(!notice.button.is_empty());
    }
}
