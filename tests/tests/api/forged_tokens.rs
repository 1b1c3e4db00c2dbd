//! Widget tokens that must not get in. Each is refused with its code on a socket that stays open, and a good token on
//! that same socket is the positive control.

use crate::shop::Shop;
use serde_json::{Value, json};
use weft_tests::api::{
    Forge, Visit, Workspace, base64url, chat_request, fresh, fresh_secret, hs256, kid, master_bytes, now_secs, sign,
    widget_token_key,
};

#[test]
fn a_token_is_required_where_the_config_says_so() {
    let shop = Shop::open();
    shop.refuses_with("token_required", None, "absent");
    let visit = shop.workspace.visit(&shop.key);
    let mut socket = visit.ready();
    let mut frame = chat_request(&fresh("request"), "say=Hello.", None, Some(&visit.secret));
    frame["payload"]["widgetToken"] = Value::Null;
    socket.send(&frame);
    let _ = socket.error("token_required");
    socket.is_quiet_and_open();
}

#[test]
fn where_no_token_is_required_a_bad_one_is_refused_all_the_same() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({ "require_signed_token": false }));
    let shop = Shop { workspace, key };
    let visit = shop.workspace.visit(&shop.key);
    let mut socket = visit.ready();
    socket.send(&chat_request(&fresh("request"), "say=Hello.", None, Some(&visit.secret)));
    assert_eq!(socket.find("chat.completed")["text"], "Hello.");
    shop.refuses("nonsense", "nonsense");
    shop.refuses_with("expired_token", Some(&shop.good().times(-400, -100).token()), "expired");
}

#[test]
fn what_is_no_jwt_is_refused() {
    let shop = Shop::open();
    let good = shop.good().token();
    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("three parts") };
    for bad in [
        String::new(),
        " ".to_owned(),
        "nonsense".to_owned(),
        ".".to_owned(),
        "..".to_owned(),
        "null".to_owned(),
        header.to_owned(),
        format!("{header}.{claims}"),
        format!("{header}.{claims}."),
        format!("{header}..{signature}"),
        format!(".{claims}.{signature}"),
        format!("{good}."),
        format!("{good}.{signature}"),
        format!("{header}.{claims}.{signature}.{header}.{claims}"),
        format!("Bearer {good}"),
        good.replace('.', ","),
        shop.key.clone(),
        "a".repeat(20_000),
    ] {
        shop.refuses(&bad, &bad);
    }
}

#[test]
fn one_algorithm_is_accepted() {
    let shop = Shop::open();
    let good = shop.good();
    for alg in [
        json!("none"),
        json!("None"),
        json!("NONE"),
        json!("nOnE"),
        json!(""),
        json!("hs256"),
        json!("HS384"),
        json!("HS512"),
        json!("RS256"),
        json!("RS512"),
        json!("ES256"),
        json!("PS256"),
        json!("EdDSA"),
        Value::Null,
        json!(1),
        json!(["HS256"]),
    ] {
        shop.refuses(&good.clone().header("alg", alg.clone()).token(), &alg.to_string());
    }
    shop.refuses(&good.clone().header("alg", None).token(), "no alg");
    // Unsigned, as libraries that trust the header accept.
    for alg in ["none", "None", "HS256"] {
        let forged = good.clone().header("alg", json!(alg));
        let text = format!("{}.{}", base64url(forged.header_json()), base64url(forged.claims_json()));
        shop.refuses(&format!("{text}."), &format!("{alg} without a signature"));
        shop.refuses(&format!("{text}.{}", base64url(b"")), &format!("{alg} with an empty signature"));
    }
}

#[test]
fn other_types_of_jwt_are_refused() {
    let shop = Shop::open();
    for typ in [
        json!("JWT"),
        json!("jwt"),
        json!("at+jwt"),
        json!("widget+JWT"),
        json!("application/widget+jwt"),
        json!(""),
        Value::Null,
        json!(1),
    ] {
        shop.refuses(&shop.good().header("typ", typ.clone()).token(), &typ.to_string());
    }
    shop.refuses(&shop.good().header("typ", None).token(), "no typ");
}

#[test]
fn a_kid_names_this_tenants_key() {
    let shop = Shop::open();
    let own = kid(&shop.good().key);
    let theirs = kid(&widget_token_key(&shop.workspace.deployment.master(), "other"));
    for bad in [
        json!(theirs),
        json!(""),
        json!("000000000000"),
        json!(own.to_uppercase() + "A"),
        json!(own[..11]),
        json!(format!("{own}0")),
        json!("../../../dev/null"),
        json!("' OR 1=1 --"),
        json!([own]),
        json!(1),
        Value::Null,
    ] {
        shop.refuses(&shop.good().header("kid", bad.clone()).token(), &bad.to_string());
    }
    shop.refuses(&shop.good().header("kid", None).token(), "no kid");
}

#[test]
fn a_header_that_would_steer_the_check_is_refused() {
    let shop = Shop::open();
    let jwk = json!({ "kty": "oct", "k": base64url([0; 32]) });
    for (field, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!(["b64"])),
        ("crit", json!([])),
        ("crit", json!("exp")),
        ("crit", Value::Null),
        ("b64", json!(false)),
        ("jwk", jwk),
        ("jku", json!("https://evil.example/keys.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("cty", json!("JWT")),
        ("zip", json!("DEF")),
    ] {
        shop.refuses(&shop.good().header(field, value.clone()).token(), &format!("{field}: {value}"));
    }
    let good = shop.good();
    let own = kid(&good.key);
    for header in [
        format!(r#"{{"alg":"none","alg":"HS256","typ":"widget+jwt","kid":"{own}"}}"#),
        format!(r#"{{"alg":"HS256","typ":"JWT","typ":"widget+jwt","kid":"{own}"}}"#),
        format!(r#"["HS256","widget+jwt","{own}"]"#),
        "{}".to_owned(),
        "null".to_owned(),
    ] {
        shop.refuses(&sign(&good.key, &header, &good.claims_json()), &header);
    }
}

#[test]
fn a_token_is_for_one_issuer_audience_tenant_and_environment() {
    let shop = Shop::open();
    let good = shop.good();
    for (claim, bad) in [
        ("iss", json!("other")),
        ("iss", json!("")),
        ("iss", json!(["weft"])),
        ("aud", json!("weft:admin")),
        ("aud", json!(["weft:widget"])),
        ("aud", json!("")),
        ("aud", json!("WEFT:WIDGET")),
        ("tid", json!("other")),
        ("tid", json!("")),
        ("tid", json!(1)),
        ("env", json!("staging")),
        ("env", json!("Production")),
        ("env", json!("")),
    ] {
        shop.refuses(&good.clone().claim(claim, bad.clone()).token(), &format!("{claim}: {bad}"));
    }
    // Each claim must be there.
    for claim in ["iss", "aud", "tid", "env", "sub", "iat", "exp", "jti", "azp"] {
        shop.refuses(&good.clone().claim(claim, None).token(), &format!("no {claim}"));
        shop.refuses(&good.clone().claim(claim, Value::Null).token(), &format!("{claim}: null"));
    }
    // A token of the tenant's that is good elsewhere.
    let master = shop.workspace.deployment.master();
    shop.refuses(&Forge::good(&master, &shop.workspace.tenant, "staging").token(), "good in staging");
}

#[test]
fn another_tenants_token_does_not_get_in_and_gets_in_at_home() {
    let (shop, other) = (Shop::open(), Shop::open());
    let theirs = other.good().token();
    shop.refuses(&theirs, "another tenant's");
    let renamed = other.good().claim("tid", json!(shop.workspace.tenant));
    shop.refuses(&renamed.token(), "another tenant's key, this one's name");
    shop.refuses(&renamed.header("kid", json!(kid(&shop.good().key))).token(), "and this one's kid");
    let visit = other.workspace.visit(&other.key);
    let mut socket = visit.ready();
    socket.send(&chat_request(&fresh("request"), "say=Hello.", Some(&theirs), Some(&visit.secret)));
    assert_eq!(socket.find("chat.completed")["text"], "Hello.");
}

#[test]
fn another_master_key_signs_nothing_here() {
    let shop = Shop::open();
    let own = kid(&shop.good().key);
    let foreign = Forge::good(&master_bytes(&fresh_secret()), &shop.workspace.tenant, "production");
    shop.refuses(&foreign.token(), "with its own kid");
    shop.refuses(&foreign.header("kid", json!(own)).token(), "with this tenant's kid");
    let good = shop.good();
    for (key, what) in [
        (&b""[..], "an empty key"),
        (&shop.workspace.deployment.master()[..], "the master key itself"),
        (own.as_bytes(), "the kid as the key"),
        (shop.key.as_bytes(), "the publishable key"),
        (b"secret", "a guess"),
    ] {
        shop.refuses(&sign(key, &good.header_json(), &good.claims_json()), what);
    }
}

#[test]
fn a_tampered_token_is_refused() {
    let shop = Shop::open();
    let good = shop.good().token();
    let parts: Vec<&str> = good.split('.').collect();
    let promoted = shop.good().claim("sub", json!("the-owner"));
    shop.refuses(&format!("{}.{}.{}", parts[0], base64url(promoted.claims_json()), parts[2]), "other claims");
    shop.refuses(&format!("{}.{}.{}", parts[0], parts[1], base64url([0; 32])), "a signature of zeros");
    let signature = hs256(&shop.good().key, &format!("{}.{}", parts[0], parts[1]));
    shop.refuses(&format!("{}.{}.{}", parts[0], parts[1], base64url(&signature[..16])), "half a signature");
    // A character changed in the middle of each part.
    let mut start = 0;
    for part in parts {
        let at = start + part.len() / 2;
        let other = if good.as_bytes()[at] == b'A' { 'B' } else { 'A' };
        shop.refuses(&format!("{}{other}{}", &good[..at], &good[at + 1..]), &format!("changed at {at}"));
        start += part.len() + 1;
    }
}

#[test]
fn a_token_s_times_are_kept() {
    let shop = Shop::open();
    let good = || shop.good();
    let at = |secs: i64| json!(now_secs() + secs);
    for (issued, ends) in [(-331, -31), (-400, -100), (-3_600, -60), (-10_000_000, -9_999_900)] {
        shop.refuses_with("expired_token", Some(&good().times(issued, ends).token()), &format!("ended {ends}"));
    }
    for (what, token) in [
        ("not yet valid", good().claim("nbf", at(120))),
        ("issued in the future", good().times(120, 300)),
        ("longer than an hour", good().times(-10, 3_600)),
        ("ten years", good().times(0, 315_360_000)),
        ("ends before it begins", good().times(20, 10)),
        ("exp as text", good().claim("exp", json!((now_secs() + 300).to_string()))),
        ("exp beyond all numbers", good().claim("exp", json!(u64::MAX))),
        ("exp true", good().claim("exp", json!(true))),
        ("nbf as text", good().claim("nbf", json!("now"))),
    ] {
        shop.refuses(&token.token(), what);
    }
    // The other side of each boundary.
    for token in [good().times(-3_590, 10), good().times(-5, 3_590), good().claim("nbf", at(-5))] {
        let visit = Visit { forge: token, ..shop.workspace.visit(&shop.key) };
        let _ = visit.begun();
    }
}

#[test]
fn the_answer_does_not_tell_which_check_it_was() {
    let shop = Shop::open();
    let mut messages = std::collections::BTreeSet::new();
    for bad in [
        "nonsense".to_owned(),
        shop.good().header("alg", json!("none")).token(),
        shop.good().claim("tid", json!("other")).token(),
        shop.good().header("kid", json!("000000000000")).token(),
    ] {
        let visit = shop.workspace.visit(&shop.key);
        let mut socket = visit.ready();
        socket.send(&chat_request(&fresh("request"), "say=Hello.", Some(&bad), Some(&visit.secret)));
        messages.insert(socket.error("invalid_token")["message"].to_string());
    }
    assert_eq!(messages.len(), 1);
}

#[test]
fn the_third_refusal_in_a_row_closes_the_socket() {
    let shop = Shop::open();
    let visit = shop.workspace.visit(&shop.key);
    let mut socket = visit.ready();
    let refused = |socket: &mut weft_tests::api::Socket, token: Option<&str>, code: &str| {
        socket.send(&chat_request(&fresh("request"), "say=Hello.", token, Some(&visit.secret)));
        let _ = socket.error(code);
    };
    // Two, a good one, two more: never three in a row.
    for _ in 0..2 {
        refused(&mut socket, Some("nonsense"), "invalid_token");
        refused(&mut socket, Some(&visit.forge.clone().times(-400, -100).token()), "expired_token");
        socket.send(&visit.first(&fresh("request"), "say=Hello."));
        assert_eq!(socket.find("chat.completed")["text"], "Hello.");
    }
    // Whatever the reasons.
    let fresh_visit = shop.workspace.visit(&shop.key);
    let mut socket = fresh_visit.ready();
    refused(&mut socket, None, "token_required");
    refused(&mut socket, Some("nonsense"), "invalid_token");
    socket.send(&json!({ "type": "auth.refresh", "payload": { "widgetToken": "nonsense" } }));
    let _ = socket.error("invalid_token");
    socket.closed(4401);
}
