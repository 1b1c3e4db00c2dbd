//! `GET /v1/openapi.json` and `GET /docs`: two files that `cargo xtask openapi` made. Anyone may read them: they are the same
//! for every tenant and hold nothing of this deployment.

use crate::reply::Reply;

/// The document; a test holds it against the table of routes.
const DOCUMENT: &str = include_str!("../../../docs/openapi.json");
/// The same for people.
const PAGE: &str = include_str!("../../../docs/openapi.html");

/// How long both may be kept: a deploy of the Worker may change them.
const MAX_AGE: &str = "public, max-age=300";
/// No script, no frame, nothing from elsewhere. The page's own `meta` narrows the styles down to its one sheet, by hash.
const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /v1/openapi.json`
pub(super) fn document() -> Reply {
    Reply::file("application/json; charset=utf-8", DOCUMENT).with("Cache-Control", MAX_AGE)
}

/// `GET /docs`
pub(super) fn page() -> Reply {
    Reply::file("text/html; charset=utf-8", PAGE)
        .with("Cache-Control", MAX_AGE)
        .with("Content-Security-Policy", PAGE_POLICY)
}
