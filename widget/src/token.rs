//! A widget token, as the customer's refresh endpoint or the page's own function gives it. It goes from here into the
//! session and nowhere else: into no address, no log line, no storage.

use crate::browser::get;
use crate::requests::FAILED;
use crate::text::concat;
use js_sys::JSON;
use wasm_bindgen::JsValue;
use weft_shared::secret::Secret;
use weft_shared::session::client::{Token, TokenFailure};
use weft_shared::time::Timestamp;

/// The longest token taken, in bytes. A real one has about 500.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The address of the refresh endpoint: the path on the page's own origin. The origin is put before it, because a
/// `<base>` element, or a path such as `//host`, would lead the visitor's cookies elsewhere.
pub(crate) fn refresh_url(page_origin: &str, path: &str) -> String {
    let slash = if path.starts_with('/') { "" } else { "/" };
    concat(&[page_origin, slash, path])
}

/// Reads what the refresh endpoint answered.
///
/// # Errors
/// [`TokenFailure`] where there is no token in it.
pub(crate) fn from_endpoint(status: u16, body: &JsValue, now: Timestamp) -> Result<Token, TokenFailure> {
    match status {
        FAILED if get(body, "name") == "TypeError" => Err(TokenFailure::Unreachable),
        FAILED => Err(TokenFailure::TimedOut),
        // 0 is how the browser shows a redirect that wasn't followed: to a sign-in page, most likely.
        0 | 401 | 403 => Err(TokenFailure::SignedOut),
        200..=299 => {
            let text = body.as_string().unwrap_or_default();
            // A page (most often the sign-in page) is told apart from JSON that is broken: it has another cure.
            let failure =
                if text.trim_ascii_start().starts_with('<') { TokenFailure::NotJson } else { TokenFailure::NoToken };
            let body = JSON::parse(&text).map_err(|_| failure)?;
            accept(&get(&body, "token"), now)
        }
        status => Err(TokenFailure::Status(status)),
    }
}

/// Reads what the page's function gave: a token, or `{"token"}`.
///
/// # Errors
/// [`TokenFailure`] where there is no token in it.
pub(crate) fn from_provider(value: &JsValue, now: Timestamp) -> Result<Token, TokenFailure> {
    let token = get(value, "token");
    accept(if token.is_undefined() { value } else { &token }, now)
}

/// Takes what looks like a JWT.
fn accept(token: &JsValue, now: Timestamp) -> Result<Token, TokenFailure> {
    let token = token.as_string().ok_or(TokenFailure::NoToken)?;
    let claims = claims(&token).ok_or(TokenFailure::NoToken)?;
    let claims = JSON::parse(&claims).unwrap_or_default();
    let number = |name| get(&claims, name).as_f64().unwrap_or_default();
    let lifetime_secs = lifetime_secs(number("iat"), number("exp"), now);
    Ok(Token { secret: Secret::new(token), lifetime_secs })
}

/// The decoded middle part of what looks like a JWT: three parts of base64url (RFC 7515 section 7.1). It is not verified
/// here: the Worker does that. Nothing but numbers is read of it, so each byte stands for a character.
fn claims(token: &str) -> Option<String> {
    let mut claims = String::new();
    let mut parts = [0; 3];
    let (mut part, mut bits, mut count) = (0, 0_u32, 0_u32);
    for byte in token.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            b'.' => {
                part += 1;
                continue;
            }
            _ => return None,
        };
        *parts.get_mut(part)? += 1;
        if part == 1 {
            bits = bits << 6 | u32::from(value);
            count += 6;
            if count >= 8 {
                count -= 8;
                claims.push(char::from((bits >> count & 0xff) as u8));
            }
        }
    }
    let is_whole = part == 2 && !parts.contains(&0) && token.len() <= MAX_TOKEN_BYTES;
    is_whole.then_some(claims)
}

/// How long a token lives from now on. The endpoint may give one that is not new, and the visitor's clock may be wrong:
/// the clock counts only where it says something possible.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a day")]
fn lifetime_secs(iat: f64, exp: f64, now: Timestamp) -> Option<u32> {
    let whole = exp - iat;
    // Comparisons with what isn't a number are false.
    if !(whole > 0.0 && whole <= 86_400.0) {
        return None;
    }
    let left = (exp as i64).saturating_sub(now.as_secs());
    let whole = whole as u32;
    Some(u32::try_from(left).ok().filter(|left| (1..whole).contains(left)).unwrap_or(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_stays_on_the_pages_own_origin() {
        let url = |path| refresh_url("https://shop.example", path);
        assert_eq!(url("/weft/token"), "https://shop.example/weft/token");
        assert_eq!(url("//evil.example/x"), "https://shop.example//evil.example/x");
        for path in ["https://evil.example/", "@evil.example/", ".evil.example/", ":8000/", "\\evil.example", ""] {
            assert!(url(path).starts_with("https://shop.example/"), "{path}");
        }
    }

    #[test]
    fn only_three_parts_of_base64url_look_like_a_token() {
        assert_eq!(claims("YQ.e30.YQ").as_deref(), Some("{}"));
        for bad in [
            "",
            "a.b",
            "a.b.c.d",
            ".e30.YQ",
            "YQ.e30.",
            "YQ.e3 0.YQ",
            "Y+.e30.YQ",
            "YQ.e30=.YQ",
            "<html>.a.b",
            "YQ..YQ",
            "a.b.c.",
        ] {
            assert_eq!(claims(bad), None, "{bad}");
        }
        assert_eq!(claims(&format!("YQ.e30.{}", "a".repeat(MAX_TOKEN_BYTES))), None);
    }

    #[test]
    fn base64url_is_decoded() {
        assert_eq!(claims("a.eyJpYXQiOjF9.b").unwrap(), r#"{"iat":1}"#);
        assert_eq!(claims("a.-_8.b").unwrap(), "\u{fb}\u{ff}");
    }

    #[test]
    fn a_token_lives_until_its_end_whatever_the_visitors_clock_says() {
        let lifetime = |now| lifetime_secs(1000.0, 1300.0, Timestamp::from_secs(now));
        assert_eq!(lifetime(1000), Some(300));
        // It was not new.
        assert_eq!(lifetime(1100), Some(200));
        // The clock is wrong: fast, slow.
        assert_eq!(lifetime(1300), Some(300));
        assert_eq!(lifetime(99_999), Some(300));
        assert_eq!(lifetime(10), Some(300));
        for (iat, exp) in [(1300.0, 1000.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (5.0, 5.0), (0.0, 1e9)] {
            assert_eq!(lifetime_secs(iat, exp, Timestamp::from_secs(1)), None);
        }
    }
}
