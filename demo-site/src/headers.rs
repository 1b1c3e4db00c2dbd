//! The response headers of every page: a strict content security policy, so that the widget proves itself under
//! one, and what a careful shop sends besides.

use crate::config::WeftUrl;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// The content security policy of the shop's pages.
///
/// Weft needs three of these words: its origin under `script-src` and `connect-src`, its WebSocket's origin under
/// `connect-src`, and `'wasm-unsafe-eval'`, without which a browser compiles no WebAssembly. It needs no
/// `'unsafe-inline'`, and lives with `require-trusted-types-for 'script'`.
#[must_use]
pub fn content_security_policy(weft: &WeftUrl) -> String {
    let (http, ws) = (weft.origin(), weft.websocket_origin());
    [
        "default-src 'self'",
        &format!("script-src 'self' {http} 'wasm-unsafe-eval'"),
        &format!("connect-src 'self' {http} {ws}"),
        "style-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ]
    .join("; ")
}

/// The headers of every answer but the policy, which [`apply`] adds.
const FIXED: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Writes the headers onto an answer.
pub fn apply(headers: &mut HeaderMap, policy: &HeaderValue) {
    headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Pages show who is logged in and what is in the basket: a browser asks again each time.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
}
