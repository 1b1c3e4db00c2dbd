//! Realistic failures of the refresh endpoint, for tests of the widget. Off unless the site runs with
//! `DEMO_FAULTS=1`; then the cookie `demo_fault` asks for one.

use crate::session::cookie;
use crate::token::Refused;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use std::time::Duration;

/// The cookie that asks for a fault.
pub const COOKIE: &str = "demo_fault";
/// Longer than the widget waits (10 s).
pub const SLOW: Duration = Duration::from_secs(12);

/// A way in which customers' endpoints fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// `slow`: the right answer, [`SLOW`] too late.
    Slow,
    /// `html`: a login page with status 200, as a framework's redirect to its login ends up.
    Html,
    /// `500`: the backend broke.
    ServerError,
    /// `401`: the visitor's session is over.
    LoggedOut,
    /// `garbage`: JSON that breaks off.
    Garbage,
    /// `forged`: a well-formed answer with a token that Weft never signed.
    Forged,
}

/// The answer of the fault that the request asks for, in place of the endpoint's own. `None` where none is asked
/// for, where faults aren't allowed, and after the delay of [`Fault::Slow`].
pub async fn answer(headers: &HeaderMap, is_allowed: bool) -> Option<Response> {
    let fault = Fault::parse(cookie(headers, COOKIE).filter(|_| is_allowed)?)?;
    tracing::warn!("refresh endpoint: demo fault {fault:?}");
    let json = [(header::CONTENT_TYPE, "application/json")];
    Some(match fault {
        Fault::Slow => {
            tokio::time::sleep(SLOW).await;
            return None;
        }
        Fault::Html => Html("<!doctype html><title>Log in</title><form method=post></form>").into_response(),
        Fault::ServerError => {
            let body = r#"{"error":"internal","message":"Something broke."}"#;
            (StatusCode::INTERNAL_SERVER_ERROR, json, body).into_response()
        }
        Fault::LoggedOut => Refused::NotLoggedIn.into_response(),
        Fault::Garbage => (json, r#"{"token":"#).into_response(),
        Fault::Forged => (json, r#"{"token":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm9uIn0.Zm9yZ2Vk"}"#).into_response(),
    })
}

impl Fault {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "slow" => Self::Slow,
            "html" => Self::Html,
            "500" => Self::ServerError,
            "401" => Self::LoggedOut,
            "garbage" => Self::Garbage,
            "forged" => Self::Forged,
            _ => return None,
        })
    }
}
