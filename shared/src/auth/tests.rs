//! Guarantees of authorization: the whole matrix, and where a credential may stand.

use super::*;

const MESSAGES_WRITE: Scope = Scope::Write(Resource::Messages);

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).expect("well formed")
}

fn key(kind: CredentialKind, scopes: ScopeSet) -> Principal {
    Principal::Key {
        id: CredentialId::parse("key_0123456789abcdef01234567").expect("well formed"),
        kind,
        tenant: tenant("acme"),
        environment: Environment::production(),
        scopes,
    }
}

fn publishable() -> Principal {
    // Even a record that was given scopes by mistake.
    key(CredentialKind::Publishable, ScopeSet::all())
}

fn secret(scopes: impl IntoIterator<Item = Scope>) -> Principal {
    key(CredentialKind::Secret, scopes.into_iter().collect())
}

fn session() -> Principal {
    Principal::Session {
        id: CredentialId::parse("ses_0123456789abcdef01234567").expect("well formed"),
        tenant: tenant("acme"),
    }
}

fn needs() -> Vec<Need> {
    let others = [Need::Public, Need::Admin, Need::Chat, Need::History, Need::MintWidgetToken, Need::Widget];
    others.into_iter().chain(Scope::ALL.map(Need::Scope)).collect()
}

/// Who may do what, written out a second time and in another way.
fn is_expected(who: &str, need: Need) -> bool {
    let keys = matches!(need, Need::Scope(Scope::Read(Resource::Keys) | Scope::Write(Resource::Keys)));
    match (who, need) {
        (_, Need::Public) => true,
        ("admin", need) => matches!(need, Need::Admin | Need::Scope(_)),
        ("publishable", need) => matches!(need, Need::Chat | Need::History | Need::Widget),
        ("fixed", need) => matches!(need, Need::Chat | Need::History),
        ("secret", need) => !matches!(need, Need::Admin | Need::Widget),
        ("session" | "default secret", need) => !keys && !matches!(need, Need::Admin | Need::Widget),
        _ => false,
    }
}

#[test]
fn each_credential_reaches_what_it_is_for_and_nothing_else() {
    let principals = [
        ("admin", Principal::Admin),
        ("publishable", publishable()),
        ("fixed", Principal::WidgetApiKey),
        ("secret", secret(Scope::ALL)),
        ("default secret", secret(ScopeSet::all_but_keys().iter())),
        ("secret without scopes", secret([])),
        ("session", session()),
        ("session as a key", key(CredentialKind::Session, ScopeSet::all())),
    ];
    for (who, principal) in &principals {
        for need in needs() {
            let answer = authorize(principal, need, None);
            let expected = if is_expected(who, need) { Ok(()) } else { Err(ErrorCode::InsufficientScope) };
            assert_eq!(answer, expected, "{who}: {need:?}");
        }
    }
}

#[test]
fn a_secret_key_does_what_its_scopes_say() {
    for held in Scope::ALL {
        let principal = secret([held]);
        for need in Scope::ALL {
            let includes = held == need || matches!((held, need), (Scope::Write(a), Scope::Read(b)) if a == b);
            assert_eq!(authorize(&principal, Need::Scope(need), None).is_ok(), includes, "{held} for {need}");
        }
        assert_eq!(authorize(&principal, Need::Chat, None).is_ok(), held == MESSAGES_WRITE);
        assert_eq!(authorize(&principal, Need::MintWidgetToken, None).is_ok(), held == Scope::WidgetToken);
    }
}

#[test]
fn another_tenants_resource_is_not_found() {
    let read = Need::Scope(Scope::Read(Resource::Sources));
    for principal in [secret(Scope::ALL), session()] {
        assert_eq!(authorize(&principal, read, Some(&tenant("acme"))), Ok(()));
        assert_eq!(authorize(&principal, read, Some(&tenant("other"))), Err(ErrorCode::NotFound));
    }
    assert_eq!(authorize(&Principal::Admin, read, Some(&tenant("other"))), Ok(()));
    assert_eq!(authorize(&Principal::WidgetApiKey, Need::Chat, Some(&tenant("default"))), Ok(()));
    assert_eq!(authorize(&Principal::WidgetApiKey, Need::Chat, Some(&tenant("acme"))), Err(ErrorCode::NotFound));
}

#[test]
fn a_missing_scope_is_answered_alike_for_every_tenant() {
    for principal in [secret([]), publishable()] {
        for asked in ["acme", "other", "never-existed"] {
            let answer = authorize(&principal, Need::Scope(Scope::Read(Resource::Keys)), Some(&tenant(asked)));
            assert_eq!(answer, Err(ErrorCode::InsufficientScope));
        }
    }
}

#[test]
fn no_principal_hands_on_more_than_it_has() {
    assert_eq!(Principal::Admin.scopes(), ScopeSet::all());
    assert_eq!(session().scopes(), ScopeSet::all_but_keys());
    assert_eq!(secret([MESSAGES_WRITE]).scopes(), ScopeSet::from_iter([MESSAGES_WRITE]));
    for principal in [publishable(), Principal::WidgetApiKey] {
        assert_eq!(principal.scopes(), ScopeSet::NONE);
    }
}

#[test]
fn a_fixed_key_matches_itself_alone() {
    let admin = AdminKey::parse(" correct horse battery staple\n").expect("not blank");
    assert!(admin.matches("correct horse battery staple"));
    for other in ["", "correct horse battery stapl", "correct horse battery staple ", "Correct horse battery staple"] {
        assert!(!admin.matches(other), "{other}");
    }
    assert!(!format!("{admin:?}").contains("horse"));
    assert!(FixedKey::parse("").is_none() && FixedKey::parse(" \t\n").is_none());
}

fn pick(headers: &[(&str, &str)], plane: Plane) -> Result<String, ErrorCode> {
    let look_up = |name: &str| {
        headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| (*value).to_owned())
    };
    pick_credential(&look_up, plane).map(|secret| secret.expose().to_owned())
}

const PLANES: [Plane; 3] = [Plane::Chat, Plane::Management, Plane::Widget];

#[test]
fn a_bearer_credential_is_found_on_every_plane() {
    for plane in PLANES {
        for value in ["Bearer abc", "bearer abc", "BEARER abc", "Bearer   abc ", " Bearer abc"] {
            assert_eq!(pick(&[("authorization", value)], plane).as_deref(), Ok("abc"), "{value}");
        }
        for value in [
            "Basic YTpi",
            "abc",
            "Bearer",
            "Bearer a b",
            "Bearer abc, Bearer abc",
            "Bearerabc",
            "Bearer é",
            "Token abc",
        ] {
            assert_eq!(pick(&[("Authorization", value)], plane), Err(ErrorCode::MalformedKey), "{value}");
        }
        for value in ["", " "] {
            assert_eq!(pick(&[("Authorization", value)], plane), Err(ErrorCode::MissingAuthorization));
        }
        assert_eq!(pick(&[], plane), Err(ErrorCode::MissingAuthorization));
        assert_eq!(pick(&[("Cookie", "key=abc")], plane), Err(ErrorCode::MissingAuthorization));
    }
}

#[test]
fn each_planes_own_headers_count_there_alone() {
    for (header, home) in
        [("X-Api-Key", Plane::Chat), ("X-Widget-Api-Key", Plane::Chat), ("X-Admin-Api-Key", Plane::Management)]
    {
        for plane in PLANES {
            let expected = if plane == home { Ok("abc") } else { Err(ErrorCode::MissingAuthorization) };
            assert_eq!(pick(&[(header, "abc")], plane).as_deref().map_err(|code| *code), expected, "{header}");
        }
        assert_eq!(pick(&[(header, "abc, abc")], home), Err(ErrorCode::MalformedKey));
        assert_eq!(pick(&[(header, &"a".repeat(1025))], home), Err(ErrorCode::MalformedKey));
    }
}

#[test]
fn authorization_alone_counts_where_it_is_there() {
    let both = [("Authorization", "Bearer abc"), ("X-Api-Key", "def"), ("X-Admin-Api-Key", "ghi")];
    let other_scheme = [("Authorization", "Basic YTpi"), ("X-Api-Key", "def"), ("X-Admin-Api-Key", "ghi")];
    for plane in PLANES {
        assert_eq!(pick(&both, plane).as_deref(), Ok("abc"));
        assert_eq!(pick(&other_scheme, plane), Err(ErrorCode::MalformedKey));
    }
}

const BODY: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUV01234567";

#[test]
fn no_credential_belongs_in_a_query() {
    for good in [
        "",
        "?",
        "limit=20&cursor=abc",
        "environment=production",
        "conversation=AAAAAAAAAAAAAAAAAAAAAA",
        "conversation=sess_AAAAAAAAAAAAAAAAAA",
        "q=monkey&keyboard=1",
        "a=1.2.3",
    ] {
        assert!(!credential_in_query(good) && !credential_in_widget_query(good), "{good}");
    }
    for bad in [
        "token=abc".to_owned(),
        "access_token=abc".to_owned(),
        "api_key=abc".to_owned(),
        "api-key=abc".to_owned(),
        "apiKey=abc".to_owned(),
        "X-Api-Key=abc".to_owned(),
        "Authorization=Bearer+abc".to_owned(),
        "widgetToken=abc".to_owned(),
        "historySecret=abc".to_owned(),
        "t%6fken=abc".to_owned(),
        "token".to_owned(),
        format!("x=wf_sk_acme_{BODY}"),
        format!("x=wf%5Fsk%5Facme%5F{BODY}"),
        format!("x=sess_acme_{BODY}"),
        format!("x=Bearer%20sess_acme_{BODY}"),
        format!("x=+wf_sk_acme_{BODY}"),
        format!("wf_sk_acme_{BODY}"),
        format!("limit=1&wf_pk_acme_{BODY}=1"),
        "x=wf_sk_acme_short".to_owned(),
        "x=eyJhbGciOiJIUzI1NiJ9.e30.AAAA".to_owned(),
        format!("?a=1&x=wf_pk_acme_{BODY}"),
    ] {
        assert!(credential_in_query(&bad), "{bad}");
        assert!(credential_in_widget_query(&bad), "{bad}");
    }
}

#[test]
fn a_publishable_key_is_the_widget_planes_one_exception() {
    let publishable = format!("key=wf_pk_acme_{BODY}");
    assert!(credential_in_query(&publishable));
    assert!(!credential_in_widget_query(&publishable));
    assert!(!credential_in_widget_query(&format!("{publishable}&conversation=AAAAAAAAAAAAAAAAAAAAAA")));
    // What isn't a credential is malformed, not forbidden.
    assert!(!credential_in_widget_query("key=nonsense"));
    for bad in [
        format!("key=wf_sk_acme_{BODY}"),
        format!("key=sess_acme_{BODY}"),
        "key=eyJhbGciOiJIUzI1NiJ9.e30.AAAA".to_owned(),
        format!("{publishable}&{publishable}"),
        format!("{publishable}&KEY=wf_pk_acme_{BODY}"),
        format!("{publishable}&token=abc"),
        format!("{publishable}&x=wf_pk_acme_{BODY}"),
    ] {
        assert!(credential_in_widget_query(&bad), "{bad}");
    }
}

fn exposed(headers: &[(&str, &str)], query: &str) -> Vec<String> {
    let look_up = |name: &str| {
        headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| (*value).to_owned())
    };
    exposed_credentials(&look_up, query).iter().map(|secret| secret.expose().to_owned()).collect()
}

#[test]
fn whatever_could_be_a_credential_is_found_wherever_it_stands() {
    let key = format!("wf_sk_acme_{BODY}");
    for header in CREDENTIAL_HEADERS {
        assert_eq!(exposed(&[(header, &key)], ""), [key.as_str()], "{header}");
        assert_eq!(exposed(&[(header, "anything")], "").len(), 1, "{header}");
        assert_eq!(exposed(&[(header, " ")], "").len(), 0, "{header}");
    }
    assert_eq!(exposed(&[("Authorization", &format!("bearer {key}"))], ""), [key.as_str()]);
    assert_eq!(exposed(&[], &format!("key={key}")), [key.as_str()]);
    assert_eq!(exposed(&[], &format!("x=Bearer%20{key}")), [key.as_str()]);
    assert_eq!(exposed(&[], &format!("{key}=1")), [key.as_str()]);
    assert_eq!(exposed(&[("Cookie", "a=b"), ("Origin", "https://shop.example")], "limit=1&cursor=2").len(), 0);
}
