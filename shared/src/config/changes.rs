//! What a deploy would change.

use super::Config;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A field whose draft differs from what is live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Change {
    /// Its dotted name, as `appearance.title`.
    pub field: String,
    /// What is live; null before the first deploy.
    pub live: Value,
    /// What a deploy makes of it.
    pub draft: Value,
}

/// The fields in which `draft` differs from `live`, by name. Before the first deploy that is every field.
#[must_use]
pub fn changes(draft: &Config, live: Option<&Config>) -> Vec<Change> {
    let draft = leaves(draft);
    let Some(live) = live.map(leaves) else {
        return draft.into_iter().map(|(field, draft)| Change { field, live: Value::Null, draft }).collect();
    };
    // Both are a whole config: the same fields in the same order.
    let changed = draft.into_iter().zip(live).filter(|((_, draft), (_, live))| draft != live);
    changed.map(|((field, draft), (_, live))| Change { field, live, draft }).collect()
}

/// Every field with its dotted name. A list is one field.
fn leaves(config: &Config) -> Vec<(String, Value)> {
    let mut leaves = Vec::new();
    // A config is plain data with text keys: it always has a JSON form.
    if let Ok(Value::Object(fields)) = serde_json::to_value(config) {
        for (name, value) in fields {
            match value {
                Value::Object(inner) => {
                    leaves.extend(inner.into_iter().map(|(inner, value)| (format!("{name}.{inner}"), value)));
                }
                value => leaves.push((name, value)),
            }
        }
    }
    leaves
}
