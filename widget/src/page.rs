//! The page around the widget: what it is told, and what is heard of it.

use crate::browser::{CustomEvent, Node, warn};
use crate::signals::{Scope, Signal, Signals};
use crate::text::concat;

/// Tells the page and its owner what is wrong. Codes and fixed sentences alone: no token, nothing of a message.
pub(crate) fn report(host: &Node, code: &str, message: &str) {
    warn(&concat(&["Weft: ", code, ": ", message]));
    emit(host, "weft:error", &[("error", code), ("message", message)]);
}

/// A bubbling event on the host, which the page hears outside of the closed shadow root.
pub(crate) fn emit(host: &Node, kind: &str, detail: &[(&str, &str)]) {
    let (object, init) = (Node::object(), Node::object());
    for (name, value) in detail {
        object.put(name, value);
    }
    init.put_flag("bubbles", true);
    init.put_flag("composed", true);
    init.put_value("detail", &object);
    host.dispatch(&CustomEvent::new(kind, &init));
}

/// What the element hears of the page around it.
pub(crate) fn listen(signals: &Signals, window: &Node, document: &Node) -> Scope {
    let scope = Scope::new();
    for (kind, signal) in [
        ("online", Signal::Wake),
        ("focus", Signal::Wake),
        // The page came back from the browser's back/forward cache.
        ("pageshow", Signal::Wake),
        ("offline", Signal::Offline),
        ("pagehide", Signal::Leave),
        ("storage", Signal::Stored),
    ] {
        scope.listen(signals, window, kind, signal);
    }
    scope.listen(signals, document, "visibilitychange", Signal::Visibility);
    scope
}
