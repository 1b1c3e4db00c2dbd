//! The log: one line of JSON each. Never a credential, a token, a query string, or what anyone wrote in a chat.

use serde_json::{Value, json};
use std::fmt::Display;
use weft_shared::error::{ErrorCode, Refusal};
use worker::{console_error, console_log, console_warn};

/// A request that wasn't answered as asked.
pub(crate) struct Failure<'a> {
    /// The HTTP method.
    pub(crate) method: &'a str,
    /// The route's pattern, never the path: a path may hold what doesn't belong there.
    pub(crate) route: &'a str,
    /// What it was refused with.
    pub(crate) code: ErrorCode,
    /// Whose request, where that is known.
    pub(crate) tenant: Option<&'a str>,
}

/// Writes a failed request down.
pub(crate) fn failure(failure: &Failure<'_>) {
    let line = json!({
        "event": "request_failed",
        "method": failure.method,
        "route": failure.route,
        "status": failure.code.status(),
        "error": failure.code.code(),
        "tenant": failure.tenant,
    });
    if failure.code.status() >= 500 { console_error!("{line}") } else { console_log!("{line}") }
}

/// A setting that is missing or wrong. Names the variable, never its value.
pub(crate) fn misconfigured(variable: &str, reason: &dyn Display) {
    let line = json!({ "event": "misconfigured", "variable": variable, "reason": reason.to_string() });
    console_error!("{line}");
}

/// Our own fault: writes the cause down once and gives what the caller may know of it.
pub(crate) fn internal(what: &str, cause: &dyn Display) -> Refusal {
    fault(what, cause);
    ErrorCode::Internal.into()
}

/// An authority that can't be reached: the same, to be tried again.
pub(crate) fn unavailable(what: &str, cause: &dyn Display) -> Refusal {
    fault(what, cause);
    Refusal::from(ErrorCode::Unavailable).retry_after(1)
}

fn fault(what: &str, cause: &dyn Display) {
    let line = json!({ "event": "fault", "what": what, "cause": cause.to_string() });
    console_error!("{line}");
}

/// Something that goes on without it, but should be looked at.
pub(crate) fn warning(what: &str, details: &Value) {
    let line = json!({ "event": what, "details": details });
    console_warn!("{line}");
}

/// What something cost. Written where the test agent is allowed, and nowhere else.
pub(crate) fn measured(what: &str, details: &Value) {
    let line = json!({ "event": what, "details": details });
    console_log!("{line}");
}

/// A frame that was refused.
pub(crate) fn chat_refused(code: &str) {
    let line = json!({ "event": "chat_refused", "error": code });
    console_log!("{line}");
}
