//! Deployments that are set up otherwise: without a master key, with another one, in production, after a crash.

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use weft_tests::api::{
    Answer, Deployment, Forge, Jwt, ORIGIN, PATIENCE, Settings, Started, Upgrade, Visit, Workspace, fresh,
    fresh_secret, kid, patiently, resume, widget_token_key,
};

/// Routes of each kind.
const SOME_ROUTES: [(&str, &str); 9] = [
    ("GET", "/v1/tenants"),
    ("POST", "/v1/tenants"),
    ("GET", "/v1/tenants/acme/config"),
    ("GET", "/api/v1/tenants/acme/keys"),
    ("POST", "/widget-token"),
    ("POST", "/test-widget-token"),
    ("GET", "/widget/config?key=wf_pk_acme_0000000000000000000000000000000000000000"),
    ("GET", "/nothing"),
    ("DELETE", "/v1/tenants"),
];

#[track_caller]
fn is_misconfigured(settings: &Settings, value: Option<&str>) {
    let started = settings.start();
    let at = &started.deployment;
    for (method, target) in SOME_ROUTES {
        at.call(method, target).send().refused("misconfigured");
        at.admin(method, target).send().refused("misconfigured");
    }
    Upgrade::new(at.url(), "/widget/session?key=x&conversation=y").origin(ORIGIN).refusal().refused("misconfigured");
    assert_eq!(at.get("/health").send().expect(200), json!({ "status": "ok" }));
    // A busy machine writes its log a little later than it answers.
    let log = patiently(PATIENCE, || Some(at.log()).filter(|log| log.contains("WEFT_MASTER_KEY")));
    let log = log.expect("the log names the setting");
    assert!(value.is_none_or(|value| !log.contains(value)), "and not its value");
}

#[test]
fn without_a_master_key_all_but_health_is_misconfigured() {
    is_misconfigured(&Settings::new("no-master-key").without("WEFT_MASTER_KEY"), None);
}

#[test]
fn with_a_short_master_key_all_but_health_is_misconfigured() {
    // 30 bytes.
    let short = &fresh_secret()[..40];
    is_misconfigured(&Settings::new("short-master-key").with("WEFT_MASTER_KEY", short), Some(short));
}

/// A deployment's first life, which ended in a crash.
struct FirstLife {
    settings: Settings,
    /// Where a copy of its state is.
    production: Settings,
    tenant: String,
    publishable: String,
    secret: String,
    settings_key: String,
    /// A conversation that was over, and one whose answer was under way.
    over: Visit,
    cut: Visit,
    cut_id: String,
}

static FIRST: LazyLock<FirstLife> = LazyLock::new(FirstLife::live);

/// What came of it: the same state under another master key, without an admin key, with the test route on.
struct SecondLife {
    first: &'static FirstLife,
    started: Started,
}

static SECOND: LazyLock<SecondLife> = LazyLock::new(|| {
    let first = &*FIRST;
    let settings = first
        .settings
        .clone()
        .without("ADMIN_API_KEY")
        .with("WEFT_MASTER_KEY", &fresh_secret())
        .with("WEFT_MASTER_KEY_PREVIOUS", first.settings.get("WEFT_MASTER_KEY"))
        .with("TEST_WIDGET_TOKEN_API_KEY", &first.secret);
    SecondLife { started: settings.start(), first }
});

impl FirstLife {
    fn live() -> Self {
        let settings = Settings::new("lives");
        let started = settings.start();
        let workspace = Workspace::new(&started.deployment);
        let publishable = workspace.open_for_chat(&json!({}));
        let (secret, settings_key) =
            (workspace.secret_key(&["widget:token"]), workspace.secret_key(&["settings:write"]));
        let over = workspace.visit(&publishable);
        let _ = over.begun();
        let cut = workspace.visit(&publishable);
        let cut_id = fresh("request");
        let mut socket = cut.ready();
        socket.send(&cut.first(&cut_id, "words=10000 delay_ms=100"));
        // Streamed text is stored about once a second: some of it is by then.
        for _ in 0..25 {
            let _ = socket.until("chat.delta");
        }
        let tenant = workspace.tenant.clone();
        started.crash();
        let production = Settings::new("production");
        copy(settings.state_dir(), production.state_dir());
        let production = production
            .with("WEFT_MASTER_KEY", settings.get("WEFT_MASTER_KEY"))
            .with("ADMIN_API_KEY", settings.get("ADMIN_API_KEY"))
            .with("TEST_WIDGET_TOKEN_API_KEY", &secret)
            .with("ENVIRONMENT", "production");
        Self { settings, production, tenant, publishable, secret, settings_key, over, cut, cut_id }
    }

    /// A visit as it was, at another address.
    fn again(&self, at: &Deployment, visit: &Visit) -> Visit {
        let workspace = Workspace { deployment: at, tenant: self.tenant.clone() };
        let moved = workspace.visit(&self.publishable);
        Visit { conversation: visit.conversation.clone(), secret: visit.secret.clone(), ..moved }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a new folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("readable");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("readable");
        }
    }
}

fn test_token(at: &Deployment) -> Answer {
    at.post("/test-widget-token").origin(ORIGIN).json(&json!({})).send()
}

#[test]
fn without_an_admin_key_the_admin_routes_say_so_and_the_rest_works() {
    let SecondLife { first, started } = &*SECOND;
    let at = &started.deployment;
    for (method, path) in [
        ("GET", "/v1/tenants".to_owned()),
        ("POST", "/v1/tenants".to_owned()),
        ("GET", format!("/v1/tenants/{}", first.tenant)),
    ] {
        for credential in ["", &fresh_secret(), first.settings.get("ADMIN_API_KEY"), &first.settings_key] {
            at.call(method, &path).bearer(credential).body("{}").send().refused("admin_not_configured");
        }
        at.call(method, &path).body("{}").send().refused("admin_not_configured");
    }
    let config = format!("/v1/tenants/{}/config", first.tenant);
    let _ = at.get(&config).bearer(&first.settings_key).send().expect(200);
    // An empty setting matches no empty credential.
    at.get(&config).header("X-Admin-Api-Key", "").send().refused("missing_authorization");
    at.get(&config).bearer(first.settings.get("ADMIN_API_KEY")).send().refused("malformed_key");
}

#[test]
fn what_was_issued_before_a_change_of_the_master_key_stays_valid() {
    let SecondLife { first, started } = &*SECOND;
    let at = &started.deployment;
    let (old, new) = (weft_tests::api::master_bytes(first.settings.get("WEFT_MASTER_KEY")), at.master());
    let minted = at.post("/widget-token").bearer(&first.secret).send().expect(200);
    let token = minted["token"].as_str().expect("a token");
    // New tokens are signed with the new key; both kinds get in.
    let _ = Jwt::read(token, &new, &first.tenant);
    assert_ne!(kid(&widget_token_key(&old, &first.tenant)), kid(&widget_token_key(&new, &first.tenant)));
    for master in [old, new] {
        let visit = first.again(at, &first.over);
        let visit = Visit {
            conversation: fresh("conversation"),
            forge: Forge::good(&master, &first.tenant, "production"),
            ..visit
        };
        let _ = visit.begun();
    }
    let stranger = Forge::good(&weft_tests::api::master_bytes(&fresh_secret()), &first.tenant, "production");
    let visit = Visit { conversation: fresh("conversation"), forge: stranger, ..first.again(at, &first.over) };
    let mut socket = visit.ready();
    socket.send(&visit.first(&fresh("request"), "say=Hello."));
    let _ = socket.error("invalid_token");
}

#[test]
fn what_was_acknowledged_is_there_after_a_crash() {
    let SecondLife { first, started } = &*SECOND;
    let visit = first.again(&started.deployment, &first.over);
    let mut socket = visit.ready();
    socket.send(&resume(None, &visit.secret, 0));
    let history = socket.expect("history");
    let texts: Vec<&Value> = history["messages"].as_array().expect("messages").iter().map(|one| &one["text"]).collect();
    assert_eq!(texts, ["say=Hello.", "Hello."]);
}

#[test]
fn an_answer_that_a_crash_cut_ends_interrupted_with_what_was_kept() {
    let SecondLife { first, started } = &*SECOND;
    let visit = first.again(&started.deployment, &first.cut);
    let mut socket = visit.ready();
    socket.send(&resume(Some(&visit.token()), &visit.secret, 0));
    let history = socket.expect("history");
    let messages = history["messages"].as_array().expect("messages");
    assert_eq!(messages.len(), 2, "{history}");
    assert_eq!(messages[0]["id"], json!(first.cut_id));
    let kept = messages[1]["text"].as_str().expect("a text");
    assert!(kept.starts_with("word1 word2"), "what was flushed is kept: {kept:?}");
    assert_eq!(messages[1]["status"], "interrupted");
    // It goes on with the next message, and no seq comes twice.
    socket.send(&visit.first(&fresh("request"), "say=Going on."));
    let frames = socket.until("chat.completed");
    let seqs: Vec<u64> = frames.iter().filter_map(|frame| frame["payload"]["seq"].as_u64()).collect();
    assert!(seqs.iter().all(|seq| Some(*seq) > messages[1]["seq"].as_u64()), "{seqs:?}");
    assert_eq!(frames[frames.len() - 1]["payload"]["text"], "Going on.");
}

#[test]
fn the_test_route_answers_as_a_refresh_endpoint_to_allowed_pages() {
    let SecondLife { first, started } = &*SECOND;
    let at = &started.deployment;
    let answer = test_token(at);
    let token = answer.expect(200)["token"].as_str().expect("a token").to_owned();
    assert_eq!(answer.header("Cache-Control").as_deref(), Some("no-store"));
    assert_eq!(answer.header("Access-Control-Allow-Origin").as_deref(), Some(ORIGIN));
    // The widget asks its refresh endpoint with credentials.
    assert_eq!(answer.header("Access-Control-Allow-Credentials").as_deref(), Some("true"));
    assert!(answer.header("Vary").is_some_and(|vary| vary.contains("Origin")));
    let Jwt { claims, .. } = Jwt::read(&token, &at.master(), &first.tenant);
    assert_eq!((&claims["tid"], &claims["env"]), (&json!(first.tenant), &json!("production")));
    let preflight =
        at.call("OPTIONS", "/test-widget-token").origin(ORIGIN).header("Access-Control-Request-Method", "POST").send();
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("Access-Control-Allow-Origin").as_deref(), Some(ORIGIN));

    for origin in ["https://evil.example", "null", "https://www.shop.example", "http://shop.example"] {
        let answer = at.post("/test-widget-token").origin(origin).json(&json!({})).send();
        answer.refused("origin_not_allowed");
        assert_eq!(answer.header("Access-Control-Allow-Origin"), None);
    }
    at.post("/test-widget-token").json(&json!({})).send().refused("origin_not_allowed");
    at.get("/test-widget-token").origin(ORIGIN).send().refused("method_not_allowed");
    at.post(&format!("/test-widget-token?token={token}")).origin(ORIGIN).send().refused("invalid_request");
}

static PRODUCTION: LazyLock<Started> = LazyLock::new(|| FIRST.production.start());

#[test]
fn in_production_what_is_no_visitor_s_address_is_refused() {
    let visit = FIRST.again(&PRODUCTION.deployment, &FIRST.over);
    for bad in ["nonsense", "192.0.2.256", "192.0.2.7, 192.0.2.8"] {
        visit.upgrade().header("CF-Connecting-IP", bad).refusal().refused("misconfigured");
    }
    for good in ["192.0.2.7", "2001:db8::7"] {
        visit.upgrade().header("CF-Connecting-IP", good).ready().is_quiet_and_open();
    }
}

#[test]
fn in_production_credentials_travel_over_https_alone() {
    let at = &PRODUCTION.deployment;
    let ask = |call: weft_tests::api::Call| call.header("Host", "weft.example").send();
    ask(at.admin("GET", "/v1/tenants")).refused("https_required");
    ask(at.post("/widget-token").bearer(&FIRST.secret)).refused("https_required");
    ask(at.get(&format!("/widget/config?key={}", FIRST.publishable))).refused("https_required");
    assert_eq!(ask(at.get("/health")).status, 200);
    // This machine is not the open network.
    let _ = at.admin("GET", "/v1/tenants").send().expect(200);
}

#[test]
fn in_production_there_is_no_test_route_and_no_test_agent() {
    let first = &*FIRST;
    let at = &PRODUCTION.deployment;
    test_token(at).refused("not_found");
    at.post("/test-widget-token").origin(ORIGIN).bearer(&first.secret).send().refused("not_found");
    // That very key works where it belongs.
    let _ = at.post("/widget-token").bearer(&first.secret).send().expect(200);
    let config = format!("/v1/tenants/{}/config", first.tenant);
    let stage = |provider: &str| at.admin("PATCH", &config).json(&json!({ "agent": { "provider": provider } })).send();
    stage("scripted").refused_naming("invalid_request", "agent.provider");
    let _ = stage("sources").expect(200);
}

#[test]
fn another_deployments_keys_were_never_issued_here() {
    let first = &*FIRST;
    let here = Deployment::shared();
    let config = format!("/v1/tenants/{}/config", first.tenant);
    here.get(&config).bearer(&first.settings_key).send().refused("invalid_key");
    here.post("/widget-token").bearer(&first.secret).send().refused("invalid_key");
    here.get(&format!("/widget/config?key={}", first.publishable)).send().refused("invalid_key");
    first.again(here, &first.over).upgrade().refusal().refused("invalid_key");
    here.get("/v1/tenants").bearer(first.settings.get("ADMIN_API_KEY")).send().refused("malformed_key");
}
