//! Attacks on the widget token (RFC 8725 and what has been seen in the wild). Each spoils one thing of a good token
//! and, where that makes sense, signs the result rightly: so it is this thing that is refused and no other. Attacks on
//! the token's text are in `widget_token_text.rs`.

mod forge;

use forge::{
    Forge, NOW_SECS, assert_refused, base64url, hs256, kid, master_bytes, sign, verify, verify_as, widget_token_key,
};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use weft_shared::error::ErrorCode;
use weft_shared::tokens::widget_token::{LEEWAY_SECS, TokenError};

/// The token that all attacks start from is good, also with blanks and in another order.
#[test]
fn the_unspoilt_token_is_accepted() {
    let good = Forge::good();
    assert!(verify(&good.token()).is_ok());
    let header = format!(r#" {{ "kid" : "{}" , "typ" : "widget+jwt" , "alg" : "HS256" }} "#, kid(&good.key));
    assert!(verify(&good.token_of(&header, &good.claims_json())).is_ok());
    // Claims that we don't know are nobody's business (RFC 7519 section 4).
    assert!(verify(&good.claim("role", json!("admin")).token()).is_ok());
}

#[test]
fn no_algorithm_but_hs256_is_accepted() {
    let good = Forge::good();
    for alg in
        ["none", "None", "NONE", "nOnE", "", "hs256", "HS256 ", "HS384", "HS512", "RS256", "ES256", "EdDSA", "dir"]
    {
        let spoilt = good.clone().header("alg", json!(alg));
        assert_refused(&spoilt.token(), alg);
        let unsigned = format!("{}.{}.", base64url(spoilt.header_json()), base64url(spoilt.claims_json()));
        assert_refused(&unsigned, alg);
    }
    for alg in [Value::Null, json!(256), json!(["HS256"]), json!({ "alg": "HS256" }), json!(true)] {
        assert_refused(&good.clone().header("alg", alg.clone()).token(), &alg.to_string());
    }
    assert_refused(&good.clone().header("alg", None).token(), "alg missing");

    // It is the algorithm that is refused, by us before anything is verified.
    assert_eq!(verify(&good.clone().header("alg", json!("none")).token()), Err(TokenError::Invalid("alg")));

    // Rightly signed with the algorithm that it names.
    let spoilt = good.header("alg", json!("HS512"));
    let text = format!("{}.{}", base64url(spoilt.header_json()), base64url(spoilt.claims_json()));
    let mut mac = Hmac::<sha2::Sha512>::new_from_slice(&spoilt.key).expect("any length will do");
    mac.update(text.as_bytes());
    assert_refused(&format!("{text}.{}", base64url(mac.finalize().into_bytes())), "HS512");
}

#[test]
fn another_kind_of_jwt_is_refused() {
    let good = Forge::good();
    for typ in ["JWT", "jwt", "at+jwt", "WIDGET+JWT", "widget+jwt ", "application/widget+jwt", ""] {
        assert_refused(&good.clone().header("typ", json!(typ)).token(), typ);
    }
    assert_refused(&good.clone().header("typ", Value::Null).token(), "typ null");
    assert_refused(&good.header("typ", None).token(), "typ missing");
}

#[test]
fn only_the_tenants_own_key_is_named() {
    let good = Forge::good();
    let own = kid(&good.key);
    let others = kid(&widget_token_key(&master_bytes(), "other"));
    for bad in [
        json!(others),
        json!(own.to_uppercase()),
        json!(own[..11]),
        json!(format!("{own}0")),
        json!(""),
        json!("../../dev/null"),
        json!("' OR 1=1 --"),
        json!(12),
        json!([own]),
        json!({ "kid": own }),
        Value::Null,
    ] {
        assert_refused(&good.clone().header("kid", bad.clone()).token(), &bad.to_string());
    }
    assert_refused(&good.header("kid", None).token(), "kid missing");
}

#[test]
fn a_header_holds_nothing_more() {
    let good = Forge::good();
    let jwk = json!({ "kty": "oct", "k": base64url([0; 32]) });
    for (field, value) in [
        ("crit", json!(["b64"])),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", Value::Null),
        ("b64", json!(false)),
        ("jwk", jwk),
        ("jwk", Value::Null),
        ("jku", json!("https://evil.example/keys.json")),
        ("jku", Value::Null),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", Value::Null),
        ("x5t#S256", Value::Null),
        ("cty", json!("JWT")),
        ("cty", json!("json")),
        ("cty", json!("cbor")),
        ("cty", Value::Null),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("exp", json!(NOW_SECS + 300)),
        ("Alg", json!("HS256")),
        ("", json!("")),
    ] {
        assert_refused(&good.clone().header(field, value.clone()).token(), &format!("{field}: {value}"));
    }
}

#[test]
fn a_header_is_one_object_and_says_each_thing_once() {
    let good = Forge::good();
    let kid = kid(&good.key);
    for header in [
        format!(r#"{{"alg":"none","alg":"HS256","typ":"widget+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS256","alg":"HS256","typ":"widget+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS256","\u0061lg":"none","typ":"widget+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS256","typ":"JWT","typ":"widget+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS256","typ":"widget+jwt","kid":"{kid}","kid":"000000000000"}}"#),
        format!(r#"["HS256","widget+jwt","{kid}"]"#),
        format!(r#""{{\"alg\":\"HS256\",\"typ\":\"widget+jwt\",\"kid\":\"{kid}\"}}""#),
        format!("\u{feff}{}", good.header_json()),
        format!("{}{{}}", good.header_json()),
        format!("{}\0", good.header_json()),
        "{}".to_owned(),
        "null".to_owned(),
        String::new(),
        "[".repeat(3_000),
    ] {
        assert_refused(&good.token_of(&header, &good.claims_json()), &header);
    }
    let not_utf8 = format!("{}.{}", base64url(b"{\"alg\":\"HS256\xff\"}"), base64url(good.claims_json()));
    assert_refused(&format!("{not_utf8}.{}", base64url(hs256(&good.key, &not_utf8))), "not UTF-8");
}

#[test]
fn a_token_is_for_one_issuer_audience_tenant_and_environment() {
    let good = Forge::good();
    for (claim, bad) in [
        ("iss", json!("other")),
        ("iss", json!("WEFT")),
        ("iss", json!("")),
        ("iss", json!(["weft"])),
        ("aud", json!("weft:admin")),
        ("aud", json!("weft:widget2")),
        ("aud", json!(["weft:widget"])),
        ("aud", json!(["weft:widget", "other"])),
        ("aud", json!([])),
        ("tid", json!("other")),
        ("tid", json!("ACME")),
        ("tid", json!("acme/../other")),
        ("tid", json!(1)),
        ("env", json!("staging")),
        ("env", json!("Production")),
        ("env", json!("")),
    ] {
        assert_refused(&good.clone().claim(claim, bad.clone()).token(), &format!("{claim}: {bad}"));
        assert_refused(&good.clone().claim(claim, Value::Null).token(), claim);
        assert_refused(&good.clone().claim(claim, None).token(), claim);
    }
    // The same good token, presented elsewhere.
    let token = good.token();
    assert_eq!(verify_as("other", "production", &token), Err(TokenError::Invalid("kid")));
    assert_eq!(verify_as("acme", "staging", &token), Err(TokenError::Invalid("env")));
}

#[test]
fn another_tenants_key_opens_nothing() {
    let mut forged = Forge::good();
    forged.key = widget_token_key(&master_bytes(), "other");
    assert_refused(&forged.token(), "signed by the other tenant, naming this one's key");
    let forged = forged.clone().header("kid", json!(kid(&forged.key)));
    assert_refused(&forged.token(), "signed by the other tenant, naming its own key");
    assert!(verify_as("other", "production", &forged.claim("tid", json!("other")).token()).is_ok());

    let good = Forge::good();
    for (key, what) in [
        (&b""[..], "empty key"),
        (&master_bytes()[..], "the master key itself"),
        (kid(&good.key).as_bytes(), "kid as the key"),
        (b"secret", "a guess"),
    ] {
        assert_refused(&sign(key, &good.header_json(), &good.claims_json()), what);
    }
}

#[test]
fn every_claim_is_there_and_of_its_type() {
    let good = Forge::good();
    for claim in ["iss", "aud", "tid", "env", "sub", "iat", "exp", "jti", "azp"] {
        assert_refused(&good.clone().claim(claim, None).token(), claim);
        assert_refused(&good.clone().claim(claim, Value::Null).token(), claim);
        assert_refused(&good.clone().claim(claim, json!({})).token(), claim);
    }
    for (claim, bad) in [
        ("sub", json!("")),
        ("sub", json!(7)),
        ("jti", json!("")),
        ("azp", json!("")),
        ("exp", json!("1800000300")),
        ("exp", json!(1e300)),
        ("exp", json!(u64::MAX)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(true)),
        ("iat", json!("now")),
        ("iat", json!(i64::MIN)),
        ("iat", json!(-1e300)),
        ("nbf", json!("later")),
        ("nbf", json!(i64::MAX)),
        ("nbf", Value::Null),
        ("name", json!(7)),
        ("email", json!([])),
        ("data", json!("text")),
        ("data", json!([])),
        ("data", json!({ "k": "x".repeat(2_041) })),
    ] {
        assert_refused(&good.clone().claim(claim, bad.clone()).token(), &format!("{claim}: {bad}"));
    }
    let claims = good.claims_json();
    for spoilt in [
        claims.replacen('{', r#"{"tid":"other","#, 1),
        claims.replacen('}', r#","tid":"acme"}"#, 1),
        claims.replacen('{', r#"{"exp":9999999999,"#, 1),
        format!("[{claims}]"),
        format!("{claims}{claims}"),
        "{}".to_owned(),
        String::new(),
        "[".repeat(3_000),
        format!(r#"{{"a":{}"#, "[".repeat(3_000)),
    ] {
        assert_refused(&good.token_of(&good.header_json(), &spoilt), &spoilt);
    }
}

#[test]
fn times_are_kept_on_both_sides() {
    let good = Forge::good();
    let at = |secs: i64| json!(NOW_SECS + secs);
    // The earliest nbf that JSON and the calendar can hold: no arithmetic on it may fail.
    let earliest = chrono::DateTime::<chrono::Utc>::MIN_UTC.timestamp();
    assert!(verify(&good.clone().claim("nbf", json!(earliest)).token()).is_ok());

    let expired = |exp: i64| verify(&good.clone().claim("iat", at(exp - 300)).claim("exp", at(exp)).token());
    assert!(expired(1 - LEEWAY_SECS).is_ok());
    for exp in [-LEEWAY_SECS, -31, -3_600, -NOW_SECS] {
        assert_eq!(expired(exp), Err(TokenError::Expired), "{exp}");
    }
    // Too old, whatever else its times say.
    assert_eq!(verify(&good.clone().claim("exp", at(-31)).token()), Err(TokenError::Expired));
    assert_eq!(verify(&good.clone().claim("exp", json!(0)).token()), Err(TokenError::Expired));
    assert_eq!(verify(&good.clone().claim("exp", json!(-1)).token()), Err(TokenError::Expired));
    // Expired and another tenant's: that it was ours once isn't told.
    assert_refused(&good.clone().claim("exp", at(-31)).claim("tid", json!("other")).token(), "tid first");

    assert!(verify(&good.clone().claim("iat", at(LEEWAY_SECS)).token()).is_ok());
    assert_refused(&good.clone().claim("iat", at(LEEWAY_SECS + 1)).token(), "issued in the future");
    assert_refused(&good.clone().claim("nbf", at(31)).token(), "not yet");

    let lifetime = |secs: i64| good.clone().claim("iat", at(-60)).claim("exp", at(secs - 60)).token();
    assert!(verify(&lifetime(3_600)).is_ok());
    assert_refused(&lifetime(3_601), "an hour and a second");
    assert_refused(&lifetime(10 * 365 * 86_400), "ten years");
    let backwards = good.claim("iat", at(2)).claim("exp", at(1)).token();
    assert_refused(&backwards, "ends before it begins");
}

#[test]
fn the_answer_does_not_tell_which_check_it_was() {
    for token in ["", "a.b.c", &Forge::good().header("alg", json!("none")).token()] {
        let code = verify(token).expect_err("bad").code();
        assert_eq!(code, ErrorCode::InvalidToken);
        assert_eq!(code.message(), "The widget token is not valid.");
    }
}
