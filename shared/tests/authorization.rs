//! Every route, every kind of principal, every scope: who gets in is written here a second time, by hand. A route that is
//! in the table of routes, here, or in the `OpenAPI` document, and not in all three, fails.
#![cfg(feature = "server")]

mod forge;

use forge::tenant;
use serde_json::Value;
use std::collections::BTreeMap;
use weft_shared::auth::{Principal, authorize};
use weft_shared::error::ErrorCode;
use weft_shared::ids::{CredentialId, Environment};
use weft_shared::keys::CredentialKind;
use weft_shared::protocol::routes::ROUTES;
use weft_shared::scope::{Scope, ScopeSet};

/// Whom a route lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// Anyone, without a credential.
    Anyone,
    /// The admin key alone.
    Operator,
    /// The admin key, a session token, and a secret key with one of these scopes.
    Holders(&'static [&'static str]),
    /// The admin key and a secret key with one of these scopes, but no session token.
    KeyManagers(&'static [&'static str]),
    /// Publishable keys alone.
    Pages,
    /// Session tokens and secret keys with this scope; not the admin key, which belongs to no tenant.
    Minters,
    /// Publishable keys, the fixed chat key, session tokens, and secret keys with one of these scopes; not the admin key.
    Chatters(&'static [&'static str]),
}

use Who::{Anyone, Chatters, Holders, KeyManagers, Minters, Operator, Pages};

const EXPECTED: &[(&str, &str, Who)] = &[
    ("GET", "/health", Anyone),
    ("GET", "/widget/config", Pages),
    ("GET", "/widget/session", Pages),
    ("POST", "/widget-token", Minters),
    ("POST", "/test-widget-token", Anyone),
    ("GET", "/v1/openapi.json", Anyone),
    ("GET", "/docs", Anyone),
    ("POST", "/v1/tenants", Operator),
    ("GET", "/v1/tenants", Operator),
    ("GET", "/v1/tenants/{tenant}", Operator),
    ("PATCH", "/v1/tenants/{tenant}", Operator),
    ("POST", "/v1/sessions", Operator),
    ("GET", "/v1/tenants/{tenant}/sessions", Operator),
    ("DELETE", "/v1/tenants/{tenant}/sessions/{id}", Operator),
    ("POST", "/v1/tenants/{tenant}/keys", KeyManagers(&["keys:write"])),
    ("GET", "/v1/tenants/{tenant}/keys", KeyManagers(&["keys:read", "keys:write"])),
    ("POST", "/v1/tenants/{tenant}/keys/{id}/rotate", KeyManagers(&["keys:write"])),
    ("DELETE", "/v1/tenants/{tenant}/keys/{id}", KeyManagers(&["keys:write"])),
    ("GET", "/v1/tenants/{tenant}/config", Holders(&["settings:read", "settings:write"])),
    ("PATCH", "/v1/tenants/{tenant}/config", Holders(&["settings:write"])),
    ("POST", "/v1/tenants/{tenant}/config/deploy", Holders(&["settings:write"])),
    ("POST", "/v1/tenants/{tenant}/config/discard", Holders(&["settings:write"])),
    ("POST", "/v1/tenants/{tenant}/sources", Holders(&["sources:write"])),
    ("GET", "/v1/tenants/{tenant}/sources", Holders(&["sources:read", "sources:write"])),
    ("DELETE", "/v1/tenants/{tenant}/sources/{id}", Holders(&["sources:write"])),
    ("GET", "/v1/tenants/{tenant}/audit", Holders(&["settings:read", "settings:write"])),
    ("POST", "/v1/chat", Chatters(&["messages:write"])),
    ("POST", "/v1/chat/stream", Chatters(&["messages:write"])),
    ("POST", "/chat", Chatters(&["messages:write"])),
    ("GET", "/v1/conversations/{id}/messages", Chatters(&["messages:read", "messages:write"])),
    ("GET", "/v1/tenants/{tenant}/conversations", Holders(&["conversations:read", "conversations:write"])),
    ("GET", "/v1/tenants/{tenant}/conversations/{id}", Holders(&["conversations:read", "conversations:write"])),
    ("DELETE", "/v1/tenants/{tenant}/conversations/{id}", Holders(&["conversations:write"])),
    ("GET", "/v1/tenants/{tenant}/conversations/{id}/export", Holders(&["conversations:read", "conversations:write"])),
    ("GET", "/v1/tenants/{tenant}/messages", Holders(&["messages:read", "messages:write"])),
    ("GET", "/v1/admin/conversations", Operator),
    ("GET", "/v1/admin/conversations/{id}", Operator),
];

fn key(kind: CredentialKind, scopes: ScopeSet) -> Principal {
    Principal::Key {
        id: CredentialId::parse("key_0123456789abcdef01234567").expect("well formed"),
        kind,
        tenant: tenant("acme"),
        environment: Environment::production(),
        scopes,
    }
}

/// What it is called, itself, and whether it gets in.
type Case = (String, Principal, Box<dyn Fn(Who) -> bool>);

/// Every kind of principal.
fn principals() -> Vec<Case> {
    let mut all: Vec<Case> = vec![
        (
            "the admin key".to_owned(),
            Principal::Admin,
            Box::new(|who| matches!(who, Anyone | Operator | Holders(_) | KeyManagers(_))),
        ),
        (
            "a session token".to_owned(),
            Principal::Session {
                id: CredentialId::parse("ses_0123456789abcdef01234567").expect("well formed"),
                tenant: tenant("acme"),
            },
            Box::new(|who| matches!(who, Anyone | Holders(_) | Minters | Chatters(_))),
        ),
        ("the fixed chat key".to_owned(), Principal::WidgetApiKey, Box::new(|who| matches!(who, Anyone | Chatters(_)))),
        (
            "a secret key with every scope".to_owned(),
            key(CredentialKind::Secret, ScopeSet::all()),
            Box::new(|who| !matches!(who, Operator | Pages)),
        ),
        (
            "a secret key without scopes".to_owned(),
            key(CredentialKind::Secret, ScopeSet::NONE),
            Box::new(|who| who == Anyone),
        ),
        // Even one whose record was given scopes by mistake.
        (
            "a publishable key".to_owned(),
            key(CredentialKind::Publishable, ScopeSet::all()),
            Box::new(|who| matches!(who, Anyone | Pages | Chatters(_))),
        ),
    ];
    for scope in Scope::ALL {
        let name = scope.to_string();
        let held = name.clone();
        all.push((
            format!("a secret key with {name}"),
            key(CredentialKind::Secret, ScopeSet::from_iter([scope])),
            Box::new(move |who| match who {
                Anyone => true,
                Holders(scopes) | KeyManagers(scopes) | Chatters(scopes) => scopes.contains(&held.as_str()),
                Minters => held == "widget:token",
                Operator | Pages => false,
            }),
        ));
    }
    all
}

#[test]
fn each_route_lets_in_whom_it_is_for_and_nobody_else() {
    let mut expected: BTreeMap<(&str, &str), Who> =
        EXPECTED.iter().map(|(method, pattern, who)| ((*method, *pattern), *who)).collect();
    assert_eq!(expected.len(), EXPECTED.len(), "each once");
    let (mut let_in, mut refused) = (0, 0);
    for row in ROUTES {
        let name = format!("{} {}", row.method.as_str(), row.pattern);
        let who =
            expected.remove(&(row.method.as_str(), row.pattern)).unwrap_or_else(|| unreachable!("{name}: whose?"));
        let asked = row.pattern.contains("{tenant}").then(|| tenant("acme"));
        for (principal_name, principal, gets_in) in principals() {
            let answer = authorize(&principal, row.need, asked.as_ref());
            if gets_in(who) {
                assert_eq!(answer, Ok(()), "{principal_name}: {name}");
                let_in += 1;
            } else {
                assert_eq!(answer, Err(ErrorCode::InsufficientScope), "{principal_name}: {name}");
                refused += 1;
            }
        }
    }
    assert_eq!(expected, BTreeMap::new(), "routes that are not in the table");
    assert!(let_in > 100 && refused > 300, "{let_in} let in, {refused} refused");
}

/// Whom the `OpenAPI` document's `security` of an operation lets in: any one of its schemes opens it.
fn documented_to_get_in(security: &Value, principal: &Principal) -> bool {
    let requirements = security.as_array().expect("an array");
    requirements.is_empty()
        || requirements.iter().any(|requirement| {
            requirement.as_object().expect("an object").iter().any(|(scheme, scopes)| {
                match (scheme.as_str(), principal) {
                    ("adminKey", Principal::Admin)
                    | ("sessionToken", Principal::Session { .. })
                    | ("widgetApiKey", Principal::WidgetApiKey)
                    | (
                        "publishableKey" | "publishableKeyInQuery",
                        Principal::Key { kind: CredentialKind::Publishable, .. },
                    ) => true,
                    ("secretKey", Principal::Key { kind: CredentialKind::Secret, scopes: held, .. }) => {
                        let named: Vec<&str> =
                            scopes.as_array().expect("scopes").iter().filter_map(Value::as_str).collect();
                        assert!(!named.is_empty(), "no route opens to a key without scopes");
                        named.iter().all(|scope| held.grants(Scope::parse(scope).expect("one of ours")))
                    }
                    // Other places for the same credentials.
                    ("adminKeyHeader" | "apiKeyHeader" | "widgetApiKeyHeader", _) => false,
                    (known, _) => {
                        assert!(
                            [
                                "adminKey",
                                "sessionToken",
                                "secretKey",
                                "publishableKey",
                                "publishableKeyInQuery",
                                "widgetApiKey"
                            ]
                            .contains(&known),
                            "whose is {known}?"
                        );
                        false
                    }
                }
            })
        })
}

/// The document is walked from its own side: each operation in it × every kind of principal × every scope, against the rules
/// and against what is written above by hand.
#[test]
fn the_openapi_document_lets_in_whom_each_route_lets_in() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).expect(path)).expect("JSON");
    let mut rows: Vec<_> = ROUTES.iter().collect();
    let mut walked = 0;
    for (pattern, item) in document["paths"].as_object().expect("an object") {
        for (method, operation) in item.as_object().expect("an object") {
            let name = format!("{} {pattern}", method.to_uppercase());
            let is_it = |row: &&weft_shared::protocol::routes::Row| {
                row.pattern == pattern && row.method.as_str().eq_ignore_ascii_case(method)
            };
            let at = rows.iter().position(is_it).unwrap_or_else(|| unreachable!("{name}: in the document alone"));
            let row = rows.remove(at);
            let expected =
                EXPECTED.iter().find(|(method, pattern, _)| *method == row.method.as_str() && *pattern == row.pattern);
            let (_, _, who) = expected.unwrap_or_else(|| unreachable!("{name}: whose?"));
            for (principal_name, principal, gets_in) in principals() {
                let documented = documented_to_get_in(&operation["security"], &principal);
                assert_eq!(documented, authorize(&principal, row.need, None).is_ok(), "{principal_name}: {name}");
                assert_eq!(documented, gets_in(*who), "{principal_name}: {name}");
                walked += 1;
            }
        }
    }
    let undocumented: Vec<_> = rows.iter().map(|row| format!("{} {}", row.method.as_str(), row.pattern)).collect();
    assert_eq!(undocumented, [""; 0], "in the table alone");
    assert!(walked > 500, "{walked}");
}

#[test]
fn on_another_tenants_path_whoever_would_get_in_finds_nothing() {
    for row in ROUTES.iter().filter(|row| row.pattern.contains("{tenant}")) {
        for (name, principal, _) in principals() {
            let own = authorize(&principal, row.need, Some(&tenant("acme")));
            let other = authorize(&principal, row.need, Some(&tenant("other")));
            let expected = match own {
                Ok(()) if principal != Principal::Admin => Err(ErrorCode::NotFound),
                own => own,
            };
            assert_eq!(other, expected, "{name}: {}", row.pattern);
        }
    }
}
