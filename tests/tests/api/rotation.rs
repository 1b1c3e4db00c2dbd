//! `…/keys/{id}/rotate`: a new key beside the old one, which ends at a time that was chosen.

use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;
use weft_tests::api::{Answer, PATIENCE, Workspace, now_secs, patiently};

/// A key's plaintext and id.
fn parts(made: &Value) -> (String, String) {
    let text = |field: &str| made[field].as_str().expect(field).to_owned();
    (text("key"), text("id"))
}

fn secret(workspace: &Workspace<'_>, more: &Value) -> (String, String) {
    let mut body = json!({ "label": "server", "type": "secret", "environment": "production" });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    parts(&workspace.key(&body))
}

fn rotate(workspace: &Workspace<'_>, id: &str, body: &Value) -> Answer {
    workspace.admin("POST", &format!("/keys/{id}/rotate")).json(body).send()
}

fn read(workspace: &Workspace<'_>, key: &str) -> Answer {
    workspace.call("GET", "/sources").bearer(key).send()
}

fn listed(workspace: &Workspace<'_>, id: &str) -> Value {
    let list = workspace.admin("GET", "/keys?limit=200").send().expect(200);
    let found = list["keys"].as_array().expect("keys").iter().find(|key| key["id"] == id).cloned();
    found.unwrap_or_else(|| panic!("{id} is not listed: {list}"))
}

#[test]
fn a_successor_is_as_its_predecessor_and_both_work_within_the_grace_period() {
    let workspace = Workspace::shared();
    let (old_key, old_id) = secret(
        &workspace,
        &json!({
            "label": "Shop's backend",
            "environment": "staging",
            "scopes": ["sources:read", "widget:token"],
            "expires_at": "2099-01-02T03:04:05Z",
            "rate_limit_per_minute": 7,
        }),
    );
    let before = now_secs();
    let answer = workspace.admin("POST", &format!("/keys/{old_id}/rotate")).send();
    assert_eq!(answer.header("Cache-Control").as_deref(), Some("no-store"));
    let made = answer.expect(201);
    let (new_key, new_id) = parts(&made);
    assert!(new_key != old_key && new_id != old_id);
    let (old, new) = (listed(&workspace, &old_id), listed(&workspace, &new_id));
    let mut record = made.clone();
    record.as_object_mut().expect("an object").remove("key");
    assert_eq!(new, record);
    for field in ["label", "type", "environment", "scopes", "expires_at", "rate_limit_per_minute"] {
        assert_eq!(new[field], old[field], "{field}");
    }
    assert_eq!((&old["status"], &new["status"]), (&json!("deprecated"), &json!("active")));
    assert_eq!((&old["revoked_at"], &new["deprecated_until"]), (&Value::Null, &Value::Null));
    // Three days unless given.
    let until = old["deprecated_until"].as_str().expect("a time");
    let days = [before + 259_200, now_secs() + 259_200].map(rfc3339_day);
    assert!(days.iter().any(|day| until.starts_with(day)), "{until}: {days:?}");
    for key in [&old_key, &new_key] {
        let _ = read(&workspace, key).expect(200);
        let _ = workspace.deployment.post("/widget-token").bearer(key).send().expect(200);
    }
}

/// The day of seconds since 1970, by counting.
fn rfc3339_day(secs: i64) -> String {
    let mut days = secs / 86_400;
    let mut year = 1970;
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    while days >= 365 + i64::from(is_leap(year)) {
        days -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let lengths = [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    format!("{year:04}-{:02}-{:02}", month + 1, days + 1)
}

#[test]
fn a_grace_period_ends_by_itself() {
    let workspace = Workspace::shared();
    let (old_key, old_id) = secret(&workspace, &json!({ "rate_limit_per_minute": 100_000 }));
    let made = rotate(&workspace, &old_id, &json!({ "grace_seconds": 3 })).expect(201);
    let ends = now_secs() + 3;
    let _ = read(&workspace, &old_key).expect(200);
    let refusal = patiently(Duration::from_secs(20), || Some(read(&workspace, &old_key)).filter(|it| it.status != 200));
    refusal.expect("refused in the end").refused("invalid_key");
    assert!(now_secs() >= ends - 1, "not before its time");
    let old = listed(&workspace, &old_id);
    assert_eq!((&old["status"], &old["revoked_at"]), (&json!("revoked"), &old["deprecated_until"]));
    let _ = read(&workspace, &parts(&made).0).expect(200);
}

#[test]
fn a_key_is_rotated_once_and_a_revoked_one_never() {
    let workspace = Workspace::shared();
    let (_, id) = secret(&workspace, &json!({}));
    let (_, successor) = parts(&rotate(&workspace, &id, &json!({})).expect(201));
    rotate(&workspace, &id, &json!({})).refused("conflict");
    let (_, third) = parts(&rotate(&workspace, &successor, &json!({ "grace_seconds": 0 })).expect(201));
    rotate(&workspace, &successor, &json!({})).refused("conflict");
    assert_eq!(workspace.admin("DELETE", &format!("/keys/{third}")).send().status, 204);
    rotate(&workspace, &third, &json!({})).refused("conflict");
    // Refusals have made nothing.
    let list = workspace.admin("GET", "/keys").send().expect(200);
    assert_eq!(list["keys"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_key_can_be_rotated_at_the_cap_which_holds_all_the_same() {
    let workspace = Workspace::shared();
    let ids: Vec<String> = (0..3).map(|_| secret(&workspace, &json!({})).1).collect();
    let create = json!({ "label": "a", "type": "secret", "environment": "production" });
    workspace.admin("POST", "/keys").json(&create).send().refused("key_limit_reached");
    for id in &ids {
        let _ = rotate(&workspace, id, &json!({})).expect(201);
    }
    workspace.admin("POST", "/keys").json(&create).send().refused("key_limit_reached");
}

#[test]
fn what_breaks_the_rules_of_a_rotation_is_refused_by_name_and_changes_nothing() {
    let workspace = Workspace::shared();
    let (key, id) = secret(&workspace, &json!({}));
    for bad in [json!(-1), json!(1.5), json!("0"), json!(4_294_967_296_u64), json!([0]), json!(true)] {
        rotate(&workspace, &id, &json!({ "grace_seconds": bad })).refused_naming("invalid_request", "grace_seconds");
    }
    rotate(&workspace, &id, &json!({ "grace": 1 })).refused_naming("invalid_request", "grace");
    rotate(&workspace, &id, &json!([])).refused("invalid_request");
    for id in ["key_0123456789abcdef01234567", "key_0", "ses_0123456789abcdef01234567", "x"] {
        rotate(&workspace, id, &json!({})).refused("not_found");
    }
    assert_eq!(listed(&workspace, &id)["status"], "active");
    let _ = read(&workspace, &key).expect(200);
}

#[test]
fn rotating_is_no_way_to_a_wider_key() {
    let workspace = Workspace::shared();
    let (manager, manager_id) = secret(&workspace, &json!({ "scopes": ["keys:write", "sources:read"] }));
    let (_, wide) = secret(&workspace, &json!({ "scopes": ["settings:write"] }));
    let (_, narrow) = secret(&workspace, &json!({ "scopes": ["sources:read"] }));
    let page = parts(&workspace.key(&json!({ "label": "a", "type": "publishable", "environment": "production" }))).1;
    let by_key = |id: &str| workspace.call("POST", &format!("/keys/{id}/rotate")).bearer(&manager).send();
    by_key(&wide).refused("insufficient_scope");
    assert_eq!(listed(&workspace, &wide)["status"], "active");
    for id in [&narrow, &page, &manager_id] {
        let _ = by_key(id).expect(201);
    }
    // Another tenant's key answers as one that isn't there.
    let other = Workspace::shared();
    let (_, foreign) = secret(&other, &json!({}));
    let at = |id: &str| workspace.call("POST", &format!("/keys/{id}/rotate")).bearer(&manager).send();
    assert_eq!(at(&foreign).fingerprint(), at("key_0123456789abcdef01234567").fingerprint());
    at(&foreign).refused("not_found");
}

#[test]
fn of_requests_begun_after_a_rotation_at_once_none_is_accepted_with_the_old_key() {
    let workspace = Workspace::shared();
    let (key, id) = secret(&workspace, &json!({ "rate_limit_per_minute": 100_000 }));
    let (is_answered, accepted) = (AtomicBool::new(false), AtomicU32::new(0));
    let refused_after: i32 = thread::scope(|scope| {
        let hammer = || {
            let mut refused_after = 0;
            while refused_after < 25 {
                // Read before the request begins: what is begun before the answer may go either way.
                let is_after = is_answered.load(Ordering::SeqCst);
                let answer = read(&workspace, &key);
                match answer.status {
                    200 if is_after => panic!("accepted after the rotation was answered"),
                    200 => drop(accepted.fetch_add(1, Ordering::SeqCst)),
                    _ => {
                        answer.refused("invalid_key");
                        refused_after += i32::from(is_after);
                    }
                }
            }
            refused_after
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(hammer)).collect();
        let in_use = patiently(PATIENCE, || (accepted.load(Ordering::SeqCst) >= 40).then_some(()));
        let answer = rotate(&workspace, &id, &json!({ "grace_seconds": 0 }));
        // Set before anything can fail here: the others end by it.
        is_answered.store(true, Ordering::SeqCst);
        in_use.expect("the key works, and is in use");
        let made = answer.expect(201);
        let _ = read(&workspace, &parts(&made).0).expect(200);
        threads.into_iter().map(|thread| thread.join().expect("a count")).sum()
    });
    assert_eq!(refused_after, 200);
}

#[test]
fn fifty_creations_and_rotations_at_once_never_leave_more_than_three_active_keys() {
    let workspace = Workspace::shared();
    let first: Vec<(String, String)> = (0..2).map(|_| secret(&workspace, &json!({}))).collect();
    let create = json!({ "label": "a", "type": "secret", "environment": "production" });
    let is_over = AtomicBool::new(false);
    let active = || {
        let list = workspace.admin("GET", "/keys?limit=200").send().expect(200);
        list["keys"].as_array().expect("keys").iter().filter(|key| key["status"] == "active").count()
    };
    let answers: Vec<Answer> = thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = 0;
            while !is_over.load(Ordering::SeqCst) {
                most = most.max(active());
            }
            most
        });
        let workers: Vec<_> = (0..50)
            .map(|number| {
                let (workspace, create, first) = (&workspace, &create, &first);
                scope.spawn(move || match number % 2 {
                    0 => workspace.admin("POST", "/keys").json(create).send(),
                    _ => rotate(workspace, &first[number / 2 % 2].1, &json!({ "grace_seconds": number % 4 })),
                })
            })
            .collect();
        let answers = workers.into_iter().map(|worker| worker.join().expect("an answer")).collect();
        is_over.store(true, Ordering::SeqCst);
        assert!(watch.join().expect("a count") <= 3);
        answers
    });
    let made: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        let code = if answer.text.contains("conflict") { "conflict" } else { "key_limit_reached" };
        answer.refused(code);
    }
    // One more fitted, and each of the two was rotated once.
    assert_eq!((made.len(), active()), (3, 3));
    let list = workspace.admin("GET", "/keys?limit=200").send().expect(200);
    assert_eq!(list["keys"].as_array().map(Vec::len), Some(5), "no key that nobody was shown: {list}");
    for answer in made {
        let (key, id) = parts(&answer.expect(201));
        assert_eq!(listed(&workspace, &id)["status"], "active");
        let _ = read(&workspace, &key).expect(200);
    }
}
