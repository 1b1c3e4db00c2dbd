//! Which headers an answer can have, besides those that every answer has ([`ALWAYS`]).

use serde_json::{Map, Value, json};
use weft_shared::auth::{Need, Plane};
use weft_shared::protocol::routes::{Cors, Route, Row};

/// What every answer has, whatever the route. The document's introduction says so once.
pub const ALWAYS: [&str; 4] = ["Cache-Control", "Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options"];

/// Whether requests count in a window of the caller's own, and are told what is left of it.
#[must_use]
pub fn counts(row: &Row) -> bool {
    row.route == Route::TestWidgetToken || (row.need != Need::Public && row.plane != Plane::Widget)
}

/// Whether pages of other origins may read the answers.
#[must_use]
pub fn is_read_by_pages(row: &Row) -> bool {
    row.cors != Cors::Closed
}

/// The headers of one of the row's answers, with `own`, those of its status or operation.
#[must_use]
pub fn of(row: &Row, own: &[&str]) -> Map<String, Value> {
    let mut names = own.to_vec();
    if counts(row) {
        names.extend(["RateLimit", "RateLimit-Policy"]);
    }
    if is_read_by_pages(row) {
        names.extend(["Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Vary"]);
    }
    if row.route == Route::TestWidgetToken {
        names.push("Access-Control-Allow-Credentials");
    }
    names.into_iter().map(|name| (name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }))).collect()
}

/// All of them, by name.
#[must_use]
pub fn components() -> Value {
    let text = |about: &str, example: &str| json!({ "description": about, "schema": { "type": "string" }, "example": example });
    json!({
        "WWW-Authenticate": {
            "description": "On every 401 (RFC 9110 section 11.6.1).", "required": true,
            "schema": { "const": "Bearer" }
        },
        "Retry-After": {
            "description": "Whole seconds after which another try can succeed.",
            "schema": { "type": "integer", "minimum": 0 }, "example": 12
        },
        "RateLimit": text(
            "How many more requests would pass now, and in how many seconds more than these. On every answer to a request \
             that counts in a window, whatever its status.",
            "\"default\";r=0;t=12"
        ),
        "RateLimit-Policy": text(
            "How many requests a key has in a window of so many seconds: `default`, or `widget-token` for those that mint \
             widget tokens.",
            "\"default\";q=100;w=60"
        ),
        "Access-Control-Allow-Origin": text(
            "The request's own `Origin`, where the live config allows it.", "https://shop.example"
        ),
        "Access-Control-Allow-Credentials": {
            "description": "The page's request may carry the site's cookies, as to a refresh endpoint of its own.",
            "schema": { "const": "true" }
        },
        "Access-Control-Expose-Headers": text(
            "What the page's script may read besides the body.", "Retry-After, RateLimit, RateLimit-Policy"
        ),
        "Vary": text("What one origin may read is not to be kept for another.", "Origin"),
        "Content-Disposition": text(
            "A name for the file.", "attachment; filename=\"conversation-c_3hJ9wQzY7tK1mN5x.json\""
        ),
        "X-Accel-Buffering": {
            "description": "What stands between is asked not to hold lines back.", "schema": { "const": "no" }
        },
    })
}
