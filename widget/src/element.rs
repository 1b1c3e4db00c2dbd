//! The element: it ties session, view and browser together. It decides nothing of the protocol: what happens goes into
//! the session, what comes out is done.

use crate::clock::{self, Timer};
use crate::config::{self, Config, ConfigFailure};
use crate::entropy::BrowserEntropy;
use crate::listeners::Listener;
use crate::options::Options;
use crate::request::Pending;
use crate::storage::{Saved, Storage};
use crate::token_source;
use crate::transport::Socket;
use crate::view::View;
use crate::view::words;
use js_sys::{Function, Object, Reflect};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{CustomEvent, CustomEventInit, HtmlElement, ShadowRoot, Window, console};
use weft_shared::entropy::url_safe;
use weft_shared::ids::RequestId;
use weft_shared::protocol::ws::{ServerFrame, is_message_text};
use weft_shared::session::backoff::Backoff;
use weft_shared::session::client::{Action, ClientConfig, ClientSession, Ended, Event, Status, Token, TokenFailure};
use weft_shared::session::transcript::Transcript;
use weft_shared::time::Timestamp;

/// The close code of a socket that never opened (RFC 6455 section 7.1.5).
const NEVER_OPENED: u16 = 1006;

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Input {
    /// Asked for by the visitor or the page.
    Open,
    Close,
    Toggle,
    /// The page sends a message in the visitor's name.
    Send(String),
    /// The visitor sends what stands in the composer.
    Submit,
    Typed,
    Stop,
    Retry,
    /// Weft gave the live config, or not.
    Config(Result<Config, ConfigFailure>),
    /// The refresh endpoint answered this request of ours.
    Token(u32, Result<Token, TokenFailure>),
    Opened,
    Frame(ServerFrame),
    Closed(u16),
    Timer,
    /// The page is seen again, or has the network again.
    Wake,
    Offline,
    /// The page may be gone after this.
    Leave,
    Destroy,
}

/// Leads to an element. What is posted while the element is busy waits its turn: a listener of the page may call back
/// in the middle of anything.
#[derive(Debug, Clone)]
pub(crate) struct Handle(Rc<Shared>);

#[derive(Debug)]
struct Shared {
    inputs: RefCell<VecDeque<Input>>,
    is_busy: Cell<bool>,
    element: RefCell<Option<Element>>,
}

impl Handle {
    /// Tells the element.
    pub(crate) fn post(&self, input: Input) {
        self.0.inputs.borrow_mut().push_back(input);
        if self.0.is_busy.replace(true) {
            return;
        }
        loop {
            let next = self.0.inputs.borrow_mut().pop_front();
            match next {
                None => break,
                // What it owned goes with it: listeners, socket, timers, requests.
                Some(Input::Destroy) => drop(self.0.element.take()),
                Some(input) => {
                    if let Some(element) = self.0.element.borrow_mut().as_mut() {
                        element.handle(input, clock::now());
                    }
                }
            }
        }
        self.0.is_busy.set(false);
    }
}

/// Before and after the live config came.
#[derive(Debug)]
enum Phase {
    Starting(Starting),
    Running(Running),
}

#[derive(Debug)]
struct Starting {
    /// What the visitor sent meanwhile.
    transcript: Transcript,
    pending: Option<Pending>,
    backoff: Backoff,
    retry_at: Option<Timestamp>,
    failure: Option<ConfigFailure>,
}

#[derive(Debug)]
struct Running {
    session: ClientSession,
    config: Config,
    socket: Option<Socket>,
    pending: Option<Pending>,
    /// Counts token requests, so that the answer to one that was given up is not taken for the next one's.
    token_request: u32,
}

/// A widget on a page.
#[derive(Debug)]
pub(crate) struct Element {
    handle: Handle,
    window: Window,
    host: HtmlElement,
    options: Options,
    /// The loader's object, where the page may put a token provider at any time.
    page_options: JsValue,
    entropy: BrowserEntropy,
    storage: Storage,
    saved: Saved,
    view: View,
    phase: Phase,
    hidden_until: Option<Timestamp>,
    timer: Option<(Timestamp, Timer)>,
    _listeners: Vec<Listener>,
}

impl Element {
    /// Puts a widget into the shadow root that the loader made. `None`: the browser is too old.
    pub(crate) fn mount(
        host: HtmlElement,
        root: &ShadowRoot,
        launcher: HtmlElement,
        options: Options,
        page_options: JsValue,
    ) -> Option<Handle> {
        let window = web_sys::window()?;
        let handle = Handle(Rc::new(Shared {
            inputs: RefCell::default(),
            is_busy: Cell::new(false),
            element: RefCell::new(None),
        }));
        let mut entropy = BrowserEntropy::of(&window)?;
        let storage = Storage::new(&window, &options.key);
        let saved = storage.load().or_else(|| Saved::new(&mut entropy))?;
        let view = View::new(root, launcher, &handle)?;
        view.dress(&options.appearance);
        view.composer.set_text(&saved.draft);
        let starting = Starting {
            transcript: Transcript::default(),
            pending: None,
            backoff: Backoff::new(entropy.seed()),
            retry_at: None,
            failure: None,
        };
        let mut element = Self {
            _listeners: listen(&window, &handle),
            handle: handle.clone(),
            window,
            host,
            options,
            page_options,
            entropy,
            storage,
            saved,
            view,
            phase: Phase::Starting(starting),
            hidden_until: None,
            timer: None,
        };
        element.start();
        *handle.0.element.borrow_mut() = Some(element);
        Some(handle)
    }

    fn start(&mut self) {
        if let Phase::Starting(starting) = &mut self.phase {
            for (id, text) in &self.saved.outbox {
                self.view.log.apply(starting.transcript.send(id.clone(), text.clone()));
            }
            self.view.log.settle(starting.transcript.entries());
        }
        // It was open before the reload. The focus stays where the page has it.
        self.view.show(self.saved.is_open);
        self.ask_config();
        self.settle(clock::now());
    }

    fn handle(&mut self, input: Input, now: Timestamp) {
        match input {
            Input::Open => self.open(now),
            Input::Close => self.close(now),
            Input::Toggle if self.view.is_open() => self.close(now),
            Input::Toggle => self.open(now),
            Input::Send(text) => {
                if self.send(text.trim(), now) {
                    self.open(now);
                }
            }
            Input::Submit => {
                let text = self.view.composer.text();
                if self.send(text.trim(), now) {
                    self.view.composer.set_text("");
                    self.saved.draft.clear();
                    self.save();
                }
            }
            Input::Typed => self.view.composer.refresh(),
            Input::Retry => self.retry(now),
            Input::Config(outcome) => self.handle_config(outcome, now),
            Input::Leave => {
                self.saved.draft = self.view.composer.text();
                self.save();
            }
            Input::Timer => self.handle_timer(now),
            Input::Wake
            | Input::Offline
            | Input::Stop
            | Input::Opened
            | Input::Frame(_)
            | Input::Closed(_)
            | Input::Token(..) => {
                self.hand_on(input, now);
            }
            Input::Destroy => {}
        }
        self.settle(now);
    }

    /// What is the session's business alone.
    fn hand_on(&mut self, input: Input, now: Timestamp) {
        let running = match &mut self.phase {
            Phase::Running(running) => running,
            Phase::Starting(starting) => {
                if matches!(input, Input::Wake) && starting.retry_at.is_some() {
                    starting.retry_at = Some(now);
                }
                return;
            }
        };
        let session = &mut running.session;
        match input {
            Input::Wake => session.handle_wake(now),
            Input::Offline => session.handle_offline(now),
            Input::Stop => session.cancel(now),
            Input::Opened => session.handle_opened(now),
            Input::Frame(frame) => session.handle_frame(frame, now),
            Input::Closed(code) => {
                running.socket = None;
                session.handle_closed(code, now);
            }
            Input::Token(request, token) if request == running.token_request => {
                running.pending = None;
                session.handle_token(token, now);
            }
            _ => {}
        }
    }

    fn open(&mut self, now: Timestamp) {
        if self.hidden_until.is_some() || self.view.is_open() {
            return;
        }
        self.view.open();
        self.saved.is_open = true;
        self.save();
        if let Phase::Running(running) = &mut self.phase {
            running.session.prepare(now);
        }
        self.emit("weft:open", &[]);
    }

    fn close(&mut self, now: Timestamp) {
        if !self.view.is_open() {
            return;
        }
        self.view.close();
        self.saved.is_open = false;
        self.saved.draft = self.view.composer.text();
        self.save();
        if let Phase::Running(running) = &mut self.phase {
            running.session.rest(now);
        }
        self.emit("weft:close", &[]);
    }

    /// Sends a message; `false`: it isn't one.
    fn send(&mut self, text: &str, now: Timestamp) -> bool {
        let Ok(id) = RequestId::parse(url_safe(&mut self.entropy, 22)) else { return false };
        if !is_message_text(text) {
            return false;
        }
        match &mut self.phase {
            Phase::Running(running) => {
                running.session.send(id.clone(), text, now);
            }
            Phase::Starting(starting) => {
                self.view.log.apply(starting.transcript.send(id.clone(), text.to_owned()));
                self.saved.outbox.push((id.clone(), text.to_owned()));
                self.storage.store(&self.saved);
            }
        }
        self.emit("weft:message", &[("role", "user"), ("id", id.as_str()), ("text", text)]);
        true
    }

    fn retry(&mut self, now: Timestamp) {
        match &mut self.phase {
            Phase::Starting(_) => self.ask_config(),
            Phase::Running(running) if matches!(running.session.status(), Status::Ended(Ended::Forbidden)) => {
                self.begin_anew(now);
            }
            Phase::Running(running) => running.session.retry(now),
        }
    }

    /// Leaves a conversation that can't go on.
    fn begin_anew(&mut self, now: Timestamp) {
        let Some(saved) = Saved::new(&mut self.entropy) else { return };
        self.saved = Saved { is_open: self.saved.is_open, ..saved };
        self.save();
        let seed = self.entropy.seed();
        if let Phase::Running(running) = &mut self.phase {
            running.socket = None;
            running.pending = None;
            running.token_request += 1;
            running.session = new_session(&self.saved, &running.config, seed);
            self.view.log.clear();
            running.session.prepare(now);
        }
    }

    fn ask_config(&mut self) {
        let Phase::Starting(starting) = &mut self.phase else { return };
        let Some(pending) = starting.pending.is_none().then(|| Pending::new(&self.window)).flatten() else { return };
        let (handle, url, signal) = (self.handle.clone(), self.options.config_url(), pending.signal());
        starting.pending = Some(pending);
        starting.retry_at = None;
        starting.failure = None;
        spawn_local(async move { handle.post(Input::Config(config::fetch(url, signal).await)) });
    }

    fn handle_config(&mut self, outcome: Result<Config, ConfigFailure>, now: Timestamp) {
        let Phase::Starting(starting) = &mut self.phase else { return };
        starting.pending = None;
        match outcome {
            Ok(mut config) => {
                let looks = self.options.appearance.clone().or(core::mem::take(&mut config.appearance));
                self.view.dress(&looks);
                self.view.log.clear();
                let mut session = new_session(&self.saved, &config, self.entropy.seed());
                if self.view.is_open() {
                    session.prepare(now);
                } else {
                    // What was not acknowledged goes out.
                    session.handle_timeout(now);
                }
                let hidden_until = config.hidden_until.take();
                self.phase = Phase::Running(Running { session, config, socket: None, pending: None, token_request: 0 });
                self.emit("weft:ready", &[]);
                if let Some(until) = hidden_until {
                    self.hide(clock::parse(&until), &until, now);
                }
            }
            Err(failure) => {
                let code = match &failure {
                    ConfigFailure::Unreachable => {
                        starting.retry_at = Some(now.plus_millis(starting.backoff.next_ms()));
                        "unavailable"
                    }
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
            self.host.set_hidden(false);
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
        let due = due.into_iter().chain(self.hidden_until).min();
        if due != self.timer.as_ref().map(|(at, _)| *at) {
            self.timer = due.map(|at| {
                let handle = self.handle.clone();
                (at, Timer::new(&self.window, at.millis_since(now), Box::new(move || handle.post(Input::Timer))))
            });
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
                (starting.transcript.entries(), Some(words::starting(starting.failure.as_ref())), false)
            }
        };
        let finished = self.view.log.settle(entries);
        self.view.set_notice(notice);
        self.view.composer.set_answering(is_answering);
        for index in finished {
            let entry = &entries[index];
            let id = entry.id.as_deref().unwrap_or_default();
            self.emit("weft:message", &[("role", "assistant"), ("id", id), ("text", &entry.text)]);
        }
    }

    fn act(&mut self, action: Action, now: Timestamp) {
        let Phase::Running(running) = &mut self.phase else { return };
        match action {
            Action::Connect => {
                running.socket = Socket::open(&self.options.session_url(&self.saved.conversation), &self.handle);
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
            Action::FetchToken => self.fetch_token(now),
            Action::Persist => self.save(),
        }
    }

    fn fetch_token(&mut self, now: Timestamp) {
        let Phase::Running(running) = &mut self.phase else { return };
        let Some(pending) = Pending::new(&self.window) else { return };
        let signal = pending.signal();
        running.pending = Some(pending);
        running.token_request += 1;
        let (handle, request) = (self.handle.clone(), running.token_request);
        let provider = Reflect::get(&self.page_options, &"tokenProvider".into()).unwrap_or_default();
        match provider.dyn_into::<Function>() {
            Ok(provider) => spawn_local(async move {
                handle.post(Input::Token(request, token_source::from_provider(provider, signal, now).await));
            }),
            Err(_) => {
                let path = running.config.refresh_path.as_deref().unwrap_or_default();
                let origin = self.window.location().origin().unwrap_or_default();
                let url = token_source::refresh_url(&origin, path);
                spawn_local(async move {
                    handle.post(Input::Token(request, token_source::from_endpoint(url, signal, now).await));
                });
            }
        }
    }

    fn show(&mut self, event: Event, now: Timestamp) {
        match event {
            Event::Transcript(change) => self.view.log.apply(change),
            Event::Status => {
                let Phase::Running(running) = &self.phase else { return };
                let code = match running.session.status() {
                    Status::TokenUnavailable(..) => "token_unavailable",
                    Status::TokenRefused => "invalid_token",
                    Status::Ended(_) => "ended",
                    _ => return,
                };
                if let Some(notice) = words::status(running.session.status()) {
                    self.report(code, notice.text);
                }
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
        console::warn_1(&["Weft: ", code, ": ", message].concat().into());
        self.emit("weft:error", &[("error", code), ("message", message)]);
    }

    /// Away until the limit resets.
    fn hide(&mut self, until: Timestamp, text: &str, now: Timestamp) {
        if until <= now {
            return;
        }
        self.hidden_until = Some(until);
        self.view.show(false);
        self.host.set_hidden(true);
        self.emit("weft:hidden", &[("until", text)]);
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

    /// A bubbling event on the host, which the page hears outside of the closed shadow root.
    fn emit(&self, kind: &str, detail: &[(&str, &str)]) {
        let object = Object::new();
        for (name, value) in detail {
            let _ = Reflect::set(&object, &(*name).into(), &(*value).into());
        }
        let init = CustomEventInit::new();
        init.set_bubbles(true);
        init.set_composed(true);
        init.set_detail(&object);
        if let Ok(event) = CustomEvent::new_with_event_init_dict(kind, &init) {
            let _ = self.host.dispatch_event(&event);
        }
    }
}

fn new_session(saved: &Saved, config: &Config, seed: u64) -> ClientSession {
    ClientSession::new(ClientConfig {
        history_secret: saved.history_secret.clone(),
        begun: saved.begun,
        require_signed_token: config.require_signed_token,
        seed,
        outbox: saved.outbox.clone(),
    })
}

/// What the element hears of the page around it.
fn listen(window: &Window, handle: &Handle) -> Vec<Listener> {
    let on = |kind: &'static str, input: fn() -> Input| {
        let handle = handle.clone();
        Listener::new(window, kind, Box::new(move |_| handle.post(input())))
    };
    let mut listeners = vec![
        on("online", || Input::Wake),
        on("focus", || Input::Wake),
        // The page came back from the browser's back/forward cache.
        on("pageshow", || Input::Wake),
        on("offline", || Input::Offline),
        on("pagehide", || Input::Leave),
    ];
    if let Some(document) = window.document() {
        let (handle, page) = (handle.clone(), document.clone());
        listeners.push(Listener::new(
            &document,
            "visibilitychange",
            Box::new(move |_| handle.post(if page.hidden() { Input::Leave } else { Input::Wake })),
        ));
    }
    listeners
}
