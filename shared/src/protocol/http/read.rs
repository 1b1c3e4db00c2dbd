//! Reading a request's body.

use crate::error::{ErrorCode, Refusal};
use crate::protocol::object::Object;
use serde::de::DeserializeOwned;

/// The largest body taken, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// Reads a JSON body.
///
/// # Errors
/// `payload_too_large` above [`MAX_BODY_BYTES`]; `invalid_request`, naming the field, where it isn't a `T`.
pub fn read_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    if bytes.len() > MAX_BODY_BYTES {
        return Err(ErrorCode::PayloadTooLarge.into());
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let Object(value) = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        refusal(&path, error.inner())
    })?;
    json.end().map_err(|_| Refusal::invalid(NOT_JSON))?;
    Ok(value)
}

/// The same for a body that may be empty, which reads as `{}`.
///
/// # Errors
/// As [`read_body`].
pub fn read_optional_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    read_body(if bytes.iter().all(u8::is_ascii_whitespace) { b"{}" } else { bytes })
}

/// The body as a JSON value, for [`crate::config::Config::patch`].
///
/// # Errors
/// As [`read_body`].
pub fn read_value(bytes: &[u8]) -> Result<serde_json::Value, Refusal> {
    read_body(bytes)
}

/// Checks a text field: `least` to `most` characters, no control characters but a line break or tab where `multiline`.
///
/// # Errors
/// `invalid_request` naming the field.
pub fn check_text(field: &str, text: &str, least: usize, most: usize, multiline: bool) -> Result<(), Refusal> {
    let chars = text.chars().count();
    if chars > most || chars < least || (least > 0 && text.trim().is_empty()) {
        return Err(Refusal::invalid(format!("{field} must have {least} to {most} characters.")));
    }
    if text.chars().any(|c| c.is_control() && !(multiline && matches!(c, '\n' | '\r' | '\t'))) {
        return Err(Refusal::invalid(format!("{field} must not contain control characters.")));
    }
    Ok(())
}

const NOT_JSON: &str = "The body must be JSON.";

/// serde's error as a sentence: where, and what was expected. Values are left out, and so are names that can't be a field's.
fn refusal(path: &str, error: &serde_json::Error) -> Refusal {
    use serde_json::error::Category;
    if matches!(error.classify(), Category::Syntax | Category::Eof | Category::Io) {
        return Refusal::invalid(NOT_JSON);
    }
    let field = if path == "." || path.is_empty() { "The body" } else { path };
    let text = error.to_string();
    // serde_json appends " at line 1 column 2".
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    if let Some(rest) = text.strip_prefix("unknown field `") {
        let given = rest.split('`').next().unwrap_or_default();
        // The path of an unknown field ends with its name, or with its object.
        let parent = path.strip_suffix(given).unwrap_or(path).trim_end_matches('.');
        let name = field_name(given);
        return Refusal::invalid(if parent.is_empty() || parent == "?" {
            format!("{name} is not a field of this request.")
        } else {
            format!("{parent}.{name} is not a field of this request.")
        });
    }
    if let Some(rest) = text.strip_prefix("missing field `") {
        let name = rest.trim_end_matches('`');
        return Refusal::invalid(if field == "The body" {
            format!("{name} is required.")
        } else {
            format!("{field}.{name} is required.")
        });
    }
    if let Some(rest) = text.strip_prefix("duplicate field `") {
        return Refusal::invalid(format!("{} is given twice.", rest.trim_end_matches('`')));
    }
    for prefix in ["invalid type: ", "invalid value: ", "invalid length "] {
        if text.starts_with(prefix) {
            let expected = text.rsplit_once("expected ").map_or("something else", |(_, expected)| expected);
            return Refusal::invalid(format!("{field} must be {}.", plain(expected)));
        }
    }
    if let Some((_, expected)) = text.split_once("expected one of ").or_else(|| text.split_once("expected ")) {
        return Refusal::invalid(format!("{field} must be one of {}.", expected.replace('`', "")));
    }
    // Our own types' words: "tenant must be 1 to 32 …".
    match text.split_once("must be ") {
        Some((_, rule)) => Refusal::invalid(format!("{field} must be {rule}.")),
        None => Refusal::invalid(format!("{field} is not valid.")),
    }
}

/// An unknown field's name as a refusal may repeat it. What isn't shaped as a field's name may be a credential in the
/// wrong place, and answers end in logs.
pub(crate) fn field_name(given: &str) -> &str {
    let is_name = given.len() <= 32 && given.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name && !given.is_empty() { given } else { "A field" }
}

/// Rust's words in JSON's.
fn plain(expected: &str) -> &str {
    match expected {
        "a map" => "an object",
        "a sequence" => "an array",
        "a boolean" => "true or false",
        "u16" | "u32" | "u64" | "usize" => "a whole number",
        text if text.starts_with("struct ") || text.starts_with("internally ") => "an object",
        text => text,
    }
}
