//! The audit log: who did what, when, from where. An entry is written in the transaction of the act that it speaks of.
//!
//! Decided here: which acts there are, what an entry holds and how it reads. It never holds a secret: keys stand in it by
//! id, addresses by pseudonym, and texts that people typed are escaped when they are shown, so no label can forge a line.

use crate::auth::Principal;
use crate::ids::CredentialId;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[expect(missing_docs, reason = "each variant is the word that it is written as")]
pub enum Action {
    #[serde(rename = "tenant.created")]
    TenantCreated,
    #[serde(rename = "tenant.updated")]
    TenantUpdated,
    #[serde(rename = "key.created")]
    KeyCreated,
    #[serde(rename = "key.rotated")]
    KeyRotated,
    #[serde(rename = "key.revoked")]
    KeyRevoked,
    #[serde(rename = "key.exposed")]
    KeyExposed,
    #[serde(rename = "session.created")]
    SessionCreated,
    #[serde(rename = "session.revoked")]
    SessionRevoked,
    #[serde(rename = "config.staged")]
    ConfigStaged,
    #[serde(rename = "config.deployed")]
    ConfigDeployed,
    #[serde(rename = "config.discarded")]
    ConfigDiscarded,
    #[serde(rename = "source.created")]
    SourceCreated,
    #[serde(rename = "source.deleted")]
    SourceDeleted,
    #[serde(rename = "conversation.deleted")]
    ConversationDeleted,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Actor {
    /// The operator, by the admin key.
    Admin,
    /// A secret key.
    Key {
        /// Its id.
        id: CredentialId,
    },
    /// A session token.
    Session {
        /// Its id.
        id: CredentialId,
    },
    /// Weft itself, by a rule.
    System,
}

impl From<&Principal> for Actor {
    fn from(principal: &Principal) -> Self {
        match principal {
            Principal::Admin => Self::Admin,
            Principal::Key { id, .. } => Self::Key { id: id.clone() },
            Principal::Session { id, .. } => Self::Session { id: id.clone() },
            Principal::WidgetApiKey => Self::System,
        }
    }
}

/// Who acts, and from where: what an act's entry needs of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// Who.
    pub actor: Actor,
    /// The pseudonym of the client's address, where that is known.
    pub address: Option<String>,
}

impl By {
    /// Weft itself, by a rule that this request set off.
    #[must_use]
    pub fn system(self) -> Self {
        Self { actor: Actor::System, ..self }
    }

    /// The act, without what it was done to.
    #[must_use]
    pub fn did(&self, action: Action) -> Act {
        Act::new(self.actor.clone(), action, self.address.clone())
    }
}

/// The longest text of a field that an entry keeps, in characters. A log of acts is no second store of what was written.
const MAX_TEXT_CHARS: usize = 200;

/// One entry. Serialized, this is both the stored form and the API's, but for `at` and the entry's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Act {
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// To what: the id of a key, session or source, or an environment's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// From where: the pseudonym of the client's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What changed, field by field.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub changes: Map<String, Value>,
}

impl Act {
    /// An act on nothing in particular.
    #[must_use]
    pub fn new(actor: Actor, action: Action, address: Option<String>) -> Self {
        Self { actor, action, target: None, address, changes: Map::new() }
    }

    /// The same, on this.
    #[must_use]
    pub fn on(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// The same, with a field that changed. Never call it with a secret.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.changes.insert(field.to_owned(), escaped(value.into()));
        self
    }
}

/// An entry as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct AuditEntry {
    /// Rises with time.
    pub id: u64,
    /// When.
    #[serde(with = "crate::time::rfc3339")]
    #[cfg_attr(feature = "openapi", schemars(with = "Timestamp"))]
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub act: Act,
}

/// A page of entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct AuditList {
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// Text without control characters, Unicode's own line breaks and direction marks, so that it stays on its line and
/// reads as it is wherever the log is shown.
fn escaped(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(escape(&text)),
        Value::Array(items) => Value::Array(items.into_iter().map(escaped).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (escape(&name), escaped(value))).collect())
        }
        other => other,
    }
}

fn escape(text: &str) -> String {
    let is_unsafe = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let is_cut = text.chars().count() > MAX_TEXT_CHARS;
    let kept = text.chars().take(MAX_TEXT_CHARS).chain(is_cut.then_some('…'));
    kept.fold(String::with_capacity(text.len().min(4 * MAX_TEXT_CHARS)), |mut out, letter| {
        if is_unsafe(letter) {
            out.extend(letter.escape_unicode());
        } else {
            out.push(letter);
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> AuditEntry {
        let id = CredentialId::parse("key_0123456789abcdef01234567").expect("well formed");
        let act = Act::new(Actor::Key { id: id.clone() }, Action::KeyRotated, Some("9f".to_owned()))
            .on(id.as_str())
            .with("grace_seconds", 60);
        AuditEntry { id: 7, at: Timestamp::from_millis(1_795_321_343_123), act }
    }

    #[test]
    fn an_entry_is_pinned() {
        assert_eq!(
            serde_json::to_string(&entry()).expect("JSON"),
            r#"{"id":7,"at":"2026-11-22T04:22:23.123Z","actor":{"type":"key","id":"key_0123456789abcdef01234567"},"action":"key.rotated","target":"key_0123456789abcdef01234567","address":"9f","changes":{"grace_seconds":60}}"#
        );
    }

    #[test]
    fn what_is_stored_comes_back() {
        let act = entry().act;
        let stored = serde_json::to_string(&act).expect("JSON");
        assert_eq!(serde_json::from_str::<Act>(&stored).expect("an act"), act);
    }

    #[test]
    fn a_long_text_is_cut() {
        let kept = |chars: usize| {
            let act = Act::new(Actor::Admin, Action::ConfigStaged, None).with("agent.instructions", "é".repeat(chars));
            act.changes["agent.instructions"].as_str().expect("text").chars().count()
        };
        assert_eq!((kept(200), kept(201), kept(4_000)), (200, 201, 201));
    }

    #[test]
    fn a_label_cannot_forge_a_line() {
        let label = "ok\n2026-11-22 admin key.revoked\u{202e}\u{2028}";
        let act = Act::new(Actor::Admin, Action::KeyCreated, None).with("label", label);
        let shown = act.changes["label"].as_str().expect("text");
        assert_eq!(shown, r"ok\u{a}2026-11-22 admin key.revoked\u{202e}\u{2028}");
        let nested = Act::new(Actor::Admin, Action::ConfigStaged, None)
            .with("appearance", serde_json::json!({"title": "a\u{7}", "list": ["b\r"]}));
        assert!(!serde_json::to_string(&nested).expect("JSON").chars().any(char::is_control));
        assert_eq!(nested.changes["appearance"]["list"][0], r"b\u{d}");
    }
}
