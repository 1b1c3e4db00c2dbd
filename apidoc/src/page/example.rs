//! The example of a request: a line for a shell, with the document's own examples in it.

use super::{items, resolve, text};
use crate::operation::NDJSON;
use serde_json::Value;
use std::fmt::Write as _;

/// The schemes and the variables of a shell that hold such a credential: the one that the reader will most likely have comes
/// first.
const CREDENTIALS: [(&str, &str); 4] = [
    ("secretKey", "WEFT_SECRET_KEY"),
    ("sessionToken", "WEFT_SESSION_TOKEN"),
    ("publishableKey", "WEFT_PUBLISHABLE_KEY"),
    ("adminKey", "WEFT_ADMIN_KEY"),
];

/// The request as `curl` sends it.
pub(super) fn curl(document: &Value, method: &str, path: &str, operation: &Value) -> String {
    let mut address = path.to_owned();
    let mut headers = Vec::new();
    let mut query = Vec::new();
    for parameter in items(&operation["parameters"]) {
        let name = text(&parameter["name"]);
        let value = sample(document, &parameter["schema"], name);
        match text(&parameter["in"]) {
            "path" => address = address.replace(&format!("{{{name}}}"), &value),
            "query" if parameter["required"] == true => query.push(format!("{name}={value}")),
            "header" if parameter["required"] == true => headers.push(format!("{name}: {value}")),
            _ => {}
        }
    }
    let schemes: Vec<&str> = items(&operation["security"])
        .iter()
        .filter_map(|one| one.as_object()?.keys().next().map(String::as_str))
        .collect();
    if schemes.contains(&"publishableKeyInQuery") {
        query.insert(0, "key=wf_pk_…".to_owned());
    } else if let Some((_, variable)) = CREDENTIALS.iter().find(|(scheme, _)| schemes.contains(scheme)) {
        headers.insert(0, format!("Authorization: Bearer ${variable}"));
    }
    if !query.is_empty() {
        let _ = write!(address, "?{}", query.join("&"));
    }
    let verb = if method == "GET" { String::new() } else { format!(" -X {method}") };
    // Lines are to be seen as they come.
    let unbuffered = if operation["responses"]["200"]["content"][NDJSON].is_object() { " -N" } else { "" };
    let mut out = format!("curl{unbuffered}{verb} \"$WEFT{address}\"");
    let example = &operation["requestBody"]["content"]["application/json"]["example"];
    if example.is_object() {
        headers.push("Content-Type: application/json".to_owned());
    }
    for header in headers {
        let _ = write!(out, " \\\n  -H \"{header}\"");
    }
    if example.is_object() {
        // In single quotes: what a shell reads in a text must stay what it is.
        let _ = write!(out, " \\\n  -d '{}'", pretty(example).replace('\'', "'\\''"));
    }
    out
}

/// JSON on lines of its own.
pub(super) fn pretty(example: &Value) -> String {
    serde_json::to_string_pretty(example).unwrap_or_default()
}

fn sample(document: &Value, schema: &Value, name: &str) -> String {
    let schema = resolve(document, schema);
    let given =
        items(&schema["examples"]).first().or_else(|| items(&schema["enum"]).first()).or_else(|| schema.get("default"));
    match given {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None if name == "Origin" => "https://shop.example".to_owned(),
        None => "…".to_owned(),
    }
}
