//! The routes, and what their handlers share.

use crate::config::Config;
use crate::session::Sessions;
use crate::weft::Weft;
use crate::{headers, one_origin, pages, same_origin, token};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{from_fn, map_response};
use axum::response::Response;
use axum::routing::{get, post};
use std::sync::Arc;

/// What all handlers share.
pub struct App {
    /// The site's settings.
    pub config: Config,
    /// Who is logged in.
    pub sessions: Sessions,
    /// The way to Weft.
    pub weft: Weft,
}

/// The site's own HTTP service.
///
/// # Errors
/// Where the HTTP client for the calls to Weft can't be set up.
pub fn router(config: Config) -> Result<Router, reqwest::Error> {
    let policy = policy(&config);
    let app = Arc::new(App { weft: Weft::new(&config)?, sessions: Sessions::default(), config });
    let shop = Router::new()
        .route("/", get(pages::home::show))
        .route("/products/{slug}", get(pages::product::show))
        .route("/help", get(pages::help::index))
        .route("/help/{slug}", get(pages::help::show))
        .route("/basket", get(pages::basket::show).post(pages::basket::add))
        .route("/basket/remove", post(pages::basket::remove))
        .route("/login", get(pages::login::show).post(pages::login::log_in))
        .route("/logout", post(pages::login::log_out))
        .layer(from_fn(same_origin::require))
        // Looks at the request's origin itself, to refuse in JSON.
        .route(token::PATH, post(token::refresh))
        .fallback(pages::not_found)
        .layer(from_fn(one_origin::redirect))
        .with_state(app);
    let assets = Router::new()
        .route("/assets/shop.css", get(asset("text/css; charset=utf-8", include_str!("../assets/shop.css"))))
        .route("/assets/shop.js", get(asset("text/javascript; charset=utf-8", include_str!("../assets/shop.js"))))
        .route("/assets/favicon.svg", get(asset("image/svg+xml", include_str!("../assets/favicon.svg"))))
        .route("/healthz", get(asset("application/json", r#"{"status":"ok"}"#)));
    Ok(shop.merge(assets).layer(DefaultBodyLimit::max(8 * 1024)).layer(map_response(move |mut response: Response| {
        headers::apply(response.headers_mut(), &policy);
        std::future::ready(response)
    })))
}

fn policy(config: &Config) -> HeaderValue {
    HeaderValue::try_from(headers::content_security_policy(&config.weft))
        .expect("an origin and fixed words are header text")
}

/// A file that is part of the program.
fn asset(kind: &'static str, text: &'static str) -> ([(HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, kind)], text)
}
