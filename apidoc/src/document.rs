//! Puts the document together.

use crate::errors;
use crate::headers;
use crate::operation::{Answer, Content, Group, NDJSON, Operation};
use crate::operations;
use crate::schemas::Schemas;
use crate::security;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use weft_shared::ids::TenantId;
use weft_shared::protocol::http::ErrorBody;
use weft_shared::protocol::routes::{Cors, ROUTES, Row};

/// Where the protocol of the WebSocket is written down.
const PROTOCOL_URL: &str = "https://github.com/weft-chat/weft/blob/main/docs/PROTOCOL.md";

const ABOUT: &str = "An embeddable AI chat widget, and the API behind it.\n\n\
    **Credentials** go into `Authorization: Bearer …`. In a URL a credential is refused, but for a publishable key on \
    `/widget/*`. Over plain HTTP it is refused too (`https_required`).\n\n\
    **Bodies** are JSON objects of at most 64 KiB. Unknown fields are refused by name; unknown query parameters are \
    ignored, and a known one may come once. Answers may gain fields: clients ignore those that they don't know. The \
    management API speaks snake_case, what browsers touch camelCase. Times are RFC 3339 in UTC.\n\n\
    **Lists** take `limit` and `cursor`. A page has at most `limit` items, and may have fewer where they are large: \
    only `next_cursor: null` is the end.\n\n\
    **Limits.** Secret keys and session tokens pass 100 requests a minute unless the key has a limit of its own. What is \
    left stands in `RateLimit` and `RateLimit-Policy` of each answer to a request that counts; a 429 says in \
    `Retry-After` when to try again.\n\n\
    **Refusals** are `{\"error\", \"message\"}`. What belongs to another tenant answers exactly as what is not there. A \
    path that exists answers other methods with 405 and `Allow`; `HEAD` is answered wherever `GET` is.\n\n\
    `/api/v1/…` is the same as `/v1/…`. Answers are not to be cached (`Cache-Control: no-store`) unless they say otherwise. All \
    have `X-Content-Type-Options`, `Content-Security-Policy` and `Referrer-Policy`: no browser takes them for a page or a script.";

/// The document.
///
/// # Panics
/// Where an operation's route is not in the table of routes.
#[must_use]
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut refusals: Map<String, Value> = Map::new();
    schemas.add_written::<ErrorBody<'static>>();
    let groups = operations::all();
    let mut paths: Map<String, Value> = Map::new();
    for (group, operations) in &groups {
        for operation in operations {
            let row = ROUTES.iter().find(|row| row.route == operation.route).expect("each route has its row");
            let path = paths.entry(row.pattern).or_insert_with(|| json!({}));
            path[row.method.as_str().to_ascii_lowercase()] = item(row, group, operation, &mut schemas);
            for (status, codes) in errors::of(row, operation) {
                let name = errors::name(row, status, &codes);
                refusals.entry(name).or_insert_with(|| errors::response(row, status, &codes));
            }
        }
    }
    let tags: Vec<Value> = groups.iter().map(|(group, operations)| tag(group, operations)).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Weft", "version": "1", "summary": "Embeddable AI chat on Cloudflare Workers", "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "externalDocs": { "description": "The protocol of the WebSocket", "url": PROTOCOL_URL },
        "servers": [{ "url": "/", "description": "This deployment" }],
        "tags": tags,
        "x-tagGroups": tag_groups(groups.iter().map(|(group, _)| group)),
        "x-weft-errors": errors::table(),
        "paths": paths,
        "components": {
            "securitySchemes": security::schemes(), "responses": refusals,
            "headers": headers::components(), "schemas": schemas.components(),
        },
    })
}

/// A group, with its operations in the order in which the page shows them.
fn tag(group: &Group, operations: &[Operation]) -> Value {
    let ids: Vec<&str> = operations.iter().map(|operation| operation.id).collect();
    json!({ "name": group.name, "description": group.about, "x-weft-operations": ids })
}

/// The document as its file has it: the most important first, each on lines of its own.
#[must_use]
pub fn text(document: &Value) -> String {
    const ORDER: [&str; 9] =
        ["openapi", "info", "externalDocs", "servers", "tags", "x-tagGroups", "x-weft-errors", "paths", "components"];
    let parts = ORDER.iter().map(|name| {
        let part = serde_json::to_string_pretty(&document[*name]).unwrap_or_default();
        format!("  \"{name}\": {}", part.replace('\n', "\n  "))
    });
    format!("{{\n{}\n}}\n", parts.collect::<Vec<_>>().join(",\n"))
}

fn tag_groups<'a>(groups: impl Iterator<Item = &'a Group>) -> Value {
    let mut planes: Vec<(&str, Vec<&str>)> = Vec::new();
    for group in groups {
        match planes.iter_mut().find(|(plane, _)| *plane == group.plane) {
            Some((_, names)) => names.push(group.name),
            None => planes.push((group.plane, vec![group.name])),
        }
    }
    planes.into_iter().map(|(plane, names)| json!({ "name": plane, "tags": names })).collect()
}

fn item(row: &Row, group: &Group, operation: &Operation, schemas: &mut Schemas) -> Value {
    let mut parameters = path_parameters(row, operation, schemas);
    for (parameter, of) in &operation.parameters {
        let mut parameter = parameter.clone();
        if let Some(of) = of {
            parameter["schema"] = schemas.read(*of);
        }
        parameters.push(parameter);
    }
    let mut responses = Map::new();
    for answer in &operation.answers {
        responses.insert(answer.status.to_string(), answered(row, operation, answer, schemas));
    }
    for (status, codes) in errors::of(row, operation) {
        let reference = format!("#/components/responses/{}", errors::name(row, status, &codes));
        responses.insert(status.to_string(), json!({ "$ref": reference }));
    }
    let mut item = json!({
        "operationId": operation.id, "summary": operation.summary, "tags": [group.name],
        "security": security::requirements(row), "x-weft-need": security::need(row.need), "responses": responses,
    });
    let mut about = operation.about.to_owned();
    if row.cors != Cors::Closed {
        let _ = write!(about, "\n\nPages of the live config's allowed origins may read the answer (CORS).");
    }
    if !about.is_empty() {
        item["description"] = json!(about.trim());
    }
    if !parameters.is_empty() {
        item["parameters"] = json!(parameters);
    }
    if let Some(body) = &operation.body {
        let mut content = json!({ "schema": body.content.schema.map(|of| schemas.read(of)) });
        if let Some(example) = &body.content.example {
            content["example"] = example.clone();
        }
        let media_type = body.content.media_type;
        item["requestBody"] = json!({ "required": body.is_required, "content": { media_type: content } });
    }
    item
}

fn path_parameters(row: &Row, operation: &Operation, schemas: &mut Schemas) -> Vec<Value> {
    let parameter =
        |name: &str, schema: Value| json!({ "in": "path", "name": name, "required": true, "schema": schema });
    let mut all = Vec::new();
    if row.pattern.contains("{tenant}") {
        all.push(parameter("tenant", schemas.read(schemars::SchemaGenerator::subschema_for::<TenantId>)));
    }
    if row.pattern.contains("{id}") {
        let of = operation.id_schema.expect("an operation with {id} in its path says what it is: `.id::<T>()`");
        all.push(parameter("id", schemas.read(of)));
    }
    all
}

fn answered(row: &Row, operation: &Operation, answer: &Answer, schemas: &mut Schemas) -> Value {
    let mut response = json!({ "description": answer.about });
    let headers = headers::of(row, &operation.headers);
    if !headers.is_empty() {
        response["headers"] = Value::Object(headers);
    }
    if let Some(Content { media_type, schema, example }) = &answer.content {
        let mut content = json!({});
        if let Some(of) = schema {
            let schema = schemas.written(*of);
            if *media_type == NDJSON {
                // OpenAPI 3.1 knows no schema of a line.
                content["schema"] = json!({ "type": "string" });
                content["x-weft-line"] = schema;
            } else {
                content["schema"] = schema;
            }
        }
        if let Some(example) = example {
            content["example"] = example.clone();
        }
        response["content"] = json!({ *media_type: content });
    }
    response
}
