//! The table of routes: each resource has one spelling, and one row says who may.
#![cfg(feature = "server")]

use proptest::prelude::*;
use weft_shared::auth::{Need, Plane};
use weft_shared::error::ErrorCode;
use weft_shared::protocol::routes::{Cors, Miss, ROUTES, Route, find, https_address, preflight};

fn route(method: &str, path: &str) -> Option<Route> {
    find(method, path).ok().map(|found| found.route())
}

#[test]
fn each_route_is_found_by_its_path() {
    for (method, path, wanted) in [
        ("GET", "/health", Route::Health),
        ("HEAD", "/health", Route::Health),
        ("GET", "/widget/config", Route::WidgetConfig),
        ("GET", "/widget/session", Route::WidgetSession),
        ("POST", "/widget-token", Route::MintWidgetToken),
        ("POST", "/test-widget-token", Route::TestWidgetToken),
        ("POST", "/v1/chat", Route::Chat),
        ("POST", "/v1/chat/stream", Route::ChatStream),
        ("POST", "/chat", Route::OldChatStream),
        ("GET", "/v1/conversations/abcdefghijklmnop/messages", Route::ReadMessages),
        ("POST", "/v1/tenants", Route::CreateTenant),
        ("GET", "/v1/tenants", Route::ListTenants),
        ("GET", "/v1/tenants/acme", Route::ReadTenant),
        ("HEAD", "/v1/tenants/acme", Route::ReadTenant),
        ("PATCH", "/v1/tenants/acme", Route::UpdateTenant),
        ("POST", "/v1/tenants/acme/keys", Route::CreateKey),
        ("GET", "/v1/tenants/acme/keys", Route::ListKeys),
        ("POST", "/v1/tenants/acme/keys/key_0/rotate", Route::RotateKey),
        ("DELETE", "/v1/tenants/acme/keys/key_0", Route::RevokeKey),
        ("POST", "/v1/sessions", Route::CreateSession),
        ("GET", "/v1/tenants/acme/sessions", Route::ListSessions),
        ("DELETE", "/v1/tenants/acme/sessions/ses_0", Route::RevokeSession),
        ("GET", "/v1/tenants/acme/audit", Route::ReadAudit),
        ("GET", "/v1/tenants/acme/config", Route::ReadConfig),
        ("PATCH", "/v1/tenants/acme/config", Route::StageConfig),
        ("POST", "/v1/tenants/acme/config/deploy", Route::DeployConfig),
        ("POST", "/v1/tenants/acme/config/discard", Route::DiscardConfig),
        ("POST", "/v1/tenants/acme/sources", Route::CreateSource),
        ("GET", "/v1/tenants/acme/sources", Route::ListSources),
        ("DELETE", "/v1/tenants/acme/sources/src_0", Route::DeleteSource),
        ("GET", "/v1/tenants/acme/conversations", Route::ListConversations),
        ("GET", "/v1/tenants/acme/conversations/c0", Route::ReadConversation),
        ("DELETE", "/v1/tenants/acme/conversations/c0", Route::DeleteConversation),
        ("GET", "/v1/tenants/acme/conversations/c0/export", Route::ExportConversation),
        ("GET", "/v1/tenants/acme/messages", Route::ListMessages),
        ("GET", "/v1/admin/conversations", Route::AdminListConversations),
        ("GET", "/v1/admin/conversations/c0", Route::AdminReadConversation),
    ] {
        assert_eq!(route(method, path), Some(wanted), "{method} {path}");
    }
}

#[test]
fn parameters_are_what_stands_in_their_segment() {
    let found = find("DELETE", "/v1/tenants/acme/sources/src_0123456789abcdefghij").expect("a route");
    assert_eq!(found.tenant().expect("a tenant").expect("there").as_str(), "acme");
    assert_eq!(found.id(), Some("src_0123456789abcdefghij"));
    assert_eq!(found.source_id().expect("an id").as_str(), "src_0123456789abcdefghij");
    let found = find("GET", "/v1/tenants/Acme").expect("a route");
    assert_eq!(found.tenant().expect_err("no tenant's name").code, ErrorCode::InvalidRequest);
    let found = find("DELETE", "/v1/tenants/acme/sources/src_0").expect("a route");
    assert_eq!(found.source_id().expect_err("never given out").code, ErrorCode::NotFound);
    assert_eq!(find("GET", "/health").expect("a route").tenant(), Ok(None));

    for (id, is_one) in [("abcdefghijklmnop", true), ("abc", false), ("abcdefghijklmno.", false)] {
        let path = format!("/v1/conversations/{id}/messages");
        let found = find("GET", &path).expect("a route");
        assert_eq!(found.conversation_id().map_err(|refusal| refusal.code).is_ok(), is_one, "{id}");
    }

    let (key, session) = ("key_0123456789abcdef01234567", "ses_0123456789abcdef01234567");
    for (path, is_key, is_session) in [(key, true, false), (session, false, true), ("key_0", false, false)] {
        let path = format!("/v1/tenants/acme/keys/{path}");
        let found = find("DELETE", &path).expect("a route");
        assert_eq!(found.key_id().is_ok(), is_key, "{path}");
        assert_eq!(found.session_id().is_ok(), is_session, "{path}");
        for refusal in [found.key_id().err(), found.session_id().err()].into_iter().flatten() {
            assert_eq!(refusal, ErrorCode::NotFound.into(), "{path}");
        }
    }
}

#[test]
fn api_v1_is_v1() {
    for row in ROUTES {
        let path = row.pattern.replace("{tenant}", "acme").replace("{id}", "x");
        let other = format!("/api{path}");
        let expected = path.starts_with("/v1/").then_some(row.route);
        assert_eq!(route(row.method.as_str(), &other), expected, "{other}");
    }
    for path in
        ["/api", "/api/", "/api/v1", "/api/v1/", "/api/api/v1/tenants", "/apiv1/tenants", "/api//v1/tenants", "/v1"]
    {
        assert_eq!(route("GET", path), None, "{path}");
    }
}

#[test]
fn another_spelling_is_not_found() {
    for path in [
        "",
        "/",
        "//",
        "health",
        "/health/",
        "//health",
        "/Health",
        "/HEALTH",
        "/health;x",
        "/%68ealth",
        "/v1/tenants/",
        "/v1/tenants//",
        "/v1//tenants",
        "/v1/tenants/acme/",
        "/v1/tenants//keys",
        "/v1/tenants/acme//keys",
        "/v1/tenants/acme/keys/",
        "/v1/tenants/acme%2Fkeys",
        "/v1/tenants/acme%2fkeys",
        "/v1/tenants/%61cme",
        "/v1/tenants/acme%00",
        "/v1/tenants/acme\\keys",
        "/v1\\tenants",
        "/v1/tenants/acme/../acme/keys/x",
        "/v1/Tenants",
        "/V1/tenants",
        "/v1/tenants/acme/sources/a/b",
        "/v1/tenants/{tenant}/nothing",
        "/widget-token/",
        "/widget/token",
    ] {
        assert_eq!(find("GET", path).err(), Some(Miss::NotFound), "{path}");
    }
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    for (method, path, allowed) in [
        ("POST", "/health", "GET, HEAD"),
        ("GET", "/widget-token", "POST"),
        ("HEAD", "/widget-token", "POST"),
        ("get", "/health", "GET, HEAD"),
        ("", "/health", "GET, HEAD"),
        ("TRACE", "/health", "GET, HEAD"),
        ("OPTIONS", "/health", "GET, HEAD"),
        ("DELETE", "/v1/tenants", "POST, GET, HEAD"),
        ("PUT", "/v1/tenants/acme/config", "GET, HEAD, PATCH"),
        ("POST", "/widget/config", "GET, HEAD, OPTIONS"),
        ("GET", "/test-widget-token", "POST, OPTIONS"),
        ("GET", "/v1/tenants/acme/sources/x", "DELETE"),
    ] {
        let miss = find(method, path).expect_err(path);
        assert_eq!(miss.code(), ErrorCode::MethodNotAllowed);
        assert_eq!(miss, Miss::MethodNotAllowed { allow: allowed.to_owned() }, "{method} {path}");
    }
}

#[test]
fn pages_of_other_origins_reach_the_widget_and_chat_planes_only() {
    let open = |method: &str, path: &str| preflight(method, path).map(|found| found.route());
    assert_eq!(open("GET", "/widget/config"), Some(Route::WidgetConfig));
    assert_eq!(open("POST", "/test-widget-token"), Some(Route::TestWidgetToken));
    assert_eq!(open("POST", "/v1/chat"), Some(Route::Chat));
    assert_eq!(open("POST", "/api/v1/chat/stream"), Some(Route::ChatStream));
    assert_eq!(open("GET", "/v1/conversations/abcdefghijklmnop/messages"), Some(Route::ReadMessages));
    for (method, path) in [
        ("POST", "/widget/config"),
        ("GET", "/v1/chat"),
        ("DELETE", "/v1/conversations/abcdefghijklmnop/messages"),
        ("POST", "/widget-token"),
        ("GET", "/widget/session"),
        ("POST", "/v1/tenants"),
        ("PATCH", "/v1/tenants/acme/config"),
        ("POST", "/v1/tenants/acme/keys"),
        ("OPTIONS", "/widget/config"),
        ("GET", "/nothing"),
    ] {
        assert_eq!(open(method, path), None, "{method} {path}");
    }
    for row in ROUTES.iter().filter(|row| row.cors != Cors::Closed) {
        let expected = match row.need {
            Need::Chat | Need::History => Cors::AllowedOriginsOfKey,
            _ => Cors::AllowedOrigins,
        };
        assert!(matches!(row.need, Need::Widget | Need::Public | Need::Chat | Need::History), "{}", row.pattern);
        assert_eq!(row.cors, expected, "{}", row.pattern);
    }
}

#[test]
fn plain_http_is_sent_to_the_same_address_over_https() {
    assert_eq!(
        https_address("weft.example", "/v1/tenants", Some("limit=3")),
        "https://weft.example/v1/tenants?limit=3"
    );
    // Whatever the path begins with, the host stays the request's own.
    assert_eq!(https_address("weft.example", "//evil.example", None), "https://weft.example//evil.example");
}

#[test]
fn nothing_of_the_workspace_is_public() {
    for row in ROUTES {
        // What tells how to call the rest is the same for everyone.
        if matches!(row.route, Route::OpenApi | Route::Docs) {
            assert_eq!(row.need, Need::Public);
            continue;
        }
        if row.pattern.starts_with("/v1/") {
            let is_chat = row.plane == Plane::Chat && matches!(row.need, Need::Chat | Need::History);
            assert!(is_chat || matches!(row.need, Need::Admin | Need::Scope(_)), "{}", row.pattern);
        }
        if row.need == Need::Public {
            assert!(matches!(row.route, Route::Health | Route::TestWidgetToken), "{}", row.pattern);
        }
    }
}

#[test]
fn each_row_is_there_once() {
    for (at, row) in ROUTES.iter().enumerate() {
        for other in &ROUTES[at + 1..] {
            assert!(row.route != other.route, "{:?}", row.route);
            assert!((row.method, row.pattern) != (other.method, other.pattern), "{}", row.pattern);
        }
        assert!(row.pattern.starts_with('/') && !row.pattern.ends_with('/'));
    }
}

proptest! {
    #[test]
    fn any_path_is_answered(method in "[A-Z]{0,7}", path in "(/|[a-z0-9]|v1|tenants|%|\\PC){0,30}") {
        if let Ok(found) = find(&method, &path) {
            // What is found is spelt as its row says.
            let canonical = path.strip_prefix("/api").filter(|rest| rest.starts_with("/v1/")).unwrap_or(&path);
            let spelt = found.row.pattern.split('/').zip(canonical.split('/'));
            for (wanted, segment) in spelt {
                let is_parameter = wanted.starts_with('{') && !segment.is_empty();
                prop_assert!(wanted == segment || is_parameter);
            }
            prop_assert_eq!(found.row.pattern.split('/').count(), canonical.split('/').count());
        }
    }
}
