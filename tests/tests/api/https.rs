//! Plain HTTP in production: a request that carries a credential is refused and written down, any other is sent to HTTPS.

use serde_json::{Value, json};
use std::sync::LazyLock;
use weft_tests::api::{Answer, Call, Deployment, Settings, Started, Workspace};

static PRODUCTION: LazyLock<Started> =
    LazyLock::new(|| Settings::new("https").with("ENVIRONMENT", "production").without("TEST_AGENT").start());

/// Sends it as if it came over the open network. To this machine's own address plain HTTP is let through: that is how the
/// other half of each test speaks.
fn in_the_clear(call: Call) -> Answer {
    call.header("Host", "weft.example").send()
}

fn exposures(workspace: &Workspace<'_>) -> Vec<Value> {
    let log = workspace.admin("GET", "/audit?limit=200").send().expect(200);
    let entries = log["entries"].as_array().expect("entries").clone();
    entries.into_iter().filter(|entry| entry["action"] == "key.exposed").collect()
}

fn secret(workspace: &Workspace<'_>) -> (String, String) {
    let made = workspace.key(&json!({ "label": "a", "type": "secret", "environment": "production" }));
    (made["key"].as_str().expect("a key").to_owned(), made["id"].as_str().expect("an id").to_owned())
}

fn session(workspace: &Workspace<'_>) -> (String, String) {
    let body = json!({ "tenant_id": workspace.tenant });
    let made = workspace.deployment.admin("POST", "/v1/sessions").json(&body).send().expect(200);
    let listed = workspace.admin("GET", "/sessions").send().expect(200);
    (made["token"].as_str().expect("a token").to_owned(), listed["sessions"][0]["id"].as_str().expect("id").to_owned())
}

#[test]
fn a_credential_in_the_clear_is_refused_written_down_and_never_redirected() {
    let workspace = Workspace::new(&PRODUCTION.deployment);
    let ((key, id), (token, session_id)) = (secret(&workspace), session(&workspace));
    let from = |call: Call| call.header("CF-Connecting-IP", "198.51.100.7");
    for (credential, id) in [(&key, &id), (&token, &session_id)] {
        for _ in 0..3 {
            let answer = in_the_clear(from(workspace.call("GET", "/sources")).bearer(credential));
            answer.refused("https_required");
            assert_eq!(answer.header("Location"), None);
        }
        let noted: Vec<Value> =
            exposures(&workspace).into_iter().filter(|entry| entry["target"] == json!(id)).collect();
        assert_eq!(noted.len(), 1, "one entry, not one per request");
        assert_eq!(noted[0]["actor"], json!({ "type": "system" }));
        assert!(noted[0]["address"].as_str().is_some_and(|address| address.len() == 64));
        // By default it still works where it belongs: others could send it over HTTP to end it.
        let _ = workspace.call("GET", "/sources").bearer(credential).send().expect(200);
    }
}

#[test]
fn wherever_a_credential_stands_it_is_seen() {
    let at = &PRODUCTION.deployment;
    let workspace = Workspace::new(at);
    let page = workspace.publishable_key("production");
    let places: Vec<(&str, Call)> = vec![
        ("an admin key", at.admin("GET", "/v1/tenants")),
        ("an admin key in its header", at.get("/v1/tenants").header("X-Admin-Api-Key", at.admin_key())),
        ("nonsense", at.get("/v1/tenants").bearer("nonsense")),
        ("another scheme", at.get("/v1/tenants").header("Authorization", "Basic YTpi")),
        ("a chat header", at.post("/v1/chat").header("X-Api-Key", "x")),
        ("another chat header", at.post("/v1/chat").header("X-Widget-Api-Key", "x")),
        ("a widget token", at.post("/v1/chat").header("X-Widget-Token", "x")),
        ("a history secret", at.get("/v1/conversations/x/messages").header("X-History-Secret", "x")),
        ("a publishable key", at.get(&format!("/widget/config?key={page}"))),
        ("a key in the query", at.get(&format!("/v1/tenants?api_key={page}"))),
        ("on a path that isn't there", at.get("/nothing").bearer("x")),
        ("a preflight", at.call("OPTIONS", &format!("/widget/config?key={page}"))),
    ];
    for (place, call) in places {
        let answer = in_the_clear(call);
        assert_eq!(answer.status, 403, "{place}: {}", answer.text);
        answer.refused("https_required");
    }
    // A publishable key is public: nothing was shown that wasn't.
    assert_eq!(exposures(&workspace).len(), 0);
    let _ = at.admin("GET", "/v1/tenants").send().expect(200);
}

#[test]
fn a_request_without_a_credential_is_sent_to_https() {
    let at = &PRODUCTION.deployment;
    for (method, target) in [
        ("GET", "/v1/tenants?limit=3"),
        ("POST", "/widget-token"),
        ("GET", "/nothing"),
        ("OPTIONS", "/widget/config"),
        ("GET", "/v1/tenants/../x?a=//evil.example"),
    ] {
        let answer = in_the_clear(at.call(method, target));
        assert_eq!(answer.status, 308, "{method} {target}: {}", answer.text);
        let location = answer.header("Location").expect("an address");
        // `wrangler dev` itself turns an address of its own host back into http: that it is https is shared's to test.
        assert!(location.split_once("://").is_some_and(|(_, rest)| rest.starts_with("weft.example/")), "{location}");
        assert_eq!(location.contains("limit=3"), target.contains("limit=3"));
        assert_eq!(answer.text, "");
    }
    assert_eq!(in_the_clear(at.get("/health")).expect(200), json!({ "status": "ok" }));
    // Here, where no one listens, it is answered itself.
    at.get("/v1/tenants").send().refused("missing_authorization");
}

#[test]
fn what_was_never_issued_leaves_no_entry_anywhere() {
    let workspace = Workspace::new(&PRODUCTION.deployment);
    let (key, id) = secret(&workspace);
    let mut forged = key.clone();
    forged.replace_range(forged.len() - 2.., if key.ends_with("zz") { "yy" } else { "zz" });
    in_the_clear(workspace.call("GET", "/sources").bearer(&forged)).refused("https_required");
    assert_eq!(workspace.admin("DELETE", &format!("/keys/{id}")).send().status, 204);
    in_the_clear(workspace.call("GET", "/sources").bearer(&key)).refused("https_required");
    assert_eq!(exposures(&workspace).len(), 0);
}

#[test]
fn a_setting_revokes_what_was_exposed() {
    let settings = Settings::new("https-revokes").with("ENVIRONMENT", "production").with("REVOKE_EXPOSED_KEYS", "1");
    let started = settings.start();
    let at: &Deployment = &started.deployment;
    let workspace = Workspace::new(at);
    let ((key, id), (token, _), (other, _)) = (secret(&workspace), session(&workspace), secret(&workspace));
    let page = workspace.publishable_key("production");
    for credential in [&key, &token] {
        let read = || workspace.call("GET", "/sources").bearer(credential).send();
        let _ = read().expect(200);
        in_the_clear(workspace.call("GET", "/sources").bearer(credential)).refused("https_required");
        read().refused("invalid_key");
    }
    in_the_clear(at.get(&format!("/widget/config?key={page}"))).refused("https_required");
    let log = workspace.admin("GET", "/audit?limit=200").send().expect(200);
    let about: Vec<Value> = log["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .filter(|entry| entry["target"] == json!(id))
        .cloned()
        .collect();
    let actions: Vec<&Value> = about.iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["key.revoked", "key.exposed", "key.created"]);
    assert_eq!(about[0]["actor"], json!({ "type": "system" }));
    // What was not exposed goes on, and so does the page's key: it is public.
    let _ = workspace.call("GET", "/sources").bearer(&other).send().expect(200);
    at.get(&format!("/widget/config?key={page}")).send().refused("not_found");
}
