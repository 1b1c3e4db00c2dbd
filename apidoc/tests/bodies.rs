//! Schemas and code say the same of a request's body. Both are asked about many bodies: each field at, above and below each of
//! its bounds, absent, null, of every wrong type, with a field too many. Where the schema alone can't tell (an address that a
//! parser looks at, a time in the past), it may only be wider than the code, never narrower.

mod support;

use serde_json::{Map, Value, json};
use support::{committed, operations, validator};
use weft_shared::config::Config;
use weft_shared::error::Refusal;
use weft_shared::keys::NewKey;
use weft_shared::protocol::http::{
    ChatBody, CreateKey, CreateSession, CreateSource, CreateTenant, EnvironmentBody, MintWidgetToken, RotateKey,
    Tenant, UpdateTenant, read_body, read_value,
};
use weft_shared::time::Timestamp;

/// What the code says of a body.
type Reader = fn(&[u8]) -> Result<(), Refusal>;

/// Each operation that takes a body, and what reads it.
const READERS: &[(&str, Reader)] = &[
    ("mintWidgetToken", |bytes| {
        let body: MintWidgetToken = read_body(bytes)?;
        body.ttl_secs()?;
        body.user.map_or(Ok(()), |user| user.validate())
    }),
    ("createTenant", |bytes| read_body::<CreateTenant>(bytes)?.into_tenant(now()).map(drop)),
    ("updateTenant", |bytes| read_body::<UpdateTenant>(bytes)?.apply(tenant()?).map(drop)),
    ("createSession", |bytes| read_body::<CreateSession>(bytes).map(drop)),
    ("createKey", |bytes| NewKey::parse(read_body::<CreateKey>(bytes)?, now()).map(drop)),
    ("rotateKey", |bytes| read_body::<RotateKey>(bytes).map(drop)),
    ("stageConfig", |bytes| Config::default().patch(&read_value(bytes)?, false).map(drop)),
    ("deployConfig", |bytes| read_body::<EnvironmentBody>(bytes).map(drop)),
    ("discardConfig", |bytes| read_body::<EnvironmentBody>(bytes).map(drop)),
    ("createSource", |bytes| read_body::<CreateSource>(bytes)?.validate().map(drop)),
    ("chatWhole", |bytes| read_body::<ChatBody>(bytes)?.check()),
    ("chatStream", |bytes| read_body::<ChatBody>(bytes)?.check()),
    ("oldChatStream", |bytes| read_body::<ChatBody>(bytes)?.check()),
];

/// Fields that a parser looks at after their shape: what fits the schema may still be refused.
const PARSED: [&str; 6] = ["url", "base_url", "allowed_origins", "refresh_path", "expires_at", "data"];

fn now() -> Timestamp {
    Timestamp::from_millis(1_795_321_343_123)
}

fn tenant() -> Result<Tenant, Refusal> {
    read_body::<CreateTenant>(br#"{"id":"acme"}"#)?.into_tenant(now())
}

/// What a field is tried with, whatever it is.
fn values() -> Vec<Value> {
    let mut all = vec![
        json!(null),
        json!(true),
        json!({}),
        json!([]),
        json!([1]),
        json!(["keys:write", "sources:read"]),
        json!(0.5),
        json!(-1),
    ];
    all.extend([0, 1, 2, 59, 60, 3_600, 3_601, 100_000, 100_001, 1_000_000, 1_000_001].map(|number| json!(number)));
    for length in [1, 32, 33, 60, 61, 100, 101, 128, 129, 200, 201, 320, 321, 500, 501, 8_000, 8_001] {
        all.push(json!("a".repeat(length)));
        // A character is one, whatever it takes in bytes.
        all.push(json!("é".repeat(length)));
    }
    let texts = [
        "",
        " ",
        "\t",
        "\n",
        "\u{a0}",
        "\u{2028}",
        "\u{3000}x",
        "a\nb",
        "a\tb",
        "a\u{0}b",
        "a\u{7f}b",
        "a\u{85}b",
        " a ",
        "a-b",
        "a--b",
        "-a",
        "Acme",
        "production",
        "publishable",
        "secret",
        "session",
        "sources",
        "openai",
        "scripted",
        "light",
        "dark",
        "auto",
        "bottom-left",
        "top-left",
        "#12aBcF",
        "#12aBc",
        "#12aBcg",
        "de",
        "pt-BR",
        "x",
        "de-",
        "de_DE",
        "toolongtag",
        "/weft/token",
        "//evil",
        "/\\evil",
        "weft",
        "/a b",
        "/",
        "https://shop.example",
        "HTTPS://Shop.Example/",
        "http://localhost:8788",
        "javascript:alert(1)",
        "https://shop.example/a b",
        "https://a\\b",
        "2030-01-01T00:00:00Z",
        "2030-01-01T00:00:00+02:00",
        "2030-01-01",
        "tomorrow",
        "keys:write",
    ];
    all.extend(texts.map(|text| json!(text)));
    all.extend([
        json!(["nope"]),
        json!(["https://shop.example"]),
        json!({ "id": "u" }),
        json!({ "title": "t" }),
        json!({ "nope": 1 }),
    ]);
    all
}

/// `body` with each field in turn set to each value and left out, those of inner objects too, and with a field too many.
fn variants(body: &Map<String, Value>, properties: &[(String, Vec<String>)]) -> Vec<(String, Value)> {
    let mut all = vec![(String::new(), Value::Object(body.clone()))];
    let mut with = |field: &str, change: &dyn Fn(&mut Map<String, Value>)| {
        let mut next = body.clone();
        change(&mut next);
        all.push((field.to_owned(), Value::Object(next)));
    };
    with("", &|body| drop(body.insert("not_a_field".to_owned(), json!(1))));
    for (name, inner) in properties {
        with(name, &|body| drop(body.remove(name)));
        for value in values() {
            with(name, &|body| drop(body.insert(name.clone(), value.clone())));
            for part in inner {
                let mut object = body.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
                object.insert(part.clone(), value.clone());
                with(part, &|body| drop(body.insert(name.clone(), Value::Object(object.clone()))));
            }
        }
    }
    all
}

/// A schema's fields, each with the fields of the object that it may be.
fn properties(document: &Value, schema: &Value) -> Vec<(String, Vec<String>)> {
    let resolved = |schema: &Value| -> Value {
        let choice = schema["anyOf"].as_array().and_then(|choices| choices.first()).unwrap_or(schema);
        let target = choice["$ref"].as_str().and_then(|to| document.pointer(to.trim_start_matches('#')));
        target.unwrap_or(choice).clone()
    };
    let names = |schema: &Value| -> Vec<String> {
        schema["properties"].as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
    };
    let schema = resolved(schema);
    names(&schema).into_iter().map(|name| (name.clone(), names(&resolved(&schema["properties"][&name])))).collect()
}

#[test]
fn a_schema_takes_what_the_code_takes() {
    let document = committed();
    let (mut taken, mut refused, mut wider) = (0, 0, 0);
    for (id, read) in READERS {
        let (.., operation) = operations(&document)
            .into_iter()
            .find(|(.., operation)| operation["operationId"] == **id)
            .expect("an operation of this name");
        let content = &operation["requestBody"]["content"]["application/json"];
        let schema = validator(&document, &content["schema"]);
        let example = content["example"].as_object().expect("an example");
        let properties = properties(&document, &content["schema"]);
        assert!(!properties.is_empty(), "{id}");
        for (field, body) in variants(example, &properties) {
            let by_code = read(body.to_string().as_bytes());
            match (&by_code, schema.is_valid(&body)) {
                (Ok(()), true) => taken += 1,
                (Err(_), false) => refused += 1,
                (Err(_), true) if PARSED.contains(&field.as_str()) => wider += 1,
                (_, by_schema) => {
                    assert_eq!(by_code.is_ok(), by_schema, "{id}: the code says {by_code:?} of {body:.300}");
                }
            }
        }
    }
    assert!(taken > 300 && refused > 1_000 && wider < taken, "{taken} taken, {refused} refused, {wider} wider");
}

#[test]
fn every_body_is_asked_about() {
    let document = committed();
    let with_bodies: Vec<String> = operations(&document)
        .into_iter()
        .filter(|(.., operation)| operation["requestBody"].is_object())
        .map(|(.., operation)| operation["operationId"].as_str().unwrap_or_default().to_owned())
        .filter(|id| !READERS.iter().any(|(known, _)| known == id))
        .collect();
    assert_eq!(with_bodies, [""; 0], "add each to READERS, with what reads it");
}
