//! One address for the site. To a browser `localhost` and `127.0.0.1` are two origins; the tenant's config allows
//! one. Whoever types the other is sent on.

use axum::extract::Request;
use axum::http::{Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

/// The middleware: pages asked for at `localhost` are at `127.0.0.1`.
pub async fn redirect(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    match host.and_then(|host| other_address(host, request.uri())) {
        Some(address) if request.method().is_safe() => Redirect::temporary(&address).into_response(),
        _ => next.run(request).await,
    }
}

fn other_address(host: &str, uri: &Uri) -> Option<String> {
    let port = host.strip_prefix("localhost:")?.parse::<u16>().ok()?;
    Some(format!("http://127.0.0.1:{port}{}", uri.path_and_query()?))
}

#[cfg(test)]
mod tests {
    use super::other_address;
    use axum::http::Uri;

    #[test]
    fn localhost_is_sent_on_with_path_and_query() {
        let uri = Uri::from_static("/login?next=/help");
        assert_eq!(other_address("localhost:8788", &uri).as_deref(), Some("http://127.0.0.1:8788/login?next=/help"));
        for host in ["127.0.0.1:8788", "localhost", "localhost:8788.evil.example", "evil.example", ""] {
            assert_eq!(other_address(host, &uri), None, "{host}");
        }
    }
}
