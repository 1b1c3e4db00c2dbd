//! From a request to its answer: settings, the table of routes, the refusals that hold for all of them, the log line.

use crate::extract::Incoming;
use crate::insecure;
use crate::log::{self, Failure};
use crate::reply::Reply;
use crate::routes::{self, Asked};
use crate::settings::Settings;
use weft_shared::auth::{Plane, credential_in_query, credential_in_widget_query};
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::limits::headers;
use weft_shared::protocol::http::Health;
use weft_shared::protocol::paths::TEST_WIDGET_TOKEN_PATH;
use weft_shared::protocol::routes::{Cors, Miss, Route, Row, find, preflight};
use worker::{Env, Request, Response};

/// Answers a request.
///
/// # Errors
/// The runtime's own.
pub(crate) async fn handle(request: Request, env: &Env) -> worker::Result<Response> {
    let incoming = Incoming::new(request)?;
    let method = incoming.method.clone();
    let path = incoming.path().to_owned();
    let reply = if let Some(reply) = insecure::answer(env, &incoming).await {
        log::warning("plain_http", &serde_json::json!({ "method": method }));
        reply
    } else if method == "OPTIONS" {
        answer_preflight(incoming, env, &path).await
    } else {
        match find(&method, &path) {
            // The one exception to "no credential in a URL": it reads nothing of the request, settings included, so that
            // a probe learns whether the Worker runs whatever else is wrong.
            Ok(found) if found.route() == Route::Health => Reply::ok(&Health::OK),
            Ok(found) => {
                let row = found.row;
                let mut asked = Asked::new(env, incoming);
                let result = routes::answer(&mut asked, &found).await;
                finish(row, &method, result, &asked)
            }
            Err(miss) => refuse_miss(&method, &path, env, &miss),
        }
    };
    reply.into_response(method == "HEAD")
}

/// Refuses what holds for every route but `/health`: settings that are missing, a credential in the URL.
pub(crate) fn settings_for(env: &Env, incoming: &Incoming, plane: Plane) -> Result<Settings, Refusal> {
    let settings = Settings::read(env)?;
    // URLs end up in logs, histories and `Referer`: refused before anything else is done with it.
    let carries_credential = match plane {
        Plane::Widget => credential_in_widget_query(incoming.raw_query()),
        Plane::Chat | Plane::Management => credential_in_query(incoming.raw_query()),
    };
    if carries_credential {
        return Err(Refusal::invalid("A credential must not stand in the URL; send Authorization: Bearer."));
    }
    Ok(settings)
}

/// A CORS preflight. It succeeds for the origins alone that the answer itself would be readable from.
async fn answer_preflight(incoming: Incoming, env: &Env, path: &str) -> Reply {
    let requested = incoming.header("Access-Control-Request-Method").unwrap_or_default();
    match (preflight(&requested, path), find("OPTIONS", path)) {
        (Some(found), _) => {
            let row = found.row;
            let mut asked = Asked::new(env, incoming);
            let result = routes::preflight(&mut asked, &found).await;
            finish(row, "OPTIONS", result, &asked)
        }
        (None, Err(miss)) => refuse_miss("OPTIONS", path, env, &miss),
        (None, Ok(_)) => refuse_miss("OPTIONS", path, env, &Miss::NotFound),
    }
}

fn finish(row: &Row, method: &str, result: Result<Reply, Refusal>, asked: &Asked<'_>) -> Reply {
    let reply = result.unwrap_or_else(|refusal| {
        log::failure(&Failure { method, route: row.pattern, code: refusal.code, tenant: asked.tenant.as_deref() });
        let reply = Reply::refused(&refusal);
        if row.is_readable_by_all(refusal.code) { reply.with("Access-Control-Allow-Origin", "*") } else { reply }
    });
    let counted = asked.counted.iter().flat_map(headers::fields);
    let reply = counted.fold(reply, |reply, (name, value)| reply.with(name, value));
    let reply = match &asked.readable_by {
        Some(origin) => reply
            .with("Access-Control-Allow-Origin", origin)
            .with("Access-Control-Expose-Headers", "Retry-After, RateLimit, RateLimit-Policy"),
        None => reply,
    };
    // What one origin may read must not be kept for another, refusals included.
    if row.cors == Cors::Closed { reply } else { reply.with("Vary", "Origin") }
}

fn refuse_miss(method: &str, path: &str, env: &Env, miss: &Miss) -> Reply {
    let settings = Settings::read(env);
    // A deployment without its master key answers nothing but `/health`, not even that something isn't there.
    let code = match &settings {
        Err(refusal) => refusal.code,
        // Where the test route is off, no method may tell that it exists.
        Ok(settings) if path == TEST_WIDGET_TOKEN_PATH && settings.test_key.is_none() => ErrorCode::NotFound,
        Ok(_) => miss.code(),
    };
    log::failure(&Failure { method, route: "none", code, tenant: None });
    match miss {
        Miss::MethodNotAllowed { allow } if code == ErrorCode::MethodNotAllowed => {
            Reply::method_not_allowed(allow.clone())
        }
        _ => Reply::refused(&code.into()),
    }
}
