//! Where widget tokens come from: the customer's refresh endpoint on the page's own origin, or a function of the page
//! (`weft.setTokenProvider`). A token goes from here into the session and nowhere else: into no address, no log line,
//! no storage.

use crate::json;
use gloo_net::http::Request;
use js_sys::{Array, Function, Promise};
use serde::Deserialize;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestCredentials, RequestRedirect};
use weft_shared::secret::Secret;
use weft_shared::session::client::{Token, TokenFailure};
use weft_shared::time::Timestamp;

/// The longest token taken, in bytes. A real one has about 500.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

#[derive(Deserialize)]
struct Body {
    token: String,
}

/// What is read of a token's claims. They are not verified here: the Worker does that.
#[derive(Deserialize)]
struct Claims {
    iat: f64,
    exp: f64,
}

/// The address of the refresh endpoint: the path on the page's own origin. The origin is put before it, because a
/// `<base>` element, or a path such as `//host`, would lead the visitor's cookies elsewhere.
pub(crate) fn refresh_url(page_origin: &str, path: &str) -> Option<String> {
    path.starts_with('/').then(|| [page_origin, path].concat())
}

/// Asks the refresh endpoint.
pub(crate) async fn from_endpoint(
    url: Option<String>,
    signal: AbortSignal,
    now: Timestamp,
) -> Result<Token, TokenFailure> {
    let Some(url) = url else { return Err(TokenFailure::Unreachable) };
    // A redirect is not followed: it would take the request to a sign-in page, or to somebody else's token.
    let request = Request::post(&url)
        .credentials(RequestCredentials::Include)
        .redirect(RequestRedirect::Manual)
        .header("content-type", "application/json")
        .abort_signal(Some(&signal))
        .body("{}");
    let broken = |()| if signal.aborted() { TokenFailure::TimedOut } else { TokenFailure::Unreachable };
    let request = request.map_err(|_| broken(()))?;
    let response = request.send().await.map_err(|_| broken(()))?;
    match response.status() {
        // 0 is how the browser shows a redirect that it didn't follow.
        0 | 401 | 403 => Err(TokenFailure::SignedOut),
        200..=299 => {
            let text = response.text().await.map_err(|_| broken(()))?;
            let body = js_sys::JSON::parse(&text).map_err(|_| TokenFailure::NotJson)?;
            read(body, now)
        }
        status => Err(TokenFailure::Status(status)),
    }
}

/// Asks the page's own function. It returns a token or `{"token"}`, or a promise of one.
pub(crate) async fn from_provider(
    provider: Function,
    signal: AbortSignal,
    now: Timestamp,
) -> Result<Token, TokenFailure> {
    let aborted = Promise::new(&mut |resolve, _| signal.set_onabort(Some(&resolve)));
    let outcome = match provider.call0(&JsValue::UNDEFINED) {
        Ok(value) => JsFuture::from(Promise::race(&Array::of2(&value, &aborted))).await,
        Err(error) => Err(error),
    };
    if signal.aborted() {
        return Err(TokenFailure::TimedOut);
    }
    let value = outcome.map_err(|_| TokenFailure::Unreachable)?;
    match value.as_string() {
        Some(token) => accept(token, now),
        None => read(value, now),
    }
}

fn read(body: JsValue, now: Timestamp) -> Result<Token, TokenFailure> {
    let body: Body = json::read(body).ok_or(TokenFailure::NoToken)?;
    accept(body.token, now)
}

/// Takes what looks like a JWT: three parts of base64url (RFC 7515 section 7.1).
fn accept(token: String, now: Timestamp) -> Result<Token, TokenFailure> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenFailure::NoToken);
    }
    let claims = payload(&token).ok_or(TokenFailure::NoToken)?;
    let claims: Option<Claims> = String::from_utf8(claims).ok().and_then(|text| json::parse(&text));
    let lifetime_secs = claims.and_then(|claims| lifetime_secs(claims.iat, claims.exp, now));
    Ok(Token { secret: Secret::new(token), lifetime_secs })
}

/// The decoded middle part of what looks like a JWT.
fn payload(token: &str) -> Option<Vec<u8>> {
    let mut parts = token.split('.');
    let (header, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || header.is_empty() || signature.is_empty() {
        return None;
    }
    decode(header)?;
    decode(signature)?;
    decode(claims)
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
    let left = (exp * 1000.0) as i64 - now.as_millis();
    let whole = whole as u32;
    Some(u32::try_from(left / 1000).ok().filter(|left| (1..whole).contains(left)).unwrap_or(whole))
}

/// Base64url without padding (RFC 4648 section 5).
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_stays_on_the_pages_own_origin() {
        let url = |path| refresh_url("https://shop.example", path);
        assert_eq!(url("/weft/token").as_deref(), Some("https://shop.example/weft/token"));
        assert_eq!(url("//evil.example/x").as_deref(), Some("https://shop.example//evil.example/x"));
        for path in ["https://evil.example/", "@evil.example/", ".evil.example/", ":8000/", ""] {
            assert_eq!(url(path), None, "{path}");
        }
    }

    #[test]
    fn only_three_parts_of_base64url_look_like_a_token() {
        assert_eq!(payload("YQ.e30.YQ"), Some(b"{}".to_vec()));
        for bad in ["", "a.b", "a.b.c.d", ".e30.YQ", "YQ.e30.", "YQ.e3 0.YQ", "Y+.e30.YQ", "YQ.e30=.YQ", "<html>.a.b"] {
            assert_eq!(payload(bad), None, "{bad}");
        }
    }

    #[test]
    fn base64url_is_decoded() {
        assert_eq!(decode("eyJpYXQiOjF9").unwrap(), br#"{"iat":1}"#);
        assert_eq!(decode("-_8").unwrap(), [0xfb, 0xff]);
        assert_eq!(decode("").unwrap(), b"");
        assert_eq!(decode("a/b"), None);
    }

    #[test]
    fn a_token_lives_until_its_end_whatever_the_visitors_clock_says() {
        let lifetime = |now| lifetime_secs(1000.0, 1300.0, Timestamp::from_secs(now));
        assert_eq!(lifetime(1000), Some(300));
        // It was not new.
        assert_eq!(lifetime(1100), Some(200));
        // The clock is wrong: late, early.
        assert_eq!(lifetime(1300), Some(300));
        assert_eq!(lifetime(99_999), Some(300));
        assert_eq!(lifetime(10), Some(300));
        for (iat, exp) in [(1300.0, 1000.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (5.0, 5.0), (0.0, 1e9)] {
            assert_eq!(lifetime_secs(iat, exp, Timestamp::from_secs(1)), None);
        }
    }
}
