//! `…/keys`: making keys and listing them.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;
use weft_tests::api::{Workspace, now_secs, patiently};

fn body(kind: &str, environment: &str) -> Value {
    json!({ "label": "a key", "type": kind, "environment": environment })
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

#[test]
fn a_key_has_the_contracts_shape_and_is_shown_once() {
    let workspace = Workspace::shared();
    for (kind, prefix) in [("publishable", "wf_pk"), ("secret", "wf_sk")] {
        let answer = workspace.admin("POST", "/keys").json(&body(kind, "production")).send();
        assert_eq!(answer.header("Cache-Control").as_deref(), Some("no-store"));
        let made = answer.expect(201);
        let key = made["key"].as_str().expect("a key");
        let start = format!("{prefix}_{}_", workspace.tenant);
        let rest = key.strip_prefix(&start).unwrap_or_else(|| panic!("{start}"));
        assert!(rest.len() == 40 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(made["masked"], json!(format!("{start}••••{}", &key[key.len() - 4..])));
        assert_eq!(answer.text.matches(rest).count(), 1);

        let listed = workspace.admin("GET", "/keys").send();
        assert!(!listed.text.contains(rest), "the list shows no plaintext");
        assert!(!listed.text.contains(&rest[..12]) && !listed.text.contains(&rest[28..]), "nor a part of it");
        let mut record = made.clone();
        record.as_object_mut().expect("an object").remove("key");
        let listed = listed.expect(200);
        let found = listed["keys"].as_array().expect("keys").iter().find(|found| found["id"] == made["id"]).cloned();
        assert_eq!(found, Some(record));
    }
}

#[test]
fn a_key_s_record_says_what_it_is() {
    let workspace = Workspace::shared();
    let made = workspace.key(&json!({
        "label": "Shop's backend",
        "type": "secret",
        "environment": "staging",
        "scopes": ["widget:token"],
        "expires_at": "2099-01-02T03:04:05Z",
        "rate_limit_per_minute": 7,
    }));
    for (field, value) in [
        ("label", json!("Shop's backend")),
        ("type", json!("secret")),
        ("environment", json!("staging")),
        ("scopes", json!(["widget:token"])),
        ("status", json!("active")),
        ("last_used_at", Value::Null),
        ("deprecated_until", Value::Null),
        ("revoked_at", Value::Null),
        ("rate_limit_per_minute", json!(7)),
    ] {
        assert_eq!(made.get(field), Some(&value), "{field}");
    }
    assert!(made["id"].as_str().is_some_and(|id| id.starts_with("key_")), "{made}");
    assert!(made["expires_at"].as_str().is_some_and(|at| at.starts_with("2099-01-02T03:04:05")), "{made}");
    assert!(made["created_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{made}");
}

#[test]
fn at_most_three_keys_are_active_per_type_and_environment() {
    let workspace = Workspace::shared();
    let make = |kind: &str, environment: &str| workspace.admin("POST", "/keys").json(&body(kind, environment)).send();
    for kind in ["publishable", "secret"] {
        for environment in ["production", "staging"] {
            for _ in 0..3 {
                let _ = make(kind, environment).expect(201);
            }
        }
        for environment in ["production", "staging"] {
            make(kind, environment).refused("key_limit_reached");
        }
        let _ = make(kind, "development").expect(201);
    }
    assert_eq!(workspace.admin("GET", "/keys").send().expect(200)["keys"].as_array().map(Vec::len), Some(14));
}

#[test]
fn ten_creations_at_once_make_three_keys() {
    let workspace = Workspace::shared();
    let answers: Vec<_> = thread::scope(|scope| {
        let make = || workspace.admin("POST", "/keys").json(&body("secret", "production")).send();
        let threads: Vec<_> = (0..10).map(|_| scope.spawn(make)).collect();
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    });
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((made.len(), refused.len()), (3, 7));
    for answer in refused {
        answer.refused("key_limit_reached");
    }
    let ids: BTreeSet<String> = made.iter().map(|answer| answer.expect(201)["id"].to_string()).collect();
    let listed = workspace.admin("GET", "/keys").send().expect(200);
    let listed: BTreeSet<String> =
        listed["keys"].as_array().expect("keys").iter().map(|key| key["id"].to_string()).collect();
    assert_eq!(listed, ids);
    // Those that were made work, as any others do.
    for answer in &made {
        let key = answer.expect(201)["key"].as_str().expect("a key").to_owned();
        let _ = workspace.call("GET", "/sources").bearer(&key).send().expect(200);
    }
}

#[test]
fn what_breaks_a_key_s_rules_is_refused_by_name() {
    let workspace = Workspace::shared();
    let good = || body("secret", "production");
    for (bad, field) in [
        (json!({ "type": "secret", "environment": "production" }), "label"),
        (json!({ "label": "a", "environment": "production" }), "type"),
        (json!({ "label": "a", "type": "secret" }), "environment"),
        (with(good(), "label", json!("")), "label"),
        (with(good(), "label", json!("  ")), "label"),
        (with(good(), "label", json!("x".repeat(101))), "label"),
        (with(good(), "label", json!("a\u{7}b")), "label"),
        (with(good(), "label", json!(["a"])), "label"),
        (with(good(), "type", json!("session")), "type"),
        (with(good(), "type", json!("Secret")), "type"),
        (with(good(), "type", json!("admin")), "type"),
        (with(good(), "environment", json!("Production")), "environment"),
        (with(good(), "environment", json!("")), "environment"),
        (with(good(), "environment", json!("a/b")), "environment"),
        (with(good(), "scopes", json!("keys:write")), "scopes"),
        (with(good(), "scopes", json!(["keys:admin"])), "scopes"),
        (with(good(), "scopes", json!(["sources:read", "*"])), "scopes"),
        (with(good(), "scopes", json!([1])), "scopes"),
        (with(body("publishable", "production"), "scopes", json!(["widget:token"])), "scopes"),
        (with(good(), "expires_at", json!("2001-01-01T00:00:00Z")), "expires_at"),
        (with(good(), "expires_at", json!("tomorrow")), "expires_at"),
        (with(good(), "expires_at", json!(4_000_000_000_u32)), "expires_at"),
        (with(good(), "rate_limit_per_minute", json!(0)), "rate_limit_per_minute"),
        (with(good(), "rate_limit_per_minute", json!(-1)), "rate_limit_per_minute"),
        (with(good(), "rate_limit_per_minute", json!(1.5)), "rate_limit_per_minute"),
        (with(good(), "rate_limit_per_minute", json!(100_001)), "rate_limit_per_minute"),
        (with(good(), "key", json!("wf_sk_mine")), "key"),
        (with(good(), "tenant", json!("other")), "tenant"),
    ] {
        workspace.admin("POST", "/keys").json(&bad).send().refused_naming("invalid_request", field);
    }
    assert_eq!(workspace.admin("GET", "/keys").send().expect(200)["keys"], json!([]));
    let most = with(with(good(), "label", json!("é".repeat(100))), "rate_limit_per_minute", json!(100_000));
    let _ = workspace.key(&most);
    let _ = workspace.key(&with(good(), "rate_limit_per_minute", json!(1)));
    let _ = workspace.key(&with(body("publishable", "production"), "scopes", json!([])));
}

#[test]
fn a_key_ends_by_itself_at_the_time_it_was_given() {
    let workspace = Workspace::shared();
    let ends = now_secs() + 6;
    let body = with(body("secret", "production"), "expires_at", json!(rfc3339(ends)));
    let made = workspace.key(&with(body, "rate_limit_per_minute", json!(100_000)));
    let key = made["key"].as_str().expect("a key");
    let read = || workspace.call("GET", "/sources").bearer(key).send();
    let _ = read().expect(200);
    let refusal = patiently(Duration::from_secs(20), || Some(read()).filter(|answer| answer.status != 200));
    refusal.expect("refused in the end").refused("invalid_key");
    assert!(now_secs() >= ends, "not before its time");
    let listed = workspace.admin("GET", "/keys").send().expect(200);
    assert_eq!(listed["keys"][0]["status"], "revoked");
}

#[test]
fn a_key_s_last_use_is_noted_within_a_minute() {
    let workspace = Workspace::shared();
    let (used, unused) = (workspace.key(&body("secret", "production")), workspace.key(&body("secret", "staging")));
    let _ = workspace.call("GET", "/sources").bearer(used["key"].as_str().expect("a key")).send().expect(200);
    let last_use = |key: &Value| {
        let listed = workspace.admin("GET", "/keys").send().expect(200);
        let found = listed["keys"].as_array().expect("keys").iter().find(|found| found["id"] == key["id"]).cloned();
        found.expect("listed")["last_used_at"].as_str().map(str::to_owned)
    };
    let at = patiently(Duration::from_secs(75), || last_use(&used)).expect("noted");
    assert!(at.as_str() >= used["created_at"].as_str().expect("a time") && at.ends_with('Z'), "{at}");
    assert_eq!(last_use(&unused), None);
}

/// Seconds since 1970 as RFC 3339 (Howard Hinnant's `civil_from_days`).
fn rfc3339(secs: i64) -> String {
    let (days, secs) = (secs.div_euclid(86_400), secs.rem_euclid(86_400));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", secs / 3_600, secs / 60 % 60, secs % 60)
}
