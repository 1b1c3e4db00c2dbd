//! Fields with their types and bounds: of parameters, of bodies, of each named schema.

use super::words::{inline, paragraphs};
use super::{anchor, fields_of, items, resolve, text, with_breaks};
use maud::{Markup, html};
use serde_json::Value;

/// Every named schema.
pub(super) fn all(document: &Value) -> Markup {
    html! {
        section #schemas {
            h2 { "Schemas" (anchor("schemas")) }
            p { "The parts that bodies share." }
            @for (name, schema) in fields_of(&document["components"]["schemas"]) {
                article.schema #{ "schema-" (name) } {
                    h3 { (name) (anchor(&format!("schema-{name}"))) }
                    (paragraphs(text(&schema["description"])))
                    @if schema["properties"].is_object() { (object(document, schema)) }
                    @else { p { (kind(schema)) } }
                }
            }
        }
    }
}

/// The fields of a body.
pub(super) fn object(document: &Value, schema: &Value) -> Markup {
    let schema = resolve(document, schema);
    let required: Vec<&str> = items(&schema["required"]).iter().map(text).collect();
    let mut fields = fields_of(&schema["properties"]);
    fields.sort_by_key(|(name, _)| !required.contains(&name.as_str()));
    html! {
        dl.fields {
            @for (name, field) in fields { (row(name, field, required.contains(&name.as_str()), None)) }
        }
        @if schema["additionalProperties"] == false { p.note { "Other fields are refused." } }
    }
}

/// The parameters of a request.
pub(super) fn parameters(document: &Value, parameters: &[Value]) -> Markup {
    html! {
        dl.fields {
            @for parameter in parameters {
                @let about = parameter["description"].as_str().unwrap_or_else(|| text(&resolve(document, &parameter["schema"])["description"]));
                (row(text(&parameter["name"]), &parameter["schema"], parameter["required"] == true, Some((text(&parameter["in"]), about))))
            }
        }
    }
}

fn row(name: &str, schema: &Value, is_required: bool, parameter: Option<(&str, &str)>) -> Markup {
    let about = parameter.map_or_else(|| text(&schema["description"]), |(_, about)| about);
    html! {
        div {
            dt {
                code { (with_breaks(name)) }
                @if let Some((place, _)) = parameter { span.type { (place) } }
                span.type { (kind(schema)) }
                @if is_required { span.required { "required" } }
            }
            dd {
                (inline(about))
                @if schema["type"] == "object" || items(&schema["type"]).iter().any(|one| one == "object") {
                    @let inner = fields_of(&schema["properties"]);
                    @if !inner.is_empty() { dl.fields { @for (name, field) in inner { (row(name, field, false, None)) } } }
                }
            }
        }
    }
}

/// Type and bounds, in words.
pub(super) fn kind(schema: &Value) -> Markup {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/components/schemas/")) {
        return html! { a href={ "#schema-" (name) } { (name) } };
    }
    let choices = [&schema["anyOf"], &schema["oneOf"]].into_iter().map(items).find(|one| !one.is_empty());
    if let Some(choices) = choices {
        return html! { @for (at, choice) in choices.iter().enumerate() { @if at > 0 { " or " } (choice_of(choice)) } };
    }
    if schema["items"].is_object() {
        let null = if is_nullable(schema) { " or null" } else { "" };
        return html! { "array of " (kind(&schema["items"])) (bounds(schema)) (null) };
    }
    html! { (type_name(schema)) (bounds(schema)) }
}

/// One of several: an object among them shows its fields' names.
fn choice_of(choice: &Value) -> Markup {
    let names: Vec<&str> = fields_of(&choice["properties"]).into_iter().map(|(name, _)| name.as_str()).collect();
    if names.is_empty() {
        return kind(choice);
    }
    let word = |name: &str| match choice["properties"][name]["const"].as_str() {
        Some(word) => format!("\"{name}\": \"{word}\""),
        None => format!("\"{name}\""),
    };
    html! { code { "{" (names.into_iter().map(word).collect::<Vec<_>>().join(", ")) "}" } }
}

fn type_name(schema: &Value) -> String {
    if schema["enum"].is_array() || schema.get("const").is_some() {
        return String::new();
    }
    match &schema["type"] {
        Value::String(name) => name.clone(),
        Value::Array(names) => names.iter().map(text).collect::<Vec<_>>().join(" or "),
        _ => "any value".to_owned(),
    }
}

fn is_nullable(schema: &Value) -> bool {
    items(&schema["type"]).iter().any(|name| name == "null")
}

fn bounds(schema: &Value) -> Markup {
    let number = |name: &str| schema[name].as_u64().map(grouped);
    let mut parts = Vec::new();
    match (number("minLength"), number("maxLength")) {
        (Some(least), Some(most)) => parts.push(format!("{least} to {most} characters")),
        (None, Some(most)) => parts.push(format!("at most {most} characters")),
        (Some(least), None) => parts.push(format!("at least {least} characters")),
        (None, None) => {}
    }
    match (number("minimum"), number("maximum")) {
        (Some(least), Some(most)) => parts.push(format!("{least} to {most}")),
        (None, Some(most)) => parts.push(format!("at most {most}")),
        (Some(least), None) => parts.push(format!("from {least}")),
        (None, None) => {}
    }
    parts.extend(number("maxItems").map(|most| format!("at most {most}")));
    parts.extend(schema["format"].as_str().map(str::to_owned));
    let values = schema.get("const").map(std::slice::from_ref).or_else(|| schema["enum"].as_array().map(Vec::as_slice));
    html! {
        @for part in parts { ", " (part) }
        @if let Some(pattern) = schema["pattern"].as_str() { ", " (shape(pattern)) }
        @for (at, value) in values.unwrap_or_default().iter().enumerate() {
            @if at > 0 { ", " } code { (value.as_str().map_or_else(|| value.to_string(), str::to_owned)) }
        }
        @if let Some(default) = schema.get("default").filter(|value| !value.is_null()) { ", default " code { (default) } }
    }
}

/// A pattern, or what it means where it only keeps control characters out.
fn shape(pattern: &str) -> Markup {
    match pattern {
        weft_shared::openapi::NO_CONTROLS => html! { "no control characters" },
        weft_shared::openapi::ONE_LINE => html! { "not blank, no control characters" },
        weft_shared::openapi::LINES => html! { "not blank, no control characters but line breaks and tabs" },
        weft_shared::openapi::OPTIONAL_LINES => html! { "no control characters but line breaks and tabs" },
        weft_shared::openapi::WEB_ADDRESS => html! { "an http or https address" },
        _ => html! { code { (pattern) } },
    }
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
