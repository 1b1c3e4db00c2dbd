//! The window of a key: never more than its limit within any 60 s, whatever happens to the guard that counts.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;
use weft_tests::api::{Answer, Call, ORIGIN, Settings, Workspace, chat_request, fresh, sleep_until};
use xtask::clock::Stopwatch;

const MINUTE: Duration = Duration::from_mins(1);

/// A request with its answer, and when each was, on the same clock as the others of its test.
struct Shot {
    sent: Duration,
    answered: Duration,
    answer: Answer,
}

impl Shot {
    fn of(clock: Stopwatch, call: Call) -> Self {
        let sent = clock.elapsed();
        let answer = call.send();
        Self { sent, answered: clock.elapsed(), answer }
    }

    fn is_accepted(&self) -> bool {
        self.answer.status == 200
    }
}

/// So many requests at once.
fn burst(clock: Stopwatch, count: usize, call: impl Fn() -> Call + Sync) -> Vec<Shot> {
    let (barrier, call) = (Barrier::new(count), &call);
    thread::scope(|scope| {
        let shoot = || {
            barrier.wait();
            Shot::of(clock, call())
        };
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(shoot)).collect();
        threads.into_iter().map(|thread| thread.join().expect("answered")).collect()
    })
}

/// The numbers behind `"name";a=1;b=2` with these two letters.
#[track_caller]
fn item(answer: &Answer, header: &str, name: &str, letters: [&str; 2]) -> [u64; 2] {
    let text = answer.header(header).unwrap_or_else(|| panic!("{}: {header}", answer.what));
    let (found, parameters) = text.split_once(';').expect("parameters");
    assert_eq!(found, format!("\"{name}\""), "{}: {text}", answer.what);
    let read: Vec<_> = parameters.split(';').filter_map(|one| one.split_once('=')).collect();
    let [(first, one), (second, other)] = read[..] else { panic!("two parameters: {text}") };
    assert_eq!([first, second], letters, "{text}");
    [one, other].map(|digits| digits.parse().unwrap_or_else(|_| panic!("an integer: {text}")))
}

/// What an answer's headers say is left, which must be of this window.
#[track_caller]
fn left(answer: &Answer, name: &str, limit: u64) -> u64 {
    assert_eq!(item(answer, "RateLimit-Policy", name, ["q", "w"]), [limit, 60]);
    let [remaining, secs] = item(answer, "RateLimit", name, ["r", "t"]);
    assert!((1..=60).contains(&secs), "{secs}");
    if answer.status == 429 {
        assert_eq!((answer.header("Retry-After"), remaining), (Some(secs.to_string()), 0));
    }
    remaining
}

/// Holds that the window was full. Gives `Retry-After`.
#[track_caller]
fn refused(answer: &Answer, name: &str, limit: u64) -> u64 {
    answer.refused("rate_limited");
    let _ = left(answer, name, limit);
    answer.header("Retry-After").and_then(|secs| secs.parse().ok()).expect("whole seconds")
}

fn has_no_headers(answer: &Answer) -> bool {
    ["RateLimit", "RateLimit-Policy", "Retry-After"].iter().all(|name| answer.header(name).is_none())
}

/// A secret key with these fields on top.
#[track_caller]
fn secret(workspace: &Workspace<'_>, more: &Value) -> (String, String) {
    let mut body = json!({ "label": "server", "type": "secret", "environment": "production" });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let made = workspace.key(&body);
    let text = |field: &str| made[field].as_str().expect(field).to_owned();
    (text("key"), text("id"))
}

fn session(workspace: &Workspace<'_>) -> String {
    let body = json!({ "tenant_id": workspace.tenant });
    let made = workspace.deployment.admin("POST", "/v1/sessions").json(&body).send().expect(200);
    made["token"].as_str().expect("a token").to_owned()
}

fn read(workspace: &Workspace<'_>, credential: &str) -> Call {
    workspace.call("GET", "/sources").bearer(credential)
}

fn mint(workspace: &Workspace<'_>, credential: &str) -> Answer {
    workspace.deployment.post("/widget-token").bearer(credential).send()
}

/// Holds that of these shots exactly 100 passed, each told another number that is left, and that all others were refused.
#[track_caller]
fn exactly_100_pass(shots: &[Shot]) {
    let lefts: Vec<u64> =
        shots.iter().filter(|shot| shot.is_accepted()).map(|shot| left(&shot.answer, "default", 100)).collect();
    assert_eq!(lefts.len(), 100);
    assert_eq!(lefts.into_iter().collect::<BTreeSet<_>>(), (0..100).collect());
    for shot in shots.iter().filter(|shot| !shot.is_accepted()) {
        let _ = refused(&shot.answer, "default", 100);
    }
    // Beyond that, what came first would be free again.
    assert!(shots.iter().all(|shot| shot.answered < MINUTE), "the machine is too slow to tell");
}

#[test]
fn of_500_parallel_requests_with_one_key_exactly_100_pass() {
    let workspace = Workspace::shared();
    let ((key, _), (other, _)) = (secret(&workspace, &json!({})), secret(&workspace, &json!({})));
    exactly_100_pass(&burst(Stopwatch::start(), 500, || read(&workspace, &key)));
    // A flood on one key harms no other.
    let answer = read(&workspace, &other).send();
    let _ = answer.expect(200);
    assert_eq!(left(&answer, "default", 100), 99);
}

#[test]
fn a_session_token_has_a_window_too() {
    let workspace = Workspace::shared();
    let (one, other) = (session(&workspace), session(&workspace));
    exactly_100_pass(&burst(Stopwatch::start(), 110, || read(&workspace, &one)));
    let _ = read(&workspace, &other).send().expect(200);
}

#[test]
fn publishable_keys_have_none() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let config = format!("/widget/config?key={key}");
    for shot in burst(Stopwatch::start(), 130, || workspace.deployment.get(&config)) {
        let _ = shot.answer.expect(200);
        assert!(has_no_headers(&shot.answer));
    }
    let misused = read(&workspace, &key).send();
    misused.refused("insufficient_scope");
    assert!(has_no_headers(&misused));
}

#[test]
fn all_methods_share_it_and_whatever_the_answer_is_it_counts() {
    let (workspace, foreign) = (Workspace::shared(), Workspace::shared());
    let more = json!({ "rate_limit_per_minute": 6, "scopes": ["sources:write"] });
    let (key, _) = secret(&workspace, &more);
    let post = |body: &Value| workspace.call("POST", "/sources").bearer(&key).json(body);
    let good = json!({ "title": "t", "body": "b" });
    let calls = [
        (200, read(&workspace, &key)),
        (201, post(&good)),
        (400, post(&json!({ "title": 1 }))),
        (403, workspace.call("GET", "/config").bearer(&key)),
        (404, read(&foreign, &key)),
        (404, workspace.call("DELETE", "/sources/src_00000000000000000000").bearer(&key)),
    ];
    for (index, (status, call)) in calls.into_iter().enumerate() {
        // What has no route asks for no credential, and counts nowhere.
        let nowhere = workspace.call("GET", "/nowhere").bearer(&key).send();
        nowhere.refused("not_found");
        assert!(has_no_headers(&nowhere));
        let answer = call.send();
        assert_eq!(answer.status, status, "{}: {}", answer.what, answer.text);
        assert_eq!(left(&answer, "default", 6), 5 - index as u64);
    }
    for call in [read(&workspace, &key), post(&good), workspace.call("DELETE", "/sources/src_0").bearer(&key)] {
        let _ = refused(&call.send(), "default", 6);
    }
    // Refused before anything else was done.
    let listed = workspace.admin("GET", "/sources").send().expect(200);
    assert_eq!(listed["sources"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_key_s_own_limit_holds_and_goes_to_its_successor_with_a_window_of_its_own() {
    let workspace = Workspace::shared();
    let (old, id) = secret(&workspace, &json!({ "rate_limit_per_minute": 2 }));
    for remaining in [1, 0] {
        let answer = read(&workspace, &old).send();
        let _ = answer.expect(200);
        assert_eq!(left(&answer, "default", 2), remaining);
    }
    let _ = refused(&read(&workspace, &old).send(), "default", 2);
    let made = workspace.admin("POST", &format!("/keys/{id}/rotate")).json(&json!({})).send().expect(201);
    let answer = read(&workspace, made["key"].as_str().expect("a key")).send();
    let _ = answer.expect(200);
    assert_eq!(left(&answer, "default", 2), 1);
    let _ = refused(&read(&workspace, &old).send(), "default", 2);
    let (wide, _) = secret(&workspace, &json!({ "rate_limit_per_minute": 100_000 }));
    for shot in burst(Stopwatch::start(), 120, || read(&workspace, &wide)) {
        let _ = shot.answer.expect(200);
        assert!(left(&shot.answer, "default", 100_000) >= 99_880);
    }
}

#[test]
fn what_is_not_in_force_is_told_nothing_of_a_window() {
    let workspace = Workspace::shared();
    let (key, id) = secret(&workspace, &json!({ "rate_limit_per_minute": 1 }));
    let (under_hipaa, _) = secret(&workspace, &json!({ "rate_limit_per_minute": 1 }));
    for full in [&key, &under_hipaa] {
        let _ = read(&workspace, full).send().expect(200);
        let _ = refused(&read(&workspace, full).send(), "default", 1);
    }
    assert_eq!(workspace.admin("DELETE", &format!("/keys/{id}")).send().status, 204);
    let revoked = read(&workspace, &key).send();
    revoked.refused("invalid_key");
    assert!(has_no_headers(&revoked));
    let _ = workspace.admin("PATCH", "").json(&json!({ "hipaa": true })).send().expect(200);
    let disabled = read(&workspace, &under_hipaa).send();
    disabled.refused("api_keys_disabled");
    assert!(has_no_headers(&disabled));
    // The operator has no window.
    let operator = workspace.admin("GET", "/sources").send();
    let _ = operator.expect(200);
    assert!(has_no_headers(&operator));
}

#[test]
fn what_a_socket_asks_of_a_minter_does_not_count() {
    let workspace = Workspace::shared();
    let page = workspace.open_for_chat(&json!({}));
    let (key, _) = secret(&workspace, &json!({ "rate_limit_per_minute": 1 }));
    let minted = mint(&workspace, &key);
    let body = minted.expect(200);
    let visit = workspace.visit(&page);
    let mut socket = visit.ready();
    socket.send(&chat_request(&fresh("request"), "say=One.", body["token"].as_str(), Some(&visit.secret)));
    let _ = socket.find("chat.completed");
    for _ in 0..3 {
        socket.send(&chat_request(&fresh("request"), "say=More.", None, None));
        let _ = socket.find("chat.completed");
    }
    assert_eq!(left(&minted, "widget-token", 6_000), 5_999);
    assert_eq!(left(&mint(&workspace, &key), "widget-token", 6_000), 5_998);
    let answer = read(&workspace, &key).send();
    let _ = answer.expect(200);
    assert_eq!(left(&answer, "default", 1), 0);
}

#[test]
fn minting_has_a_window_of_its_own_that_the_test_route_shares() {
    let settings = Settings::new("minting").with("WIDGET_TOKENS_PER_MINUTE", "5");
    let clock = Stopwatch::start();
    let started = settings.start();
    let workspace = Workspace::new(&started.deployment);
    let _ = workspace.open_for_chat(&json!({}));
    let (key, _) = secret(&workspace, &json!({ "rate_limit_per_minute": 3 }));
    let session = session(&workspace);
    for remaining in [4, 3, 2] {
        let answer = mint(&workspace, &key);
        let _ = answer.expect(200);
        assert_eq!(left(&answer, "widget-token", 5), remaining);
    }
    for remaining in [2, 1, 0] {
        let answer = read(&workspace, &key).send();
        let _ = answer.expect(200);
        assert_eq!(left(&answer, "default", 3), remaining);
    }
    let _ = refused(&read(&workspace, &key).send(), "default", 3);
    // Visitors still get their tokens.
    let answer = mint(&workspace, &key);
    let _ = answer.expect(200);
    assert_eq!(left(&answer, "widget-token", 5), 1);

    let tenant = workspace.tenant.clone();
    started.crash();
    let started = settings.with("TEST_WIDGET_TOKEN_API_KEY", &key).start();
    let workspace = Workspace { deployment: &started.deployment, tenant };
    let at = &started.deployment;
    let preflight = || {
        let call = at.call("OPTIONS", "/test-widget-token").origin(ORIGIN);
        call.header("Access-Control-Request-Method", "POST").send()
    };
    let test_mint = || at.post("/test-widget-token").origin(ORIGIN).send();
    assert_eq!(preflight().status, 204);
    let answer = test_mint();
    let _ = answer.expect(200);
    assert_eq!(left(&answer, "widget-token", 5), 0);
    for full in [test_mint(), mint(&workspace, &key)] {
        let _ = refused(&full, "widget-token", 5);
    }
    // What a browser asks before is not what is counted.
    assert_eq!(preflight().status, 204);
    let _ = refused(&read(&workspace, &key).send(), "default", 3);
    // Each credential has its own two.
    for _ in 0..5 {
        let _ = mint(&workspace, &session).expect(200);
    }
    let _ = refused(&mint(&workspace, &session), "widget-token", 5);
    let _ = read(&workspace, &session).send().expect(200);
    assert!(clock.elapsed() < MINUTE, "the machine is too slow to tell");
}

#[test]
fn a_window_opens_after_60_s_and_not_before_though_its_guard_dies_in_between() {
    let settings = Settings::new("window");
    let started = settings.start();
    let workspace = Workspace::new(&started.deployment);
    let ((key, _), (single, _)) =
        (secret(&workspace, &json!({})), secret(&workspace, &json!({ "rate_limit_per_minute": 1 })));
    let clock = Stopwatch::start();
    let first = Shot::of(clock, read(&workspace, &single));
    assert!(first.is_accepted());
    let filling = burst(clock, 150, || read(&workspace, &key));
    exactly_100_pass(&filling);
    let accepted = || filling.iter().filter(|shot| shot.is_accepted());
    // The guard accepted each of them between these two.
    let earliest = accepted().map(|shot| shot.sent).min().expect("100");
    let latest = accepted().map(|shot| shot.answered).max().expect("100");

    let tenant = workspace.tenant.clone();
    started.crash();
    let started = settings.start();
    let workspace = Workspace { deployment: &started.deployment, tenant };
    let shoot = |credential: &str| Shot::of(clock, read(&workspace, credential));
    let back = shoot(&key);
    assert!(back.answered < earliest + MINUTE, "the machine is too slow to tell");
    let _ = refused(&back.answer, "default", 100);
    thread::scope(|scope| {
        let _ = scope.spawn(|| retry_after_is_exact(clock, &first, || shoot(&single)));
        // At 59.5 s and after: what is answered before 60 s are over is refused.
        sleep_until(clock, earliest + Duration::from_millis(59_500));
        let early = burst(clock, 50, || read(&workspace, &key));
        let before_the_edge: Vec<_> = early.iter().filter(|shot| shot.answered < earliest + MINUTE).collect();
        assert!(!before_the_edge.is_empty(), "the machine is too slow to tell");
        for shot in before_the_edge {
            let _ = refused(&shot.answer, "default", 100);
        }
        let slipped = early.iter().filter(|shot| shot.is_accepted()).count();
        sleep_until(clock, latest + MINUTE + Duration::from_millis(100));
        let late = burst(clock, 150, || read(&workspace, &key));
        assert_eq!(late.iter().filter(|shot| shot.is_accepted()).count() + slipped, 100);
    });
}

/// A window of one request, taken by `first`: each refusal names the first second at which the next one passes.
fn retry_after_is_exact(clock: Stopwatch, first: &Shot, shoot: impl Fn() -> Shot) {
    // Whole seconds, rounded up, until 60 s after `from` are over.
    let secs_left =
        |from: Duration, now: Duration| (from + MINUTE).saturating_sub(now).as_nanos().div_ceil(1_000_000_000);
    let named = |shot: &Shot| {
        let secs = u128::from(refused(&shot.answer, "default", 1));
        let bounds = secs_left(first.sent, shot.answered)..=secs_left(first.answered, shot.sent);
        assert!(bounds.contains(&secs), "{secs} of {bounds:?}");
        Duration::from_secs(u64::try_from(secs).expect("few"))
    };
    let _ = named(&shoot());
    // So that a second less is well before the edge.
    sleep_until(clock, first.sent + Duration::from_millis(57_200));
    let asked = shoot();
    let wait = named(&asked);
    sleep_until(clock, asked.sent + wait.saturating_sub(Duration::from_secs(1)));
    let too_early = shoot();
    assert!(too_early.answered < first.sent + MINUTE, "the machine is too slow to tell");
    let _ = named(&too_early);
    sleep_until(clock, asked.answered + wait);
    assert!(shoot().is_accepted());
}
