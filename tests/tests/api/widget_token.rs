//! `POST /widget-token`: what a customer's backend gets, read by a decoder that shares no code with the Worker.

use serde_json::{Value, json};
use weft_tests::api::{Answer, Jwt, Workspace, base64url, hs256, now_secs, widget_token_key};

struct Backend<'d> {
    workspace: Workspace<'d>,
    key: String,
    id: Value,
}

impl Backend<'_> {
    fn new() -> Self {
        Self::of("production")
    }

    fn of(environment: &str) -> Self {
        let workspace = Workspace::shared();
        let made = workspace.key(&json!({
            "label": "backend", "type": "secret", "environment": environment, "scopes": ["widget:token"],
        }));
        Self { workspace, key: made["key"].as_str().expect("a key").to_owned(), id: made["id"].clone() }
    }

    fn mint(&self, body: &Value) -> Answer {
        self.workspace.deployment.post("/widget-token").bearer(&self.key).json(body).send()
    }

    #[track_caller]
    fn read(&self, answer: &Answer) -> Jwt {
        let body = answer.expect(200);
        let token = body["token"].as_str().expect("a token");
        Jwt::read(token, &self.workspace.deployment.master(), &self.workspace.tenant)
    }
}

#[test]
fn a_token_says_what_the_contract_says() {
    let backend = Backend::new();
    let before = now_secs();
    let user = json!({ "id": "user-7", "name": "Ada Ł", "email": "ada@example.com", "data": { "plan": "pro", "n": [1, null] } });
    let answer = backend.mint(&json!({ "user": user }));
    assert_eq!(answer.header("Cache-Control").as_deref(), Some("no-store"));
    assert_eq!(answer.header("Access-Control-Allow-Origin"), None);
    let body = answer.expect(200);
    assert_eq!(body.as_object().expect("an object").keys().collect::<Vec<_>>(), ["expires_at", "token"]);
    let Jwt { claims, .. } = backend.read(&answer);
    for (claim, value) in [
        ("iss", json!("weft")),
        ("aud", json!("weft:widget")),
        ("tid", json!(backend.workspace.tenant)),
        ("env", json!("production")),
        ("sub", json!("user-7")),
        ("azp", backend.id.clone()),
        ("name", json!("Ada Ł")),
        ("email", json!("ada@example.com")),
        ("data", json!({ "plan": "pro", "n": [1, null] })),
    ] {
        assert_eq!(claims[claim], value, "{claim}");
    }
    let (iat, exp) = (claims["iat"].as_i64().expect("iat"), claims["exp"].as_i64().expect("exp"));
    assert!((before - 1..=now_secs() + 1).contains(&iat));
    assert_eq!(exp - iat, 300);
    assert!(claims["jti"].as_str().is_some_and(|jti| jti.len() >= 22), "{claims}");
    assert!(body["expires_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{body}");
}

#[test]
fn no_two_tokens_are_the_same() {
    let backend = Backend::new();
    let ids: std::collections::BTreeSet<String> =
        (0..10).map(|_| backend.read(&backend.mint(&json!({}))).claims["jti"].to_string()).collect();
    assert_eq!(ids.len(), 10);
}

#[test]
fn an_empty_body_makes_a_token_for_nobody_in_particular() {
    let backend = Backend::new();
    let post = || backend.workspace.deployment.post("/widget-token").bearer(&backend.key);
    for answer in [
        post().send(),
        post().body(" \n").send(),
        post().json(&json!({})).send(),
        backend.mint(&json!({ "user": null })),
    ] {
        let Jwt { claims, .. } = backend.read(&answer);
        assert_eq!(claims["sub"], "anon");
        for absent in ["name", "email", "data", "nbf"] {
            assert_eq!(claims.get(absent), None, "{absent}");
        }
    }
}

#[test]
fn a_lifetime_is_60_to_3600_seconds() {
    let backend = Backend::new();
    for good in [60, 300, 3_600] {
        let Jwt { claims, .. } = backend.read(&backend.mint(&json!({ "ttl_seconds": good })));
        assert_eq!(claims["exp"].as_i64().expect("exp") - claims["iat"].as_i64().expect("iat"), good);
    }
    for bad in [json!(59), json!(3_601), json!(0), json!(-300), json!(1e9), json!(300.5), json!("300"), json!(u64::MAX)]
    {
        backend.mint(&json!({ "ttl_seconds": bad })).refused_naming("invalid_request", "ttl_seconds");
    }
}

#[test]
fn a_user_keeps_its_bounds() {
    let backend = Backend::new();
    let with = |field: &str, value: Value| {
        let mut user = json!({ "id": "u" });
        user[field] = value;
        backend.mint(&json!({ "user": user }))
    };
    for (field, good, bad) in [
        (
            "id",
            json!("é".repeat(128)),
            vec![json!(""), json!("x".repeat(129)), json!("a\nb"), json!("a\0"), json!(7), json!(null)],
        ),
        ("name", json!("é".repeat(200)), vec![json!("x".repeat(201)), json!("a\u{1b}[0m"), json!(7)]),
        ("email", json!("x".repeat(320)), vec![json!("x".repeat(321)), json!("a\r\nb"), json!([])]),
    ] {
        let Jwt { claims, .. } = backend.read(&with(field, good.clone()));
        assert_eq!(claims[if field == "id" { "sub" } else { field }], good);
        for value in bad {
            with(field, value).refused_naming("invalid_request", field);
        }
    }
    // 2 KiB of JSON: 2,048 bytes with braces, quotes, name and colon.
    let data = |bytes: usize| json!({ "k": "x".repeat(bytes - 8) });
    assert_eq!(data(2_048).to_string().len(), 2_048);
    assert_eq!(backend.read(&with("data", data(2_048))).claims["data"], data(2_048));
    for bad in [data(2_049), data(60_000), json!([]), json!("text"), json!(7)] {
        with("data", bad).refused_naming("invalid_request", "data");
    }
    for (bad, field) in [
        (json!({ "user": "u" }), "user"),
        (json!({ "user": {} }), "id"),
        (json!({ "user": ["u"] }), "user"),
        (json!([{ "id": "u" }]), "body"),
        (json!({ "user": { "id": "u", "role": "admin" } }), "role"),
        (json!({ "user": { "id": "u" }, "tid": "other" }), "tid"),
        (json!({ "tenant": "other" }), "tenant"),
    ] {
        backend.mint(&bad).refused_naming("invalid_request", field);
    }
}

#[test]
fn a_key_s_environment_is_the_token_s() {
    let backend = Backend::of("staging");
    for body in [json!({}), json!({ "environment": "staging" }), json!({ "environment": null })] {
        assert_eq!(backend.read(&backend.mint(&body)).claims["env"], "staging");
    }
    for other in ["production", "development"] {
        backend.mint(&json!({ "environment": other })).refused_naming("invalid_request", "environment");
    }
    backend.mint(&json!({ "environment": "A B" })).refused_naming("invalid_request", "environment");
}

#[test]
fn tokens_of_two_tenants_are_signed_with_two_keys() {
    let (one, other) = (Backend::new(), Backend::new());
    let master = one.workspace.deployment.master();
    let token = one.mint(&json!({})).expect(200)["token"].as_str().expect("a token").to_owned();
    let _ = Jwt::read(&token, &master, &one.workspace.tenant);
    let (text, signature) = token.rsplit_once('.').expect("three parts");
    assert_eq!(signature, base64url(hs256(&widget_token_key(&master, &one.workspace.tenant), text)));
    assert_ne!(signature, base64url(hs256(&widget_token_key(&master, &other.workspace.tenant), text)));
}

#[test]
fn a_token_takes_the_scope_and_no_other_credential() {
    let backend = Backend::new();
    let at = backend.workspace.deployment;
    let mint = |key: &str| at.post("/widget-token").bearer(key).send();
    mint(&backend.workspace.secret_key(&["settings:write", "sources:write"])).refused("insufficient_scope");
    mint(&backend.workspace.publishable_key("production")).refused("insufficient_scope");
    mint(at.admin_key()).refused("insufficient_scope");
    let token = backend.mint(&json!({})).expect(200)["token"].as_str().expect("a token").to_owned();
    mint(&token).refused("malformed_key");
    at.post("/widget-token").header("X-Api-Key", &backend.key).send().refused("missing_authorization");
    at.post(&format!("/widget-token?token={token}")).bearer(&backend.key).send().refused("invalid_request");
    let _ = mint(&backend.key).expect(200);
}
