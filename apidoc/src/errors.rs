//! Which refusals a route can answer with: from its row, and from what its operation adds.

use crate::headers;
use crate::operation::Operation;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use weft_shared::auth::{Need, Plane};
use weft_shared::error::ErrorCode;
use weft_shared::protocol::routes::{Route, Row};

/// The codes by status, in the table's order.
#[must_use]
pub fn of(row: &Row, operation: &Operation) -> BTreeMap<u16, Vec<ErrorCode>> {
    let mut codes = from_row(row, operation.body.is_some());
    codes.extend(&operation.refusals);
    let mut by_status: BTreeMap<u16, Vec<ErrorCode>> = BTreeMap::new();
    for code in ErrorCode::ALL {
        if codes.contains(&code) {
            by_status.entry(code.status()).or_default().push(code);
        }
    }
    by_status
}

fn from_row(row: &Row, has_body: bool) -> Vec<ErrorCode> {
    use ErrorCode::{
        AdminNotConfigured, ApiKeysDisabled, HttpsRequired, InsufficientScope, Internal, InvalidKey, InvalidRequest,
        MalformedKey, Misconfigured, MissingAuthorization, NotFound, PayloadTooLarge, RateLimited, Unavailable,
    };
    if row.route == Route::Health {
        return Vec::new();
    }
    // A credential in the URL is refused wherever it stands.
    let mut codes = vec![InvalidRequest, HttpsRequired, Misconfigured, Internal];
    if has_body {
        codes.push(PayloadTooLarge);
    }
    if row.need != Need::Public {
        codes.extend([MissingAuthorization, MalformedKey, InvalidKey, InsufficientScope, Unavailable]);
    }
    if row.need != Need::Public && row.plane != Plane::Widget {
        codes.extend([ApiKeysDisabled, RateLimited]);
    }
    if row.need == Need::Admin {
        codes.push(AdminNotConfigured);
    }
    if row.pattern.contains("{tenant}") || row.pattern.contains("{id}") {
        codes.push(NotFound);
    }
    codes
}

/// What the document calls the answer that these codes share.
#[must_use]
pub fn name(row: &Row, status: u16, codes: &[ErrorCode]) -> String {
    let names: Vec<&str> = codes.iter().map(|code| code.code()).collect();
    let counted = if headers::counts(row) { ".counted" } else { "" };
    let read = if headers::is_read_by_pages(row) { ".cors" } else { "" };
    format!("{status}.{}{counted}{read}", names.join("."))
}

/// A refusal's answer in the document.
#[must_use]
pub fn response(row: &Row, status: u16, codes: &[ErrorCode]) -> Value {
    let names: Vec<&str> = codes.iter().map(|code| code.code()).collect();
    let sentences: Vec<String> = codes.iter().map(|code| format!("`{}`: {}", code.code(), code.message())).collect();
    let example = codes.first().map(|code| json!({ "error": code.code(), "message": code.message() }));
    let mut response = json!({
        "description": sentences.join("\n"),
        "content": { "application/json": {
            "schema": {
                "$ref": "#/components/schemas/ErrorBody",
                "properties": { "error": { "enum": names } }
            },
            "example": example,
        } }
    });
    let own: &[&str] = match status {
        401 => &["WWW-Authenticate"],
        429 | 503 => &["Retry-After"],
        _ => &[],
    };
    let headers = headers::of(row, own);
    if !headers.is_empty() {
        response["headers"] = Value::Object(headers);
    }
    response
}

/// Every code with its status and sentence: the table of the page.
#[must_use]
pub fn table() -> Value {
    ErrorCode::ALL
        .iter()
        .map(|code| json!({ "code": code.code(), "status": code.status(), "message": code.message() }))
        .collect()
}
