//! The `OpenAPI` document as a ruler: each answer that any test gets, whatever the test is about, must be one that the document
//! promises for its route: the status, the headers, and a body with the fields that are documented and no others.

use super::http::Answer;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut document =
        serde_json::from_str(include_str!("../../../docs/openapi.json")).expect("the committed document is JSON");
    close(&mut document);
    document
});

/// Schemas that are built, by where they stand in the document.
type Built = HashMap<String, Arc<Validator>>;
static BUILT: LazyLock<Mutex<Built>> = LazyLock::new(Mutex::default);

/// Headers of every answer: ours, which the document's introduction names, and those of HTTP itself.
const EVERYWHERE: [&str; 11] = [
    "cache-control",
    "content-security-policy",
    "referrer-policy",
    "x-content-type-options",
    "content-type",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "date",
    "keep-alive",
];

/// The document as the Worker serves it.
pub const OPENAPI: &str = include_str!("../../../docs/openapi.json");

/// Holds an answer against the document. What isn't in the document (a path that isn't there, a method that a path doesn't
/// take, a preflight) is none of its business: other tests are about those.
pub(super) fn check(answer: &Answer) {
    let (method, path) = answer.what.split_once(' ').unwrap_or_default();
    let Some((pattern, documented)) = operation(method, path) else { return };
    // Plain HTTP in production is answered before any route is looked for.
    if answer.status == 308 {
        return;
    }
    let status = answer.status.to_string();
    let response = &documented["responses"][&status];
    assert!(response.is_object(), "{}: {status} is not in the document: {}", answer.what, answer.text);
    let (response, place) = match response["$ref"].as_str() {
        Some(reference) => {
            (DOCUMENT.pointer(reference.trim_start_matches('#')).expect("it leads there"), reference.to_owned())
        }
        None => (response, format!("{method} {pattern} {status}")),
    };
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let header =
            header["$ref"].as_str().and_then(|to| DOCUMENT.pointer(to.trim_start_matches('#'))).unwrap_or(header);
        let is_there = answer.header(name).is_some();
        assert!(is_there || header["required"] != true, "{}: {status} without {name}", answer.what);
    }
    for name in answer.headers.keys().map(ureq::http::HeaderName::as_str) {
        let is_documented = response["headers"]
            .as_object()
            .is_some_and(|documented| documented.keys().any(|one| one.eq_ignore_ascii_case(name)));
        assert!(is_documented || EVERYWHERE.contains(&name), "{}: {status} has an undocumented {name}", answer.what);
    }
    let media_type = answer.header("Content-Type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default();
    if method == "HEAD" {
        return;
    }
    let Some(content) = response.get("content") else {
        assert_eq!(answer.text, "", "{}: {status} has no body in the document", answer.what);
        return;
    };
    let content = content.get(media_type).unwrap_or_else(|| panic!("{}: {status} is {media_type}", answer.what));
    let (schema, bodies) = match media_type {
        "application/json" => (content.get("schema"), vec![answer.text.as_str()]),
        "application/x-ndjson" => (content.get("x-weft-line"), answer.text.lines().collect()),
        _ => return,
    };
    let schema = built(place, schema.expect("a schema of what is JSON"));
    for body in bodies {
        let body: Value = serde_json::from_str(body).expect("JSON");
        if let Err(error) = schema.validate(&body) {
            panic!("{}: {status} breaks its schema at {}: {error}", answer.what, error.instance_path());
        }
    }
}

/// The operation that a request asks for, with its path's pattern.
fn operation(method: &str, path: &str) -> Option<(&'static str, &'static Value)> {
    let path = path.strip_prefix("/api").filter(|rest| rest.starts_with("/v1/")).unwrap_or(path);
    let method = if method == "HEAD" { "get".to_owned() } else { method.to_ascii_lowercase() };
    let fits = |pattern: &str| {
        let (wanted, given) = (pattern.split('/'), path.split('/'));
        pattern.split('/').count() == path.split('/').count()
            && wanted.zip(given).all(|(wanted, given)| {
                wanted == given || (wanted.starts_with('{') && !given.is_empty() && !given.contains('%'))
            })
    };
    let paths = DOCUMENT["paths"].as_object().expect("an object");
    paths.iter().find_map(|(pattern, item)| Some((pattern.as_str(), item.get(&method).filter(|_| fits(pattern))?)))
}

fn built(place: String, schema: &Value) -> Arc<Validator> {
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let compile = || {
        let whole = json!({ "components": DOCUMENT["components"], "allOf": [schema] });
        Arc::new(jsonschema::options().should_validate_formats(true).build(&whole).expect("a schema"))
    };
    Arc::clone(built.entry(place).or_insert_with(compile))
}

/// Readers skip fields that they don't know, so the document leaves its answers open. Here they are closed: a field that is
/// not documented fails.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            let is_open = fields.get("type").is_some_and(|kind| kind == "object")
                && fields.get("properties").is_some_and(Value::is_object)
                && !fields.contains_key("additionalProperties");
            if is_open {
                fields.insert("unevaluatedProperties".to_owned(), json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ureq::http::{HeaderMap, HeaderValue};

    fn answer(what: &str, status: u16, text: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json; charset=utf-8"));
        Answer { what: what.to_owned(), status, headers, text: text.to_owned() }
    }

    #[test]
    fn an_answer_as_documented_passes() {
        check(&answer("GET /health", 200, r#"{"status":"ok"}"#));
        let refusal = r#"{"error":"not_found","message":"There is nothing here."}"#;
        check(&answer("GET /api/v1/tenants/acme", 404, refusal));
        check(&answer("HEAD /v1/tenants/acme", 404, ""));
    }

    #[test]
    #[should_panic(expected = "breaks its schema")]
    fn a_field_that_is_not_documented_fails() {
        check(&answer("GET /health", 200, r#"{"status":"ok","uptime":3}"#));
    }

    #[test]
    #[should_panic(expected = "breaks its schema")]
    fn a_code_that_the_route_does_not_have_fails() {
        check(&answer("GET /v1/tenants/acme", 404, r#"{"error":"conflict","message":"No."}"#));
    }

    #[test]
    #[should_panic(expected = "is not in the document")]
    fn a_status_that_is_not_documented_fails() {
        check(&answer("GET /v1/tenants/acme", 409, r#"{"error":"conflict","message":"No."}"#));
    }

    #[test]
    #[should_panic(expected = "200 has an undocumented ratelimit")]
    fn a_header_that_is_not_documented_fails() {
        let mut answer = answer("GET /health", 200, r#"{"status":"ok"}"#);
        answer.headers.insert("ratelimit", HeaderValue::from_static("\"default\";r=0;t=12"));
        check(&answer);
    }

    #[test]
    #[should_panic(expected = "401 without WWW-Authenticate")]
    fn a_missing_header_fails() {
        check(&answer("GET /v1/tenants", 401, r#"{"error":"invalid_key","message":"No."}"#));
    }
}
