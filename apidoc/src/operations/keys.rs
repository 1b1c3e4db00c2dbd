//! API keys.

use super::MANAGEMENT;
use crate::operation::{Group, Operation};
use serde_json::{Value, json};
use weft_shared::error::ErrorCode;
use weft_shared::openapi::KeyId;
use weft_shared::protocol::http::{CreateKey, KeyCreated, KeyList, RotateKey};
use weft_shared::protocol::routes::Route;

pub(super) fn group() -> (Group, Vec<Operation>) {
    let group = Group {
        name: "Keys",
        about: "Publishable keys for pages, secret keys for servers. At most 3 of a type are active in an environment. \
                No key grants more than its own scopes.",
        plane: MANAGEMENT,
    };
    let operations = vec![
        Operation::new(Route::CreateKey, "createKey", "Create a key")
            .about("A secret key has all scopes but `keys:*` unless it names its own; a publishable key has none.")
            .takes::<CreateKey>(json!({
                "label": "Zapier", "type": "secret", "environment": "production", "scopes": ["widget:token", "sources:read"]
            }))
            .answers::<KeyCreated>(201, "The key, shown here and never again, and its record.", created())
            .refuses([ErrorCode::ApiKeysDisabled, ErrorCode::KeyLimitReached, ErrorCode::Conflict]),
        Operation::new(Route::ListKeys, "listKeys", "List keys").paged().answers::<KeyList>(
            200,
            "A page of records, newest first. None of them opens anything.",
            json!({ "keys": [record()], "next_cursor": null }),
        ),
        Operation::new(Route::RotateKey, "rotateKey", "Replace a key by a new one")
            .about(
                "The old key is accepted until its grace period ends: three days unless another is asked for; 0 is at once. \
                 The new one has the same scopes, label, expiry and limit.",
            )
            .id::<KeyId>()
            .may_take::<RotateKey>(json!({ "grace_seconds": 3600 }))
            .answers::<KeyCreated>(201, "The new key, shown here and never again, and its record.", created())
            .refuses([ErrorCode::Conflict, ErrorCode::KeyLimitReached]),
        Operation::new(Route::RevokeKey, "revokeKey", "Revoke a key")
            .about("Answered once the key is refused everywhere, for ever. Again is the same as once.")
            .id::<KeyId>()
            .answers_with(204, "It is refused from now on.", None),
    ];
    (group, operations)
}

fn record() -> Value {
    json!({
        "id": "key_0123456789abcdef01234567", "label": "Zapier", "type": "secret", "environment": "production",
        "scopes": ["sources:read", "widget:token"], "status": "active", "masked": "wf_sk_acme_••••1a2b",
        "created_at": "2026-11-22T04:22:23.000Z", "last_used_at": null, "expires_at": null,
        "deprecated_until": null, "revoked_at": null, "rate_limit_per_minute": null
    })
}

fn created() -> Value {
    let mut created = record();
    created["key"] = json!("wf_sk_acme_0000000000000000000000000000000000000000");
    created
}
