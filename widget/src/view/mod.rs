//! What the visitor sees: the panel beside the launcher. It shows what it is told and posts what the visitor does.

mod answer;
mod composer;
mod dom;
mod log;
mod prose;
pub(crate) mod words;

use crate::element::{Handle, Input};
use crate::listeners::Listener;
use crate::options::Appearance;
use composer::{Composer, on};
use dom::{Dom, set};
use log::Log;
use wasm_bindgen::JsCast as _;
use web_sys::{CssStyleSheet, HtmlElement, KeyboardEvent, ShadowRoot, css};
use words::Notice;

/// The style sheet, without its comments and blanks.
const STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/style.css"));

/// The panel and the launcher.
#[derive(Debug)]
pub(crate) struct View {
    launcher: HtmlElement,
    panel: HtmlElement,
    title: HtmlElement,
    sheet: CssStyleSheet,
    notice: HtmlElement,
    notice_text: HtmlElement,
    notice_button: HtmlElement,
    /// The messages.
    pub log: Log,
    /// Where the visitor writes.
    pub composer: Composer,
    _listeners: [Listener; 5],
}

impl View {
    /// Builds the panel, closed. `None`: the browser has no constructable style sheets, so it must be an old one.
    pub(crate) fn new(root: &ShadowRoot, launcher: HtmlElement, handle: &Handle) -> Option<Self> {
        let sheet = CssStyleSheet::new().ok()?;
        root.adopted_style_sheets().push(&sheet);
        let dom = Dom::of(root);
        let panel = dom.add(root, "section", "");
        panel.set_hidden(true);
        set(&panel, "role", "dialog");
        let bar = dom.add(&panel, "header", "bar");
        dom.add(&bar, "span", "icon mark");
        let title = dom.add(&bar, "h2", "title");
        let close = dom.add_icon_button(&bar, "icon close", words::CLOSE);
        let log = Log::new(&dom, &panel);
        let notice = dom.add(&panel, "div", "notice");
        notice.set_hidden(true);
        let notice_text = dom.add(&notice, "span", "");
        // Its text is announced when it changes, and it is there before it has one, so that it is.
        set(&notice_text, "role", "status");
        let notice_button = dom.add(&notice, "button", "");
        let composer = Composer::new(&dom, &panel, handle);
        let escape = handle.clone();
        let listeners = [
            on(handle, &close, "click", || Input::Close),
            on(handle, &notice_button, "click", || Input::Retry),
            Listener::new(
                &panel,
                "keydown",
                Box::new(move |event| {
                    let event: KeyboardEvent = event.unchecked_into();
                    // The page's own shortcuts are not meant by what is typed in here.
                    event.stop_propagation();
                    if event.key() == "Escape" && !event.is_composing() {
                        escape.post(Input::Close);
                    }
                }),
            ),
            Listener::new(&panel, "keyup", Box::new(|event| event.stop_propagation())),
            Listener::new(&panel, "keypress", Box::new(|event| event.stop_propagation())),
        ];
        // The loader may have left its text here.
        launcher.set_text_content(None);
        Some(Self {
            launcher,
            panel,
            title,
            sheet,
            notice,
            notice_text,
            notice_button,
            log,
            composer,
            _listeners: listeners,
        })
    }

    /// Puts on looks.
    pub(crate) fn dress(&self, looks: &Appearance) {
        let title = looks.title.as_deref().unwrap_or(words::TITLE);
        self.title.set_text_content(Some(title));
        set(&self.panel, "aria-label", title);
        set(&self.launcher, "aria-label", title);
        self.composer.set_placeholder(looks.input_placeholder.as_deref().unwrap_or(words::PLACEHOLDER));
        self.log.set_welcome(looks.welcome_message.as_deref().unwrap_or_default());
        let side = if looks.is_left() { " left" } else { " right" };
        let theme = match looks.theme.as_deref() {
            Some("light") => " light",
            Some("dark") => " dark",
            _ => "",
        };
        self.panel.set_class_name(&["panel", side, theme].concat());
        self.launcher.set_class_name(side.trim_start());
        // Only what the browser takes for a colour goes into the sheet: it can't end the rule that it stands in.
        let accent =
            looks.accent_color.as_deref().filter(|color| css::supports_with_value("color", color).unwrap_or(false));
        let _ = self.sheet.replace_sync(&match accent {
            Some(color) => [STYLE, ":host{--a:", color, "}"].concat(),
            None => STYLE.to_owned(),
        });
    }

    /// Whether the panel is open.
    pub(crate) fn is_open(&self) -> bool {
        !self.panel.hidden()
    }

    /// Opens the panel and moves the focus into it.
    pub(crate) fn open(&self) {
        self.show(true);
        self.composer.focus();
        self.log.follow();
    }

    /// Closes the panel and gives the focus back.
    pub(crate) fn close(&self) {
        self.show(false);
        let _ = self.launcher.focus();
    }

    /// Opens or closes the panel and leaves the focus where it is.
    pub(crate) fn show(&self, is_open: bool) {
        self.panel.set_hidden(!is_open);
        set(&self.launcher, "aria-expanded", if is_open { "true" } else { "false" });
    }

    /// What is the matter; `None`: nothing.
    pub(crate) fn set_notice(&self, notice: Option<Notice>) {
        let (text, button) = notice.map_or(("", None), |notice| (notice.text, notice.button));
        self.notice.set_hidden(notice.is_none());
        self.notice_text.set_text_content(Some(text));
        self.notice_button.set_text_content(button);
        self.notice_button.set_hidden(button.is_none());
    }
}
