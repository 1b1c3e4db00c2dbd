//! The refresh endpoint, `POST /weft/token`: the one thing a customer's backend adds for Weft.
//!
//! The widget calls it from the shop's own pages, with the visitor's cookie. It answers `{"token":"<jwt>"}` for the
//! customer who is logged in, and for nobody else. Errors are JSON, `{"error","message"}`, and hold nothing that
//! a visitor shouldn't see.

use crate::app::App;
use crate::faults;
use crate::same_origin::{self, CrossSite};
use crate::session::Visitor;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;

/// Where the endpoint is. Weft's config of the tenant names the same path.
pub const PATH: &str = "/weft/token";

/// A refusal of the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Another site's page asked.
    CrossSite,
    /// Nobody is logged in.
    NotLoggedIn,
    /// Weft didn't give a token. Why is in the log.
    NoToken,
}

/// Answers the widget.
pub async fn refresh(State(app): State<Arc<App>>, visitor: Visitor, headers: HeaderMap) -> Response {
    let mut answer = answer(&app, &visitor, &headers).await;
    // A token is for the browser that asked: no cache on the way may keep it.
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

async fn answer(app: &App, visitor: &Visitor, headers: &HeaderMap) -> Response {
    if same_origin::check(headers) == Err(CrossSite) {
        return Refused::CrossSite.into_response();
    }
    if let Some(answer) = faults::answer(headers, app.config.faults_allowed).await {
        return answer;
    }
    let Some(account) = visitor.session.account else {
        return Refused::NotLoggedIn.into_response();
    };
    match app.weft.mint(account).await {
        Ok(token) => Json(token).into_response(),
        Err(error) => {
            tracing::warn!("refresh endpoint: {error}");
            Refused::NoToken.into_response()
        }
    }
}

#[derive(Serialize)]
struct Body {
    error: &'static str,
    message: &'static str,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, error, message) = match self {
            Self::CrossSite => (StatusCode::FORBIDDEN, "cross_site", "Only this shop's own pages may ask."),
            Self::NotLoggedIn => (StatusCode::UNAUTHORIZED, "not_logged_in", "Log in to chat with us."),
            Self::NoToken => {
                (StatusCode::BAD_GATEWAY, "chat_unavailable", "The chat can't be reached. Try again in a minute.")
            }
        };
        (status, Json(Body { error, message })).into_response()
    }
}
