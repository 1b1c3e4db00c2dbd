//! Config: what a patch may say, what it does, how it is staged, and which origins may use the widget.
#![cfg(feature = "server")]

use serde_json::{Value, json};
use weft_shared::config::{Config, Origin, Provider, Staged, changes};
use weft_shared::error::ErrorCode;
use weft_shared::ids::{Environment, TenantId};
use weft_shared::time::Timestamp;

fn patched(body: &Value) -> Config {
    Config::default().patch(body, false).expect("within the rules")
}

/// The message of a refused patch.
#[track_caller]
fn refused(body: &Value) -> String {
    let refusal = Config::default().patch(body, false).expect_err(&body.to_string());
    assert_eq!(refusal.code, ErrorCode::InvalidRequest);
    assert!(refusal.message.ends_with('.'), "{}", refusal.message);
    refusal.message
}

/// `{"a.b": value}` as a nested object.
fn nested(field: &str, value: &Value) -> Value {
    match field.split_once('.') {
        Some((outer, inner)) => json!({ outer: { inner: value } }),
        None => json!({ field: value }),
    }
}

#[test]
fn the_stored_form_is_this() {
    assert_eq!(
        serde_json::to_value(Config::default()).expect("plain data"),
        json!({
            "require_signed_token": false,
            "base_url": null,
            "refresh_path": "/widget-token",
            "allowed_origins": null,
            "per_ip_daily": null,
            "per_ip_monthly": null,
            "appearance": {
                "title": "Chat with us",
                "welcome_message": "Hello! What can we help you with?",
                "input_placeholder": "Write a message",
                "accent_color": "#2563eb",
                "position": "bottom-right",
                "theme": "auto",
                "locale": null
            },
            "agent": { "provider": "sources", "instructions": "", "model": null }
        })
    );
}

#[test]
fn a_stored_form_is_read_back_also_where_it_is_older() {
    let config = patched(&json!({
        "require_signed_token": true,
        "base_url": "https://shop.example",
        "refresh_path": "/weft/token",
        "allowed_origins": ["https://shop.example", "http://localhost:8788"],
        "per_ip_daily": 20,
        "per_ip_monthly": 100,
        "appearance": { "theme": "dark", "position": "bottom-left", "locale": "de" },
        "agent": { "provider": "openai", "model": "m" }
    }));
    let text = serde_json::to_string(&config).expect("plain data");
    assert_eq!(serde_json::from_str::<Config>(&text).expect("its own form"), config);
    assert_eq!(serde_json::from_str::<Config>("{}").expect("older than every field"), Config::default());
    assert!(
        serde_json::from_str::<Config>(r#"{"refresh_path":"//evil.example"}"#).is_err(),
        "a stored form is checked"
    );
    assert!(serde_json::from_str::<Config>(r#"{"base_url":"http://shop.example"}"#).is_err());
}

#[test]
fn a_patch_changes_what_it_names_and_nothing_else() {
    let first = patched(&json!({ "appearance": { "title": "Ask", "theme": "dark" }, "per_ip_daily": 5 }));
    let second = first.patch(&json!({ "appearance": { "theme": "light" } }), false).expect("valid");
    assert_eq!(second.appearance.title, "Ask");
    assert_eq!(second.appearance.theme.as_str(), "light");
    assert_eq!(second.per_ip_daily, Some(5));
    assert_eq!(first.patch(&json!({}), false).expect("valid"), first);
}

#[test]
fn null_is_the_default() {
    let all = patched(&json!({
        "require_signed_token": true,
        "base_url": "https://shop.example",
        "refresh_path": "/t",
        "allowed_origins": [],
        "per_ip_daily": 1,
        "per_ip_monthly": 1,
        "appearance": {
            "title": "t", "welcome_message": "", "input_placeholder": "", "accent_color": "#000000",
            "position": "bottom-left", "theme": "dark", "locale": "de-AT", "suggested_questions": ["q"]
        },
        "agent": { "provider": "openai", "instructions": "i", "model": "m" }
    }));
    // Field by field: every field is reached, and each returns.
    let mut one_by_one = all.clone();
    for change in changes(&all, None) {
        let before = changes(&one_by_one, Some(&Config::default())).len();
        one_by_one = one_by_one.patch(&nested(&change.field, &Value::Null), false).expect(&change.field);
        assert_eq!(changes(&one_by_one, Some(&Config::default())).len(), before - 1, "{}", change.field);
    }
    assert_eq!(one_by_one, Config::default());
    // And whole objects.
    let objects = all.patch(&json!({ "appearance": null, "agent": null }), false).expect("valid");
    assert_eq!(objects.appearance, Config::default().appearance);
    assert_eq!(objects.agent, Config::default().agent);
}

#[test]
fn unknown_fields_are_refused_by_name() {
    assert_eq!(refused(&json!({ "per_ip_dayly": 5 })), "per_ip_dayly is not a field of the config.");
    assert_eq!(
        refused(&json!({ "appearance": { "colour": "#fff" } })),
        "appearance.colour is not a field of the config."
    );
    assert_eq!(refused(&json!({ "agent": { "api_key": "x" } })), "agent.api_key is not a field of the config.");
    assert_eq!(refused(&json!({ "appearance.title": "x" })), "appearance.title is not a field of the config.");
    let long = "x".repeat(10_000);
    assert!(refused(&json!({ long: 1 })).len() < 200, "what came is not sent back at length");
}

#[test]
fn a_patch_with_one_bad_field_changes_nothing() {
    let mut staged = Staged::default();
    assert!(staged.stage(&json!({ "per_ip_daily": 5, "per_ip_monthly": 0 }), false).is_err());
    assert_eq!(staged, Staged::default());
}

#[test]
fn each_field_keeps_its_bounds() {
    let text = |chars: usize| Value::from("é".repeat(chars));
    let origins = |count: usize| Value::from((0..count).map(|n| format!("https://s{n}.example")).collect::<Vec<_>>());
    let rows: Vec<(&str, Vec<Value>, Vec<Value>)> = vec![
        ("require_signed_token", vec![json!(true)], vec![json!("true"), json!(1)]),
        (
            "base_url",
            vec![json!("https://shop.example"), json!("http://localhost:8788")],
            vec![
                json!("http://shop.example"),
                json!("https://shop.example/shop"),
                json!(""),
                json!(["https://a.example"]),
            ],
        ),
        ("refresh_path", vec![json!("/a/b")], vec![json!("//evil.example"), json!("https://shop.example/t"), json!(5)]),
        ("allowed_origins", vec![json!([]), origins(20)], vec![origins(21), json!("https://a.example"), json!({})]),
        (
            "per_ip_daily",
            vec![json!(1), json!(1_000_000)],
            vec![json!(0), json!(1_000_001), json!(-1), json!(1.5), json!("5")],
        ),
        (
            "per_ip_monthly",
            vec![json!(1), json!(1_000_000)],
            vec![json!(0), json!(1_000_001), json!(1e40), json!(true)],
        ),
        ("appearance", vec![json!({})], vec![json!([]), json!("x")]),
        ("appearance.title", vec![text(1), text(60)], vec![text(0), text(61), json!("   "), json!("a\nb"), json!(5)]),
        (
            "appearance.welcome_message",
            vec![text(0), text(500), json!("two\nlines")],
            vec![text(501), json!("\u{0}"), json!(5)],
        ),
        ("appearance.input_placeholder", vec![text(0), text(100)], vec![text(101), json!("two\nlines")]),
        (
            "appearance.accent_color",
            vec![json!("#000000"), json!("#A1b2C3")],
            vec![json!("#fff"), json!("red"), json!("#00000g"), json!("000000"), json!("#0000000"), json!("#00é00")],
        ),
        ("appearance.position", vec![json!("bottom-left"), json!("bottom-right")], vec![json!("top-left"), json!("")]),
        ("appearance.theme", vec![json!("light"), json!("dark"), json!("auto")], vec![json!("Dark"), json!("system")]),
        (
            "appearance.locale",
            vec![json!("de"), json!("pt-BR"), json!("zh-Hant-TW"), json!("fil")],
            vec![
                json!("d"),
                json!(""),
                json!("deutsch"),
                json!("de_DE"),
                json!("de-"),
                json!("de-é"),
                json!("1a"),
                json!("de-abcdefghi"),
            ],
        ),
        (
            "appearance.suggested_questions",
            vec![json!([]), json!([text(1), text(100), "b", "b"])],
            vec![
                json!("a"),
                json!([1]),
                json!([null]),
                json!([text(101)]),
                json!([""]),
                json!(["a", "b", "c", "d", "e"]),
            ],
        ),
        ("agent", vec![json!({})], vec![json!("sources"), json!([])]),
        (
            "agent.provider",
            vec![json!("sources"), json!("openai")],
            vec![json!("scripted"), json!("OpenAI"), json!("")],
        ),
        ("agent.instructions", vec![text(0), text(8_000)], vec![text(8_001), json!("\u{7}")]),
        ("agent.model", vec![text(1), text(100)], vec![text(0), text(101), json!("a\nb")]),
    ];
    for (field, good, bad) in rows {
        for value in good {
            assert!(Config::default().patch(&nested(field, &value), false).is_ok(), "{field}: {value}");
        }
        for value in bad {
            let message = refused(&nested(field, &value));
            assert!(message.starts_with(field), "{field}: {value}: {message}");
        }
    }
    for body in [json!(null), json!([]), json!("x"), json!(5)] {
        assert_eq!(refused(&body), "The body must be an object.");
    }
}

#[test]
fn an_item_of_a_list_is_named() {
    let message = refused(&json!({ "allowed_origins": ["https://a.example", "https://a.example/path"] }));
    assert!(message.starts_with("allowed_origins[1] must be an origin"), "{message}");
    assert!(refused(&json!({ "allowed_origins": [null] })).starts_with("allowed_origins[0]"));
}

#[test]
fn a_scripted_agent_is_for_tests_only() {
    let body = json!({ "agent": { "provider": "scripted" } });
    assert_eq!(refused(&body), "agent.provider must be sources or openai.");
    assert_eq!(Config::default().patch(&body, true).expect("allowed").agent.provider, Provider::Scripted);
}

#[test]
fn allowed_origins_are_the_base_urls_own_unless_given() {
    assert!(Config::default().origins().is_empty());
    let config = patched(&json!({ "base_url": "https://Shop.example/" }));
    assert_eq!(config.origins(), [Origin::parse("https://shop.example").expect("an origin")]);
    let listed = patched(&json!({
        "base_url": "https://shop.example",
        "allowed_origins": ["https://www.shop.example", "https://www.shop.example:443", "http://localhost:8788"]
    }));
    assert_eq!(listed.origins().len(), 2, "one origin, two spellings");
    assert!(!listed.is_origin_allowed("https://shop.example"), "the list counts, where it is given");
    assert!(patched(&json!({ "base_url": "https://shop.example", "allowed_origins": [] })).origins().is_empty());
}

#[test]
fn an_origin_is_allowed_only_as_a_whole() {
    let config = patched(&json!({ "allowed_origins": ["https://shop.example", "http://localhost:8788"] }));
    for origin in ["https://shop.example", "http://localhost:8788"] {
        assert!(config.is_origin_allowed(origin), "{origin}");
    }
    for origin in [
        "",
        "null",
        "*",
        "http://shop.example",
        "https://shop.example/",
        "https://shop.example:443",
        "https://SHOP.example",
        "https://shop.example.evil.example",
        "https://evil.example/https://shop.example",
        "https://evilshop.example",
        "https://www.shop.example",
        " https://shop.example",
        "https://shop.example, https://evil.example",
        "http://localhost:8789",
        "http://localhost",
    ] {
        assert!(!config.is_origin_allowed(origin), "{origin}");
    }
    assert!(!Config::default().is_origin_allowed("null"));
}

#[test]
fn changes_name_each_field_that_differs() {
    let live = patched(&json!({ "base_url": "https://shop.example" }));
    let draft = live
        .patch(&json!({ "require_signed_token": true, "appearance": { "title": "Ask" }, "allowed_origins": [] }), false)
        .expect("valid");
    assert_eq!(
        serde_json::to_value(changes(&draft, Some(&live))).expect("plain data"),
        json!([
            { "field": "allowed_origins", "live": null, "draft": [] },
            { "field": "appearance.title", "live": "Chat with us", "draft": "Ask" },
            { "field": "require_signed_token", "live": false, "draft": true }
        ])
    );
    assert!(changes(&live, Some(&live)).is_empty());
    assert_eq!(changes(&draft, None).len(), 16, "before the first deploy, every field");
}

#[test]
fn nothing_goes_live_but_by_a_deploy() {
    let mut staged = Staged::default();
    staged.stage(&json!({ "require_signed_token": true, "base_url": "https://shop.example" }), false).expect("valid");
    assert!(staged.live.is_none());
    assert!(staged.draft().require_signed_token);

    let live = staged.deploy(Timestamp::from_secs(100)).clone();
    assert_eq!((live.version, live.deployed_at), (1, Timestamp::from_secs(100)));
    assert!(live.config.require_signed_token);
    assert!(staged.changes().is_empty());

    staged.stage(&json!({ "require_signed_token": false }), false).expect("valid");
    assert_eq!(staged.live.as_ref().map(|live| live.config.require_signed_token), Some(true));
    assert_eq!(staged.changes().len(), 1);

    staged.discard();
    assert!(staged.draft().require_signed_token);
    assert!(staged.changes().is_empty());

    staged.stage(&json!({ "require_signed_token": false }), false).expect("valid");
    assert_eq!(staged.deploy(Timestamp::from_secs(200)).version, 2);
}

#[test]
fn a_deploy_of_nothing_keeps_the_version() {
    let mut staged = Staged::default();
    assert_eq!(staged.deploy(Timestamp::from_secs(1)).version, 1, "the first deploy may be of the defaults");
    assert_eq!(staged.deploy(Timestamp::from_secs(2)).deployed_at, Timestamp::from_secs(1));
    staged.stage(&json!({ "per_ip_daily": 5 }), false).expect("valid");
    staged.stage(&json!({ "per_ip_daily": null }), false).expect("valid");
    assert!(staged.draft.is_none(), "staged and taken back");
    assert_eq!(staged.deploy(Timestamp::from_secs(3)).version, 1);
}

#[test]
fn the_config_body_shows_draft_live_and_changes() {
    let mut staged = Staged::default();
    let body = |staged: &Staged| serde_json::to_value(staged.body(Environment::production())).expect("plain data");
    let before = body(&staged);
    assert_eq!(before["live"], Value::Null);
    assert_eq!(before["version"], Value::Null);
    assert_eq!(before["live_deployed_at"], Value::Null);
    assert_eq!(before["draft"]["refresh_path"], "/widget-token");
    let _ = staged.deploy(Timestamp::from_secs(0));
    staged.stage(&json!({ "per_ip_daily": 5 }), false).expect("valid");
    let after = body(&staged);
    assert_eq!(after["environment"], "production");
    assert_eq!(after["live"]["per_ip_daily"], Value::Null);
    assert_eq!(after["draft"]["per_ip_daily"], 5);
    assert_eq!(after["changes"], json!([{ "field": "per_ip_daily", "live": null, "draft": 5 }]));
    assert_eq!(after["version"], 1);
    assert_eq!(after["live_deployed_at"], "1970-01-01T00:00:00.000Z");
}

#[test]
fn the_widget_is_told_this_and_nothing_of_the_rest() {
    let config = patched(&json!({
        "base_url": "https://shop.example",
        "refresh_path": "/weft/token",
        "per_ip_daily": 5,
        "agent": { "instructions": "secret sauce" }
    }));
    let tenant = TenantId::parse("acme").expect("a tenant");
    assert_eq!(
        serde_json::to_value(config.for_widget(&tenant, &Environment::production())).expect("plain data"),
        json!({
            "tenant": "acme",
            "environment": "production",
            "requireSignedToken": false,
            "refreshPath": "/weft/token",
            "appearance": {
                "title": "Chat with us",
                "welcomeMessage": "Hello! What can we help you with?",
                "inputPlaceholder": "Write a message",
                "accentColor": "#2563eb",
                "position": "bottom-right",
                "theme": "auto",
                "locale": null
            },
            "hiddenUntil": null
        })
    );
}
