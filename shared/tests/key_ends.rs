//! Guarantees of how keys end: what a guard takes over from the registry, what a successor inherits, which tokens fall
//! with their minter.
#![cfg(feature = "server")]

mod forge;

use forge::{NOW, Seeded, master_keys, tenant};
use proptest::prelude::*;
use serde_json::{Value, json};
use weft_shared::keys::credential::{Credential, CredentialKind};
use weft_shared::keys::record::{GRACE_DEFAULT_SECS, KeyRecord, KeyStatus, NewKey, session_view};
use weft_shared::protocol::http::{RotateKey, read_optional_body};
use weft_shared::time::Timestamp;

fn credential(kind: CredentialKind, seed: u64) -> Credential {
    Credential::generate(kind, &tenant("acme"), &master_keys(), &mut Seeded::new(seed))
}

fn key(more: Value) -> KeyRecord {
    let mut body = json!({ "label": "server", "type": "secret", "environment": "staging" });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    let request = NewKey::parse(serde_json::from_value(body).expect("of the body's shape"), NOW).expect("in the rules");
    KeyRecord::new_key(request, tenant("acme"), &credential(CredentialKind::Secret, 1), NOW)
}

fn session() -> KeyRecord {
    KeyRecord::new_session(tenant("acme"), &credential(CredentialKind::Session, 2), NOW)
}

#[test]
fn a_successor_may_do_what_its_predecessor_may_and_has_a_life_of_its_own() {
    let mut old = key(json!({
        "scopes": ["widget:token", "keys:read"],
        "expires_at": "2027-02-01T00:00:00Z",
        "rate_limit_per_minute": 7,
    }));
    assert!(old.note_use(NOW));
    let later = NOW.plus_secs(5);
    let credential = credential(CredentialKind::Secret, 3);
    let new = old.successor(&credential, later);
    let same = |record: &KeyRecord| {
        (
            record.tenant.clone(),
            record.kind,
            record.label.clone(),
            record.environment.clone(),
            record.scopes,
            record.expires_at,
            record.rate_limit_per_minute,
        )
    };
    assert_eq!(same(&new), same(&old));
    assert!(new.is_of(&credential) && new.id != old.id && new.masked != old.masked);
    assert_eq!((new.created_at, new.last_used_at), (later, None));
    assert_eq!(new.status(later), KeyStatus::Active);
}

#[test]
fn a_grace_period_is_three_days_unless_given_and_nothing_is_at_once() {
    let ends = |body: &str| read_optional_body::<RotateKey>(body.as_bytes()).expect(body).grace_ends_at(NOW);
    for body in ["", "{}", r#"{"grace_seconds":null}"#] {
        assert_eq!(ends(body), NOW.plus_secs(GRACE_DEFAULT_SECS.into()), "{body}");
    }
    assert_eq!(ends(r#"{"grace_seconds":0}"#), NOW);
    assert_eq!(ends(r#"{"grace_seconds":1}"#), NOW.plus_secs(1));
    assert_eq!(ends(r#"{"grace_seconds":4294967295}"#), NOW.plus_secs(u32::MAX.into()));
    for bad in [
        r#"{"grace_seconds":-1}"#,
        r#"{"grace_seconds":4294967296}"#,
        r#"{"grace_seconds":1.5}"#,
        r#"{"grace_seconds":"0"}"#,
        r#"{"grace_seconds":true}"#,
        r#"{"grace":0}"#,
    ] {
        let refusal = read_optional_body::<RotateKey>(bad.as_bytes()).expect_err(bad);
        assert!(refusal.message.contains("grace"), "{bad}: {}", refusal.message);
    }
}

#[test]
fn tokens_fall_with_a_minter_that_was_withdrawn_and_not_with_one_that_grew_old() {
    let long_after = NOW.plus_secs(100_000_000);
    assert!(!session().is_withdrawn(long_after) && !session().is_usable(long_after));
    assert!(session().revoke(NOW).is_withdrawn(NOW));
    let until = NOW.plus_secs(60);
    let rotated = key(json!({})).rotate(until, NOW).expect("active");
    assert!(!rotated.is_withdrawn(until.plus_millis(-1)) && rotated.is_withdrawn(until));
    assert!(!key(json!({})).is_withdrawn(long_after));
}

#[test]
fn a_session_tokens_view_is_pinned() {
    let view = session_view(&session(), NOW);
    let shown = serde_json::to_value(&view).expect("JSON");
    assert_eq!(
        shown,
        json!({
            "id": session().id,
            "status": "active",
            "masked": session().masked,
            "created_at": "2027-01-15T08:00:00.000Z",
            "last_used_at": null,
            "expires_at": "2027-01-15T09:00:00.000Z",
            "revoked_at": null,
        })
    );
    assert_eq!(session_view(&session(), NOW.plus_secs(3_599)).status, "active");
    assert_eq!(session_view(&session(), NOW.plus_secs(3_600)).status, "revoked");
}

fn ends() -> impl Strategy<Value = (Option<i64>, Option<i64>)> {
    (prop::option::of(0_i64..100), prop::option::of(0_i64..100))
}

fn with_ends((revoked, grace): (Option<i64>, Option<i64>)) -> KeyRecord {
    let at = |millis: i64| NOW.plus_millis(millis);
    KeyRecord { revoked_at: revoked.map(at), grace_ends_at: grace.map(at), ..key(json!({})) }
}

proptest! {
    /// Told in any order, any number of times: what is refused stays refused.
    #[test]
    fn what_a_guard_is_told_brings_nothing_back(held in ends(), told in prop::collection::vec(ends(), 0..6), at in 0_i64..200) {
        let now: Timestamp = NOW.plus_millis(at);
        let mut guard = with_ends(held);
        for told in told.into_iter().map(with_ends) {
            let before = guard.clone();
            guard = guard.adopt(&told);
            prop_assert!(before.is_usable(now) || !guard.is_usable(now), "held: it was refused and is not");
            prop_assert!(told.is_usable(now) || !guard.is_usable(now), "told: the registry refuses it");
            prop_assert_eq!(guard.clone().adopt(&told), guard.clone(), "twice is once");
            prop_assert!(guard.is_usable(now) || !before.is_usable(now) || !told.is_usable(now), "from nowhere");
        }
    }
}
