//! HTTP bodies and queries: what is read, what is refused and how the refusal reads, what goes out.
#![cfg(feature = "server")]

use serde_json::{Value, json};
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::{Environment, SourceId, TenantId};
use weft_shared::keys::CredentialKind;
use weft_shared::protocol::http::{
    CreateKey, CreateSession, CreateSource, CreateTenant, EnvironmentBody, ErrorBody, Health, KeyCreated, KeyView,
    MAX_BODY_BYTES, MintWidgetToken, Query, SessionCreated, SourceList, SourceView, Tenant, UpdateTenant,
    WidgetTokenBody, read_body, read_optional_body, read_value,
};
use weft_shared::retention::Retention;
use weft_shared::scope::ScopeSet;
use weft_shared::secret::Secret;
use weft_shared::time::Timestamp;

fn read<T: serde::de::DeserializeOwned>(body: &Value) -> Result<T, Refusal> {
    read_body(body.to_string().as_bytes())
}

/// The message of a refused body.
#[track_caller]
fn refused<T: serde::de::DeserializeOwned + std::fmt::Debug>(body: &Value) -> String {
    let refusal = read::<T>(body).expect_err(&body.to_string());
    assert_eq!(refusal.code, ErrorCode::InvalidRequest);
    refusal.message
}

fn json<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("plain data")
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect("a time")
}

#[test]
fn a_refusal_names_the_field_and_not_the_value() {
    for (body, message) in [
        (json!({}), "label is required."),
        (json!({ "label": 5 }), "label must be a string."),
        (json!({ "label": ["hunter2"] }), "label must be a string."),
        (json!({ "label": "a", "type": "hunter2" }), "type must be publishable or secret."),
        (json!({ "label": "a", "type": "session" }), "type must be publishable or secret."),
        (
            json!({ "label": "a", "type": "secret", "environment": "Hunter2" }),
            "environment must be 1 to 32 lower-case letters and digits, with single hyphens between them.",
        ),
        (
            json!({ "label": "a", "type": "secret", "environment": "production", "scopes": "hunter2" }),
            "scopes must be an array.",
        ),
        (
            json!({ "label": "a", "type": "secret", "environment": "production", "scopes": [1] }),
            "scopes[0] must be a string.",
        ),
        (
            json!({ "label": "a", "type": "secret", "environment": "production", "expires_at": "tomorrow" }),
            "expires_at must be an RFC 3339 time.",
        ),
        (
            json!({ "label": "a", "type": "secret", "environment": "production", "rate_limit_per_minute": -1 }),
            "rate_limit_per_minute must be a whole number.",
        ),
        (
            json!({ "label": "a", "type": "secret", "environment": "production", "rate_limit_per_minute": "9" }),
            "rate_limit_per_minute must be a whole number.",
        ),
        (json!({ "label": "a", "lable": "b" }), "lable is not a field of this request."),
        (json!("hunter2"), "The body must be an object."),
        (json!(null), "The body must be an object."),
    ] {
        assert_eq!(refused::<CreateKey>(&body), message, "{body}");
    }
    assert_eq!(refused::<MintWidgetToken>(&json!({ "user": { "name": "Ada" } })), "user.id is required.");
    assert_eq!(refused::<MintWidgetToken>(&json!({ "user": { "id": 7 } })), "user.id must be a string.");
    assert_eq!(refused::<MintWidgetToken>(&json!({ "user": "hunter2" })), "user must be an object.");
    assert_eq!(
        refused::<MintWidgetToken>(&json!({ "user": { "id": "1", "data": [] } })),
        "user.data must be an object."
    );
    assert_eq!(
        refused::<MintWidgetToken>(&json!({ "user": { "id": "1", "role": "admin" } })),
        "user.role is not a field of this request."
    );
}

#[test]
fn what_is_no_json_is_refused() {
    for body in ["", " ", "{", "{}{}", "{} x", "{'a':1}", "\u{feff}{}", "token=1", "{\"id\":\"a\",}"] {
        let refusal = read_body::<Value>(body.as_bytes()).expect_err(body);
        assert_eq!(refusal.message, "The body must be JSON.", "{body}");
    }
    assert_eq!(read_body::<Value>(b"\"\xff\"").expect_err("not UTF-8").code, ErrorCode::InvalidRequest);
    // Nested too deep for the stack: refused, not crashed.
    let deep = "[".repeat(30_000);
    assert_eq!(read_value(deep.as_bytes()).expect_err("too deep").code, ErrorCode::InvalidRequest);
}

#[test]
fn an_array_is_no_body() {
    for (body, message) in [
        (&br#"["a"]"#[..], "The body must be an object."),
        (br#""a""#, "The body must be an object."),
        (b"null", "The body must be an object."),
    ] {
        assert_eq!(read_body::<CreateSession>(body).expect_err("no object").message, message);
    }
    let message = read_body::<MintWidgetToken>(br#"{"user":["u"]}"#).expect_err("no object").message;
    assert_eq!(message, "user must be an object.");
    assert!(read_body::<MintWidgetToken>(br#"{"user":{"id":"u"}}"#).is_ok());
}

#[test]
fn a_field_may_come_once() {
    let refusal = read_body::<CreateSession>(br#"{"tenant_id":"a","tenant_id":"b"}"#).expect_err("twice");
    assert_eq!(refusal.message, "tenant_id is given twice.");
}

#[test]
fn a_body_has_at_most_64_kib() {
    let body = |bytes: usize| format!("{{{}}}", " ".repeat(bytes - 2));
    assert!(read_body::<Value>(body(MAX_BODY_BYTES).as_bytes()).is_ok());
    let refusal = read_body::<Value>(body(MAX_BODY_BYTES + 1).as_bytes()).expect_err("too large");
    assert_eq!(refusal.code, ErrorCode::PayloadTooLarge);
}

#[test]
fn a_body_that_may_be_empty_may_be_empty() {
    for body in ["", " \n", "{}", " {} "] {
        let mint: MintWidgetToken = read_optional_body(body.as_bytes()).expect(body);
        assert!(mint.user.is_none());
        assert_eq!(mint.ttl_secs(), Ok(300));
    }
    assert!(read_optional_body::<MintWidgetToken>(b"null").is_err());
}

#[test]
fn a_token_holds_60_to_3600_seconds() {
    for (ttl, good) in [(59, false), (60, true), (3_600, true), (3_601, false), (0, false)] {
        let mint: MintWidgetToken = read(&json!({ "ttl_seconds": ttl })).expect("well formed");
        assert_eq!(mint.ttl_secs().is_ok(), good, "{ttl}");
    }
    assert_eq!(refused::<MintWidgetToken>(&json!({ "ttl_seconds": 60.5 })), "ttl_seconds must be a whole number.");
}

#[test]
fn tenants_are_made_and_changed_by_their_rules() {
    let now = at("2026-11-22T04:00:00Z");
    let make = |body: Value| read::<CreateTenant>(&body).and_then(|body| body.into_tenant(now));
    let tenant = make(json!({ "id": "acme" })).expect("valid");
    assert_eq!(
        serde_json::to_value(&tenant).expect("plain data"),
        json!({ "id": "acme", "name": "acme", "hipaa": false, "created_at": "2026-11-22T04:00:00.000Z" })
    );
    let text = serde_json::to_string(&tenant).expect("plain data");
    assert_eq!(serde_json::from_str::<Tenant>(&text).expect("its stored form"), tenant);
    let with_null = text.replace('}', r#","retention_days":null}"#);
    assert_eq!(serde_json::from_str::<Tenant>(&with_null).expect("null is as absent"), tenant);
    assert!(make(json!({ "id": "acme", "name": "é".repeat(100), "hipaa": true })).expect("valid").hipaa);
    for (body, field) in [
        (json!({ "name": "Acme" }), "id"),
        (json!({ "id": "Acme" }), "id"),
        (json!({ "id": "a_b" }), "id"),
        (json!({ "id": "acme", "name": "" }), "name"),
        (json!({ "id": "acme", "name": " " }), "name"),
        (json!({ "id": "acme", "name": "a".repeat(101) }), "name"),
        (json!({ "id": "acme", "name": "a\nb" }), "name"),
        (json!({ "id": "acme", "hipaa": "yes" }), "hipaa"),
        (json!({ "id": "acme", "plan": "pro" }), "plan"),
        (json!({ "id": "acme", "retention_days": 0 }), "retention_days"),
    ] {
        let refusal = make(body).expect_err(field);
        assert!(refusal.message.starts_with(field), "{}", refusal.message);
    }

    let update = |body: Value| read::<UpdateTenant>(&body).and_then(|body| body.apply(tenant.clone()));
    assert_eq!(update(json!({})).expect("valid"), tenant);
    let renamed = update(json!({ "name": "Acme Ltd", "hipaa": true, "retention_days": 3_650 })).expect("valid");
    assert_eq!((renamed.name.as_str(), renamed.hipaa), ("Acme Ltd", true));
    assert_eq!(renamed.retention_days.map(Retention::as_days), Some(3_650));
    let back = read::<UpdateTenant>(&json!({ "name": null, "hipaa": null, "retention_days": null }))
        .and_then(|body| body.apply(renamed));
    assert_eq!(back.expect("valid"), tenant);
    for (body, field) in [
        (json!({ "id": "b" }), "id"),
        (json!({ "name": "" }), "name"),
        (json!({ "hipaa": 1 }), "hipaa"),
        (json!({ "retention_days": 0 }), "retention_days"),
        (json!({ "retention_days": 3_651 }), "retention_days"),
        (json!({ "retention_days": 1.5 }), "retention_days"),
        (json!({ "retention_days": "7" }), "retention_days"),
    ] {
        assert!(update(body).expect_err(field).message.starts_with(field));
    }
}

#[test]
fn sources_keep_their_rules() {
    let make = |body: Value| read::<CreateSource>(&body).and_then(CreateSource::validate);
    let source =
        make(json!({ "title": " Returns ", "body": "30 days.\n\tFree.\r\n", "url": "https://shop.example/r?a=1#b" }));
    let source = source.expect("valid");
    assert_eq!(source.title, "Returns");
    assert_eq!(source.url.as_deref(), Some("https://shop.example/r?a=1#b"));
    assert!(make(json!({ "title": "t", "body": "b" })).expect("valid").url.is_none());
    assert!(make(json!({ "title": "t", "body": "b", "url": null })).expect("valid").url.is_none());
    assert!(make(json!({ "title": "é".repeat(200), "body": "é".repeat(30_000) })).is_ok());
    for (body, field) in [
        (json!({ "body": "b" }), "title"),
        (json!({ "title": "", "body": "b" }), "title"),
        (json!({ "title": "t".repeat(201), "body": "b" }), "title"),
        (json!({ "title": "a\nb", "body": "b" }), "title"),
        (json!({ "title": "t" }), "body"),
        (json!({ "title": "t", "body": " \n " }), "body"),
        (json!({ "title": "t", "body": "b".repeat(60_001) }), "body"),
        (json!({ "title": "t", "body": "\u{0}" }), "body"),
        (json!({ "title": "t", "body": "b", "url": "" }), "url"),
        (json!({ "title": "t", "body": "b", "tags": [] }), "tags"),
    ] {
        assert!(make(body).expect_err(field).message.starts_with(field), "{field}");
    }
}

#[test]
fn a_sources_address_is_a_safe_link() {
    let make = |url: &str| read::<CreateSource>(&json!({ "title": "t", "body": "b", "url": url }))?.validate();
    for good in
        ["https://shop.example", "http://localhost:8788/help", "HTTPS://Shop.example/a%20b", "https://bücher.example/ä"]
    {
        assert!(make(good).is_ok(), "{good}");
    }
    for bad in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        " https://shop.example",
        "https:shop.example",
        "https:\\\\shop.example",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://shop.example/x",
        "//shop.example",
        "/help",
        "shop.example",
        "https://",
        "https://user@shop.example",
        "https://shop.example:secret@evil.example",
        "https://shop.example/a b",
        "https://shop.example/\u{202f}",
    ] {
        assert!(make(bad).expect_err(bad).message.starts_with("url must be"), "{bad}");
    }
    assert!(make(&format!("https://shop.example/{}", "a".repeat(2_000))).is_err());
}

#[test]
fn what_goes_live_is_named() {
    assert_eq!(refused::<EnvironmentBody>(&json!({})), "environment is required.");
    let body: EnvironmentBody = read(&json!({ "environment": "staging" })).expect("valid");
    assert_eq!(body.environment.as_str(), "staging");
}

#[test]
fn queries_are_read_once() {
    let query = Query::parse("environment=staging&limit=10&cursor=17&utm_source=mail");
    assert_eq!(query.environment().expect("valid").as_str(), "staging");
    let page = query.page::<u32>().expect("valid");
    assert_eq!((page.limit, page.cursor), (10, Some(17)));
    let none = Query::parse("");
    assert_eq!(none.environment(), Ok(Environment::production()));
    assert_eq!(none.page::<u32>().map(|page| (page.limit, page.cursor)), Ok((50, None)));
    for (query, field) in [
        ("environment=a&environment=b", "environment"),
        ("environment=", "environment"),
        ("environment=A", "environment"),
    ] {
        assert!(Query::parse(query).environment().expect_err(query).message.starts_with(field), "{query}");
    }
    for limit in ["0", "201", "-1", "+1", "1.5", "", "ten", "%31%30%30%30", "99999999999999999999", "1&limit=2"] {
        let refusal = Query::parse(&format!("limit={limit}")).page::<u32>().expect_err(limit);
        assert!(refusal.message.starts_with("limit"), "{limit}");
    }
    for limit in [1, 200] {
        assert_eq!(Query::parse(&format!("limit={limit}")).page::<u32>().expect("valid").limit, limit);
    }
    for cursor in ["", "a/b", "a'b", &"a".repeat(129)] {
        assert!(Query::parse(&format!("cursor={cursor}")).page::<u32>().is_err(), "{cursor}");
    }
    assert!(Query::parse("conversation=0123456789abcdef").conversation().is_ok());
    assert_eq!(Query::parse("").conversation().expect_err("missing").message, "conversation is required.");
    assert!(Query::parse("conversation=short").conversation().is_err());
}

#[test]
fn answers_look_like_this() {
    let now = at("2026-11-22T04:00:00Z");
    assert_eq!(json(&Health::OK), json!({ "status": "ok" }));
    let refusal = Refusal::from(ErrorCode::NotFound);
    assert_eq!(json(&ErrorBody::from(&refusal)), json!({ "error": "not_found", "message": "There is nothing here." }));
    let record = KeyView {
        id: "key_0123456789abcdef01234567".to_owned(),
        label: "Zapier".to_owned(),
        kind: CredentialKind::Secret,
        environment: Environment::production(),
        scopes: ScopeSet::NONE,
        status: "active",
        masked: "wf_sk_acme_••••1a2b".to_owned(),
        created_at: now,
        last_used_at: None,
        expires_at: None,
        deprecated_until: None,
        revoked_at: None,
        rate_limit_per_minute: None,
    };
    let created = KeyCreated { key: Secret::new("wf_sk_acme_plaintext"), record };
    assert_eq!(
        json(&created),
        json!({
            "key": "wf_sk_acme_plaintext",
            "id": "key_0123456789abcdef01234567",
            "label": "Zapier",
            "type": "secret",
            "environment": "production",
            "scopes": [],
            "status": "active",
            "masked": "wf_sk_acme_••••1a2b",
            "created_at": "2026-11-22T04:00:00.000Z",
            "last_used_at": null,
            "expires_at": null,
            "deprecated_until": null,
            "revoked_at": null,
            "rate_limit_per_minute": null
        })
    );
    assert!(!format!("{created:?}").contains("plaintext"), "only the answer shows it");
    let tenant_id = TenantId::parse("acme").expect("a tenant");
    assert_eq!(
        json(&SessionCreated { token: Secret::new("sess_acme_x"), tenant_id, expires_at: now }),
        json!({ "token": "sess_acme_x", "tenant_id": "acme", "expires_at": "2026-11-22T04:00:00.000Z" })
    );
    assert_eq!(
        json(&WidgetTokenBody { token: Secret::new("a.b.c"), expires_at: now }),
        json!({ "token": "a.b.c", "expires_at": "2026-11-22T04:00:00.000Z" })
    );
    let source = SourceView {
        id: SourceId::parse("src_0123456789abcdefghij").expect("an id"),
        title: "Returns".to_owned(),
        body: "30 days.".to_owned(),
        url: None,
        created_at: now,
    };
    assert_eq!(
        json(&SourceList { sources: vec![source], next_cursor: None }),
        json!({
            "sources": [{
                "id": "src_0123456789abcdefghij", "title": "Returns", "body": "30 days.", "url": null,
                "created_at": "2026-11-22T04:00:00.000Z"
            }],
            "next_cursor": null
        })
    );
}
