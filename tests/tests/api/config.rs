//! `…/config`: draft, live, changes; staging, deploying, discarding.

use serde_json::{Value, json};
use weft_tests::api::{Answer, Workspace};

fn read(workspace: &Workspace<'_>, environment: &str) -> Value {
    workspace.admin("GET", &format!("/config?environment={environment}")).send().expect(200)
}

fn stage(workspace: &Workspace<'_>, fields: &Value) -> Answer {
    workspace.admin("PATCH", "/config?environment=production").json(fields).send()
}

fn act(workspace: &Workspace<'_>, action: &str, environment: &str) -> Answer {
    workspace.admin("POST", &format!("/config/{action}")).json(&json!({ "environment": environment })).send()
}

/// The names of the fields that a deploy would change.
fn changed(config: &Value) -> Vec<&str> {
    let changes = config["changes"].as_array().expect("changes");
    changes.iter().map(|change| change["field"].as_str().expect("a field")).collect()
}

#[test]
fn nothing_is_live_before_the_first_deploy() {
    let workspace = Workspace::shared();
    let key = workspace.publishable_key("production");
    let fresh = read(&workspace, "production");
    assert_eq!(fresh["live"], Value::Null);
    let draft = fresh["draft"].as_object().expect("the defaults");
    let fields: Vec<&str> = draft.keys().map(String::as_str).collect();
    let mut contract = [
        "require_signed_token",
        "base_url",
        "refresh_path",
        "allowed_origins",
        "per_ip_daily",
        "per_ip_monthly",
        "appearance",
        "agent",
    ];
    contract.sort_unstable();
    assert_eq!(fields, contract);
    let widget = || workspace.deployment.get(&format!("/widget/config?key={key}")).send();
    widget().refused("not_found");
    // A draft changes nothing of that.
    let _ = stage(&workspace, &json!({ "appearance": { "title": "Staged" } })).expect(200);
    widget().refused("not_found");
    let _ = act(&workspace, "deploy", "production").expect(200);
    assert_eq!(widget().expect(200)["appearance"]["title"], "Staged");
}

#[test]
fn what_is_staged_goes_live_by_a_deploy_and_not_before() {
    let workspace = Workspace::shared();
    workspace.deploy("production", &json!({ "appearance": { "title": "One" } }));
    let key = workspace.publishable_key("production");
    let title = || {
        let config = workspace.deployment.get(&format!("/widget/config?key={key}")).send().expect(200);
        config["appearance"]["title"].as_str().expect("a title").to_owned()
    };
    for next in ["Two", "Three", "Four"] {
        let before = title();
        let staged = stage(&workspace, &json!({ "appearance": { "title": next } })).expect(200);
        assert_eq!(staged["draft"]["appearance"]["title"], next);
        assert_eq!(staged["live"]["appearance"]["title"], json!(before));
        assert_eq!(changed(&staged), ["appearance.title"]);
        assert_eq!(staged["changes"][0]["live"], json!(before));
        assert_eq!(staged["changes"][0]["draft"], next);
        assert_eq!(read(&workspace, "production"), staged);
        assert_eq!(title(), before);
        let _ = act(&workspace, "deploy", "production").expect(200);
        assert_eq!(title(), next, "live on the very next request");
        let after = read(&workspace, "production");
        assert_eq!((after["draft"] == after["live"], changed(&after)), (true, vec![]));
    }
}

#[test]
fn each_deploy_that_changes_something_has_a_version_of_its_own() {
    let workspace = Workspace::shared();
    let mut last = 0;
    for limit in 1..4 {
        let _ = stage(&workspace, &json!({ "per_ip_daily": limit })).expect(200);
        let version = act(&workspace, "deploy", "production").expect(200)["version"].as_u64().expect("a version");
        assert!(version > last);
        last = version;
    }
}

#[test]
fn discarding_drops_the_draft_and_leaves_what_is_live() {
    let workspace = Workspace::shared();
    workspace.deploy("production", &json!({ "per_ip_daily": 10, "appearance": { "title": "Kept" } }));
    let before = read(&workspace, "production");
    let staged = stage(&workspace, &json!({ "per_ip_daily": 20, "appearance": { "title": "Dropped" } })).expect(200);
    assert_eq!(changed(&staged).len(), 2);
    let _ = act(&workspace, "discard", "production").expect(200);
    assert_eq!(read(&workspace, "production"), before);
    // With nothing staged it is no error.
    let _ = act(&workspace, "discard", "production").expect(200);
    let _ = act(&workspace, "deploy", "production").expect(200);
    assert_eq!(read(&workspace, "production")["live"], before["live"]);
}

#[test]
fn a_field_set_to_null_returns_to_its_default_and_one_left_out_stays() {
    let workspace = Workspace::shared();
    let defaults = read(&workspace, "production")["draft"].clone();
    let set = json!({
        "require_signed_token": !defaults["require_signed_token"].as_bool().expect("a boolean"),
        "base_url": "https://shop.example",
        "refresh_path": "/weft/token",
        "allowed_origins": ["https://shop.example", "https://www.shop.example"],
        "per_ip_daily": 5,
        "per_ip_monthly": 50,
        "appearance": {
            "title": "T", "welcome_message": "W", "input_placeholder": "I", "accent_color": "#abcdef",
            "position": "bottom-left", "theme": "dark", "locale": "de-CH",
        },
        "agent": { "provider": "openai", "instructions": "Be brief.", "model": "a-model" },
    });
    let staged = stage(&workspace, &set).expect(200)["draft"].clone();
    assert_eq!(staged, set);

    // One inner field at a time: the others stay.
    let mut expected = set.clone();
    for (outer, inner) in
        [("appearance", "title"), ("appearance", "locale"), ("agent", "instructions"), ("agent", "model")]
    {
        expected[outer][inner] = defaults[outer][inner].clone();
        assert_eq!(
            stage(&workspace, &json!({ outer: { inner: null } })).expect(200)["draft"],
            expected,
            "{outer}.{inner}"
        );
    }
    for field in set.as_object().expect("an object").keys() {
        expected[field] = defaults[field].clone();
        assert_eq!(stage(&workspace, &json!({ field: null })).expect(200)["draft"], expected, "{field}");
    }
    assert_eq!(expected, defaults);
}

#[test]
fn environments_have_configs_of_their_own() {
    let workspace = Workspace::shared();
    workspace.deploy("production", &json!({ "per_ip_daily": 1 }));
    workspace.deploy("staging", &json!({ "per_ip_daily": 2 }));
    let at = |environment: &str| read(&workspace, environment)["live"]["per_ip_daily"].clone();
    assert_eq!((at("production"), at("staging")), (json!(1), json!(2)));
    assert_eq!(read(&workspace, "development")["live"], Value::Null);
    // Unless it is named it is production.
    assert_eq!(workspace.admin("GET", "/config").send().expect(200)["live"]["per_ip_daily"], 1);
    for bad in ["Production", "", "a_b", "a/b", "production&environment=staging"] {
        let answer = workspace.admin("GET", &format!("/config?environment={bad}")).send();
        answer.refused_naming("invalid_request", "environment");
    }
}

#[test]
fn what_goes_live_or_is_dropped_is_named() {
    let workspace = Workspace::shared();
    for action in ["deploy", "discard"] {
        for (body, field) in [
            (json!({}), "environment"),
            (json!({ "environment": null }), "environment"),
            (json!({ "environment": "A B" }), "environment"),
            (json!({ "environment": "production", "force": true }), "force"),
        ] {
            let answer = workspace.admin("POST", &format!("/config/{action}")).json(&body).send();
            answer.refused_naming("invalid_request", field);
        }
        workspace.admin("POST", &format!("/config/{action}")).send().refused("invalid_request");
    }
    assert_eq!(read(&workspace, "production")["live"], Value::Null);
    let _ = act(&workspace, "deploy", "production").expect(200);
}

#[test]
fn unknown_fields_are_refused_by_name_and_nothing_of_the_patch_is_staged() {
    let workspace = Workspace::shared();
    let before = read(&workspace, "production");
    for (fields, name) in [
        (json!({ "per_ip_daily": 5, "requireSignedToken": true }), "requireSignedToken"),
        (json!({ "per_ip_daily": 5, "appearance": { "titel": "x" } }), "appearance.titel"),
        (json!({ "per_ip_daily": 5, "agent": { "temperature": 1 } }), "agent.temperature"),
        (json!({ "per_ip_daily": 5, "version": 3 }), "version"),
        (json!({ "per_ip_daily": 5, "appearance.title": "x" }), "appearance.title"),
        (json!({ "per_ip_daily": 5, "constructor": {} }), "constructor"),
        (json!({ "per_ip_daily": 5, "__proto__": { "x": 1 } }), "__proto__"),
    ] {
        stage(&workspace, &fields).refused_naming("invalid_request", name);
        assert_eq!(read(&workspace, "production"), before, "{name}");
    }
    assert_eq!(stage(&workspace, &json!({ "per_ip_daily": 5 })).expect(200)["draft"]["per_ip_daily"], 5);
}

#[test]
fn each_field_keeps_its_rule() {
    let workspace = Workspace::shared();
    for (field, bad) in [
        ("require_signed_token", vec![json!("true"), json!(1), json!([])]),
        (
            "base_url",
            vec![
                json!("shop.example"),
                json!("http://shop.example"),
                json!("https://shop.example/path"),
                json!("https://user@shop.example"),
                json!("https://shop.example?x"),
                json!("//shop.example"),
                json!("javascript:alert(1)"),
                json!("https://"),
                json!(""),
                json!("*"),
                json!("null"),
                json!(1),
            ],
        ),
        (
            "allowed_origins",
            vec![
                json!("https://shop.example"),
                json!(["*"]),
                json!(["null"]),
                json!(["https://*.shop.example"]),
                json!(["https://shop.example/x"]),
                json!(["http://shop.example"]),
                json!([null]),
                json!([1]),
                json!(vec!["https://shop.example"; 21]),
            ],
        ),
        ("per_ip_daily", vec![json!(0), json!(-1), json!(1.5), json!("5"), json!(1_000_001), json!(1e300)]),
        ("per_ip_monthly", vec![json!(0), json!(-1), json!("5"), json!([5])]),
        ("appearance", vec![json!("blue"), json!([]), json!(false)]),
        ("appearance.title", vec![json!(""), json!("x".repeat(61)), json!("a\nb"), json!(7)]),
        ("appearance.welcome_message", vec![json!("x".repeat(501)), json!("a\u{0}b"), json!({})]),
        ("appearance.input_placeholder", vec![json!("x".repeat(101)), json!("a\u{1b}b")]),
        (
            "appearance.accent_color",
            vec![json!("red"), json!("#abc"), json!("#12345g"), json!("#123456;}"), json!("123456"), json!("#1234567")],
        ),
        ("appearance.position", vec![json!("top"), json!("bottom-right "), json!(1)]),
        ("appearance.theme", vec![json!("blue"), json!("Dark"), json!(true)]),
        ("appearance.locale", vec![json!(""), json!("english"), json!("de_DE"), json!("d"), json!("de-")]),
        ("agent", vec![json!("sources"), json!(["sources"])]),
        ("agent.provider", vec![json!("gpt"), json!("Sources"), json!("")]),
        ("agent.instructions", vec![json!("x".repeat(8_001)), json!("a\u{7f}b"), json!(1)]),
        ("agent.model", vec![json!(""), json!("x".repeat(101)), json!(1)]),
    ] {
        for value in bad {
            stage(&workspace, &patch(field, &value)).refused_naming("invalid_request", field);
        }
    }
    for (field, good) in [
        ("base_url", json!("http://127.0.0.1:8788")),
        ("allowed_origins", json!([])),
        ("per_ip_daily", json!(1)),
        ("per_ip_monthly", json!(1_000_000)),
        ("appearance.title", json!("é".repeat(60))),
        ("appearance.welcome_message", json!("two\nlines")),
        ("appearance.input_placeholder", json!("")),
        ("appearance.accent_color", json!("#00ff7f")),
        ("appearance.locale", json!("pt-BR")),
        ("agent.instructions", json!("x".repeat(8_000))),
        ("agent.model", json!("x".repeat(100))),
    ] {
        let draft = stage(&workspace, &patch(field, &good)).expect(200)["draft"].clone();
        let staged = field.split('.').fold(&draft, |value, name| &value[name]);
        assert_eq!(*staged, good, "{field}");
    }
}

/// A patch of one field, by its dotted name.
fn patch(field: &str, value: &Value) -> Value {
    match field.split_once('.') {
        Some((outer, inner)) => json!({ outer: { inner: value } }),
        None => json!({ field: value }),
    }
}
