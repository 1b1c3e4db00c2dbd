//! The element: it ties session, view and browser together. It decides nothing of the protocol: what happens goes into
//! the session, what comes out is done.

mod conversation;
mod hiding;
mod speech;
mod start;

use crate::browser::{Node, get};
use crate::clock;
use crate::config::Config;
use crate::entropy::BrowserEntropy;
use crate::handle::Handle;
use crate::json;
use crate::language::{ENGLISH_CODE, Word};
use crate::options::Options;
use crate::page::{emit, listen, report};
use crate::requests::{DEADLINE_MS, ask, read};
use crate::signals::{Scope, Signal, Signals, Timer};
use crate::storage::{Saved, Storage};
use crate::token;
use crate::transport::Socket;
use crate::view::{View, words};
use js_sys::{Function, Promise};
use start::Start;
use wasm_bindgen::{JsCast as _, JsValue};
use weft_shared::protocol::ws::{AnswerStatus, Role};
use weft_shared::session::backoff::Backoff;
use weft_shared::session::client::{Action, ClientSession, Event, Status, TokenFailure};
use weft_shared::session::transcript::EntryState;
use weft_shared::time::Timestamp;

/// The close code of a socket that never opened (RFC 6455 section 7.1.5).
const NEVER_OPENED: u16 = 1006;

/// The key code of a key that an input method takes.
const KEY_OF_INPUT_METHOD: f64 = 229.0;

/// What is read out stays for those who read it letter by letter; then it would only be there twice.
const READ_OUT_MS: i64 = 5_000;

/// Whether the element lives on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Lives,
    Ends,
}

/// A widget on a page.
#[derive(Debug)]
pub(crate) struct Element {
    window: Node,
    host: Node,
    options: Options,
    /// The loader's object, where the page may put a token provider at any time.
    page_options: JsValue,
    storage: Storage,
    saved: Saved,
    view: View,
    start: Start,
    backoff: Backoff,
    requires_token: bool,
    refresh_path: String,
    /// Until the config is here it only keeps what the visitor sends: what it asks for isn't done.
    session: ClientSession,
    socket: Option<Socket>,
    /// A token is asked for; this gives it up.
    late: Option<Timer>,
    /// Hidden by a limit: when the Worker is asked next whether it still is.
    check_at: Option<Timestamp>,
    checked_at: Timestamp,
    /// The end of the limit as the Worker writes it, for the page.
    reset_at: String,
    timer: Option<(Timestamp, Timer)>,
    /// The language that is spoken, or whose words are on their way.
    language: &'static str,
    /// Takes away what was read out.
    hush: Option<Timer>,
    signals: Signals,
    _scope: Scope,
}

impl Element {
    /// Puts a widget into the shadow root that the loader made. It is called by the function that is returned: with a
    /// command's name, and a text. `None`: there is no randomness.
    pub(crate) fn mount(
        host: Node,
        root: Node,
        launcher: Node,
        options: Options,
        page_options: JsValue,
    ) -> Option<Function> {
        let document = host.node("ownerDocument");
        let window = document.node("defaultView");
        let storage = Storage::new(&window, &options.key);
        let (saved, outbox) = if let Some(stored) = storage.load() {
            stored
        } else {
            // Stored at once: the next tab joins this conversation, rather than begin one that would overwrite it.
            let saved = Saved::new(&mut BrowserEntropy)?;
            storage.store(&saved, &Vec::new());
            (saved, Vec::new())
        };
        let handle = Handle::default();
        let receiver = handle.clone();
        let signals = Signals::new(move |signal, value, other| receiver.post(signal, value, other));
        let mut element = Self {
            _scope: listen(&signals, &window, &document),
            window,
            host,
            page_options,
            storage,
            view: View::new(document, root, launcher, &signals),
            start: Start::Asking,
            backoff: Backoff::new(BrowserEntropy.seed()),
            requires_token: true,
            refresh_path: String::new(),
            session: conversation::new_session(&saved, outbox, true),
            saved,
            socket: None,
            late: None,
            check_at: None,
            checked_at: Timestamp::default(),
            reset_at: String::new(),
            timer: None,
            options,
            language: ENGLISH_CODE,
            hush: None,
            signals,
        };
        let command = element.signals.function(Signal::Command);
        element.view.composer.set_text(&element.saved.draft);
        element.view.dress(&element.options.looks);
        element.speak();
        // It was open before the reload. The focus stays where the page has it.
        element.view.show(element.saved.is_open && !element.saved.is_hidden);
        // A limit hid it before the reload: so it stays until the Worker says otherwise.
        element.host.show(!element.saved.is_hidden);
        element.ask_config();
        element.settle(clock::now());
        handle.settle_in(element);
        Some(command)
    }

    pub(crate) fn handle(&mut self, signal: Signal, value: &JsValue, other: &JsValue, now: Timestamp) -> Fate {
        let event = value.unchecked_ref::<Node>();
        match signal {
            Signal::Command => {
                let command = value.as_string().unwrap_or_default();
                match command.as_str() {
                    "open" => self.open(true, now),
                    "close" => self.open(false, now),
                    "toggle" => self.open(!self.view.is_open(), now),
                    "send" if self.send(&other.as_string().unwrap_or_default(), now) => self.open(true, now),
                    "destroy" => return Fate::Ends,
                    _ => {}
                }
            }
            Signal::Close => self.open(false, now),
            Signal::KeyOther => event.stop_propagation(),
            Signal::KeyDown => self.handle_key(event, now),
            Signal::Submit => self.submit(now),
            Signal::Typed => {
                self.view.refresh();
                self.view.log.follow();
            }
            Signal::Suggested if event.node("target").text("localName") == "button" => {
                self.send(&event.node("target").text("textContent"), now);
                self.view.composer.focus();
            }
            Signal::Suggested => {}
            Signal::Again => self.ask_again(now),
            Signal::New => self.start_new(now),
            Signal::Resized => self.view.fit(),
            Signal::Hush => self.view.announce(""),
            Signal::Words => self.handle_words(status_of(value), other),
            Signal::Scrolled => self.view.log.handle_scroll(),
            Signal::Clicked => self.view.log.handle_click(&self.window, &event.node("target"), &self.view.words),
            Signal::Newest => self.view.log.go_to_newest(),
            Signal::Draw => self.view.log.handle_draw(),
            Signal::Retry => self.retry(now),
            Signal::Visibility if event.node("target").flag("hidden") => self.leave(),
            Signal::Wake | Signal::Visibility => {
                // A page in the browser's back/forward cache doesn't hear of what other tabs store.
                self.join(now);
                if let Start::Failed(_, Some(_)) = self.start {
                    self.ask_config();
                } else {
                    self.session.handle_wake(now);
                    self.check_limit_on_wake(now);
                }
            }
            Signal::Stored => {
                self.join(now);
                self.handle_stored(now);
            }
            Signal::Offline => self.session.handle_offline(now),
            Signal::Leave => self.leave(),
            Signal::Stop => self.session.cancel(now),
            Signal::Replied => read(value, other, &self.signals),
            Signal::Config => self.handle_config(Config::read(status_of(value), other), now),
            Signal::Timer => self.handle_timer(now),
            Signal::Opened => self.session.handle_opened(now),
            Signal::Frame => {
                if let Some(frame) = json::read_frame(&event.text("data")) {
                    self.session.handle_frame(frame, now);
                }
            }
            Signal::Closed => {
                self.socket = None;
                self.session.handle_closed(status_of(&get(value, "code")), now);
            }
            Signal::Token | Signal::Provided | Signal::Unprovided | Signal::Late => {
                // One that comes after all, when it was given up, is not waited for any more.
                if self.late.take().is_some() {
                    let token = match signal {
                        Signal::Token => token::from_endpoint(status_of(value), other, now),
                        Signal::Provided => token::from_provider(value, now),
                        Signal::Late => Err(TokenFailure::TimedOut),
                        _ => Err(TokenFailure::Unreachable),
                    };
                    self.session.handle_token(token, now);
                }
            }
        }
        self.settle(now);
        Fate::Lives
    }

    fn handle_key(&mut self, event: &Node, now: Timestamp) {
        // The page's own shortcuts are not meant by what is typed in here.
        event.stop_propagation();
        // While an input method composes, Enter picks a word and Escape drops one. (Safari says so by the code alone.)
        if event.flag("isComposing") || get(event, "keyCode") == KEY_OF_INPUT_METHOD {
            return;
        }
        match event.text("key").as_str() {
            "Escape" => self.open(false, now),
            "Tab" => self.view.keep_focus(event),
            "Enter" if !event.flag("shiftKey") && event.node("target").text("type") == "textarea" => {
                event.prevent_default();
                self.submit(now);
            }
            _ => {}
        }
    }

    /// Opens or closes the panel.
    fn open(&mut self, is_open: bool, now: Timestamp) {
        if self.view.is_open() == is_open || self.saved.is_hidden {
            return;
        }
        self.view.open(is_open);
        self.leave();
        if is_open {
            self.session.prepare(now);
        } else {
            self.session.rest(now);
        }
        emit(&self.host, if is_open { "weft:open" } else { "weft:close" }, &[]);
    }

    fn handle_timer(&mut self, now: Timestamp) {
        self.timer = None;
        if self.check_at.is_some_and(|at| at <= now) {
            self.check_limit(now);
        }
        match self.start {
            Start::Failed(_, Some(at)) if at <= now => self.ask_config(),
            _ => self.session.handle_timeout(now),
        }
    }

    /// Does what the session asks for, shows what it says, and sets the clock for it.
    fn settle(&mut self, now: Timestamp) {
        while let Some(action) = self.session.poll_action() {
            self.act(action, now);
        }
        while let Some(event) = self.session.poll_event() {
            self.show(event);
        }
        let (notice, due) = match &self.start {
            Start::Done => (words::status(self.session.status()), self.session.poll_timeout()),
            Start::Asking => (words::starting(None), None),
            Start::Failed(failure, retry_at) => (words::starting(Some(failure)), *retry_at),
        };
        let due = match (due, self.check_at) {
            (Some(due), Some(until)) => Some(due.min(until)),
            (due, until) => due.or(until),
        };
        if due != self.timer.as_ref().map(|(at, _)| *at) {
            self.timer = due.map(|at| (at, Timer::new(&self.signals.function(Signal::Timer), at.millis_since(now))));
        }
        self.view.set_notice(notice);
        let active = self.view.active();
        self.view.composer.set_answering(self.session.is_answering(), &active);
        // Where all is well, what is to be sent goes out now; where something is the matter, it waits.
        self.view.log.set_waiting(notice.text.is_some_and(|text| text != Word::Connecting));
        for index in self.view.log.settle(self.session.entries(), &self.view.words) {
            self.finish(index);
        }
        let entries = self.session.entries();
        let is_begun = !entries.is_empty();
        let has_failed = entries.last().is_some_and(|entry| {
            matches!(entry.state, EntryState::Refused(_) | EntryState::Ended(AnswerStatus::Interrupted))
        });
        self.view.set_begun(is_begun);
        self.view.offers.set(is_begun, has_failed);
        // What follows of it is done too.
        if self.hide_at_limit(now) {
            self.settle(now);
        }
    }

    /// A message came to its end before the reader's eyes.
    fn finish(&mut self, index: usize) {
        let Some(entry) = self.session.entries().get(index) else { return };
        self.view.announce(&self.view.log.said(index));
        self.hush = Some(Timer::new(&self.signals.function(Signal::Hush), READ_OUT_MS));
        if entry.role == Role::Assistant {
            let id = entry.id.as_deref().unwrap_or_default();
            emit(&self.host, "weft:message", &[("role", "assistant"), ("id", id), ("text", &entry.text)]);
            if !self.view.is_open() {
                self.view.count_unread();
            }
        }
    }

    fn act(&mut self, action: Action, now: Timestamp) {
        match action {
            Action::Persist => self.save(),
            _ if !matches!(self.start, Start::Done) => {}
            Action::Connect => {
                self.socket = Socket::open(&self.options.session_url(&self.saved.conversation), &self.signals);
                if self.socket.is_none() {
                    self.session.handle_closed(NEVER_OPENED, now);
                }
            }
            Action::Send(frame) => {
                if let Some(socket) = &self.socket {
                    socket.send(&frame);
                }
            }
            Action::Disconnect => self.socket = None,
            Action::CheckConfig => ask(&self.options.config_url(), None, Signal::Config, &self.signals),
            // One request at a time: what is under way serves this wish too.
            Action::FetchToken => {
                if self.late.is_none() {
                    self.fetch_token();
                }
            }
        }
    }

    /// Asks the page's own function, where it has given one, or the refresh endpoint.
    fn fetch_token(&mut self) {
        self.late = Some(Timer::new(&self.signals.function(Signal::Late), i64::from(DEADLINE_MS)));
        if let Ok(provider) = get(&self.page_options, "tokenProvider").dyn_into::<Function>() {
            let [given, failed] = [Signal::Provided, Signal::Unprovided].map(|signal| self.signals.function(signal));
            match provider.call0(&JsValue::UNDEFINED) {
                Ok(value) => Promise::resolve(&value).unchecked_into::<Node>().then(&given, &failed),
                // It failed at once: so does the wait for it.
                Err(_) => self.late = Some(Timer::new(&failed, 0)),
            }
        } else {
            let origin = self.window.node("location").text("origin");
            ask(&token::refresh_url(&origin, &self.refresh_path), Some("{}"), Signal::Token, &self.signals);
        }
    }

    fn show(&mut self, event: Event) {
        match event {
            Event::Transcript(change) => self.view.log.apply(change),
            Event::Status => {
                let status = self.session.status();
                let code = match status {
                    Status::TokenUnavailable(..) => "token_unavailable",
                    Status::TokenRefused => "invalid_token",
                    Status::Ended(_) => "ended",
                    _ => return,
                };
                report(&self.host, code, words::status(status).for_owner());
            }
            Event::Error(error) => report(&self.host, &error.error, &error.message),
            Event::Limit(limit) => self.reset_at = limit.reset_at,
        }
    }
}

/// A status or a close code.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "both have 16 bits")]
fn status_of(value: &JsValue) -> u16 {
    value.as_f64().unwrap_or_default() as u16
}
