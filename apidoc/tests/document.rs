//! The committed document is what this crate makes, is valid `OpenAPI` 3.1, and says of each route what the table of routes
//! says: no more routes, no fewer.

mod support;

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use support::{committed, file, operations, validator};
use weft_shared::error::ErrorCode;
use weft_shared::protocol::routes::ROUTES;

#[test]
fn every_route_is_documented() {
    let documented: Vec<_> = weft_apidoc::operations::all()
        .into_iter()
        .flat_map(|(_, operations)| operations)
        .map(|one| one.route)
        .collect();
    let missing: Vec<String> = ROUTES
        .iter()
        .filter(|row| !documented.contains(&row.route))
        .map(|row| format!("{:?}: {} {}", row.route, row.method.as_str(), row.pattern))
        .collect();
    assert!(
        missing.is_empty(),
        "\n\nThese routes have no documentation:\n    {}\nAdd an `Operation` for each in apidoc/src/operations (how: apidoc/src/lib.rs, \"A new route\"),\n\
         then run `cargo xtask openapi` and commit docs/openapi.json and docs/openapi.html.\n",
        missing.join("\n    ")
    );
    let unique: BTreeSet<String> = documented.iter().map(|route| format!("{route:?}")).collect();
    assert_eq!(unique.len(), documented.len(), "a route is documented twice");
}

#[test]
fn what_is_committed_is_what_this_crate_makes() {
    let document = weft_apidoc::document();
    for (name, made) in
        [("docs/openapi.json", weft_apidoc::text(&document)), ("docs/openapi.html", weft_apidoc::page(&document))]
    {
        assert!(
            made == file(name),
            "\n\n{name} is not up to date: run `cargo xtask openapi` and commit what it writes.\n"
        );
    }
    assert_eq!(committed(), document, "its text is the whole document");
}

#[test]
fn the_document_is_valid_openapi_3_1() {
    // https://spec.openapis.org/oas/3.1/schema/2022-10-07, word for word. It leaves schemas to JSON Schema: the next test.
    let schema: Value = serde_json::from_str(&file("apidoc/tests/openapi-3.1.schema.json")).expect("JSON");
    let openapi = jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema");
    let mut document = committed();
    let problems: Vec<String> =
        openapi.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(problems, [""; 0]);
    document["paths"]["/v1/tenants"]["get"]["responses"] = json!([]);
    assert!(!openapi.is_valid(&document), "the schema finds nothing");
}

#[test]
fn each_schema_is_valid_json_schema_and_leads_somewhere() {
    let document = committed();
    let schemas = document["components"]["schemas"].as_object().expect("an object");
    assert!(schemas.len() > 20, "{}", schemas.len());
    for (name, schema) in schemas {
        assert!(jsonschema::meta::is_valid(schema), "{name}");
        // Building it follows each reference.
        let _ = validator(&document, &json!({ "$ref": format!("#/components/schemas/{name}") }));
    }
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(references.len() > 100);
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("within the document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let used = document.to_string();
    for part in ["schemas", "responses", "headers"] {
        for name in document["components"][part].as_object().expect("an object").keys() {
            assert!(used.contains(&format!("\"#/components/{part}/{name}\"")), "nothing refers to {part}/{name}");
        }
    }
}

fn collect_references(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            into.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect_references(value, into));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_references(value, into)),
        _ => {}
    }
}

#[test]
fn the_document_and_the_table_of_routes_have_the_same_routes() {
    let document = committed();
    let documented: BTreeSet<(String, String)> =
        operations(&document).into_iter().map(|(method, path, _)| (method, path)).collect();
    let table: BTreeSet<(String, String)> =
        ROUTES.iter().map(|row| (row.method.as_str().to_owned(), row.pattern.to_owned())).collect();
    assert_eq!(documented.difference(&table).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "not in the table");
    assert_eq!(table.difference(&documented).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "not documented");
}

#[test]
fn each_operation_is_named_once_and_has_its_groups_and_parameters() {
    let document = committed();
    let tags: BTreeSet<&str> =
        document["tags"].as_array().expect("an array").iter().filter_map(|tag| tag["name"].as_str()).collect();
    let schemes = document["components"]["securitySchemes"].as_object().expect("an object");
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let name = format!("{method} {path}");
        assert!(ids.insert(operation["operationId"].as_str().expect("a name")), "{name}");
        assert!(
            operation["tags"]
                .as_array()
                .is_some_and(|own| own.iter().all(|tag| tags.contains(tag.as_str().unwrap_or_default()))),
            "{name}"
        );
        let in_path: BTreeSet<&str> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let named: BTreeSet<&str> =
            parameters.iter().filter(|one| one["in"] == "path").filter_map(|one| one["name"].as_str()).collect();
        assert_eq!(in_path, named, "{name}");
        for requirement in operation["security"].as_array().expect("an array") {
            assert!(
                requirement.as_object().is_some_and(|one| one.keys().all(|scheme| schemes.contains_key(scheme))),
                "{name}"
            );
        }
    }
}

#[test]
fn each_example_fits_its_schema() {
    let document = committed();
    let mut checked = BTreeMap::new();
    let mut check = |name: &str, content: &Value| {
        for (media_type, content) in content.as_object().into_iter().flatten() {
            if let (Some(schema), Some(example)) = (content.get("schema"), content.get("example")) {
                let problems: Vec<String> = validator(&document, schema)
                    .iter_errors(example)
                    .map(|error| format!("{}: {error}", error.instance_path()))
                    .collect();
                assert_eq!(problems, [""; 0], "{name} {media_type}");
                *checked.entry(media_type.clone()).or_insert(0) += 1;
            }
            for line in content["example"].as_str().into_iter().flat_map(str::lines) {
                let line: Value = serde_json::from_str(line).expect("a line is JSON");
                assert!(validator(&document, &content["x-weft-line"]).is_valid(&line), "{name}: {line}");
                *checked.entry("lines".to_owned()).or_insert(0) += 1;
            }
        }
    };
    for (method, path, operation) in operations(&document) {
        let name = format!("{method} {path}");
        check(&name, &operation["requestBody"]["content"]);
        for (status, response) in operation["responses"].as_object().expect("an object") {
            check(&format!("{name} {status}"), &response["content"]);
        }
    }
    for (name, response) in document["components"]["responses"].as_object().expect("an object") {
        check(name, &response["content"]);
    }
    assert!(checked["application/json"] > 30 && checked["lines"] > 3, "{checked:?}");
}

#[test]
fn the_table_of_errors_is_the_codes_own() {
    let document = committed();
    let rows = document["x-weft-errors"].as_array().expect("an array");
    assert_eq!(rows.len(), ErrorCode::ALL.len());
    for (row, code) in rows.iter().zip(ErrorCode::ALL) {
        assert_eq!(*row, json!({ "code": code.code(), "status": code.status(), "message": code.message() }));
    }
    // Each refusal stands under its own status.
    for (name, response) in document["components"]["responses"].as_object().expect("an object") {
        let status: u16 = name.split('.').next().and_then(|status| status.parse().ok()).expect("a status");
        for code in
            response["content"]["application/json"]["schema"]["properties"]["error"]["enum"].as_array().expect("codes")
        {
            assert_eq!(
                ErrorCode::parse(code.as_str().unwrap_or_default()).map(ErrorCode::status),
                Some(status),
                "{name}"
            );
        }
    }
}
