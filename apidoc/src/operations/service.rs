//! What is no business of any tenant.

use super::SERVICE;
use crate::operation::{Content, Group, Operation};
use serde_json::json;
use weft_shared::protocol::http::Health;
use weft_shared::protocol::routes::Route;

pub(super) fn group() -> (Group, Vec<Operation>) {
    let group = Group { name: "Service", about: "The deployment itself.", plane: SERVICE };
    let any_object = Content {
        media_type: "application/json",
        schema: Some(schemars::SchemaGenerator::subschema_for::<serde_json::Map<String, serde_json::Value>>),
        example: None,
    };
    let html = Content { media_type: "text/html", schema: None, example: None };
    let operations = vec![
        Operation::new(Route::Health, "health", "Whether the Worker runs")
            .about("Answers whatever else is wrong, missing settings included.")
            .answers::<Health>(200, "It runs.", json!({ "status": "ok" })),
        Operation::new(Route::OpenApi, "openapi", "This document")
            .about("It may be kept for five minutes.")
            .answers_with(200, "OpenAPI 3.1.", Some(any_object)),
        Operation::new(Route::Docs, "docs", "This document as a page").answers_with(
            200,
            "A page for people, without scripts.",
            Some(html),
        ),
    ];
    (group, operations)
}
