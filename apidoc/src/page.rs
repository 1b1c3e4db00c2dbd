//! The document as one page for people: no script, nothing from elsewhere, an anchor for everything.
//!
//! It is made from the document alone, so it can't say anything else.

mod example;
mod fields;
mod words;

use base64ct::{Base64, Encoding as _};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use words::{inline, paragraphs};

const STYLE: &str = include_str!("page/style.css");

/// The page.
#[must_use]
pub fn page(document: &Value) -> String {
    // The answer's own policy can't know the sheet's hash; two policies hold together, and this is the narrower.
    let policy = format!("style-src 'sha256-{}'", Base64::encode_string(&Sha256::digest(STYLE)));
    let info = &document["info"];
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="description" content=(text(&info["summary"]));
                title { (text(&info["title"])) " API" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                (contents(document))
                main #content {
                    header.top {
                        h1 { (text(&info["title"])) " API" }
                        p.lead { (text(&info["summary"])) ". The same for programs: " a href="/v1/openapi.json" { "openapi.json" } " (OpenAPI 3.1)." }
                    }
                    section #basics { h2 { "Basics" (anchor("basics")) } (paragraphs(text(&info["description"]))) }
                    (credentials(document))
                    @for tag in items(&document["tags"]) { (group(document, tag)) }
                    (fields::all(document))
                    (errors(document))
                    footer { "Made from the Worker's own table of routes and types. " a href=(text(&document["externalDocs"]["url"])) { (text(&document["externalDocs"]["description"])) } }
                }
            }
        }
    }
    .into_string()
}

/// The contents, beside the page where it is wide, folded above it where it is not.
fn contents(document: &Value) -> Markup {
    let links = html! {
        p.plane { a href="#basics" { "Basics" } " · " a href="#credentials" { "Credentials" } " · " a href="#schemas" { "Schemas" } " · " a href="#errors" { "Errors" } }
        @for plane in items(&document["x-tagGroups"]) {
            p.plane { (text(&plane["name"])) }
            @for tag in items(&plane["tags"]) {
                p.group { a href={ "#" (slug(text(tag))) } { (text(tag)) } }
                ul {
                    @for (method, _, operation) in operations(document, text(tag)) {
                        li { a href={ "#" (text(&operation["operationId"])) } { (badge(&method)) span { (text(&operation["summary"])) } } }
                    }
                }
            }
        }
    };
    html! {
        nav aria-label="Contents" {
            div.wide { p.brand { a href="#content" { "Weft API" } } (links) }
            details.narrow { summary { "Weft API: contents" } (links) }
        }
    }
}

fn credentials(document: &Value) -> Markup {
    html! {
        section #credentials {
            h2 { "Credentials" (anchor("credentials")) }
            dl.fields {
                @for (name, scheme) in fields_of(&document["components"]["securitySchemes"]) {
                    div #{ "credential-" (name) } {
                        dt { code { (scheme_title(name)) } span.type { (place(scheme)) } }
                        dd { (inline(text(&scheme["description"]))) }
                    }
                }
            }
        }
    }
}

/// What people call a security scheme.
fn scheme_title(name: &str) -> &str {
    match name {
        "adminKey" => "admin key",
        "adminKeyHeader" => "admin key (header)",
        "sessionToken" => "session token",
        "secretKey" => "secret key",
        "publishableKey" => "publishable key",
        "publishableKeyInQuery" => "publishable key (query)",
        "widgetApiKey" => "WIDGET_API_KEY",
        "apiKeyHeader" => "X-Api-Key",
        "widgetApiKeyHeader" => "X-Widget-Api-Key",
        other => other,
    }
}

fn place(scheme: &Value) -> String {
    match scheme["in"].as_str() {
        Some("query") => format!("query parameter {}", text(&scheme["name"])),
        Some(_) => format!("header {}", text(&scheme["name"])),
        None => "Authorization: Bearer".to_owned(),
    }
}

fn group(document: &Value, tag: &Value) -> Markup {
    let name = text(&tag["name"]);
    html! {
        section #(slug(name)) {
            h2 { (name) (anchor(&slug(name))) }
            p { (inline(text(&tag["description"]))) }
            @for (method, path, operation) in operations(document, name) { (one(document, &method, &path, operation)) }
        }
    }
}

/// One operation.
fn one(document: &Value, method: &str, path: &str, operation: &Value) -> Markup {
    let id = text(&operation["operationId"]);
    let body = &operation["requestBody"];
    html! {
        article #(id) {
            h3 { (text(&operation["summary"])) (anchor(id)) }
            p.route { (badge(method)) code { (with_breaks(path)) } }
            (paragraphs(text(&operation["description"])))
            div.callers { span.label { "Who may" } (callers(operation)) }
            @if let Some(parameters) = operation["parameters"].as_array() {
                h4 { "Parameters" }
                (fields::parameters(document, parameters))
            }
            @if body.is_object() {
                h4 { "Body" @if body["required"] == false { span.type { "may be empty" } } }
                (fields::object(document, &body["content"]["application/json"]["schema"]))
            }
            h4 { "Example" }
            pre tabindex="0" { code { (example::curl(document, method, path, operation)) } }
            h4 { "Answers" }
            (answers(document, operation))
        }
    }
}

fn callers(operation: &Value) -> Markup {
    let all = items(&operation["security"]);
    html! {
        @if all.is_empty() { span { "anyone, without a credential" } }
        ul.chips {
            @for requirement in all {
                @for (scheme, scopes) in fields_of(requirement) {
                    li { a href={ "#credential-" (scheme) } { (scheme_title(scheme)) }
                        @for scope in items(scopes) { " with " code { (text(scope)) } } }
                }
            }
        }
    }
}

fn answers(document: &Value, operation: &Value) -> Markup {
    let (good, bad): (Vec<_>, Vec<_>) =
        fields_of(&operation["responses"]).into_iter().partition(|(status, _)| status.as_str() < "400");
    html! {
        @for (status, response) in good {
            div.answer {
                p { span.status.good { (status) } " " (inline(text(&response["description"]))) }
                @for (media_type, content) in fields_of(&response["content"]) {
                    @if content["schema"].is_object() && media_type == "application/json" && content["example"].is_object() {
                        details {
                            summary { "Fields" }
                            (fields::object(document, &content["schema"]))
                        }
                        pre tabindex="0" { code { (example::pretty(&content["example"])) } }
                    }
                    @if content["x-weft-line"].is_object() {
                        p.note { "Each line is a " (fields::kind(&content["x-weft-line"])) ", without line breaks within:" }
                        pre tabindex="0" { code { (text(&content["example"])) } }
                    }
                }
            }
        }
        @if !bad.is_empty() {
            ul.refusals aria-label="Refusals" {
                @for (status, response) in bad {
                    li { span.status { (status) }
                        @for code in codes(document, response) { " " a href={ "#error-" (code) } { code { (with_breaks(&code)) } } } }
                }
            }
        }
    }
}

/// The codes of a refusal.
fn codes(document: &Value, response: &Value) -> Vec<String> {
    let response = resolve(document, response);
    let codes = &response["content"]["application/json"]["schema"]["properties"]["error"]["enum"];
    items(codes).iter().map(|code| text(code).to_owned()).collect()
}

fn errors(document: &Value) -> Markup {
    html! {
        section #errors {
            h2 { "Errors" (anchor("errors")) }
            p { "Every refusal is " code { "{\"error\", \"message\"}" } ". " code { "error" } " is one of these; " code { "message" } " may say more, such as the field that is wrong." }
            table {
                thead { tr { th scope="col" { "Status" } th scope="col" { "Code" } th scope="col" { "Message" } } }
                tbody {
                    @for row in items(&document["x-weft-errors"]) {
                        tr #{ "error-" (text(&row["code"])) } {
                            td { span.status { (row["status"]) } }
                            td { code { (with_breaks(text(&row["code"]))) } }
                            td { (inline(text(&row["message"]))) }
                        }
                    }
                }
            }
        }
    }
}

fn badge(method: &str) -> Markup {
    html! { span class={ "method " (method.to_ascii_lowercase()) } { (method) } }
}

fn anchor(id: &str) -> Markup {
    html! { a.anchor href={ "#" (id) } aria-label="Link to this" { "#" } }
}

/// A long name that may break where its parts end.
fn with_breaks(name: &str) -> Markup {
    html! {
        @for (at, part) in name.split_inclusive(['/', '_']).enumerate() { @if at > 0 { wbr; } (part) }
    }
}

/// The operations of a group, in the group's own order.
fn operations<'a>(document: &'a Value, tag: &str) -> Vec<(String, String, &'a Value)> {
    let mut all = Vec::new();
    for (path, item) in fields_of(&document["paths"]) {
        for (method, operation) in fields_of(item) {
            if items(&operation["tags"]).iter().any(|own| own == tag) {
                all.push((method.to_ascii_uppercase(), path.clone(), operation));
            }
        }
    }
    let order =
        items(&document["tags"]).iter().find(|one| one["name"] == tag).map(|one| items(&one["x-weft-operations"]));
    let order = order.unwrap_or_default();
    all.sort_by_key(|(.., operation)| order.iter().position(|id| *id == operation["operationId"]));
    all
}

/// What a reference leads to.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"].as_str().and_then(|reference| document.pointer(reference.trim_start_matches('#')));
    target.unwrap_or(value)
}

fn slug(name: &str) -> String {
    name.to_ascii_lowercase().replace(' ', "-")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn fields_of(value: &Value) -> Vec<(&String, &Value)> {
    value.as_object().map(|fields| fields.iter().collect()).unwrap_or_default()
}
