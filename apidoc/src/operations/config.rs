//! The config: a draft, a live one, and the step between.

use super::{MANAGEMENT, with_environment};
use crate::operation::{Group, Operation};
use serde_json::{Value, json};
use weft_shared::error::ErrorCode;
use weft_shared::openapi::ConfigPatch;
use weft_shared::protocol::http::{ConfigBody, Deployed, EnvironmentBody};
use weft_shared::protocol::routes::Route;

pub(super) fn group() -> (Group, Vec<Operation>) {
    let group = Group {
        name: "Config",
        about: "One per environment. Changes are staged in the draft; a deploy makes the draft live, as one step.",
        plane: MANAGEMENT,
    };
    let operations = vec![
        with_environment(Operation::new(Route::ReadConfig, "readConfig", "Read draft and live config"))
            .answers::<ConfigBody>(200, "Both, and what a deploy would change.", body()),
        with_environment(Operation::new(Route::StageConfig, "stageConfig", "Stage changes in the draft"))
            .takes::<ConfigPatch>(json!({
                "base_url": "https://shop.example", "require_signed_token": true, "appearance": { "title": "Ask Acme" }
            }))
            .answers::<ConfigBody>(200, "Both, and what a deploy would change.", body()),
        Operation::new(Route::DeployConfig, "deployConfig", "Make the draft live")
            .about("A draft that changes nothing makes no new version.")
            .takes::<EnvironmentBody>(json!({ "environment": "production" }))
            .answers::<Deployed>(
                200,
                "What is now in force.",
                json!({
                    "environment": "production", "version": 2, "deployed_at": "2026-11-22T04:22:23.000Z", "live": config("Ask Acme")
                }),
            )
            .refuses([ErrorCode::Conflict]),
        Operation::new(Route::DiscardConfig, "discardConfig", "Drop the draft")
            .takes::<EnvironmentBody>(json!({ "environment": "production" }))
            .answers::<ConfigBody>(200, "Both are now the live one.", body()),
    ];
    (group, operations)
}

fn config(title: &str) -> Value {
    json!({
        "require_signed_token": true, "base_url": "https://shop.example", "refresh_path": "/widget-token",
        "allowed_origins": null, "per_ip_daily": null, "per_ip_monthly": null,
        "appearance": {
            "title": title, "welcome_message": "Hello! What can we help you with?",
            "input_placeholder": "Write a message", "accent_color": "#2563eb", "position": "bottom-right",
            "theme": "auto", "locale": null
        },
        "agent": { "provider": "sources", "instructions": "", "model": null }
    })
}

fn body() -> Value {
    json!({
        "environment": "production", "draft": config("Ask Acme"), "live": config("Chat with us"),
        "changes": [{ "field": "appearance.title", "live": "Chat with us", "draft": "Ask Acme" }],
        "version": 1, "live_deployed_at": "2026-11-22T04:22:23.000Z"
    })
}
