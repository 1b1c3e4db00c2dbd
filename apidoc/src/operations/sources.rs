//! What the default agent answers from.

use super::MANAGEMENT;
use crate::operation::{Group, Operation};
use serde_json::{Value, json};
use weft_shared::error::ErrorCode;
use weft_shared::ids::SourceId;
use weft_shared::protocol::http::{CreateSource, SourceList, SourceView};
use weft_shared::protocol::routes::Route;

pub(super) fn group() -> (Group, Vec<Operation>) {
    let group = Group {
        name: "Sources",
        about: "What the agent answers from. They belong to the tenant, not to an environment: at most 10,000.",
        plane: MANAGEMENT,
    };
    let operations = vec![
        Operation::new(Route::CreateSource, "createSource", "Add a source")
            .takes::<CreateSource>(json!({
                "title": "Returns", "body": "You have 30 days to return a purchase.", "url": "https://shop.example/returns"
            }))
            .answers::<SourceView>(201, "The source.", source())
            .refuses([ErrorCode::Conflict]),
        Operation::new(Route::ListSources, "listSources", "List sources")
            .about("A page also ends where its texts would be more than 1 MiB.")
            .paged()
            .answers::<SourceList>(
                200,
                "A page of sources, newest first.",
                json!({ "sources": [source()], "next_cursor": null }),
            ),
        Operation::new(Route::DeleteSource, "deleteSource", "Remove a source")
            .id::<SourceId>()
            .answers_with(204, "It is gone: the agent answers from it no more.", None),
    ];
    (group, operations)
}

fn source() -> Value {
    json!({
        "id": "src_0123456789abcdefghij", "title": "Returns", "body": "You have 30 days to return a purchase.",
        "url": "https://shop.example/returns", "created_at": "2026-11-22T04:22:23.000Z"
    })
}
