//! The schemas of all bodies, for the `OpenAPI` document (JSON Schema 2020-12, as `OpenAPI` 3.1 has it). Only with the
//! feature `openapi`: nothing that runs has it.
//!
//! Bodies derive their schemas where they stand, from the same attributes that read and write them. Here is what no
//! derive can know: the rules of names, times and texts. That these say what the code does is held by
//! `apidoc/tests/bodies.rs`, which asks both about the same values, on both sides of each bound.

mod config_patch;

pub use config_patch::ConfigPatch;

use crate::config::{Origin, RefreshPath};
use crate::error::ErrorCode;
use crate::ids::{ChatSessionId, ConversationId, CredentialId, Environment, RequestId, SourceId, TenantId};
use crate::scope::{Scope, ScopeSet};
use crate::time::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// Text without control characters.
pub const NO_CONTROLS: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";

/// The same, and not blank: what [`check_text`](crate::protocol::http::check_text) takes for one line.
pub const ONE_LINE: &str = concat!(
    r"^[^\u0000-\u001f\u007f-\u009f]*",
    r"[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]",
    r"[^\u0000-\u001f\u007f-\u009f]*$"
);

/// Text that may have line breaks and tabs, but no other control characters.
pub const OPTIONAL_LINES: &str = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$";

/// The same, and not blank: what [`check_text`](crate::protocol::http::check_text) takes for several lines.
pub const LINES: &str = concat!(
    r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*",
    r"[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]",
    r"[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"
);

/// An http or https address without blanks, backslashes and control characters. A parser looks at it as well: not
/// every text of this shape is an address.
pub const WEB_ADDRESS: &str = concat!(
    r"^[Hh][Tt][Tt][Pp][Ss]?://",
    r"[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\\]+$"
);

/// A name that is one string with a rule.
macro_rules! named {
    ($($type:ty, $name:literal, $schema:tt;)*) => { $(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )* };
}

named! {
    TenantId, "TenantId", {
        "description": "A tenant's id: lower-case letters and digits, with single hyphens between them.",
        "type": "string", "pattern": "^[a-z0-9](-?[a-z0-9])*$", "maxLength": 32, "examples": ["acme"]
    };
    Environment, "Environment", {
        "description": "`production`, `staging`, `development`, or another name of a tenant's shape.",
        "type": "string", "pattern": "^[a-z0-9](-?[a-z0-9])*$", "maxLength": 32, "examples": ["production"]
    };
    ConversationId, "ConversationId", {
        "description": "A conversation's id, picked by the browser.",
        "type": "string", "pattern": "^[A-Za-z0-9_-]{16,64}$", "examples": ["c_3hJ9wQzY7tK1mN5x"]
    };
    ChatSessionId, "ChatSessionId", {
        "description": "A client's own name for its conversation. Random where it comes from a page.",
        "type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$", "examples": ["7c1d3f0a-5b7e-4d0f-9a52-2f6f0c8e1b34"]
    };
    RequestId, "RequestId", {
        "description": "A message's id, picked by whoever sends it.",
        "type": "string", "pattern": "^[A-Za-z0-9_-]{16,64}$", "examples": ["m_8kR2vB6nD4sF0gHj"]
    };
    CredentialId, "CredentialId", {
        "description": "The id of a key (`key_…`) or session token (`ses_…`). It opens nothing.",
        "type": "string", "pattern": "^(key|ses)_[0-9a-f]{24}$", "examples": ["key_0123456789abcdef01234567"]
    };
    KeyId, "KeyId", {
        "description": "A key's id. It opens nothing.",
        "type": "string", "pattern": "^key_[0-9a-f]{24}$", "examples": ["key_0123456789abcdef01234567"]
    };
    SessionId, "SessionId", {
        "description": "A session token's id. It opens nothing.",
        "type": "string", "pattern": "^ses_[0-9a-f]{24}$", "examples": ["ses_0123456789abcdef01234567"]
    };
    SourceId, "SourceId", {
        "description": "A source's id.",
        "type": "string", "pattern": "^src_[A-Za-z0-9]{20}$", "examples": ["src_0123456789abcdefghij"]
    };
    KeyType, "KeyType", {
        "description": "`publishable` keys may stand in a page; `secret` keys are for servers only.",
        "type": "string", "enum": ["publishable", "secret"]
    };
    Origin, "Origin", {
        "description": "An origin as browsers send it: `https://shop.example`, `http://localhost:8788`.",
        "type": "string", "maxLength": 300, "pattern": "^https?://[a-z0-9._:\\[\\]-]+$", "examples": ["https://shop.example"]
    };
    RefreshPath, "RefreshPath", {
        "description": "A path on the base URL's own origin: one slash first, no query, no `.`, `..` or empty segments.",
        "type": "string", "maxLength": 512, "pattern": "^/[A-Za-z0-9/%._~!$&'()*+,;=:-]*$", "examples": ["/widget-token"]
    };
    Timestamp, "Time", {
        "description": "A time, RFC 3339. Answers have UTC with milliseconds; requests may have any offset.",
        "type": "string", "format": "date-time", "examples": ["2026-11-22T04:22:23.000Z"]
    };
}

/// A [`CredentialId`] that is a key's.
#[derive(Debug)]
pub struct KeyId;
/// A [`CredentialId`] that is a session token's.
#[derive(Debug)]
pub struct SessionId;
/// A [`crate::keys::CredentialKind`] that is a key's.
#[derive(Debug)]
pub struct KeyType;

impl JsonSchema for Scope {
    fn schema_name() -> Cow<'static, str> {
        "Scope".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What a secret key may do. `:write` includes `:read` of the same.",
            "type": "string", "enum": Scope::ALL.map(|scope| scope.to_string())
        })
    }
}

impl JsonSchema for ScopeSet {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ScopeSet".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "uniqueItems": true, "items": generator.subschema_for::<Scope>() })
    }
}

impl JsonSchema for ErrorCode {
    fn schema_name() -> Cow<'static, str> {
        "ErrorCode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What went wrong, for programs.",
            "type": "string", "enum": ErrorCode::ALL.map(ErrorCode::code)
        })
    }
}
