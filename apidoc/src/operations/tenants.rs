//! Tenants.

use super::MANAGEMENT;
use crate::operation::{Group, Operation};
use serde_json::{Value, json};
use weft_shared::error::ErrorCode;
use weft_shared::ids::TenantId;
use weft_shared::protocol::http::{CreateTenant, Tenant, TenantList, UpdateTenant};
use weft_shared::protocol::routes::Route;

pub(super) fn group() -> (Group, Vec<Operation>) {
    let group = Group { name: "Tenants", about: "The isolation boundary: one customer each.", plane: MANAGEMENT };
    let operations = vec![
        Operation::new(Route::CreateTenant, "createTenant", "Create a tenant")
            .takes::<CreateTenant>(json!({ "id": "acme", "name": "Acme Ltd" }))
            .answers::<Tenant>(201, "The tenant.", tenant())
            .refuses([ErrorCode::Conflict]),
        Operation::new(Route::ListTenants, "listTenants", "List tenants").paged_by::<TenantId>().answers::<TenantList>(
            200,
            "A page of tenants, by id.",
            json!({ "tenants": [tenant()], "next_cursor": null }),
        ),
        Operation::new(Route::ReadTenant, "readTenant", "Read a tenant").answers::<Tenant>(
            200,
            "The tenant.",
            tenant(),
        ),
        Operation::new(Route::UpdateTenant, "updateTenant", "Change a tenant")
            .about(
                "What is absent stays, what is null returns to its default. Where HIPAA's rules hold, secret keys are refused at \
                 creation and at use (403 `api_keys_disabled`), and a signed widget token is always required. A conversation \
                 without a message for `retention_days` is deleted.",
            )
            .takes::<UpdateTenant>(json!({ "name": "Acme Inc", "hipaa": true, "retention_days": 365 }))
            .answers::<Tenant>(
                200,
                "The tenant as it is now.",
                json!({
                    "id": "acme", "name": "Acme Inc", "hipaa": true, "created_at": "2026-11-22T04:22:23.000Z",
                    "retention_days": 365
                }),
            ),
    ];
    (group, operations)
}

fn tenant() -> Value {
    json!({ "id": "acme", "name": "Acme Ltd", "hipaa": false, "created_at": "2026-11-22T04:22:23.000Z", "retention_days": 365 })
}
