//! Session tokens.

use super::MANAGEMENT;
use crate::operation::{Group, Operation};
use serde_json::json;
use weft_shared::error::ErrorCode;
use weft_shared::openapi::SessionId;
use weft_shared::protocol::http::{CreateSession, SessionCreated, SessionList};
use weft_shared::protocol::routes::Route;

pub(super) fn group() -> (Group, Vec<Operation>) {
    let group = Group {
        name: "Session tokens",
        about: "Credentials of one hour that the operator issues for one tenant. They do what a secret key with all scopes \
                but `keys:*` does.",
        plane: MANAGEMENT,
    };
    let operations = vec![
        Operation::new(Route::CreateSession, "createSession", "Issue a session token")
            .takes::<CreateSession>(json!({ "tenant_id": "acme" }))
            .answers::<SessionCreated>(
                200,
                "The token. It is shown here and never again.",
                json!({
                    "token": "sess_acme_0000000000000000000000000000000000000000", "tenant_id": "acme",
                    "expires_at": "2026-11-22T05:22:23.000Z"
                }),
            )
            .refuses([ErrorCode::NotFound]),
        Operation::new(Route::ListSessions, "listSessions", "List session tokens").paged().answers::<SessionList>(
            200,
            "A page of records, newest first. None of them opens anything.",
            json!({
                "sessions": [{
                    "id": "ses_0123456789abcdef01234567", "status": "active", "masked": "sess_acme_••••1a2b",
                    "created_at": "2026-11-22T04:22:23.000Z", "last_used_at": null,
                    "expires_at": "2026-11-22T05:22:23.000Z", "revoked_at": null
                }],
                "next_cursor": null
            }),
        ),
        Operation::new(Route::RevokeSession, "revokeSession", "Revoke a session token")
            .about("Answered once the token is refused everywhere. Again is the same as once.")
            .id::<SessionId>()
            .answers_with(204, "It is refused from now on.", None),
    ];
    (group, operations)
}
