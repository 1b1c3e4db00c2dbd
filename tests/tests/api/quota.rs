//! Limits per address: accepted messages per UTC day and month.

use serde_json::{Value, json};
use std::thread;
use weft_tests::api::{
    Event, PATIENCE, Settings, Socket, Upgrade, Visit, Workspace, chat_request, fresh, fresh_secret, now_secs,
};

const DAY_SECS: u64 = 86_400;

/// A tenant whose pages need no token, with these limits on top.
fn limited(more: &Value) -> (Workspace<'static>, String) {
    let workspace = Workspace::shared();
    let key = open(&workspace, more);
    (workspace, key)
}

fn open(workspace: &Workspace<'_>, more: &Value) -> String {
    let mut fields = json!({ "require_signed_token": false });
    if let (Some(fields), Some(more)) = (fields.as_object_mut(), more.as_object()) {
        fields.extend(more.clone());
    }
    workspace.open_for_chat(&fields)
}

fn from(visit: &Visit, address: &str) -> Upgrade {
    visit.upgrade().header("CF-Connecting-IP", address)
}

/// Sends a message on a new conversation from this address. `true`: it is accepted, `false`: the limit is reached.
#[track_caller]
fn passes(workspace: &Workspace<'_>, key: &str, address: &str) -> bool {
    let visit = workspace.visit(key);
    let mut socket = from(&visit, address).ready();
    says(&mut socket, &visit, "say=Hi.")
}

#[track_caller]
fn says(socket: &mut Socket, visit: &Visit, text: &str) -> bool {
    socket.send(&chat_request(&fresh("request"), text, None, Some(&visit.secret)));
    is_accepted(socket)
}

/// Whether the next word on a request is `chat.accepted`; a `limit.reached` must be whole.
#[track_caller]
fn is_accepted(socket: &mut Socket) -> bool {
    loop {
        match socket.next_within(PATIENCE) {
            Some(Event::Frame(frame)) if frame["type"] == "chat.accepted" => return true,
            Some(Event::Frame(frame)) if frame["type"] == "limit.reached" => {
                is_reset(&frame["payload"], "daily");
                return false;
            }
            Some(Event::Frame(frame)) if frame["type"] == "chat.delta" || frame["type"] == "chat.completed" => {}
            other => panic!("wanted chat.accepted or limit.reached, got {other:?}"),
        }
    }
}

/// Holds that a limit resets at the next midnight in UTC, by both ways of saying it.
#[track_caller]
fn is_reset(payload: &Value, limit: &str) {
    assert_eq!(payload["limit"], limit, "{payload}");
    let reset_at = payload["resetAt"].as_str().expect("a time");
    assert!(reset_at.contains("T00:00:00") && reset_at.ends_with('Z'), "{payload}");
    let secs = payload["resetInSecs"].as_u64().expect("seconds");
    if limit == "daily" {
        let now = u64::try_from(now_secs()).expect("after 1970");
        let left = DAY_SECS - now % DAY_SECS;
        assert!((1..=DAY_SECS).contains(&secs) && secs.abs_diff(left) <= 60, "{payload}, {left} s are left");
    }
}

#[test]
fn of_100_messages_at_once_from_one_address_exactly_as_many_pass_as_the_limit_says() {
    let (workspace, key) = limited(&json!({ "per_ip_daily": 10 }));
    let accepted: usize = thread::scope(|scope| {
        let talks: Vec<_> = (0..10)
            .map(|_| {
                scope.spawn(|| {
                    let visit = workspace.visit(&key);
                    let mut socket = from(&visit, "192.0.2.50").ready();
                    for _ in 0..10 {
                        socket.send(&chat_request(&fresh("request"), "say=Hi.", None, Some(&visit.secret)));
                    }
                    (0..10).filter(|_| is_accepted(&mut socket)).count()
                })
            })
            .collect();
        talks.into_iter().map(|talk| talk.join().expect("each request is answered")).sum()
    });
    assert_eq!(accepted, 10);
    assert!(!passes(&workspace, &key, "192.0.2.50"));
    assert!(passes(&workspace, &key, "192.0.2.51"), "another address has its own");
}

#[test]
fn a_limit_holds_from_its_deploy_on_and_for_what_was_sent_before() {
    let (workspace, key) = limited(&json!({}));
    let visit = workspace.visit(&key);
    let mut socket = from(&visit, "192.0.2.52").ready();
    let deploy = |limit: Value| workspace.deploy("production", &json!({ "per_ip_daily": limit }));
    assert!(says(&mut socket, &visit, "say=One."));
    let staged = json!({ "per_ip_daily": 3 });
    let _ = workspace.admin("PATCH", "/config?environment=production").json(&staged).send().expect(200);
    for _ in 0..3 {
        assert!(says(&mut socket, &visit, "say=Hi."), "a draft limits nobody");
    }
    deploy(json!(3));
    assert!(!says(&mut socket, &visit, "say=Five."), "four were sent before");
    deploy(json!(5));
    assert!(says(&mut socket, &visit, "say=Five."), "raised, on the same socket");
    assert!(!says(&mut socket, &visit, "say=Six."));
    deploy(json!(null));
    assert!(says(&mut socket, &visit, "say=Six."), "taken away");
    deploy(json!(4));
    assert!(!says(&mut socket, &visit, "say=Seven."), "lowered");
}

#[test]
fn what_is_refused_and_what_comes_twice_is_not_counted() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({ "per_ip_daily": 2 }));
    let visit = workspace.visit(&key);
    let (address, id) = ("192.0.2.53", fresh("request"));
    let mut socket = from(&visit, address).ready();
    socket.send(&chat_request(&id, "say=Hi.", None, Some(&visit.secret)));
    let _ = socket.error("token_required");
    socket.send(&chat_request(&id, "say=Hi.", Some("no.token.this"), Some(&visit.secret)));
    let _ = socket.error("invalid_token");
    for _ in 0..4 {
        socket.send(&visit.first(&id, "say=Hi."));
        assert!(is_accepted(&mut socket), "the same message");
    }
    socket.send(&visit.first(&id, "say=Another text."));
    let _ = socket.find("chat.error");
    // Another's conversation.
    let mut stranger = from(&visit, address).ready();
    stranger.send(&chat_request(&fresh("request"), "say=Hi.", Some(&visit.token()), Some(&fresh_secret())));
    let _ = stranger.error("wrong_history_secret");
    socket.send(&visit.first(&fresh("request"), "say=Two."));
    assert!(is_accepted(&mut socket));
    socket.send(&visit.first(&fresh("request"), "say=Three."));
    assert!(!is_accepted(&mut socket));
    // What was accepted stays accepted.
    socket.send(&visit.first(&id, "say=Hi."));
    assert!(is_accepted(&mut socket));
}

#[test]
fn an_answer_that_is_running_at_the_limit_goes_on_to_its_end() {
    let (workspace, key) = limited(&json!({ "per_ip_daily": 1 }));
    let visit = workspace.visit(&key);
    let mut socket = from(&visit, "192.0.2.54").ready();
    let id = fresh("request");
    socket.send(&chat_request(&id, "words=40 delay_ms=40", None, Some(&visit.secret)));
    let _ = socket.find("chat.delta");
    socket.send(&chat_request(&fresh("request"), "say=More.", None, None));
    let frames = socket.until("limit.reached");
    assert!(frames.iter().all(|frame| frame["type"] != "chat.completed"), "it is still running: {frames:?}");
    let completed = socket.find("chat.completed");
    assert_eq!((&completed["requestId"], &completed["status"]), (&json!(id), &json!("complete")));
    assert!(completed["text"].as_str().is_some_and(|text| text.ends_with("word40")), "{completed}");
    socket.is_quiet_and_open();
}

#[test]
fn the_month_has_a_limit_of_its_own() {
    let (workspace, key) = limited(&json!({ "per_ip_monthly": 1 }));
    let visit = workspace.visit(&key);
    let mut socket = from(&visit, "192.0.2.55").ready();
    assert!(says(&mut socket, &visit, "say=One."));
    socket.send(&chat_request(&fresh("request"), "say=Two.", None, None));
    let reached = socket.find("limit.reached");
    is_reset(&reached, "monthly");
    assert!(reached["resetAt"].as_str().is_some_and(|at| at.contains("-01T")), "{reached}");
}

#[test]
fn the_widget_is_told_that_it_is_hidden_and_for_how_long() {
    let (workspace, key) = limited(&json!({ "per_ip_daily": 1 }));
    let ask = |address: &str| {
        let call = workspace.deployment.get(&format!("/widget/config?key={key}"));
        call.header("CF-Connecting-IP", address).send().expect(200)
    };
    let address = "192.0.2.56";
    assert_eq!((&ask(address)["hiddenUntil"], ask(address).get("hiddenForSecs")), (&json!(null), None));
    assert!(passes(&workspace, &key, address));
    let hidden = ask(address);
    let said = json!({ "limit": "daily", "resetAt": hidden["hiddenUntil"], "resetInSecs": hidden["hiddenForSecs"] });
    is_reset(&said, "daily");
    assert_eq!(ask("192.0.2.57")["hiddenUntil"], json!(null), "another visitor");
    workspace.deploy("production", &json!({ "per_ip_daily": 2 }));
    assert_eq!((&ask(address)["hiddenUntil"], ask(address).get("hiddenForSecs")), (&json!(null), None));
}

#[test]
fn environments_and_tenants_count_for_themselves() {
    let (workspace, key) = limited(&json!({ "per_ip_daily": 1 }));
    let address = "192.0.2.58";
    assert!(passes(&workspace, &key, address) && !passes(&workspace, &key, address));
    let fields = json!({ "base_url": weft_tests::api::ORIGIN, "per_ip_daily": 1, "agent": { "provider": "scripted" } });
    workspace.deploy("staging", &fields);
    let staging = workspace.publishable_key("staging");
    assert!(passes(&workspace, &staging, address) && !passes(&workspace, &staging, address));
    let (other, key) = limited(&json!({ "per_ip_daily": 1 }));
    assert!(passes(&other, &key, address) && !passes(&other, &key, address));
}

#[test]
fn an_ipv6_network_is_one_visitor_and_headers_that_claim_an_address_make_none() {
    let (workspace, key) = limited(&json!({ "per_ip_daily": 1 }));
    assert!(passes(&workspace, &key, "2001:db8:7:7::1"));
    for host in ["2", "ffff:ffff:ffff:ffff", "dead:beef:0:1"] {
        let address = format!("2001:db8:7:7:{}{host}", if host.contains(':') { "" } else { ":" });
        assert!(!passes(&workspace, &key, &address), "{address}");
    }
    assert!(passes(&workspace, &key, "2001:db8:7:8::1"), "the next network");
    assert!(passes(&workspace, &key, "198.51.100.60"));
    assert!(!passes(&workspace, &key, "::ffff:198.51.100.60"), "IPv4 in IPv6 clothes");
    for number in 0_u8..20 {
        let claimed = format!("203.0.113.{number}");
        let visit = workspace.visit(&key);
        let upgrade = from(&visit, "198.51.100.60")
            .header("X-Forwarded-For", &claimed)
            .header("X-Real-IP", &claimed)
            .header("Forwarded", &format!("for={claimed}"))
            .header("True-Client-IP", &claimed)
            .header("X-Client-IP", &claimed)
            .header("CF-Connecting-IPv6", &format!("2001:db8:{number}::1"))
            .header("CF-Pseudo-IPv4", &claimed);
        assert!(!says(&mut upgrade.ready(), &visit, "say=Hi."), "{claimed}");
    }
}

#[test]
fn what_was_counted_outlives_the_worker() {
    let settings = Settings::new("quota-restart");
    let started = settings.start();
    let tenant;
    let key;
    {
        let workspace = Workspace::new(&started.deployment);
        tenant = workspace.tenant.clone();
        key = open(&workspace, &json!({ "per_ip_daily": 2 }));
        assert!(passes(&workspace, &key, "192.0.2.59"));
        assert!(passes(&workspace, &key, "192.0.2.59"));
    }
    started.crash();
    let started = settings.start();
    let workspace = Workspace { deployment: &started.deployment, tenant };
    assert!(!passes(&workspace, &key, "192.0.2.59"));
    assert!(passes(&workspace, &key, "192.0.2.60"));
}
