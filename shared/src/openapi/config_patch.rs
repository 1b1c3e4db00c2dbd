//! What `PATCH …/config` takes. [`Config::patch`](crate::config::Config::patch) reads it field by field, so no type could
//! tell its schema.

use super::{NO_CONTROLS, ONE_LINE, OPTIONAL_LINES};
use crate::config::{MAX_ORIGINS, MAX_PER_IP, MAX_QUESTIONS};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};
use std::borrow::Cow;

/// The body of `PATCH …/config`.
#[derive(Debug)]
pub struct ConfigPatch;

impl JsonSchema for ConfigPatch {
    fn schema_name() -> Cow<'static, str> {
        "ConfigPatch".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Fields to stage in the draft. What is absent stays; what is null returns to its default. \
                `appearance` and `agent` merge field by field.",
            "type": "object", "additionalProperties": false, "minProperties": 0,
            "properties": {
                "require_signed_token": {
                    "type": ["boolean", "null"], "description": "Whether the widget and chat need a signed widget token."
                },
                "base_url": origin("The origin of the customer's pages."),
                "refresh_path": {
                    "type": ["string", "null"], "minLength": 1, "maxLength": 512,
                    "pattern": "^/[A-Za-z0-9/%._~!$&'()*+,;=:-]*$",
                    "description": "Where on the page's own origin the widget asks for a token. One slash first; no query, \
                        no `.`, `..` or empty segments, also not in percent-encoding."
                },
                "allowed_origins": {
                    "type": ["array", "null"], "maxItems": MAX_ORIGINS,
                    "items": { "type": "string", "maxLength": 300, "pattern": ORIGIN, "examples": ["https://shop.example"] },
                    "description": "The origins that may use the widget; the base URL's alone where null."
                },
                "per_ip_daily": count("Accepted messages per client address and UTC day; null: no limit."),
                "per_ip_monthly": count("Accepted messages per client address and UTC month; null: no limit."),
                "appearance": appearance(),
                "agent": agent(),
            }
        })
    }
}

/// Any spelling that is read as an origin: `HTTPS://Shop.Example/` is kept as browsers send it. A parser has the last word.
const ORIGIN: &str = r"^[Hh][Tt][Tt][Pp][Ss]?://[^/\\@?#%\s]+/?$";

fn origin(about: &str) -> Value {
    json!({
        "type": ["string", "null"], "maxLength": 300, "pattern": ORIGIN, "examples": ["https://shop.example"],
        "description": format!("{about} https, or http on this machine.")
    })
}

fn count(about: &str) -> Value {
    json!({ "type": ["integer", "null"], "minimum": 1, "maximum": MAX_PER_IP, "description": about })
}

fn appearance() -> Value {
    json!({
        "type": ["object", "null"], "additionalProperties": false, "description": "How the widget looks.",
        "properties": {
            "title": {
                "type": ["string", "null"], "minLength": 1, "maxLength": 60, "pattern": ONE_LINE, "description": "The heading."
            },
            "welcome_message": {
                "type": ["string", "null"], "maxLength": 500, "pattern": OPTIONAL_LINES,
                "description": "What it says before the first message."
            },
            "input_placeholder": {
                "type": ["string", "null"], "maxLength": 100, "pattern": NO_CONTROLS, "description": "The hint in the empty input."
            },
            "accent_color": { "type": ["string", "null"], "pattern": "^#[0-9A-Fa-f]{6}$", "description": "`#rrggbb`." },
            "position": {
                "type": ["string", "null"], "enum": ["bottom-right", "bottom-left", null], "description": "Where the launcher stands."
            },
            "theme": {
                "type": ["string", "null"], "enum": ["auto", "light", "dark", null],
                "description": "Light, dark or the visitor's own setting."
            },
            "locale": {
                "type": ["string", "null"], "maxLength": 35, "pattern": "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$",
                "description": "Language tag of the visitors, as `de` or `pt-BR`."
            },
            "suggested_questions": {
                "type": ["array", "null"], "maxItems": MAX_QUESTIONS,
                "items": { "type": "string", "minLength": 1, "maxLength": 100, "pattern": ONE_LINE },
                "description": "What a visitor may ask with one click before the first message."
            },
        }
    })
}

fn agent() -> Value {
    json!({
        "type": ["object", "null"], "additionalProperties": false, "description": "What answers.",
        "properties": {
            "provider": {
                "type": ["string", "null"], "enum": ["sources", "openai", null],
                "description": "`sources` quotes the tenant's sources; `openai` asks the deployment's model."
            },
            "instructions": {
                "type": ["string", "null"], "maxLength": 8000, "pattern": OPTIONAL_LINES,
                "description": "What a model is told beforehand."
            },
            "model": {
                "type": ["string", "null"], "minLength": 1, "maxLength": 100, "pattern": ONE_LINE,
                "description": "Which model; the deployment's own where null."
            },
        }
    })
}
