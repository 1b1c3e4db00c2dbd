//! Attacks on the text of a widget token: sloppy base64url, parts too many or too few, sheer length, noise.

mod forge;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use forge::{Forge, assert_refused, base64url, hs256, master_keys, tenant, verify};
use proptest::prelude::*;
use serde_json::json;
use weft_shared::ids::Environment;
use weft_shared::time::Timestamp;
use weft_shared::tokens::widget_token::{MAX_TOKEN_BYTES, TokenError, Verifier};

#[test]
fn base64url_is_strict() {
    let token = Forge::good().token();
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("three parts") };
    let spoilt = [
        format!("{header}=.{claims}.{signature}"),
        format!("{header}==.{claims}.{signature}"),
        format!("{header}.{claims}=.{signature}"),
        format!("{header}.{claims}.{signature}="),
        format!("{header}.{claims}.{signature}=="),
        format!("{header}.{claims}.{signature}A"),
        format!("{header}.{claims}.{signature}AA"),
        format!("{header}.{claims}.{}", &signature[..42]),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.{signature}."),
        format!("{header}.{claims}.{signature}.{signature}"),
        format!("{header}.{claims}.{signature}.{header}.{claims}"),
        format!(".{header}.{claims}.{signature}"),
        format!("{header}..{claims}.{signature}"),
        format!(".{claims}.{signature}"),
        format!("{header}..{signature}"),
        format!(" {token}"),
        format!("{token} "),
        format!("{token}\n"),
        format!("{token}\0"),
        format!("{header}.{claims}\r\n.{signature}"),
        format!("{header} .{claims}.{signature}"),
        format!("\u{feff}{token}"),
        format!("Bearer {token}"),
        token.replace('.', ","),
        token.replace('.', "\u{2024}"),
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
    ];
    for token in spoilt {
        assert_refused(&token, &token);
    }
}

/// The last character of a part can hold bits that belong to no byte: a decoder that drops them takes many texts for
/// one token. Here each part has such bits, and is signed as it stands.
#[test]
fn no_bit_is_left_over() {
    let good = Forge::good();
    let mut seen = 0;
    for padding in 0..3 {
        let header = format!("{}{}", good.header_json(), " ".repeat(padding));
        let claims = format!("{}{}", good.claims_json(), " ".repeat(padding));
        assert!(verify(&good.token_of(&header, &claims)).is_ok());
        for part in 0..3 {
            let mut parts = [base64url(&header), base64url(&claims), String::new()];
            if part < 2 {
                let Some(twin) = twin(&parts[part]) else { continue };
                parts[part] = twin;
            }
            let text = format!("{}.{}", parts[0], parts[1]);
            let signature = base64url(hs256(&good.key, &text));
            let signature = if part == 2 { twin(&signature).expect("32 bytes leave two bits") } else { signature };
            assert_refused(&format!("{text}.{signature}"), "left-over bits");
            seen += 1;
        }
    }
    assert_eq!(seen, 7, "each part was spoilt");
}

/// Another text of the same bytes to a sloppy decoder.
fn twin(part: &str) -> Option<String> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if part.len().is_multiple_of(4) {
        return None;
    }
    let (rest, last) = part.split_at(part.len() - 1);
    let at = alphabet.find(last).expect("of the alphabet");
    Some(format!("{rest}{}", &alphabet[at + 1..at + 2]))
}

#[test]
fn the_other_alphabet_is_refused() {
    // A subject whose claims need both of the characters in which the two alphabets differ.
    let good = Forge::good();
    let claims = (0..500_u32)
        .map(|n| good.clone().claim("sub", json!(format!("{n}?>~\u{3ff}"))).claims_json())
        .find(|claims| base64url(claims).contains('-') && base64url(claims).contains('_'))
        .expect("one of 500");
    assert!(verify(&good.token_of(&good.header_json(), &claims)).is_ok());
    for (from, to) in [('-', "+"), ('_', "/")] {
        let text = format!("{}.{}", base64url(good.header_json()), base64url(&claims).replace(from, to));
        assert_refused(&format!("{text}.{}", base64url(hs256(&good.key, &text))), to);
    }
}

#[test]
fn a_huge_token_is_not_looked_at() {
    let good = Forge::good();
    let with = |len: usize| good.clone().claim("x", json!("x".repeat(len))).token();
    let most = (5_000..8_000).find(|len| with(*len).len() > MAX_TOKEN_BYTES).expect("a third more as base64url");
    assert!(verify(&with(most - 1)).is_ok());
    assert_eq!(verify(&with(most)), Err(TokenError::Invalid("too long")));
    assert_refused(&"a".repeat(10_000_000), "ten million characters");
    assert_refused(&".".repeat(10_000_000), "ten million parts");
}

#[test]
fn changing_any_one_character_is_refused() {
    let token = Forge::good().token();
    for at in 0..token.len() {
        for other in ['A', 'B', 'w', '-', '_', '.', '=', '+', ' '] {
            if token[at..].starts_with(other) {
                continue;
            }
            let spoilt = format!("{}{other}{}", &token[..at], &token[at + 1..]);
            assert_refused(&spoilt, &format!("{other:?} at {at}"));
        }
        let shortened = format!("{}{}", &token[..at], &token[at + 1..]);
        assert_refused(&shortened, &format!("without the one at {at}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in ".{0,300}", parts in "[A-Za-z0-9_.=-]{0,300}") {
        prop_assert!(verify(&text).is_err());
        prop_assert!(verify(&parts).is_err());
    }

    #[test]
    fn no_signed_times_make_it_panic(iat in any::<i64>(), exp in any::<i64>(), nbf in any::<i64>(), now in any::<i64>()) {
        let token = Forge::good().claim("iat", json!(iat)).claim("exp", json!(exp)).claim("nbf", json!(nbf)).token();
        let keys = master_keys();
        let environment = Environment::production();
        let verifier = Verifier { issuer: "weft", tenant: &tenant("acme"), environment: &environment, keys: &keys };
        let _ = verifier.verify(&token, Timestamp::from_millis(now));
    }

    #[test]
    fn bytes_that_were_not_signed_are_refused(header in any::<[u8; 24]>(), claims in any::<[u8; 48]>(), signature in any::<[u8; 32]>()) {
        let encode = Base64UrlUnpadded::encode_string;
        let token = format!("{}.{}.{}", encode(&header), encode(&claims), encode(&signature));
        prop_assert!(verify(&token).is_err());
        let good = Forge::good();
        let token = format!("{}.{}.{}", base64url(good.header_json()), base64url(good.claims_json()), encode(&signature));
        prop_assert!(verify(&token).is_err());
    }
}
