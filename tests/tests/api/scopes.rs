//! Scopes: a secret key does what it was given and no more.

use serde_json::{Value, json};
use weft_tests::api::{Answer, Workspace};

/// What a scope may open: a name and the request.
const DEEDS: [(&str, &str, &str, &str); 12] = [
    ("read keys", "GET", "/keys", ""),
    ("make keys", "POST", "/keys", r#"{"label":"a","type":"publishable","environment":"development"}"#),
    // Whoever may end keys gets as far as that they are not there.
    ("rotate keys", "POST", "/keys/key_0123456789abcdef01234567/rotate", ""),
    ("revoke keys", "DELETE", "/keys/key_0123456789abcdef01234567", ""),
    ("read config", "GET", "/config", ""),
    ("stage config", "PATCH", "/config", r#"{"per_ip_daily":5}"#),
    ("deploy config", "POST", "/config/deploy", r#"{"environment":"production"}"#),
    ("discard config", "POST", "/config/discard", r#"{"environment":"production"}"#),
    ("read audit", "GET", "/audit", ""),
    ("read sources", "GET", "/sources", ""),
    ("add sources", "POST", "/sources", r#"{"title":"t","body":"b"}"#),
    // One that is not there: whoever may delete gets as far as that.
    ("delete sources", "DELETE", "/sources/src_00000000000000000000", ""),
];

/// What a key with these scopes can do.
fn deeds(scopes: &[&str]) -> Vec<&'static str> {
    let workspace = Workspace::shared();
    let key = workspace.secret_key(scopes);
    let is_done = |name: &str, answer: &Answer| {
        if answer.status == 403 {
            answer.refused("insufficient_scope");
        } else {
            assert!(matches!(answer.status, 200 | 201 | 404), "{name}: {}", answer.text);
        }
        answer.status != 403
    };
    let mut done: Vec<&str> = DEEDS
        .into_iter()
        .filter(|(name, method, rest, body)| {
            is_done(name, &workspace.call(method, rest).bearer(&key).body(*body).send())
        })
        .map(|(name, ..)| name)
        .collect();
    if is_done("mint tokens", &workspace.deployment.post("/widget-token").bearer(&key).send()) {
        done.push("mint tokens");
    }
    done
}

#[test]
fn each_scope_opens_its_own_and_nothing_else() {
    assert_eq!(deeds(&["settings:read"]), ["read config", "read audit"]);
    assert_eq!(
        deeds(&["settings:write"]),
        ["read config", "stage config", "deploy config", "discard config", "read audit"]
    );
    assert_eq!(deeds(&["sources:read"]), ["read sources"]);
    assert_eq!(deeds(&["sources:write"]), ["read sources", "add sources", "delete sources"]);
    assert_eq!(deeds(&["keys:read"]), ["read keys"]);
    assert_eq!(deeds(&["keys:write"]), ["read keys", "make keys", "rotate keys", "revoke keys"]);
    assert_eq!(deeds(&["widget:token"]), ["mint tokens"]);
    for other in
        ["conversations:write", "messages:write", "customers:write", "agent:write", "channels:write", "webhooks:write"]
    {
        assert_eq!(deeds(&[other]), [""; 0], "{other}");
    }
}

#[test]
fn a_refused_write_leaves_nothing_behind() {
    let workspace = Workspace::shared();
    let key = workspace.secret_key(&["settings:read", "sources:read", "keys:read"]);
    let before = workspace.admin("GET", "/config").send().text;
    for (_, method, rest, body) in DEEDS.into_iter().filter(|(_, method, ..)| *method != "GET") {
        workspace.call(method, rest).bearer(&key).body(body).send().refused("insufficient_scope");
    }
    assert_eq!(workspace.admin("GET", "/config").send().text, before);
    assert_eq!(workspace.admin("GET", "/sources").send().expect(200)["sources"], json!([]));
    assert_eq!(workspace.admin("GET", "/keys").send().expect(200)["keys"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_secret_key_has_every_scope_but_those_of_keys_unless_it_names_its_own() {
    let workspace = Workspace::shared();
    let make = |more: Value| {
        let mut body = json!({ "label": "a", "type": "secret", "environment": "production" });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let mut scopes: Vec<String> =
            serde_json::from_value(workspace.key(&body)["scopes"].take()).expect("an array of strings");
        scopes.sort();
        scopes
    };
    let mut all = vec!["widget:token".to_owned()];
    for resource in ["settings", "conversations", "messages", "customers", "sources", "agent", "channels", "webhooks"] {
        all.extend([format!("{resource}:read"), format!("{resource}:write")]);
    }
    all.sort();
    let by_default = make(json!({}));
    // `write` includes `read`: a list that leaves it out says the same.
    let is_covered =
        |scope: &String| by_default.contains(scope) || by_default.contains(&scope.replace(":read", ":write"));
    assert!(all.iter().all(is_covered), "{by_default:?}");
    assert!(by_default.iter().all(|scope| all.contains(scope)), "{by_default:?}");
    assert_eq!(make(json!({ "scopes": ["sources:read", "widget:token"] })), ["sources:read", "widget:token"]);
    let mut none = workspace.key(&json!({ "label": "a", "type": "secret", "environment": "production", "scopes": [] }));
    assert_eq!(none["scopes"].take(), json!([]));
}

#[test]
fn no_key_grants_more_than_its_own_scopes() {
    let workspace = Workspace::shared();
    let key = workspace.secret_key(&["keys:write", "sources:read"]);
    let make = |environment: &str, scopes: Value| {
        let body = json!({ "label": "a", "type": "secret", "environment": environment, "scopes": scopes });
        workspace.call("POST", "/keys").bearer(&key).json(&body).send()
    };
    for more in [json!(["sources:write"]), json!(["settings:read"]), json!(["keys:write", "widget:token"]), json!(null)]
    {
        make("staging", more).refused("insufficient_scope");
    }
    // Without scopes it would have nearly all.
    let body = json!({ "label": "a", "type": "secret", "environment": "staging" });
    workspace.call("POST", "/keys").bearer(&key).json(&body).send().refused("insufficient_scope");
    for less in [json!(["keys:write", "sources:read"]), json!(["keys:read"]), json!([])] {
        let _ = make("staging", less).expect(201);
    }
}
