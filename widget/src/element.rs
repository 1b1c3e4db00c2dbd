//! The element: it ties session, view and browser together. It decides nothing of the protocol: what happens goes into
//! the session, what comes out is done.

use crate::browser::{CustomEvent, Node, get, warn};
use crate::clock;
use crate::config::{Config, ConfigFailure};
use crate::entropy::BrowserEntropy;
use crate::json;
use crate::options::Options;
use crate::requests::{Question, ask};
use crate::signals::{Scope, Signal, Signals, Timer};
use crate::storage::{Saved, Storage};
use crate::token;
use crate::transport::Socket;
use crate::view::{View, words};
use js_sys::Function;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::{JsCast as _, JsValue};
use weft_shared::entropy::url_safe;
use weft_shared::ids::RequestId;
use weft_shared::protocol::ws::is_message_text;
use weft_shared::session::backoff::Backoff;
use weft_shared::session::client::{Action, ClientConfig, ClientSession, Ended, Event, Status};
use weft_shared::session::transcript::{Entry, Transcript};
use weft_shared::time::Timestamp;

/// The close code of a socket that never opened (RFC 6455 section 7.1.5).
const NEVER_OPENED: u16 = 1006;

/// Leads to an element. What is posted while the element is busy waits its turn: a listener of the page may call back
/// in the middle of anything.
#[derive(Debug, Clone)]
pub(crate) struct Handle(Rc<Shared>);

#[derive(Debug)]
struct Shared {
    waiting: RefCell<Vec<(Signal, JsValue, JsValue)>>,
    is_busy: Cell<bool>,
    element: RefCell<Option<Element>>,
}

impl Handle {
    /// Tells the element.
    pub(crate) fn post(&self, signal: Signal, value: JsValue, other: JsValue) {
        self.0.waiting.borrow_mut().push((signal, value, other));
        if self.0.is_busy.replace(true) {
            return;
        }
        loop {
            let waiting = self.0.waiting.take();
            if waiting.is_empty() {
                break;
            }
            for (signal, value, other) in waiting {
                let mut slot = self.0.element.borrow_mut();
                let Some(element) = slot.as_mut() else { continue };
                if element.handle(signal, &value, &other, clock::now()) == Fate::Ends {
                    // What it owned goes with it: listeners, socket, timer.
                    let element = slot.take();
                    drop(slot);
                    drop(element);
                }
            }
        }
        self.0.is_busy.set(false);
    }
}

/// Whether the element lives on.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Lives,
    Ends,
}

/// Before and after the live config came.
#[derive(Debug)]
enum Phase {
    Starting(Starting),
    Running(Box<Running>),
}

#[derive(Debug)]
struct Starting {
    /// What the visitor sent meanwhile.
    transcript: Transcript,
    is_asking: bool,
    backoff: Backoff,
    retry_at: Option<Timestamp>,
    failure: Option<ConfigFailure>,
}

#[derive(Debug)]
struct Running {
    session: ClientSession,
    config: Config,
    socket: Option<Socket>,
    is_asking: bool,
}

/// A widget on a page.
#[derive(Debug)]
pub(crate) struct Element {
    handle: Handle,
    window: Node,
    host: Node,
    options: Options,
    /// The loader's object, where the page may put a token provider at any time.
    page_options: JsValue,
    storage: Storage,
    saved: Saved,
    view: View,
    phase: Phase,
    hidden_until: Option<Timestamp>,
    timer: Option<(Timestamp, Timer)>,
    on_timer: Function,
    signals: Signals,
    _scope: Scope,
}

impl Element {
    /// Puts a widget into the shadow root that the loader made. It is called by the function that is returned: with a
    /// command's name, and a text. `None`: the browser is too old.
    pub(crate) fn mount(
        host: Node,
        root: &Node,
        launcher: Node,
        options: Options,
        page_options: JsValue,
    ) -> Option<Function> {
        let handle = Handle(Rc::new(Shared {
            waiting: RefCell::default(),
            is_busy: Cell::new(false),
            element: RefCell::new(None),
        }));
        let receiver = handle.clone();
        let signals = Signals::new(move |signal, value, other| receiver.post(signal, value, other));
        let document = host.node("ownerDocument");
        let window = document.node("defaultView");
        let storage = Storage::new(&window, &options.key);
        let mut element = Self {
            _scope: listen(&signals, &window, &document)?,
            handle: handle.clone(),
            window,
            host,
            page_options,
            saved: storage.load().or_else(|| Saved::new(&mut BrowserEntropy))?,
            storage,
            view: View::new(root, launcher, &signals)?,
            phase: Phase::Starting(Starting {
                transcript: Transcript::default(),
                is_asking: false,
                backoff: Backoff::new(BrowserEntropy.seed()),
                retry_at: None,
                failure: None,
            }),
            hidden_until: None,
            timer: None,
            on_timer: signals.function(Signal::Timer),
            options,
            signals,
        };
        let command = element.signals.function(Signal::Command);
        element.start();
        *handle.0.element.borrow_mut() = Some(element);
        Some(command)
    }

    fn start(&mut self) {
        self.view.dress(&self.options.looks);
        self.view.composer.set_text(&self.saved.draft);
        if let Phase::Starting(starting) = &mut self.phase {
            for (id, text) in &self.saved.outbox {
                self.view.log.apply(starting.transcript.send(id.clone(), text.clone()));
            }
        }
        // It was open before the reload. The focus stays where the page has it.
        self.view.show(self.saved.is_open);
        self.ask_config();
        self.settle(clock::now());
    }

    fn handle(&mut self, signal: Signal, value: &JsValue, other: &JsValue, now: Timestamp) -> Fate {
        let event = value.unchecked_ref::<Node>();
        match signal {
            Signal::Command => {
                let command = value.as_string().unwrap_or_default();
                match command.as_str() {
                    "open" => self.open(true, now),
                    "close" => self.open(false, now),
                    "toggle" => self.open(!self.view.is_open(), now),
                    "send" => {
                        if self.send(&other.as_string().unwrap_or_default(), now) {
                            self.open(true, now);
                        }
                    }
                    "destroy" => return Fate::Ends,
                    _ => {}
                }
            }
            Signal::Close => self.open(false, now),
            Signal::KeyOther => event.stop_propagation(),
            Signal::KeyDown => self.handle_key(event, now),
            Signal::Submit => self.submit(now),
            Signal::Typed => self.view.composer.refresh(),
            Signal::Scrolled => self.view.log.handle_scroll(),
            Signal::Retry => self.retry(now),
            Signal::Leave => self.leave(),
            Signal::Visibility if event.node("target").flag("hidden") => self.leave(),
            Signal::Config => self.handle_config(Config::read(value, status_of(other)), now),
            Signal::Timer => self.handle_timer(now),
            _ => self.hand_on(signal, value, other, now),
        }
        self.settle(now);
        Fate::Lives
    }

    /// What is the session's business alone.
    fn hand_on(&mut self, signal: Signal, value: &JsValue, other: &JsValue, now: Timestamp) {
        let event = value.unchecked_ref::<Node>();
        let running = match &mut self.phase {
            Phase::Running(running) => running,
            Phase::Starting(starting) => {
                if starting.retry_at.is_some() {
                    starting.retry_at = Some(now);
                }
                return;
            }
        };
        let session = &mut running.session;
        match signal {
            Signal::Wake | Signal::Visibility => session.handle_wake(now),
            Signal::Offline => session.handle_offline(now),
            Signal::Stop => session.cancel(now),
            Signal::Opened => session.handle_opened(now),
            Signal::Frame => {
                if let Some(frame) = json::read_frame(&event.text("data")) {
                    session.handle_frame(frame, now);
                }
            }
            Signal::Closed => {
                running.socket = None;
                session.handle_closed(status_of(&get(value, "code")), now);
            }
            Signal::Token => {
                running.is_asking = false;
                session.handle_token(token::from_endpoint(value, status_of(other), now), now);
            }
            Signal::Provided => {
                running.is_asking = false;
                session.handle_token(token::from_provider(value.clone(), status_of(other), now), now);
            }
            _ => {}
        }
    }

    fn handle_key(&mut self, event: &Node, now: Timestamp) {
        // The page's own shortcuts are not meant by what is typed in here.
        event.stop_propagation();
        // While an input method composes, Enter picks a word and Escape drops one. (Safari says so by the code alone.)
        if event.flag("isComposing") || event.number("keyCode") == 229.0 {
            return;
        }
        match event.text("key").as_str() {
            "Escape" => self.open(false, now),
            "Enter" if !event.flag("shiftKey") && event.node("target").text("type") == "textarea" => {
                event.prevent_default();
                self.submit(now);
            }
            _ => {}
        }
    }

    /// Opens or closes the panel.
    fn open(&mut self, is_open: bool, now: Timestamp) {
        if self.view.is_open() == is_open || self.hidden_until.is_some() {
            return;
        }
        self.view.open(is_open);
        self.saved.is_open = is_open;
        self.leave();
        if let Phase::Running(running) = &mut self.phase {
            if is_open {
                running.session.prepare(now);
            } else {
                running.session.rest(now);
            }
        }
        self.emit(if is_open { "weft:open" } else { "weft:close" }, &[]);
    }

    /// Keeps what the visitor typed: the page may be gone after this.
    fn leave(&mut self) {
        self.saved.draft = self.view.composer.text();
        self.save();
    }

    fn submit(&mut self, now: Timestamp) {
        if self.send(&self.view.composer.text(), now) {
            self.view.composer.set_text("");
            self.leave();
        }
    }

    /// Sends a message; `false`: it isn't one.
    fn send(&mut self, text: &str, now: Timestamp) -> bool {
        let text = text.trim_ascii();
        if !is_message_text(text) {
            return false;
        }
        let Ok(id) = RequestId::parse(url_safe(&mut BrowserEntropy, 22)) else { return false };
        self.emit("weft:message", &[("role", "user"), ("id", id.as_str()), ("text", text)]);
        match &mut self.phase {
            Phase::Running(running) => {
                running.session.send(id, text, now);
            }
            Phase::Starting(starting) => {
                self.view.log.apply(starting.transcript.send(id.clone(), text.to_owned()));
                self.saved.outbox.push((id, text.to_owned()));
                self.save();
            }
        }
        true
    }

    fn retry(&mut self, now: Timestamp) {
        match &mut self.phase {
            Phase::Starting(_) => self.ask_config(),
            Phase::Running(running) if running.session.status() == Status::Ended(Ended::Forbidden) => {
                self.begin_anew(now);
            }
            Phase::Running(running) => running.session.retry(now),
        }
    }

    /// Leaves a conversation that can't go on.
    fn begin_anew(&mut self, now: Timestamp) {
        let (Phase::Running(running), Some(saved)) = (&mut self.phase, Saved::new(&mut BrowserEntropy)) else { return };
        self.saved = Saved { is_open: true, ..saved };
        running.socket = None;
        running.session = new_session(&self.saved, &running.config);
        self.view.log.clear();
        running.session.prepare(now);
        self.leave();
    }

    fn ask_config(&mut self) {
        if let Phase::Starting(starting) = &mut self.phase
            && !starting.is_asking
        {
            starting.is_asking = true;
            starting.retry_at = None;
            starting.failure = None;
            ask(Question::Config(self.options.config_url()), self.handle.clone());
        }
    }

    fn handle_config(&mut self, config: Result<Config, ConfigFailure>, now: Timestamp) {
        let Phase::Starting(starting) = &mut self.phase else { return };
        starting.is_asking = false;
        match config {
            Ok(mut config) => {
                self.options.looks.or(core::mem::take(&mut config.looks));
                self.view.dress(&self.options.looks);
                self.view.log.clear();
                let mut session = new_session(&self.saved, &config);
                if self.view.is_open() {
                    session.prepare(now);
                } else {
                    // What was not acknowledged goes out.
                    session.handle_timeout(now);
                }
                let hidden_until = config.hidden_until.take();
                self.phase = Phase::Running(Box::new(Running { session, config, socket: None, is_asking: false }));
                self.emit("weft:ready", &[]);
                if let Some(until) = hidden_until {
                    self.hide(clock::parse(&until), &until, now);
                }
            }
            Err(failure) => {
                starting.retry_at = match &failure {
                    ConfigFailure::Unreachable => Some(now.plus_millis(starting.backoff.next_ms())),
                    ConfigFailure::Refused(_) => None,
                };
                let code = match &failure {
                    ConfigFailure::Unreachable => "unavailable",
                    ConfigFailure::Refused(code) => code,
                };
                self.report(code, words::starting(Some(&failure)).text);
                if let Phase::Starting(starting) = &mut self.phase {
                    starting.failure = Some(failure);
                }
            }
        }
    }

    fn handle_timer(&mut self, now: Timestamp) {
        self.timer = None;
        if self.hidden_until.is_some_and(|until| until <= now) {
            self.hidden_until = None;
            self.host.show(true);
        }
        match &mut self.phase {
            Phase::Running(running) => running.session.handle_timeout(now),
            Phase::Starting(starting) => {
                if starting.retry_at.is_some_and(|at| at <= now) {
                    self.ask_config();
                }
            }
        }
    }

    /// Does what the session asks for, shows what it says, and sets the clock for it.
    fn settle(&mut self, now: Timestamp) {
        while let Phase::Running(running) = &mut self.phase
            && let Some(action) = running.session.poll_action()
        {
            self.act(action, now);
        }
        while let Phase::Running(running) = &mut self.phase
            && let Some(event) = running.session.poll_event()
        {
            self.show(event, now);
        }
        let due = match &self.phase {
            Phase::Running(running) => running.session.poll_timeout(),
            Phase::Starting(starting) => starting.retry_at,
        };
        let due = match (due, self.hidden_until) {
            (Some(due), Some(until)) => Some(due.min(until)),
            (due, until) => due.or(until),
        };
        if due != self.timer.as_ref().map(|(at, _)| *at) {
            self.timer = due.map(|at| (at, Timer::new(&self.on_timer, at.millis_since(now))));
        }
        self.draw();
    }

    fn draw(&mut self) {
        let (entries, notice, is_answering) = match &self.phase {
            Phase::Running(running) => {
                let session = &running.session;
                (session.entries(), words::status(session.status()), session.is_answering())
            }
            Phase::Starting(starting) => {
                (starting.transcript.entries(), words::starting(starting.failure.as_ref()), false)
            }
        };
        self.view.set_notice(notice);
        self.view.composer.set_answering(is_answering);
        let host = &self.host;
        let finish = |entry: &Entry| {
            let id = entry.id.as_deref().unwrap_or_default();
            emit(host, "weft:message", &[("role", "assistant"), ("id", id), ("text", &entry.text)]);
        };
        self.view.log.settle(entries, &finish);
    }

    fn act(&mut self, action: Action, now: Timestamp) {
        let Phase::Running(running) = &mut self.phase else { return };
        match action {
            Action::Connect => {
                running.socket = Socket::open(&self.options.session_url(&self.saved.conversation), &self.signals);
                if running.socket.is_none() {
                    running.session.handle_closed(NEVER_OPENED, now);
                }
            }
            Action::Send(frame) => {
                if let Some(socket) = &running.socket {
                    socket.send(&frame);
                }
            }
            Action::Disconnect => running.socket = None,
            Action::FetchToken => {
                // One request at a time: what is under way serves this wish too.
                if !core::mem::replace(&mut running.is_asking, true) {
                    let provider = get(&self.page_options, "tokenProvider").dyn_into::<Function>();
                    let question = provider.map_or_else(
                        |_| {
                            let origin = self.window.node("location").text("origin");
                            Question::Endpoint(token::refresh_url(&origin, &running.config.refresh_path))
                        },
                        Question::Provider,
                    );
                    ask(question, self.handle.clone());
                }
            }
            Action::Persist => self.save(),
        }
    }

    fn show(&mut self, event: Event, now: Timestamp) {
        match event {
            Event::Transcript(change) => self.view.log.apply(change),
            Event::Status => {
                let Phase::Running(running) = &self.phase else { return };
                let status = running.session.status();
                let code = match status {
                    Status::TokenUnavailable(..) => "token_unavailable",
                    Status::TokenRefused => "invalid_token",
                    Status::Ended(_) => "ended",
                    _ => return,
                };
                self.report(code, words::status(status).text);
            }
            Event::Error(error) => self.report(&error.error, &error.message),
            Event::Limit(limit) => {
                let secs = i64::try_from(limit.reset_in_secs).unwrap_or(i64::MAX);
                self.hide(now.plus_secs(secs), &limit.reset_at, now);
            }
        }
    }

    /// Tells the page and its owner what is wrong. Codes and fixed sentences alone: no token, nothing of a message.
    fn report(&self, code: &str, message: &str) {
        warn(&["Weft: ", code, ": ", message].concat());
        self.emit("weft:error", &[("error", code), ("message", message)]);
    }

    /// Away until the limit resets.
    fn hide(&mut self, until: Timestamp, text: &str, now: Timestamp) {
        if until > now {
            self.hidden_until = Some(until);
            self.view.show(false);
            self.host.show(false);
            self.emit("weft:hidden", &[("until", text)]);
        }
    }

    /// Stores what must survive a reload.
    fn save(&mut self) {
        if let Phase::Running(running) = &self.phase {
            let persisted = running.session.persisted();
            self.saved.begun = persisted.begun;
            self.saved.outbox = persisted.outbox;
        }
        self.storage.store(&self.saved);
    }

    fn emit(&self, kind: &str, detail: &[(&str, &str)]) {
        emit(&self.host, kind, detail);
    }
}

/// A bubbling event on the host, which the page hears outside of the closed shadow root.
fn emit(host: &Node, kind: &str, detail: &[(&str, &str)]) {
    let (object, init) = (Node::object(), Node::object());
    for (name, value) in detail {
        object.put(name, value);
    }
    init.put_flag("bubbles", true);
    init.put_flag("composed", true);
    init.put_value("detail", &object);
    host.dispatch(&CustomEvent::new(kind, &init));
}

fn new_session(saved: &Saved, config: &Config) -> ClientSession {
    ClientSession::new(ClientConfig {
        history_secret: saved.history_secret.clone(),
        begun: saved.begun,
        require_signed_token: config.require_signed_token,
        seed: BrowserEntropy.seed(),
        outbox: saved.outbox.clone(),
    })
}

/// A status or a close code.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "both have 16 bits")]
fn status_of(value: &JsValue) -> u16 {
    value.as_f64().unwrap_or_default() as u16
}

/// What the element hears of the page around it.
fn listen(signals: &Signals, window: &Node, document: &Node) -> Option<Scope> {
    let scope = Scope::new()?;
    for (kind, signal) in [
        ("online", Signal::Wake),
        ("focus", Signal::Wake),
        // The page came back from the browser's back/forward cache.
        ("pageshow", Signal::Wake),
        ("offline", Signal::Offline),
        ("pagehide", Signal::Leave),
    ] {
        scope.listen(signals, window, kind, signal);
    }
    scope.listen(signals, document, "visibilitychange", Signal::Visibility);
    Some(scope)
}
