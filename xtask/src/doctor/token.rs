//! What a widget token says, read without verifying it: that is the Worker's, which is asked after this. Nothing of the
//! token but the names and values of these few claims is ever shown.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::Value;
use weft_shared::tokens::widget_token::{TTL_MAX_SECS, TTL_MIN_SECS};

use super::finding::{Check, Finding};

/// How far two clocks may differ before it is told.
const SKEW_SECS: i64 = 30;

/// Judges it for a key of this tenant and environment. `now` is in seconds.
pub(super) fn judge(token: &str, tenant: &str, environment: &str, now: i64) -> Finding {
    let fail = |found: &str, mend: &str| Finding::fail(Check::Token, found, mend);
    let Some((header, claims)) = parts(token) else {
        return fail(
            "what the endpoint gives is no JWT",
            "Hand on the token that POST /widget-token of Weft answers, as it is.",
        );
    };
    if header["alg"] != "HS256" || header["typ"] != "widget+jwt" || claims["aud"] != "weft:widget" {
        return fail(
            "the token was not made by Weft for the widget",
            "Hand on the token that POST /widget-token of Weft answers, not a token of your own.",
        );
    }
    for (claim, wanted, what) in [("tid", tenant, "tenant"), ("env", environment, "environment")] {
        let said = claims[claim].as_str().unwrap_or_default();
        if said != wanted {
            return fail(
                &format!("the token is for {what} {said:?}, the page's key for {wanted:?}"),
                &format!(
                    "The secret key of the backend (WEFT_SECRET_KEY) must belong to the {what} of the page's key."
                ),
            );
        }
    }
    let (Some(iat), Some(exp)) = (claims["iat"].as_i64(), claims["exp"].as_i64()) else {
        return fail("the token has no times", "Hand on the token that POST /widget-token of Weft answers, as it is.");
    };
    if exp <= now {
        return fail(
            &format!("the token ended {} s ago", now.saturating_sub(exp)),
            "Ask Weft for a new token on every call, and let no cache keep the answer. If it is new, a clock is wrong.",
        );
    }
    let lives = exp.saturating_sub(iat);
    if !(i64::from(TTL_MIN_SECS)..=i64::from(TTL_MAX_SECS)).contains(&lives) {
        return fail(
            &format!("the token lives {lives} s"),
            "Weft gives 60 to 3600 s: ask POST /widget-token for a new one.",
        );
    }
    let left = exp.saturating_sub(now);
    if iat.saturating_sub(now) > SKEW_SECS {
        return Finding::warn(
            Check::Token,
            format!("the token is from {} s in the future", iat.saturating_sub(now)),
            "This machine's clock is behind Weft's: set it.",
        );
    }
    if left < i64::from(TTL_MIN_SECS).min(lives / 2) {
        return Finding::warn(
            Check::Token,
            format!("the token has {left} of its {lives} s left"),
            "Ask Weft for a new token on every call, and let no cache keep the answer.",
        );
    }
    Finding::ok(Check::Token, format!("for tenant {tenant}, environment {environment}, {left} of {lives} s left"))
}

/// Header and claims of what looks like a JWT (RFC 7515 section 7.1).
fn parts(token: &str) -> Option<(Value, Value)> {
    let mut parts = token.split('.');
    let mut json = || {
        let bytes = Base64UrlUnpadded::decode_vec(parts.next()?).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok().filter(Value::is_object)
    };
    let found = (json()?, json()?);
    let signature = parts.next()?;
    (!signature.is_empty() && parts.next().is_none()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;
    use serde_json::json;

    const NOW: i64 = 1_900_000_000;

    fn claims() -> Value {
        json!({ "aud": "weft:widget", "tid": "acme", "env": "production", "iat": NOW, "exp": NOW + 300, "sub": "private" })
    }

    fn judged(header: &Value, claims: &Value) -> (Level, String) {
        let encode = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
        let finding = judge(&format!("{}.{}.c2ln", encode(header), encode(claims)), "acme", "production", NOW);
        assert_eq!(finding.level == Level::Ok, finding.mend.is_empty(), "what is wrong can be mended: {finding:?}");
        assert!(!finding.found.contains("private") && !finding.found.contains("c2ln"), "{}", finding.found);
        (finding.level, finding.found)
    }

    fn with(change: impl FnOnce(&mut Value)) -> (Level, String) {
        let mut claims = claims();
        change(&mut claims);
        judged(&json!({ "alg": "HS256", "typ": "widget+jwt", "kid": "1" }), &claims)
    }

    #[test]
    fn good_token_is_described_and_not_shown() {
        let (level, found) = with(|_| ());
        assert_eq!((level, found.as_str()), (Level::Ok, "for tenant acme, environment production, 300 of 300 s left"));
    }

    #[test]
    fn each_claim_that_is_wrong_is_named() {
        for (claim, value, word) in [
            ("aud", json!("other"), "not made by Weft"),
            ("tid", json!("other"), "tenant \"other\""),
            ("env", json!("staging"), "environment \"staging\""),
            ("iat", json!("x"), "no times"),
            ("exp", json!(NOW), "ended 0 s ago"),
            ("exp", json!(NOW + 59), "lives 59 s"),
            ("exp", json!(NOW + 3_601), "lives 3601 s"),
        ] {
            let (level, found) = with(|claims| claims[claim] = value);
            assert_eq!(level, Level::Fail, "{claim}");
            assert!(found.contains(word), "{found}");
        }
        assert_eq!(with(|claims| claims["exp"] = json!(NOW + 60)).0, Level::Ok);
        assert_eq!(with(|claims| claims["exp"] = json!(NOW + 3_600)).0, Level::Ok);
    }

    #[test]
    fn clocks_may_differ_by_half_a_minute() {
        let later = |secs| with(|claims| (claims["iat"], claims["exp"]) = (json!(NOW + secs), json!(NOW + secs + 300)));
        assert_eq!(later(SKEW_SECS).0, Level::Ok);
        assert_eq!(later(SKEW_SECS + 1).0, Level::Warn);
    }

    #[test]
    fn old_token_is_told() {
        let aged = |secs| with(|claims| (claims["iat"], claims["exp"]) = (json!(NOW - secs), json!(NOW - secs + 300)));
        assert_eq!(aged(240).0, Level::Ok);
        assert_eq!(aged(241).0, Level::Warn);
        assert_eq!(aged(300).0, Level::Fail);
    }

    #[test]
    fn anything_but_a_jwt_of_ours_fails() {
        for text in ["", "a.b.c", "e30.e30", "e30.e30.", "e30.W10.c2ln", "e30.e30.a.b", "<html>"] {
            let finding = judge(text, "acme", "production", NOW);
            assert_eq!(finding.found, "what the endpoint gives is no JWT", "{text}");
        }
        assert_eq!(judged(&json!({ "alg": "none", "typ": "widget+jwt" }), &claims()).0, Level::Fail);
        assert_eq!(judged(&json!({ "alg": "HS256", "typ": "JWT" }), &claims()).0, Level::Fail);
    }
}
