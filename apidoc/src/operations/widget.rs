//! What a page's browser and a customer's backend call for the widget.

use super::WIDGET;
use crate::operation::{Group, Operation};
use serde_json::json;
use weft_shared::error::ErrorCode;
use weft_shared::ids::ConversationId;
use weft_shared::protocol::http::{MintWidgetToken, WidgetTokenBody};
use weft_shared::protocol::routes::Route;
use weft_shared::protocol::widget_config::WidgetConfig;

pub(super) fn group() -> (Group, Vec<Operation>) {
    let group = Group {
        name: "Widget",
        about: "What the widget in a page calls, and the token that the customer's backend gets for it.",
        plane: WIDGET,
    };
    let token = json!({ "token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1XzQyIn0.c2lnbmF0dXJl", "expires_at": "2026-11-22T04:27:23.000Z" });
    let operations = vec![
        Operation::new(Route::WidgetConfig, "widgetConfig", "What the widget needs to know")
            .about("From the live config. Before the environment's first deploy there is none: 404.")
            .answers::<WidgetConfig>(
                200,
                "The live config, as far as a page may see it.",
                json!({
                    "tenant": "acme", "environment": "production", "requireSignedToken": true,
                    "refreshPath": "/widget-token", "hiddenUntil": null,
                    "appearance": {
                        "title": "Chat with us", "welcomeMessage": "Hello! What can we help you with?",
                        "inputPlaceholder": "Write a message", "accentColor": "#2563eb",
                        "position": "bottom-right", "theme": "auto", "locale": null
                    }
                }),
            )
            .refuses([ErrorCode::OriginNotAllowed, ErrorCode::NotFound, ErrorCode::RateLimited]),
        Operation::new(Route::WidgetSession, "widgetSession", "The WebSocket of one conversation")
            .about(
                "Upgrades to a WebSocket that speaks protocol 1: JSON text frames, the widget token in the first of them and \
                 never in the URL. The frames, close codes and limits are in docs/PROTOCOL.md. What is refused before the \
                 upgrade is a plain answer as below.",
            )
            .query_of::<ConversationId>("conversation", true, "The conversation, new or known.")
            .header("Upgrade", true, &json!({ "type": "string", "enum": ["websocket"] }), "RFC 6455.")
            .header("Origin", true, &json!({ "type": "string" }), "On the live config's list.")
            .answers_with(101, "The socket is open; its first frame is `session.ready`.", None)
            .refuses([ErrorCode::OriginNotAllowed, ErrorCode::NotFound, ErrorCode::RateLimited]),
        Operation::new(Route::MintWidgetToken, "mintWidgetToken", "Make a widget token")
            .about(
                "What a refresh endpoint calls, once it knows who is logged in. A key's token is for the key's own environment; a \
                 session token names it.",
            )
            .may_take::<MintWidgetToken>(json!({ "user": { "id": "u_42", "name": "Ada" }, "ttl_seconds": 300 }))
            .answers::<WidgetTokenBody>(200, "The token: hand it on to the page as it is.", token.clone()),
        Operation::new(Route::TestWidgetToken, "testWidgetToken", "A refresh endpoint for trying things out")
            .about(
                "Answers as a customer's refresh endpoint would, without a credential, to pages of allowed origins alone. It is \
                 there only while `TEST_WIDGET_TOKEN_API_KEY` is set, and never in production: else 404.",
            )
            .header("Origin", true, &json!({ "type": "string" }), "On the live config's list.")
            .answers::<WidgetTokenBody>(200, "A token for a user `test-user`.", token)
            .refuses([
                ErrorCode::OriginNotAllowed,
                ErrorCode::NotFound,
                ErrorCode::PayloadTooLarge,
                ErrorCode::RateLimited,
                ErrorCode::Unavailable,
            ]),
    ];
    (group, operations)
}
