//! Guarantees of a key's record: where it stands at each instant, that nothing leaves revoked, and its stored form.

mod forge;

use forge::{NOW, Seeded, master_keys, tenant};
use proptest::prelude::*;
use serde_json::{Value, json};
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::Environment;
use weft_shared::keys::credential::{Credential, CredentialKind};
use weft_shared::keys::record::{
    KeyRecord, KeyStatus, MAX_ACTIVE_KEYS, NewKey, SESSION_TTL_SECS, TransitionError, active_count, key_view,
};
use weft_shared::protocol::http::CreateKey;
use weft_shared::scope::ScopeSet;
use weft_shared::time::Timestamp;

fn credential(kind: CredentialKind, seed: u64) -> Credential {
    Credential::generate(kind, &tenant("acme"), &master_keys(), &mut Seeded::new(seed))
}

fn request(body: Value) -> Result<NewKey, Refusal> {
    let request: CreateKey = serde_json::from_value(body).expect("of the body's shape");
    NewKey::parse(request, NOW)
}

fn record(body: Value) -> KeyRecord {
    let request = request(body).expect("within the rules");
    let credential = credential(request.kind, 1);
    KeyRecord::new_key(request, tenant("acme"), &credential, NOW)
}

fn key() -> KeyRecord {
    record(json!({ "label": "server", "type": "secret", "environment": "production" }))
}

/// The hash computed with Python's hashlib.
#[test]
fn a_record_is_stored_as_this_json() {
    let text = "wf_sk_acme_0123456789ABCDEFGHIJKLMNOPQRSTUVSnWJTYkp";
    let credential = Credential::authenticate(text, &master_keys()).expect("tagged with this master key");
    let request = request(json!({
        "label": "Back office",
        "type": "secret",
        "environment": "staging",
        "scopes": ["widget:token", "messages:write"],
        "expires_at": "2027-02-01T00:00:00Z",
        "rate_limit_per_minute": 250,
    }));
    let mut record = KeyRecord::new_key(request.expect("within the rules"), tenant("acme"), &credential, NOW);
    assert!(record.note_use(NOW.plus_millis(1)));
    let stored = concat!(
        r#"{"id":"key_f50938e6add17f245c04fd31","tenant":"acme","type":"secret","label":"Back office","#,
        r#""environment":"staging","scopes":["messages:write","widget:token"],"#,
        r#""hash":"f50938e6add17f245c04fd31c0f31b4fba20a5eaa0d2fab6478a5699e49525f0","#,
        r#""masked":"wf_sk_acme_••••TYkp","created_at":1800000000000,"expires_at":1801440000000,"#,
        r#""rate_limit_per_minute":250,"grace_ends_at":null,"revoked_at":null,"last_used_at":1800000000001}"#,
    );
    assert_eq!(serde_json::to_string(&record).expect("JSON"), stored);
    assert_eq!(serde_json::from_str::<KeyRecord>(stored).expect("read back"), record);
}

#[test]
fn a_damaged_row_fails_closed() {
    let stored = serde_json::to_value(key().revoke(NOW)).expect("JSON");
    let fields = stored.as_object().expect("an object");
    assert!(serde_json::from_value::<KeyRecord>(stored.clone()).is_ok());
    for field in fields.keys() {
        let mut damaged = fields.clone();
        damaged.remove(field);
        assert!(serde_json::from_value::<KeyRecord>(damaged.into()).is_err(), "{field} lost");
    }
    for (field, bad) in [
        ("scopes", json!(["root"])),
        ("type", json!("admin")),
        ("hash", json!("00")),
        ("revoked_at", json!("2027-01-15")),
        ("tenant", json!("../other")),
    ] {
        let mut damaged = fields.clone();
        damaged.insert(field.to_owned(), bad);
        assert!(serde_json::from_value::<KeyRecord>(damaged.into()).is_err(), "{field} damaged");
    }
}

#[test]
fn a_stored_record_does_not_hold_the_credential() {
    let made = credential(CredentialKind::Secret, 1);
    let stored = serde_json::to_string(&key()).expect("JSON");
    let text = made.expose();
    assert!(!stored.contains(&text[text.len() - 40..text.len() - 4]));
    assert!(!format!("{:?}", key()).contains(&text[text.len() - 40..text.len() - 4]));
}

#[test]
fn a_rotated_key_works_until_its_grace_period_ends() {
    let until = NOW.plus_secs(60);
    let rotated = key().rotate(until, NOW).expect("active");
    let last = until.plus_millis(-1);
    assert_eq!(rotated.status(NOW), KeyStatus::Deprecated { until });
    assert_eq!(rotated.status(last), KeyStatus::Deprecated { until });
    assert!(rotated.is_usable(last));
    assert_eq!(rotated.status(until), KeyStatus::Revoked);
    assert!(!rotated.is_usable(until));
    assert_eq!((rotated.refused_since(last), rotated.refused_since(until)), (None, Some(until)));
}

#[test]
fn a_grace_period_of_nothing_ends_at_once() {
    for end in [NOW, NOW.plus_millis(-1)] {
        let rotated = key().rotate(end, NOW).expect("active");
        assert_eq!(rotated.status(NOW), KeyStatus::Revoked);
        assert_eq!(rotated.refused_since(NOW), Some(NOW));
    }
}

#[test]
fn only_an_active_key_is_rotated() {
    let until = NOW.plus_secs(60);
    let rotated = key().rotate(until, NOW).expect("active");
    assert_eq!(rotated.clone().rotate(NOW.plus_secs(600), NOW), Err(TransitionError::Deprecated));
    assert_eq!(rotated.rotate(NOW.plus_secs(600), until), Err(TransitionError::Revoked));
    assert_eq!(key().revoke(NOW).rotate(until, NOW), Err(TransitionError::Revoked));
    for error in [TransitionError::Deprecated, TransitionError::Revoked] {
        assert_eq!(Refusal::from(error).code, ErrorCode::Conflict);
    }
}

#[test]
fn a_revocation_holds_at_once_and_whatever_the_clock_says() {
    let revoked = key().revoke(NOW);
    for at in [NOW, NOW.plus_millis(1), NOW.plus_secs(-3_600), Timestamp::from_millis(i64::MAX)] {
        assert_eq!(revoked.status(at), KeyStatus::Revoked);
        assert!(!revoked.is_usable(at));
    }
    let again = revoked.clone().revoke(NOW.plus_secs(5));
    assert_eq!(again, revoked);
    // A deprecated key's end may come sooner than its grace period's, never later.
    let until = NOW.plus_secs(60);
    let rotated = key().rotate(until, NOW).expect("active");
    assert_eq!(rotated.clone().revoke(NOW.plus_secs(1)).refused_since(until), Some(NOW.plus_secs(1)));
    assert_eq!(rotated.revoke(until.plus_secs(1)).refused_since(until.plus_secs(2)), Some(until));
}

#[test]
fn an_expired_key_is_refused_to_the_millisecond() {
    let record = record(json!({
        "label": "l", "type": "secret", "environment": "production", "expires_at": "2027-01-15T09:00:00Z",
    }));
    let end = NOW.plus_secs(3_600);
    assert_eq!(record.status(end.plus_millis(-1)), KeyStatus::Active);
    assert_eq!(record.status(end), KeyStatus::Revoked);
    assert_eq!(key_view(&record, end).revoked_at, Some(end));
    assert_eq!(record.rotate(end.plus_secs(9), end), Err(TransitionError::Revoked));
}

#[test]
fn a_session_lives_an_hour_and_holds_all_but_keys() {
    let made = credential(CredentialKind::Session, 4);
    let session = KeyRecord::new_session(tenant("acme"), &made, NOW);
    let end = NOW.plus_secs(SESSION_TTL_SECS);
    assert!(session.is_of(&made));
    assert_eq!(session.scopes, ScopeSet::all_but_keys());
    assert!(session.is_usable(end.plus_millis(-1)) && !session.is_usable(end));
}

#[test]
fn a_record_is_of_its_own_credential_alone() {
    assert!(key().is_of(&credential(CredentialKind::Secret, 1)));
    assert!(!key().is_of(&credential(CredentialKind::Secret, 2)));
    let mut other = key();
    other.tenant = tenant("other");
    assert!(!other.is_of(&credential(CredentialKind::Secret, 1)));
    let mut other = key();
    other.kind = CredentialKind::Publishable;
    assert!(!other.is_of(&credential(CredentialKind::Secret, 1)));
}

#[test]
fn only_active_keys_of_the_type_and_environment_count() {
    let production = Environment::production();
    let count = |records: &[KeyRecord], now| active_count(records, CredentialKind::Secret, &production, now);
    let until = NOW.plus_secs(60);
    let staging = record(json!({ "label": "l", "type": "secret", "environment": "staging" }));
    let publishable = record(json!({ "label": "l", "type": "publishable", "environment": "production" }));
    let rotated = key().rotate(until, NOW).expect("active");
    let records = [key(), key(), key(), staging, publishable, rotated, key().revoke(NOW)];
    assert_eq!(count(&records, NOW), MAX_ACTIVE_KEYS);
    assert_eq!(count(&records[1..], NOW), MAX_ACTIVE_KEYS - 1);
    assert_eq!(count(&records, until), MAX_ACTIVE_KEYS);
}

#[test]
fn a_use_is_worth_a_write_once_a_minute() {
    let mut record = key();
    assert!(record.note_use(NOW));
    assert!(!record.note_use(NOW.plus_millis(59_999)));
    assert_eq!(record.last_used_at, Some(NOW));
    assert!(record.note_use(NOW.plus_secs(60)));
    assert_eq!(record.last_used_at, Some(NOW.plus_secs(60)));
}

#[test]
fn a_new_key_is_within_the_rules() {
    let with = |field: &str, value: Value| {
        let mut body = json!({ "label": "l", "type": "secret", "environment": "production" });
        body[field] = value;
        request(body)
    };
    assert_eq!(with("label", json!("l")).expect("secret").scopes, ScopeSet::all_but_keys());
    assert_eq!(with("type", json!("publishable")).expect("publishable").scopes, ScopeSet::NONE);
    assert_eq!(with("scopes", json!([])).expect("none").scopes, ScopeSet::NONE);
    assert!(with("label", json!("é".repeat(100))).is_ok());
    assert!(with("rate_limit_per_minute", json!(1)).is_ok());
    assert!(with("rate_limit_per_minute", json!(100_000)).is_ok());
    assert!(with("expires_at", json!("2027-01-15T08:00:00.001Z")).is_ok());
    for (field, bad) in [
        ("label", json!("")),
        ("label", json!(" ")),
        ("label", json!("é".repeat(101))),
        ("label", json!("a\nb")),
        ("scopes", json!(["keys:write", "root"])),
        ("scopes", json!(["keys:*"])),
        ("expires_at", json!("2027-01-15T08:00:00Z")),
        ("rate_limit_per_minute", json!(0)),
        ("rate_limit_per_minute", json!(100_001)),
    ] {
        let refusal = with(field, bad.clone()).expect_err(field);
        assert_eq!(refusal.code, ErrorCode::InvalidRequest);
        assert!(refusal.message.starts_with(field), "{field}: {}", refusal.message);
    }
    // However it came to ask: a session token is made by another route.
    let asked = json!({ "label": "l", "type": "secret", "environment": "production" });
    let mut asked: CreateKey = serde_json::from_value(asked).expect("of the body's shape");
    asked.kind = CredentialKind::Session;
    assert!(NewKey::parse(asked, NOW).expect_err("no API key").message.starts_with("type"));
    let scoped = json!({ "label": "l", "type": "publishable", "environment": "production", "scopes": ["keys:read"] });
    assert!(request(scoped).expect_err("no scopes there").message.starts_with("scopes"));
}

#[test]
fn a_view_shows_the_record_and_nothing_that_opens() {
    let until = NOW.plus_secs(60);
    let rotated = key().rotate(until, NOW).expect("active");
    let view = serde_json::to_value(key_view(&rotated, NOW)).expect("JSON");
    for (field, value) in [
        ("id", json!(rotated.id)),
        ("label", json!("server")),
        ("type", json!("secret")),
        ("environment", json!("production")),
        ("scopes", json!(ScopeSet::all_but_keys())),
        ("status", json!("deprecated")),
        ("masked", json!(rotated.masked)),
        ("created_at", json!("2027-01-15T08:00:00.000Z")),
        ("last_used_at", Value::Null),
        ("deprecated_until", json!("2027-01-15T08:01:00.000Z")),
        ("revoked_at", Value::Null),
    ] {
        assert_eq!(view[field], value, "{field}");
    }
    assert_eq!(view.get("hash"), None);
    let later = serde_json::to_value(key_view(&rotated, until)).expect("JSON");
    assert_eq!((&later["status"], &later["revoked_at"]), (&json!("revoked"), &json!("2027-01-15T08:01:00.000Z")));
}

#[derive(Debug, Clone)]
enum Step {
    Rotate { grace_millis: i64 },
    Revoke,
    Use,
    Store,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (-10_i64..100_000).prop_map(|grace_millis| Step::Rotate { grace_millis }),
        Just(Step::Revoke),
        Just(Step::Use),
        Just(Step::Store),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_leaves_revoked(
        expires_in in proptest::option::of(1_i64..200_000),
        steps in proptest::collection::vec((step(), 0_i64..60_000), 1..12),
    ) {
        let rank = |status: KeyStatus| match status {
            KeyStatus::Active => 0,
            KeyStatus::Deprecated { .. } => 1,
            KeyStatus::Revoked => 2,
        };
        let mut record = key();
        record.expires_at = expires_in.map(|millis| NOW.plus_millis(millis));
        let mut now = NOW;
        let mut before = rank(record.status(now));
        for (step, wait) in steps {
            now = now.plus_millis(wait);
            record = match step {
                Step::Rotate { grace_millis } => {
                    let was = record.status(now);
                    let rotated = record.clone().rotate(now.plus_millis(grace_millis), now);
                    prop_assert_eq!(rotated.is_ok(), was == KeyStatus::Active);
                    let record = rotated.unwrap_or(record);
                    prop_assert!(record.status(now) != KeyStatus::Active);
                    record
                }
                Step::Revoke => {
                    let revoked = record.revoke(now);
                    prop_assert_eq!(revoked.status(now), KeyStatus::Revoked);
                    revoked
                }
                Step::Use => {
                    let _ = record.note_use(now);
                    record
                }
                Step::Store => {
                    let stored = serde_json::to_string(&record).expect("JSON");
                    serde_json::from_str(&stored).expect("read back")
                }
            };
            let after = rank(record.status(now));
            prop_assert!(after >= before, "{record:?} went back");
            prop_assert_eq!(record.is_usable(now), after < 2);
            prop_assert_eq!(record.refused_since(now).is_some(), after == 2);
            before = after;
        }
    }

    #[test]
    fn a_grace_period_ends_on_its_millisecond(grace_millis in 1_i64..1_000_000_000, at_millis in 0_i64..1_000_000_000) {
        let until = NOW.plus_millis(grace_millis);
        let rotated = key().rotate(until, NOW).expect("active");
        for at in [NOW.plus_millis(at_millis), until.plus_millis(-1), until] {
            prop_assert_eq!(rotated.is_usable(at), at < until);
        }
    }
}
