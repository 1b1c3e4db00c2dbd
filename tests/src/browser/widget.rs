//! The widget as its visitor has it before their eyes. What the tests know of its inside is in this file.

use super::input::{Key, Point};
use super::page::Page;
use super::shadow::point;
use serde::Deserialize;
use serde_json::{Value, json};

/// Reads all that is to be seen. `this` is the shadow root.
const LOOK: &str = r"function () {
    const seen = (element) => !!element && element.checkVisibility({ visibilityProperty: true });
    const said = (element) => (seen(element) ? element.innerText.trim() : '');
    const launcher = [...this.children].find((child) => child.localName === 'button');
    const panel = this.querySelector('[role=dialog]');
    const field = this.querySelector('textarea');
    const status = this.querySelector('[role=status]');
    const rows = panel ? [...panel.querySelectorAll('.row')] : [];
    return {
        launcher: launcher ? launcher.ariaLabel + (launcher.textContent ? ': ' + launcher.textContent : '') : '',
        launcherIsFocused: this.activeElement === launcher,
        isOpen: seen(panel),
        title: said(panel?.querySelector('h2')),
        welcome: said(panel?.querySelector('.welcome')),
        placeholder: field?.placeholder ?? '',
        draft: field?.value ?? '',
        composerIsFocused: !!field && this.activeElement === field,
        notice: said(status),
        counter: said(this.querySelector('.counter')),
        offers: panel ? [...panel.querySelectorAll('.offer')].map(said).filter((offer) => offer) : [],
        noticeButton: said(status?.parentElement.querySelector('button')),
        messages: rows.map((row) => {
            const bubble = row.querySelector('.bubble');
            const isVisitors = row.classList.contains('user');
            const text = isVisitors
                ? [...bubble.childNodes].filter((node) => node.className !== 'unseen').map((node) => node.textContent).join('')
                : said(bubble);
            const links = [...row.querySelectorAll('.sources li')];
            return {
                isVisitors,
                text,
                note: said(row.querySelector('.note')),
                sources: links.map((item) => ({ title: item.innerText.trim(), url: item.querySelector('a')?.href ?? '' })),
            };
        }),
    };
}";

/// A part of the widget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The button on the page.
    Launcher,
    /// What it opens.
    Panel,
}

impl Part {
    const fn selector(self) -> &'static str {
        match self {
            Self::Launcher => "button",
            Self::Panel => "[role=dialog]",
        }
    }
}

/// What is to be seen of the widget.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// The launcher's name, and behind a colon its text where it has one.
    pub launcher: String,
    /// Whether the launcher has the focus.
    pub launcher_is_focused: bool,
    /// Whether the panel is open.
    pub is_open: bool,
    /// The panel's title.
    pub title: String,
    /// What stands above the first message.
    pub welcome: String,
    /// What the empty composer says.
    pub placeholder: String,
    /// What stands in the composer.
    pub draft: String,
    /// Whether the composer has the focus.
    pub composer_is_focused: bool,
    /// What is the matter; empty: nothing.
    pub notice: String,
    /// The button beside it; empty: none.
    pub notice_button: String,
    /// What the counter says; empty: it doesn't show.
    pub counter: String,
    /// What is offered below the messages.
    pub offers: Vec<String>,
    /// The messages, from the first on.
    pub messages: Vec<ShownMessage>,
}

/// A message in the panel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownMessage {
    /// Whether the visitor wrote it.
    pub is_visitors: bool,
    /// What it says.
    pub text: String,
    /// What stands under it; empty: nothing.
    pub note: String,
    /// What it rests on.
    pub sources: Vec<ShownSource>,
}

/// A source under an answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ShownSource {
    /// Its title.
    pub title: String,
    /// Where it leads; empty: nowhere.
    pub url: String,
}

impl Shown {
    /// The answers that have text, in order.
    #[must_use]
    pub fn answers(&self) -> Vec<&ShownMessage> {
        self.messages.iter().filter(|message| !message.is_visitors && !message.text.is_empty()).collect()
    }

    /// What the visitor wrote, in order.
    #[must_use]
    pub fn questions(&self) -> Vec<&str> {
        self.messages.iter().filter(|message| message.is_visitors).map(|message| message.text.as_str()).collect()
    }
}

impl Page {
    /// What is to be seen of the widget now; nothing where there is none.
    #[must_use]
    pub fn shown(&self) -> Shown {
        self.in_widget(LOOK, &[]).ok().and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default()
    }

    /// The same as text, for reports.
    pub(super) fn shown_by_widget(&self) -> String {
        match self.in_widget(LOOK, &[]) {
            Ok(value) => format!("{value:#}"),
            Err(error) => error,
        }
    }

    /// Waits until what is shown is so.
    ///
    /// # Panics
    /// Where it doesn't become so.
    #[track_caller]
    pub fn wait_for_shown(&self, what: &str, mut is_so: impl FnMut(&Shown) -> bool) -> Shown {
        self.wait_for(what, || Some(self.shown()).filter(|shown| is_so(shown)))
    }

    /// Where the launcher is, once it is there.
    #[track_caller]
    #[must_use]
    pub fn launcher(&self) -> Point {
        self.wait_for("the launcher", || self.middle_of("button", "this.children"))
    }

    /// The middle of the first element of that selector among `list`, a JavaScript expression.
    fn middle_of(&self, selector: &str, list: &str) -> Option<Point> {
        let function = format!(
            "function (selector) {{ const e = [...{list}].find((e) => e.matches(selector) && e.checkVisibility()); \
             if (!e) return null; const r = e.getBoundingClientRect(); \
             return r.width && [r.x + r.width / 2, r.y + r.height / 2]; }}"
        );
        point(&self.in_widget(&function, &[json!(selector)]).ok()?)
    }

    /// Clicks a button of the widget by its name: its text, or what a screen reader says.
    ///
    /// # Panics
    /// Where there is none to be seen.
    #[track_caller]
    pub fn click_button(&self, name: &str) {
        let at = self.wait_for(&format!("the button {name:?}"), || self.button(name));
        self.click(at);
    }

    /// The same, where it is there at this moment.
    pub fn click_button_if_there(&self, name: &str) {
        if let Some(at) = self.button(name) {
            self.click(at);
        }
    }

    fn button(&self, name: &str) -> Option<Point> {
        let list = format!(
            "[...this.querySelectorAll('button')].filter((e) => (e.innerText.trim() || e.ariaLabel) === {})",
            json!(name)
        );
        self.middle_of("button", &list)
    }

    /// Clicks into the composer.
    #[track_caller]
    pub fn focus_composer(&self) {
        let at = self.wait_for("the composer", || self.middle_of("textarea", "this.querySelectorAll('textarea')"));
        self.click(at);
        self.wait_for_shown("the focus in the composer", |shown| shown.composer_is_focused);
    }

    /// Clicks the launcher and waits for the open panel.
    #[track_caller]
    pub fn open_widget(&self) {
        let launcher = self.launcher();
        self.click(launcher);
        self.wait_for_shown("the panel to open, with the focus in the composer", |shown| {
            shown.is_open && shown.composer_is_focused
        });
    }

    /// Types a question and sends it.
    #[track_caller]
    pub fn ask(&self, question: &str) {
        self.type_text(question);
        self.wait_for_shown("the typed text", |shown| shown.draft.ends_with(question));
        self.press(Key::Enter);
    }

    /// Waits for the `count`th answer to be complete, and gives what is shown then.
    #[track_caller]
    pub fn wait_for_answers(&self, count: usize) -> Shown {
        self.wait_until("the answer's end", || self.record().received("chat.completed").len() >= count);
        self.wait_for_shown("the answer on the screen", |shown| {
            shown.answers().len() >= count
                && shown
                    .messages
                    .iter()
                    .all(|message| !["Sending…", "Waiting to be sent"].contains(&message.note.as_str()))
        })
    }

    /// The computed style of the launcher or of the panel.
    ///
    /// # Panics
    /// Where there is no widget.
    #[must_use]
    #[track_caller]
    pub fn style_of(&self, part: Part, property: &str) -> String {
        let function = "function (part, property) { return getComputedStyle(this.querySelector(part))[property]; }";
        let value = self.in_widget(function, &[json!(part.selector()), json!(property)]);
        value.unwrap_or_else(|error| panic!("{error}")).as_str().unwrap_or_default().to_owned()
    }

    /// Where the launcher or the panel is: left, top, width, height, in whole pixels.
    ///
    /// # Panics
    /// Where there is no widget.
    #[must_use]
    #[track_caller]
    pub fn rectangle_of(&self, part: Part) -> [i32; 4] {
        let function = "function (part) { const r = this.querySelector(part).getBoundingClientRect(); \
                        return [r.x, r.y, r.width, r.height].map(Math.round); }";
        let value = self.in_widget(function, &[json!(part.selector())]).unwrap_or_else(|error| panic!("{error}"));
        serde_json::from_value(value).expect("four numbers")
    }

    /// Waits until nothing moves any more, but for what moves for ever.
    #[track_caller]
    pub fn wait_until_still(&self) {
        self.wait_until("animations to end", || {
            let function = "function () { return document.getAnimations().concat(this.getAnimations()).every((a) => \
                            a.playState !== 'running' || a.effect.getTiming().iterations === Infinity); }";
            self.in_widget(function, &[]).is_ok_and(|is_still| is_still == true)
        });
    }

    /// The tab's own storage, as text.
    #[must_use]
    pub fn local_storage(&self) -> String {
        match self.evaluate("JSON.stringify(Object.entries(localStorage))") {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }
}
