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
    // What is empty may be left out of the one or the other; it is null then.
    let value = |fields: &[(String, Value)], name: &str| {
        fields.iter().find(|(known, _)| known == name).map_or(Value::Null, |(_, value)| value.clone())
    };
    let only_live = live.iter().filter(|(name, _)| !draft.iter().any(|(known, _)| known == name));
    let names = draft.iter().chain(only_live).map(|(name, _)| name);
    let changes =
        names.map(|name| Change { field: name.clone(), live: value(&live, name), draft: value(&draft, name) });
    changes.filter(|change| change.draft != change.live).collect()
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
