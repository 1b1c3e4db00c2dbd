//! One token has one text: base64url is read strictly.

use crate::shop::Shop;
use serde_json::json;
use weft_tests::api::{base64url, hs256};

#[test]
fn base64url_is_strict() {
    let shop = Shop::open();
    let good = shop.good().token();
    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("three parts") };
    for bad in [
        format!("{header}=.{claims}.{signature}"),
        format!("{header}==.{claims}.{signature}"),
        format!("{header}.{claims}=.{signature}"),
        format!("{header}.{claims}.{signature}="),
        format!("{header}.{claims}.{signature}=="),
        format!("{header}.{claims}.{signature}A"),
        format!("{header}.{claims}.{}", &signature[..42]),
        format!(" {good}"),
        format!("{good} "),
        format!("{good}\n"),
        format!("{good}\u{0}"),
        format!("{header}\r\n.{claims}.{signature}"),
        format!("{header}. {claims}.{signature}"),
        format!("{header}.{}\n{}.{signature}", &claims[..40], &claims[40..]),
        format!("\u{feff}{good}"),
        good.replace('.', "\u{2024}"),
    ] {
        shop.refuses(&bad, &bad.escape_debug().to_string());
    }
}

/// The last character of a part can hold bits that belong to no byte: a decoder that drops them takes many texts for
/// one token. Each part is spoilt so, and signed as it stands.
#[test]
fn no_bit_of_base64url_is_left_over() {
    let shop = Shop::open();
    let good = shop.good();
    let mut spoilt = 0;
    for padding in 0..3 {
        let header = base64url(good.header_json() + &" ".repeat(padding));
        let claims = base64url(good.claims_json() + &" ".repeat(padding));
        let signed = |text: &str| format!("{text}.{}", base64url(hs256(&good.key, text)));
        for (header, claims) in [(twin(&header), Some(claims.clone())), (Some(header.clone()), twin(&claims))] {
            let (Some(header), Some(claims)) = (header, claims) else { continue };
            shop.refuses(&signed(&format!("{header}.{claims}")), "left-over bits before the signature");
            spoilt += 1;
        }
        let token = signed(&format!("{header}.{claims}"));
        shop.refuses(&twin(&token).expect("43 characters leave two bits"), "left-over bits in the signature");
        spoilt += 1;
    }
    assert_eq!(spoilt, 7);
    let alphabets = (0..500)
        .map(|n| good.clone().claim("sub", json!(format!("{n}?>~\u{3ff}"))))
        .find(|forged| base64url(forged.claims_json()).contains('-') && base64url(forged.claims_json()).contains('_'))
        .expect("one of 500");
    for (from, to) in [('-', "+"), ('_', "/")] {
        let text =
            format!("{}.{}", base64url(alphabets.header_json()), base64url(alphabets.claims_json()).replace(from, to));
        shop.refuses(&format!("{text}.{}", base64url(hs256(&good.key, &text))), "the other alphabet");
    }
}

/// Another text of the same bytes, to a sloppy decoder.
fn twin(text: &str) -> Option<String> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let part = text.rsplit('.').next().unwrap_or_default();
    let last = part.chars().next_back().filter(|_| !part.len().is_multiple_of(4))?;
    let at = ALPHABET.find(last).expect("of the alphabet");
    Some(format!("{}{}", &text[..text.len() - 1], &ALPHABET[at + 1..at + 2]))
}
