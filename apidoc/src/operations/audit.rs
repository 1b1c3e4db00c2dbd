//! The audit log.

use super::MANAGEMENT;
use crate::operation::{Group, Operation};
use serde_json::json;
use weft_shared::audit::AuditList;
use weft_shared::protocol::routes::Route;

pub(super) fn group() -> (Group, Vec<Operation>) {
    let group = Group {
        name: "Audit",
        about: "Who did what, when, from where. Never a secret; addresses stand in it by pseudonym.",
        plane: MANAGEMENT,
    };
    let operations =
        vec![Operation::new(Route::ReadAudit, "readAudit", "Read the audit log").paged().answers::<AuditList>(
            200,
            "A page of entries, newest first.",
            json!({
                "entries": [{
                    "id": 7, "at": "2026-11-22T04:22:23.123Z", "actor": { "type": "admin" }, "action": "key.rotated",
                    "target": "key_0123456789abcdef01234567", "address": "9f86d081884c7d65", "changes": { "grace_seconds": 60 }
                }],
                "next_cursor": null
            }),
        )];
    (group, operations)
}
