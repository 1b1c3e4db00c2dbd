//! Known secrets go through every route, every refusal and every life of a key; then nothing that was written down holds
//! one: no log line, no stored row, no copy in KV, no answer but the one that shows it.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use weft_tests::api::{Answer, Call, Settings, Workspace, chat_request, fresh, fresh_secret, resume};

/// Secrets by what they are, and every answer so far.
#[derive(Default)]
struct Canaries {
    secrets: BTreeMap<String, String>,
    answers: Vec<Answer>,
}

impl Canaries {
    /// A secret, of which this part must be found nowhere.
    fn keep(&mut self, what: &str, secret: &str) -> String {
        self.secrets.insert(what.to_owned(), secret.to_owned());
        secret.to_owned()
    }

    /// Takes a credential out of the one answer that shows it. What is looked for is its random part.
    fn shown(&mut self, what: &str, answer: &Answer, field: &str) -> String {
        let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        let text = body[field].as_str().unwrap_or_else(|| panic!("{what}: {}", answer.text)).to_owned();
        let random = text.rsplit(['_', '.']).next().unwrap_or_default().to_owned();
        self.keep(what, &random);
        text
    }

    fn send(&mut self, call: Call) -> Answer {
        let answer = call.send();
        self.answers.push(answer.clone());
        answer
    }
}

/// Every file below `dir` that holds one of `texts`, with which.
fn holders(dir: &Path, texts: &BTreeMap<String, String>, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            holders(&path, texts, found);
            continue;
        }
        let bytes = fs::read(&path).expect("readable");
        for (what, text) in texts {
            if bytes.windows(text.len()).any(|part| part == text.as_bytes()) {
                found.push(format!("{what} in {}", path.display()));
            }
        }
    }
}

/// Every route of the workspace and of the operator, and some that are none.
fn routes(workspace: &Workspace<'_>, id: &str) -> [(&'static str, String); 24] {
    [
        ("GET", "/health".to_owned()),
        ("POST", "/widget-token".to_owned()),
        ("POST", "/test-widget-token".to_owned()),
        ("GET", "/v1/tenants".to_owned()),
        ("POST", "/v1/tenants".to_owned()),
        ("POST", "/v1/sessions".to_owned()),
        ("GET", workspace.path("")),
        ("PATCH", workspace.path("")),
        ("GET", workspace.path("/keys")),
        ("POST", workspace.path("/keys")),
        ("POST", workspace.path(&format!("/keys/{id}/rotate"))),
        ("DELETE", workspace.path("/keys/key_0123456789abcdef01234567")),
        ("GET", workspace.path("/sessions")),
        ("DELETE", workspace.path("/sessions/ses_0123456789abcdef01234567")),
        ("GET", workspace.path("/config")),
        ("PATCH", workspace.path("/config")),
        ("POST", workspace.path("/config/deploy")),
        ("POST", workspace.path("/config/discard")),
        ("GET", workspace.path("/sources")),
        ("POST", workspace.path("/sources")),
        ("DELETE", workspace.path("/sources/src_00000000000000000000")),
        ("GET", workspace.path("/audit")),
        ("GET", "/nothing".to_owned()),
        ("DELETE", "/v1/tenants".to_owned()),
    ]
}

#[test]
fn no_secret_is_written_down_anywhere() {
    let settings = Settings::new("canary");
    let started = settings.start();
    let at = &started.deployment;
    let workspace = Workspace::new(at);
    let mut canaries = Canaries::default();
    canaries.keep("the admin key", at.admin_key());
    canaries.keep("the master key", settings.get("WEFT_MASTER_KEY"));

    // Keys through their whole life.
    let page = workspace.open_for_chat(&json!({}));
    canaries.keep("a publishable key", &page[page.len() - 40..]);
    let body = json!({ "label": "a", "type": "secret", "environment": "production", "scopes": [
        "keys:write", "settings:write", "sources:write", "widget:token",
    ] });
    let made = workspace.admin("POST", "/keys").json(&body).send();
    let (key, id) = (canaries.shown("a key", &made, "key"), made.expect(201)["id"].as_str().expect("id").to_owned());
    let rotated = workspace.call("POST", &format!("/keys/{id}/rotate")).bearer(&key).send();
    let successor = canaries.shown("a successor", &rotated, "key");
    let doomed = workspace.admin("POST", "/keys").json(&body).send();
    let revoked = canaries.shown("a revoked key", &doomed, "key");
    let doomed = doomed.expect(201)["id"].as_str().expect("an id").to_owned();
    assert_eq!(canaries.send(workspace.admin("DELETE", &format!("/keys/{doomed}"))).status, 204);
    let session = at.admin("POST", "/v1/sessions").json(&json!({ "tenant_id": workspace.tenant })).send();
    let session = canaries.shown("a session token", &session, "token");
    let token = at.post("/widget-token").bearer(&successor).json(&json!({ "user": { "id": "visitor" } })).send();
    let token = canaries.shown("a widget token", &token, "token");
    let mut forged = key.clone();
    forged.replace_range(forged.len() - 2.., if key.ends_with("zz") { "yy" } else { "zz" });
    canaries.keep("a forged key", &forged[forged.len() - 40..]);
    let stray = canaries.keep("a stray credential", &fresh_secret());

    // Every route with every credential, right and wrong, with a body and without, and with them where they don't belong.
    let routes = routes(&workspace, &doomed);
    let credentials = [at.admin_key(), &key, &successor, &revoked, &session, &page, &token, &forged, &stray];
    for (method, path) in &routes {
        for credential in credentials {
            let call = || at.call(method, path);
            let bad = json!({ credential: credential, "a": [credential] }).to_string();
            canaries.send(call().bearer(credential));
            canaries.send(call().bearer(credential).body(bad.clone()));
            canaries.send(call().header("X-Admin-Api-Key", credential).body(format!("\"{credential}")));
            canaries.send(call().header("Authorization", &format!("Basic {credential}")));
            canaries.send(at.call(method, &format!("{path}?token={credential}")));
            canaries.send(at.call(method, &format!("{path}/{credential}")).bearer(credential));
        }
    }
    for credential in credentials {
        canaries.send(at.get(&format!("/widget/config?key={credential}")).origin("https://shop.example"));
        canaries.send(at.get(&format!("/widget/session?key={credential}&conversation={}", fresh("conversation"))));
    }
    assert!(canaries.answers.iter().any(|answer| answer.status == 200));
    for code in ["invalid_key", "malformed_key", "insufficient_scope", "invalid_request", "not_found", "conflict"] {
        assert!(canaries.answers.iter().any(|answer| answer.text.contains(code)), "no answer said {code}");
    }

    // A conversation with what can go wrong in it.
    let visit = workspace.visit(&page);
    canaries.keep("a history secret", &visit.secret);
    let mut socket = visit.ready();
    socket.send(&chat_request(&fresh("request"), "say=Hello.", Some(&token), Some(&visit.secret)));
    let _ = socket.find("chat.completed");
    let wrong = canaries.keep("a wrong history secret", &fresh_secret());
    let mut stranger = visit.ready();
    stranger.send(&resume(Some(&token), &wrong, 0));
    let _ = stranger.error("wrong_history_secret");
    let mut stranger = visit.ready();
    stranger.send(&chat_request(&fresh("request"), "say=Hello.", Some(&stray), Some(&visit.secret)));
    let _ = stranger.error("invalid_token");

    // No answer repeats one. (Those that show a credential once are not among these.)
    for answer in &canaries.answers {
        for (what, secret) in &canaries.secrets {
            let headers = format!("{:?}", answer.headers);
            assert!(
                !answer.text.contains(secret) && !headers.contains(secret),
                "{what}: {} {}",
                answer.what,
                answer.text
            );
        }
    }
    // Nor does the log, nor anything that is stored: SQLite's files, KV's blobs, all of it as bytes.
    // `wrangler dev` prints the path of each request by itself; deployed, nothing does (`invocation_logs` is off).
    let log: String = at.log().lines().filter(|line| !line.starts_with("[wrangler:info]")).collect();
    assert!(log.contains("request_failed"), "the Worker's own lines are there");
    for (what, secret) in &canaries.secrets {
        assert!(!log.contains(secret), "{what} is in the log");
    }
    let tenant = workspace.tenant.clone();
    started.crash();
    let storage = settings.state_dir().join("storage");
    let mut found = Vec::new();
    holders(&storage, &canaries.secrets, &mut found);
    assert_eq!(found, [""; 0]);
    // What is looked for would be found: the tenant, a key's id and a label are.
    let mut there = Vec::new();
    let known = [("tenant", tenant), ("id", id)].map(|(what, text)| (what.to_owned(), text)).into();
    holders(&storage, &known, &mut there);
    for what in ["tenant in", "id in"] {
        assert!(there.iter().any(|place| place.starts_with(what)), "{there:?}");
    }
    for part in ["KeyGuard", "Tenant", "kv"] {
        assert!(there.iter().any(|place| place.contains(part)), "{part}: {there:?}");
    }
}
