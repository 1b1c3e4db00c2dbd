//! `POST /weft/token`: hands the widget a token for the visitor who is logged in.

use crate::login::CurrentUser;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use reqwest::redirect::Policy;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Where Weft is, and the key for it. It has no `Debug`, so that no log can show the key.
pub struct Weft {
    pub http: reqwest::Client,
    pub url: String,
    pub secret_key: String,
}

impl Weft {
    pub fn new(url: String, secret_key: String) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(5)).redirect(Policy::none()).build()?;
        Ok(Self { http, url, secret_key })
    }

    async fn mint(&self, user: &User) -> reqwest::Result<Token> {
        let request = self.http.post(format!("{}/widget-token", self.url)).bearer_auth(&self.secret_key);
        request.json(&json!({ "user": user })).send().await?.error_for_status()?.json().await
    }
}

/// The visitor as Weft is told.
#[derive(Serialize)]
pub struct User {
    pub id: String,
    pub name: String,
    pub email: String,
}

#[derive(Serialize, Deserialize)]
struct Token {
    token: String,
}

/// `CurrentUser` is your own login: an extractor that holds `None` where nobody is logged in.
pub async fn weft_token(State(weft): State<Arc<Weft>>, CurrentUser(user): CurrentUser, headers: HeaderMap) -> Response {
    // The browser writes this header. A page of another site can't change it.
    if headers.get("sec-fetch-site").is_none_or(|site| site != "same-origin") {
        return reply(StatusCode::FORBIDDEN, json!({ "error": "cross_site" }));
    }
    let Some(user) = user else {
        return reply(StatusCode::UNAUTHORIZED, json!({ "error": "not_logged_in" }));
    };
    match weft.mint(&user).await {
        Ok(token) => reply(StatusCode::OK, token),
        Err(error) => {
            eprintln!("weft: no token: {}", error.without_url());
            reply(StatusCode::BAD_GATEWAY, json!({ "error": "chat_unavailable" }))
        }
    }
}

fn reply(status: StatusCode, body: impl Serialize) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
