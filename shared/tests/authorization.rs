//! Every route, every kind of principal, every scope: who gets in is written here a second time, by hand. A route that is
//! in the table of routes and not here, or here and not there, fails.
#![cfg(feature = "server")]

mod forge;

use forge::tenant;
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
}

use Who::{Anyone, Holders, KeyManagers, Minters, Operator, Pages};

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
            Box::new(|who| matches!(who, Anyone | Holders(_) | Minters)),
        ),
        ("the fixed chat key".to_owned(), Principal::WidgetApiKey, Box::new(|who| who == Anyone)),
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
            Box::new(|who| matches!(who, Anyone | Pages)),
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
                Holders(scopes) | KeyManagers(scopes) => scopes.contains(&held.as_str()),
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
