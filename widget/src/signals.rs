//! How the browser calls the widget: one function for all events, timers and replies, told apart by a number that is
//! bound to it. Listeners belong to a scope and go with it, so a page that takes the widget away keeps nothing of it.

use crate::browser::{self, AbortController, Node};
use js_sys::Function;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Signal {
    /// The page calls `window.weft`: a command's name, and a text.
    Command,
    /// The visitor closes the panel.
    Close,
    /// The visitor wants another try.
    Retry,
    /// The visitor sends what they wrote.
    Submit,
    /// The visitor stops the answer.
    Stop,
    /// The visitor wrote something.
    Typed,
    /// A key went down in the panel.
    KeyDown,
    /// Another event of a key in the panel.
    KeyOther,
    /// The messages were scrolled.
    Scrolled,
    /// Something among the messages was clicked.
    Clicked,
    /// The visitor wants to see the newest message.
    Newest,
    /// It is time to draw what came.
    Draw,
    /// The page is seen again, or back from the browser's cache, or has the network again.
    Wake,
    /// The browser lost the network.
    Offline,
    /// The page is left, and may not come back.
    Leave,
    /// The page was hidden, or is seen again.
    Visibility,
    /// Another tab stored something.
    Stored,
    /// The socket is open.
    Opened,
    /// The socket brought a frame.
    Frame,
    /// The socket is closed.
    Closed,
    /// The timer went off.
    Timer,
    /// Something that was asked has a reply, whose body is to be read: what it is for, and the reply.
    Replied,
    /// The live config came: the status, and the body; or it didn't, and why.
    Config,
    /// The refresh endpoint answered: the status, and the body; or it didn't, and why.
    Token,
    /// The page's function gave a token.
    Provided,
    /// The page's function failed.
    Unprovided,
    /// The page's function takes too long.
    Late,
    /// The visitor begins anew.
    New,
    /// The visitor takes a suggested question, or clicks beside it.
    Suggested,
    /// The visitor asks the last question again.
    Again,
    /// The words of a language came: the status, and the file.
    Words,
    /// Another part of the page is seen.
    Resized,
    /// What was read out can go.
    Hush,
}

impl Signal {
    const ALL: [Self; 33] = [
        Self::Command,
        Self::Close,
        Self::Retry,
        Self::Submit,
        Self::Stop,
        Self::Typed,
        Self::KeyDown,
        Self::KeyOther,
        Self::Scrolled,
        Self::Clicked,
        Self::Newest,
        Self::Draw,
        Self::Wake,
        Self::Offline,
        Self::Leave,
        Self::Visibility,
        Self::Stored,
        Self::Opened,
        Self::Frame,
        Self::Closed,
        Self::Timer,
        Self::Replied,
        Self::Config,
        Self::Token,
        Self::Provided,
        Self::Unprovided,
        Self::Late,
        Self::New,
        Self::Suggested,
        Self::Again,
        Self::Words,
        Self::Resized,
        Self::Hush,
    ];
}

/// Makes functions for the browser. They belong to it: one may be called when the widget is gone, and goes when nobody can
/// call it any more.
#[derive(Debug)]
pub(crate) struct Signals(Function);

impl Signals {
    /// All that happens goes to `receive`, with up to two values.
    pub(crate) fn new(receive: impl Fn(Signal, JsValue, JsValue) + 'static) -> Self {
        let callback: Box<dyn Fn(usize, JsValue, JsValue)> = Box::new(move |number, value, other| {
            if let Some(signal) = Signal::ALL.get(number) {
                receive(*signal, value, other);
            }
        });
        Self(Closure::wrap(callback).into_js_value().unchecked_into())
    }

    /// A function for the browser.
    pub(crate) fn function(&self, signal: Signal) -> Function {
        self.0.bind1(&JsValue::UNDEFINED, &number(signal)).unchecked_into()
    }

    /// A function that gives `value` along, before what the browser gives. The signal is a number here.
    pub(crate) fn function_with(&self, number: &JsValue, value: &JsValue) -> Function {
        self.0.bind2(&JsValue::UNDEFINED, number, value).unchecked_into()
    }
}

/// What a signal is for the browser.
pub(crate) fn number(signal: Signal) -> JsValue {
    JsValue::from(signal as u32)
}

/// Listeners that go together, when this is dropped.
#[derive(Debug)]
pub(crate) struct Scope(AbortController);

impl Scope {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self(AbortController::new())
    }

    /// Listens to one kind of event.
    pub(crate) fn listen(&self, signals: &Signals, target: &Node, kind: &str, signal: Signal) {
        target.listen(kind, &signals.function(signal), &self.0);
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// After this long a timer looks at the clock again.
const LONGEST_MS: i64 = 600_000;

/// A timer that goes off once, or never where it is dropped before.
#[derive(Debug)]
pub(crate) struct Timer(i32);

impl Timer {
    /// Calls after this many milliseconds. A long wait ends early, and the one who waits looks again: timers stand still
    /// while a machine sleeps, and beyond 31 bits browsers would fire at once.
    pub(crate) fn new(function: &Function, wait_ms: i64) -> Self {
        Self(browser::set_timeout(function, i32::try_from(wait_ms.clamp(0, LONGEST_MS)).unwrap_or_default()))
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        browser::clear_timeout(self.0);
    }
}
