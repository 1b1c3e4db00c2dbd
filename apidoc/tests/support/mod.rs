//! The committed document, and its schemas as validators.
use jsonschema::Validator;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// A file of the checkout.
pub(crate) fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    fs::read_to_string(&path).expect(name)
}

/// The document as it is committed and served.
pub(crate) fn committed() -> Value {
    serde_json::from_str(&file("docs/openapi.json")).expect("JSON")
}

/// Reads one of the document's schemas. `schema` may refer to its components.
pub(crate) fn validator(document: &Value, schema: &Value) -> Validator {
    let whole = json!({ "components": document["components"], "allOf": [schema] });
    jsonschema::options().should_validate_formats(true).build(&whole).expect("a schema of JSON Schema 2020-12")
}

/// Each operation: its method, its path and itself.
pub(crate) fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().expect("an object");
    let of_path = |(path, item): (&String, &'_ Value)| -> Vec<(String, String)> {
        item.as_object().expect("an object").keys().map(|method| (method.to_uppercase(), path.clone())).collect()
    };
    let keys: Vec<(String, String)> = paths.iter().flat_map(of_path).collect();
    keys.into_iter()
        .map(|(method, path)| {
            let operation = &document["paths"][&path][method.to_lowercase()];
            (method, path, operation)
        })
        .collect()
}
