//! What the visitor sees: the panel beside the launcher. It shows what it is told. All nodes are built one by one, and no
//! HTML is parsed anywhere in the widget: there is nothing in which a text could become markup, and it runs where the
//! page demands Trusted Types.

mod answer;
mod composer;
mod links;
mod log;
mod offers;
mod screen;
pub(crate) mod words;

use crate::browser::{CSSStyleSheet, Node, PluralRules, css_supports, get};
use crate::language::{Word, Words};
use crate::options::{Look, Looks};
use crate::signals::{Scope, Signal, Signals};
use crate::text::concat;
use composer::Composer;
use js_sys::Array;
use log::Log;
use offers::Offers;
use wasm_bindgen::JsCast as _;
use words::Notice;

/// The style sheet, without its comments and blanks.
const STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/style.css"));

/// The panel and the launcher.
#[derive(Debug)]
pub(crate) struct View {
    document: Node,
    root: Node,
    launcher: Node,
    panel: Node,
    title: Node,
    new: Node,
    close: Node,
    sheet: CSSStyleSheet,
    notice: Node,
    notice_text: Node,
    notice_button: Node,
    said: Notice,
    /// Read out, not seen.
    announcer: Node,
    unread: usize,
    /// What had the focus when the panel opened.
    before: Option<Node>,
    /// The widget's own words.
    pub words: Words,
    /// The messages.
    pub log: Log,
    /// What is offered below them.
    pub offers: Offers,
    /// Where the visitor writes.
    pub composer: Composer,
    _scope: Scope,
}

impl View {
    /// Builds the panel, closed.
    pub(crate) fn new(document: Node, root: Node, launcher: Node, signals: &Signals) -> Self {
        let scope = Scope::new();
        let sheet = CSSStyleSheet::new();
        get(&root, "adoptedStyleSheets").unchecked_into::<Array>().push(&sheet);
        // Where a limit hides the widget, the loader doesn't show it first.
        if !launcher.flag("isConnected") {
            root.append(&launcher);
        }
        let panel = root.add("section", "");
        panel.set("role", "dialog");
        let bar = panel.add("header", "bar");
        bar.add("span", "icon mark");
        let title = bar.add("h2", "title");
        let new = bar.add_icon_button("icon new");
        let close = bar.add_icon_button("icon close");
        let log = Log::new(&panel, signals, &scope);
        let offers = Offers::new(log.node(), signals, &scope);
        let notice = panel.add("div", "notice quiet");
        let notice_text = notice.add("span", "");
        notice_text.set("role", "status");
        let notice_button = notice.add("button", "");
        let composer = Composer::new(&panel, signals, &scope);
        let announcer = panel.add("div", "unseen");
        announcer.set("aria-live", "polite");
        for (button, signal) in [(&new, Signal::New), (&close, Signal::Close), (&notice_button, Signal::Retry)] {
            scope.listen(signals, button, "click", signal);
        }
        for (kind, signal) in
            [("keydown", Signal::KeyDown), ("keyup", Signal::KeyOther), ("keypress", Signal::KeyOther)]
        {
            scope.listen(signals, &panel, kind, signal);
        }
        let seen = document.node("defaultView").node("visualViewport");
        for kind in ["resize", "scroll"] {
            scope.listen(signals, &seen, kind, Signal::Resized);
        }
        // The loader may have left its text here.
        launcher.set_text("");
        new.show(false);
        notice_button.show(false);
        Self {
            document,
            root,
            launcher,
            panel,
            title,
            new,
            close,
            sheet,
            notice,
            notice_text,
            notice_button,
            said: words::NOTHING,
            announcer,
            unread: 0,
            before: None,
            words: Words::default(),
            log,
            offers,
            composer,
            _scope: scope,
        }
    }

    /// Puts on looks and words.
    pub(crate) fn dress(&mut self, looks: &Looks) {
        let words = &self.words;
        let title = words.or_own(looks.get(Look::Title), Word::Title);
        self.title.set_text(title);
        self.panel.set("aria-label", title);
        self.log.dress(words, title);
        for node in [&self.panel, &self.launcher] {
            node.set("lang", words.get(Word::Language));
        }
        self.panel.set("dir", words.get(Word::Direction));
        self.new.set("aria-label", words.get(Word::New));
        self.close.set("aria-label", words.get(Word::Close));
        self.composer.dress(words, words.or_own(looks.get(Look::InputPlaceholder), Word::Placeholder));
        let welcome = looks.get(Look::WelcomeMessage);
        self.log.set_welcome(if welcome.is_empty() { "" } else { words.or_own(welcome, Word::Welcome) });
        self.offers.dress(words, looks.get(Look::SuggestedQuestions));
        let side = if looks.get(Look::Position).ends_with("left") { "left" } else { "right" };
        let theme = match looks.get(Look::Theme) {
            "light" => " light",
            "dark" => " dark",
            _ => "",
        };
        self.panel.set_class(&concat(&["panel ", side, theme]));
        self.launcher.set_class(&concat(&["launcher ", side]));
        // Only what the browser takes for a colour goes into the sheet: it can't end the rule that it stands in.
        let accent = looks.get(Look::AccentColor);
        let rule = if css_supports("color", accent) { [":host{--a:", accent, "}"] } else { [""; 3] };
        self.sheet.replace_sync(&concat(&[STYLE, rule[0], rule[1], rule[2]]));
        // It is said anew, in the words of now.
        let said = std::mem::replace(&mut self.said, words::NOTHING);
        self.set_notice(said);
        self.refresh();
        self.set_unread(self.unread);
    }

    /// Whether the panel is open.
    pub(crate) fn is_open(&self) -> bool {
        !self.panel.flag("hidden")
    }

    /// Opens the panel and moves the focus into it, or closes it and gives the focus back.
    pub(crate) fn open(&mut self, is_open: bool) {
        if is_open {
            let active = self.document.node("activeElement");
            // What is in the shadow root is the host from outside; the body has the focus where nothing has.
            let is_pages = active != self.root.node("host") && active != self.document.node("body");
            self.before = Some(if is_pages { active } else { self.launcher.clone() });
        }
        self.show(is_open);
        if is_open {
            self.composer.focus();
            self.log.follow();
        } else {
            self.before.as_ref().unwrap_or(&self.launcher).focus();
        }
    }

    /// Opens or closes the panel and leaves the focus where it is.
    pub(crate) fn show(&mut self, is_open: bool) {
        self.panel.show(is_open);
        self.launcher.set_state("aria-expanded", is_open);
        if is_open {
            self.set_unread(0);
            self.fit();
        }
    }

    /// What has the focus in the shadow root.
    pub(crate) fn active(&self) -> Node {
        self.root.node("activeElement")
    }

    /// Follows what was typed.
    pub(crate) fn refresh(&self) {
        self.composer.refresh(&self.words, &|number| self.category(number));
    }

    /// What is the matter.
    pub(crate) fn set_notice(&mut self, notice: Notice) {
        // What is said once more would be read out once more.
        if notice == self.said {
            return;
        }
        self.said = notice;
        // Not hidden while there is nothing to say: what comes up together with its text isn't read out.
        self.notice.set_class(if notice.text.is_some() { "notice" } else { "notice quiet" });
        self.notice_text.set_text(&notice.text(&self.words));
        if let Some(button) = notice.button {
            self.notice_button.set_text(self.words.get(button));
        }
        self.notice_button.show(notice.button.is_some());
    }

    /// Whether there is something that a new conversation would leave behind.
    pub(crate) fn set_begun(&self, is_begun: bool) {
        self.new.show(is_begun);
    }

    /// Has a text read out, politely; an empty one takes it away again.
    pub(crate) fn announce(&self, text: &str) {
        self.announcer.set_text(text);
    }

    /// A message came while nobody looked.
    pub(crate) fn count_unread(&mut self) {
        self.set_unread(self.unread + 1);
    }

    /// The launcher's name, and its dot where something is unread.
    pub(crate) fn set_unread(&mut self, unread: usize) {
        self.unread = unread;
        let title = self.title.text("textContent");
        let news = self.words.count(Word::Unread, unread, &self.category(unread));
        let has_news = unread > 0;
        self.launcher.set("aria-label", &if has_news { concat(&[&title, ", ", &news]) } else { title });
        self.launcher.set_state("data-unread", has_news);
    }

    fn category(&self, number: usize) -> String {
        #[expect(clippy::cast_precision_loss, reason = "nobody counts that far")]
        PluralRules::new(self.words.get(Word::Language)).select(number as f64)
    }
}
