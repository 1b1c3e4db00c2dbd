//! Guarantees of the widget token: what is minted is accepted, to the second, and its bytes are pinned.

mod forge;

use forge::{Forge, NOW, NOW_SECS, hex, kid, master_bytes, master_keys, tenant, widget_token_key};
use proptest::prelude::*;
use serde_json::{Value, json};
use weft_shared::error::ErrorCode;
use weft_shared::ids::Environment;
use weft_shared::keys::master::{MasterKey, MasterKeys};
use weft_shared::time::Timestamp;
use weft_shared::tokens::widget_token::{
    ANONYMOUS, Claims, LEEWAY_SECS, MAX_TOKEN_BYTES, Mint, TTL_MAX_SECS, TTL_MIN_SECS, TokenError, User, Verifier,
};

fn user(body: Value) -> User {
    serde_json::from_value(body).expect("a user")
}

fn zoe() -> User {
    user(json!({ "id": "user-1", "name": "Zoë", "email": "zoe@example.com", "data": { "plan": "pro" } }))
}

fn mint(user: Option<&User>, ttl_secs: u32, now: Timestamp) -> Result<(String, Timestamp), ErrorCode> {
    Mint {
        issuer: "weft",
        tenant: &tenant("acme"),
        environment: &Environment::production(),
        azp: "key_0123456789abcdef01234567",
        user,
        ttl_secs,
        jti: "0123456789abcdef012345".to_owned(),
    }
    .mint(&master_keys(), now)
    .map(|(token, end)| (token.expose().to_owned(), end))
    .map_err(|refusal| refusal.code)
}

fn verify_with(keys: &MasterKeys, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
    let environment = Environment::production();
    Verifier { issuer: "weft", tenant: &tenant("acme"), environment: &environment, keys }.verify(token, now)
}

fn verify(token: &str, now: Timestamp) -> Result<Claims, TokenError> {
    verify_with(&master_keys(), token, now)
}

#[test]
fn the_signing_key_and_its_name_are_those_of_the_contract() {
    // Computed with Python's hmac and hashlib.
    let key = widget_token_key(&master_bytes(), "acme");
    assert_eq!(hex(&key), "1a54f2b33641aef8545e15e230adb87c030cefb8deaa3f4e4c2ecbf8d8ecbdd0");
    assert_eq!(kid(&key), "ca95a19e0e9b");
}

#[test]
fn a_minted_token_has_these_very_bytes() {
    // Computed with Python's hmac, hashlib and base64.
    let (token, expires_at) = mint(Some(&zoe()), 300, NOW).expect("within the rules");
    assert_eq!(
        token,
        "eyJhbGciOiJIUzI1NiIsImtpZCI6ImNhOTVhMTllMGU5YiIsInR5cCI6IndpZGdldCtqd3QifQ.\
         eyJleHAiOjE4MDAwMDAzMDAsImlhdCI6MTgwMDAwMDAwMCwiaXNzIjoid2VmdCIsImF1ZCI6IndlZnQ6d2lkZ2V0IiwidGlkIjoiYWNtZS\
         IsImVudiI6InByb2R1Y3Rpb24iLCJzdWIiOiJ1c2VyLTEiLCJqdGkiOiIwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1IiwiYXpwIjoia2V5XzAx\
         MjM0NTY3ODlhYmNkZWYwMTIzNDU2NyIsIm5hbWUiOiJab8OrIiwiZW1haWwiOiJ6b2VAZXhhbXBsZS5jb20iLCJkYXRhIjp7InBsYW4iOi\
         Jwcm8ifX0.\
         rU85_--m7uM2r6F4sJ8QwPDQw7ey5XxgdAZsyMrWMbA"
    );
    assert_eq!(expires_at, NOW.plus_secs(300));
}

#[test]
fn a_token_that_another_made_by_the_contract_is_accepted() {
    // Python's, with the header in the contract's order.
    let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IndpZGdldCtqd3QiLCJraWQiOiJjYTk1YTE5ZTBlOWIifQ.\
         eyJpc3MiOiJ3ZWZ0IiwiYXVkIjoid2VmdDp3aWRnZXQiLCJ0aWQiOiJhY21lIiwiZW52IjoicHJvZHVjdGlvbiIsInN1YiI6InVzZXItMS\
         IsImlhdCI6MTgwMDAwMDAwMCwiZXhwIjoxODAwMDAwMzAwLCJqdGkiOiIwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1IiwiYXpwIjoia2V5XzAx\
         MjM0NTY3ODlhYmNkZWYwMTIzNDU2NyJ9.\
         wPI4Vm-uWpytQGyz7IPreEG-ClP-kMYdQfHiUGsG3RI";
    let claims = verify(token, NOW).expect("by the contract");
    assert_eq!(claims.subject, "user-1");
    assert_eq!((claims.name, claims.email, claims.data, claims.not_before), (None, None, None, None));
}

#[test]
fn a_token_says_what_its_mint_was_told() {
    let (token, end) = mint(Some(&zoe()), 600, NOW).expect("within the rules");
    let claims = verify(&token, NOW).expect("fresh");
    assert_eq!(
        claims,
        Claims {
            issuer: "weft".to_owned(),
            tenant: tenant("acme"),
            environment: Environment::production(),
            subject: "user-1".to_owned(),
            issued_at: NOW,
            expires_at: NOW.plus_secs(600),
            not_before: None,
            token_id: "0123456789abcdef012345".to_owned(),
            minted_by: "key_0123456789abcdef01234567".to_owned(),
            name: Some("Zoë".to_owned()),
            email: Some("zoe@example.com".to_owned()),
            data: json!({ "plan": "pro" }).as_object().cloned(),
        }
    );
    assert_eq!(end, claims.expires_at);

    let (token, _) = mint(None, 300, NOW).expect("within the rules");
    assert_eq!(verify(&token, NOW).expect("fresh").subject, ANONYMOUS);
}

#[test]
fn a_token_is_accepted_until_its_end_and_the_leeway_to_the_millisecond() {
    // Minted within a second: the token counts from the second's beginning.
    let (token, end) = mint(None, 60, NOW.plus_millis(999)).expect("within the rules");
    assert_eq!(end, NOW.plus_secs(60));
    let last = end.plus_secs(LEEWAY_SECS).plus_millis(-1);
    assert!(verify(&token, last).is_ok());
    assert_eq!(verify(&token, last.plus_millis(1)), Err(TokenError::Expired));
    assert_eq!(TokenError::Expired.code(), ErrorCode::ExpiredToken);
    // And on a machine whose clock runs behind, but not far.
    assert!(verify(&token, NOW.plus_secs(-LEEWAY_SECS)).is_ok());
    assert!(matches!(verify(&token, NOW.plus_secs(-LEEWAY_SECS).plus_millis(-1)), Err(TokenError::Invalid(_))));
}

#[test]
fn nbf_is_kept_where_it_is_there() {
    let token = |nbf: i64| Forge::good().claim("nbf", json!(NOW_SECS + nbf)).token();
    assert!(verify(&token(0), NOW).is_ok());
    assert!(verify(&token(LEEWAY_SECS), NOW).is_ok());
    assert!(matches!(verify(&token(LEEWAY_SECS + 1), NOW), Err(TokenError::Invalid(_))));
    assert!(matches!(verify(&token(LEEWAY_SECS), NOW.plus_millis(-1)), Err(TokenError::Invalid(_))));
}

#[test]
fn a_lifetime_is_60_to_3600_seconds() {
    for good in [TTL_MIN_SECS, 300, TTL_MAX_SECS] {
        let (token, _) = mint(None, good, NOW).expect("within the rules");
        assert!(verify(&token, NOW).is_ok());
    }
    for bad in [0, TTL_MIN_SECS - 1, TTL_MAX_SECS + 1, u32::MAX] {
        assert_eq!(mint(None, bad, NOW), Err(ErrorCode::InvalidRequest), "{bad}");
    }
}

#[test]
fn a_user_is_within_its_limits() {
    for good in [
        json!({ "id": "u" }),
        json!({ "id": "é".repeat(128), "name": "é".repeat(200), "email": "é".repeat(320) }),
        // {"k":"…"} is 8 bytes and the text.
        json!({ "id": "u", "data": { "k": "x".repeat(2048 - 8) } }),
        json!({ "id": "u", "name": "", "data": {} }),
    ] {
        assert_eq!(user(good.clone()).validate(), Ok(()), "{good}");
    }
    for (bad, field) in [
        (json!({ "id": "" }), "user.id"),
        (json!({ "id": "u".repeat(129) }), "user.id"),
        (json!({ "id": "a\nb" }), "user.id"),
        (json!({ "id": "a\u{7f}" }), "user.id"),
        (json!({ "id": "u", "name": "n".repeat(201) }), "user.name"),
        (json!({ "id": "u", "name": "\0" }), "user.name"),
        (json!({ "id": "u", "email": "n".repeat(321) }), "user.email"),
        (json!({ "id": "u", "data": { "k": "x".repeat(2048 - 7) } }), "user.data"),
        (json!({ "id": "u", "data": { "k": "é".repeat(1021) } }), "user.data"),
    ] {
        let user = user(bad);
        assert!(user.validate().expect_err(field).message.starts_with(field));
        assert_eq!(mint(Some(&user), 300, NOW), Err(ErrorCode::InvalidRequest));
    }
    for bad in [json!({}), json!({ "id": 7 }), json!({ "id": "u", "data": [] }), json!({ "id": "u", "admin": true })] {
        assert!(serde_json::from_value::<User>(bad).is_err());
    }
}

#[test]
fn the_largest_token_that_can_be_minted_is_accepted() {
    let wide = "\u{10ffff}";
    let user = user(json!({
        "id": wide.repeat(128), "name": wide.repeat(200), "email": wide.repeat(320), "data": { "k": "x".repeat(2040) },
    }));
    let issuer = wide.repeat(200);
    let (acme, environment, keys) = (tenant(&"a".repeat(32)), Environment::production(), master_keys());
    let azp = "key_0123456789abcdef01234567";
    let jti = "j".repeat(64);
    let mint =
        Mint { issuer: &issuer, tenant: &acme, environment: &environment, azp, user: Some(&user), ttl_secs: 60, jti };
    let (token, _) = mint.mint(&keys, NOW).expect("within the rules");
    assert!(token.expose().len() <= MAX_TOKEN_BYTES, "{}", token.expose().len());
    let verifier = Verifier { issuer: &issuer, tenant: &acme, environment: &environment, keys: &keys };
    assert_eq!(verifier.verify(token.expose(), NOW).expect("fresh").name, user.name);
}

#[test]
fn an_issuer_must_be_set() {
    let (acme, environment) = (tenant("acme"), Environment::production());
    for issuer in [String::new(), "i".repeat(201)] {
        let mint = Mint {
            issuer: &issuer,
            tenant: &acme,
            environment: &environment,
            azp: "key_0123456789abcdef01234567",
            user: None,
            ttl_secs: 300,
            jti: "j".to_owned(),
        };
        assert_eq!(mint.mint(&master_keys(), NOW).expect_err("no issuer").code, ErrorCode::Misconfigured);
    }
}

#[test]
fn a_token_outlives_its_master_key_while_that_is_the_previous_one() {
    let (token, _) = mint(None, 300, NOW).expect("within the rules");
    let old = MasterKey::from_bytes(master_bytes());
    let new = MasterKey::from_bytes([9; 32]);
    assert!(verify_with(&MasterKeys::new(new.clone(), Some(old.clone())), &token, NOW).is_ok());
    assert!(verify_with(&MasterKeys::new(old, Some(new.clone())), &token, NOW).is_ok());
    assert_eq!(verify_with(&MasterKeys::new(new, None), &token, NOW), Err(TokenError::Invalid("kid")));
}

#[test]
fn a_broken_clock_makes_no_token() {
    assert_eq!(mint(None, 300, Timestamp::from_millis(i64::MAX)), Err(ErrorCode::Internal));
    assert_eq!(mint(None, 300, Timestamp::from_millis(i64::MIN)), Err(ErrorCode::Internal));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_minted_is_accepted_for_its_lifetime_and_nowhere_else(
        id in "[^\\p{Cc}]{1,128}",
        name in proptest::option::of("[^\\p{Cc}]{0,40}"),
        ttl_secs in TTL_MIN_SECS..=TTL_MAX_SECS,
        now_millis in 0_i64..4_000_000_000_000,
        after_millis in 0_i64..4_000_000,
    ) {
        let now = Timestamp::from_millis(now_millis);
        let user = User { id: id.clone(), name: name.clone(), email: None, data: None };
        let (token, end) = mint(Some(&user), ttl_secs, now).expect("within the rules");
        let at = now.plus_millis(after_millis);
        match verify(&token, at) {
            Ok(claims) => {
                prop_assert!(at < end.plus_secs(LEEWAY_SECS));
                prop_assert_eq!((claims.subject, claims.name), (id, name));
            }
            Err(error) => {
                prop_assert_eq!(error, TokenError::Expired);
                prop_assert!(at >= end.plus_secs(LEEWAY_SECS));
            }
        }
    }
}
