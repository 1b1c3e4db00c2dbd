//! The schemas of bodies, collected while the operations ask for them. What is read and what is written may differ in
//! one type: there are two generators, and no name may stand for two schemas.

use crate::operation::SchemaOf;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

/// Both generators.
#[derive(Debug)]
pub struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Schemas {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        Self {
            read: settings().for_deserialize().into_generator(),
            written: settings().for_serialize().into_generator(),
        }
    }

    /// The schema of what requests hold.
    pub fn read(&mut self, of: SchemaOf) -> Value {
        of(&mut self.read).to_value()
    }

    /// The schema of what answers hold.
    pub fn written(&mut self, of: SchemaOf) -> Value {
        of(&mut self.written).to_value()
    }

    /// Takes a type in that no operation names.
    pub fn add_written<T: JsonSchema>(&mut self) {
        self.written.subschema_for::<T>();
    }

    /// All of them, by name.
    ///
    /// # Panics
    /// Where one name stands for two schemas: one of the types needs `schemars(rename = "…")`.
    #[must_use]
    pub fn components(mut self) -> Map<String, Value> {
        let mut all = self.read.take_definitions(true);
        for (name, schema) in self.written.take_definitions(true) {
            if let Some(other) = all.get(&name) {
                assert_eq!(*other, schema, "{name} is read in one way and written in another");
            }
            all.insert(name, schema);
        }
        all.values_mut().for_each(tidy);
        all
    }
}

impl Default for Schemas {
    fn default() -> Self {
        Self::new()
    }
}

/// What says nothing in JSON is left out: Rust's widths of numbers, a bound that every unsigned number has.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
                fields.remove("format");
            }
            // Lines of a doc comment end where the source does.
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text = text.replace("\n\n", "\u{0}").replace('\n', " ").replace('\u{0}', "\n\n");
            }
            fields.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}
