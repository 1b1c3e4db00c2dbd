//! Whether a request that changes something came from one of this site's own pages.
//!
//! A page of another site can make a visitor's browser send a form here with the visitor's cookie. It can't change
//! `Sec-Fetch-Site` or `Origin`, which browsers write themselves. `SameSite=Lax` on the cookie is the second lock.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The request came from elsewhere, or doesn't say from where.
#[derive(Debug, PartialEq, Eq)]
pub struct CrossSite;

/// Checks where the request came from.
///
/// # Errors
/// [`CrossSite`] unless every header that tells is there once and says: this site.
pub fn check(headers: &HeaderMap) -> Result<(), CrossSite> {
    let fetch_site = only(headers, "sec-fetch-site")?;
    let origin = only(headers, header::ORIGIN.as_str())?;
    let host = only(headers, header::HOST.as_str())?;
    if fetch_site.is_some_and(|site| site != "same-origin") {
        return Err(CrossSite);
    }
    match (origin, host) {
        (Some(origin), Some(host)) if authority(origin) == Some(host) => Ok(()),
        (None, _) if fetch_site.is_some() => Ok(()),
        _ => Err(CrossSite),
    }
}

/// The middleware of the site's forms.
pub async fn require(request: Request, next: Next) -> Response {
    let changes_nothing = request.method().is_safe();
    match check(request.headers()) {
        Err(CrossSite) if !changes_nothing => {
            (StatusCode::FORBIDDEN, "This form was not sent from one of our own pages.\n").into_response()
        }
        _ => next.run(request).await,
    }
}

/// A header's value where it stands there once. Twice is a request that somebody has tampered with.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, CrossSite> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(|value| value.to_str().map_err(|_| CrossSite)).transpose()?;
    if values.next().is_some() { Err(CrossSite) } else { Ok(first) }
}

/// `http://host:port` → `host:port`. `null`, which sandboxed pages send, has none.
fn authority(origin: &str) -> Option<&str> {
    origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn says(pairs: &[(&'static str, &'static str)]) -> Result<(), CrossSite> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        check(&headers)
    }

    const HOST: (&str, &str) = ("host", "127.0.0.1:8788");

    #[test]
    fn own_pages_pass() {
        assert_eq!(says(&[HOST, ("origin", "http://127.0.0.1:8788")]), Ok(()));
        assert_eq!(says(&[HOST, ("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(says(&[HOST, ("origin", "http://127.0.0.1:8788"), ("sec-fetch-site", "same-origin")]), Ok(()));
    }

    #[test]
    fn everything_else_is_refused() {
        let refused: &[&[(&str, &str)]] = &[
            &[HOST],
            &[HOST, ("origin", "null")],
            &[HOST, ("origin", "http://evil.example")],
            &[HOST, ("origin", "http://127.0.0.1")],
            &[HOST, ("origin", "http://127.0.0.1:8788.evil.example")],
            &[HOST, ("origin", "ftp://127.0.0.1:8788")],
            &[HOST, ("sec-fetch-site", "cross-site")],
            &[HOST, ("sec-fetch-site", "same-site")],
            &[HOST, ("sec-fetch-site", "none")],
            &[HOST, ("origin", "http://evil.example"), ("sec-fetch-site", "same-origin")],
            &[HOST, ("origin", "http://127.0.0.1:8788"), ("sec-fetch-site", "cross-site")],
            &[HOST, ("origin", "http://127.0.0.1:8788"), ("origin", "http://evil.example")],
            &[("origin", "http://127.0.0.1:8788")],
        ];
        for pairs in refused {
            assert_eq!(says(pairs), Err(CrossSite), "{pairs:?}");
        }
    }
}
