//! `DELETE …/keys/{id}`: answered when the key's guard has confirmed, and final.

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;
use weft_tests::api::{Answer, PATIENCE, Settings, Visit, Workspace, chat_request, fresh, patiently, resume};

fn parts(made: &Value) -> (String, String) {
    let text = |field: &str| made[field].as_str().expect(field).to_owned();
    (text("key"), text("id"))
}

fn secret(workspace: &Workspace<'_>) -> (String, String) {
    parts(&workspace.key(&json!({
        "label": "server", "type": "secret", "environment": "production", "rate_limit_per_minute": 100_000,
    })))
}

fn revoke(workspace: &Workspace<'_>, id: &str) -> Answer {
    workspace.admin("DELETE", &format!("/keys/{id}")).send()
}

fn read(workspace: &Workspace<'_>, key: &str) -> Answer {
    workspace.call("GET", "/sources").bearer(key).send()
}

fn id_of(workspace: &Workspace<'_>, key: &str) -> String {
    let list = workspace.admin("GET", "/keys?limit=200").send().expect(200);
    let tail = &key[key.len() - 4..];
    let keys = list["keys"].as_array().expect("keys").clone();
    let found = keys.into_iter().find(|one| one["masked"].as_str().is_some_and(|masked| masked.ends_with(tail)));
    found.expect("listed")["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_revoked_key_is_refused_from_the_answer_on_and_for_ever() {
    let workspace = Workspace::shared();
    let ((key, id), (other, _)) = (secret(&workspace), secret(&workspace));
    let _ = read(&workspace, &key).expect(200);
    let answer = revoke(&workspace, &id);
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    read(&workspace, &key).refused("invalid_key");
    workspace.deployment.post("/widget-token").bearer(&key).send().refused("invalid_key");
    let _ = read(&workspace, &other).expect(200);
    let listed = |id: &str| {
        let list = workspace.admin("GET", "/keys").send().expect(200);
        list["keys"].as_array().expect("keys").iter().find(|key| key["id"] == id).cloned().expect("listed")
    };
    let once = listed(&id);
    assert_eq!(once["status"], "revoked");
    assert!(once["revoked_at"].is_string());
    // Again is the same as once: the first instant stays.
    assert_eq!(revoke(&workspace, &id).status, 204);
    assert_eq!(listed(&id)["revoked_at"], once["revoked_at"]);
    read(&workspace, &key).refused("invalid_key");
}

#[test]
fn revoked_unknown_and_never_issued_answer_alike() {
    let workspace = Workspace::shared();
    let (key, id) = secret(&workspace);
    let mut forged = key.clone();
    forged.replace_range(forged.len() - 2.., if key.ends_with("zz") { "yy" } else { "zz" });
    assert_eq!(revoke(&workspace, &id).status, 204);
    assert_eq!(read(&workspace, &key).fingerprint(), read(&workspace, &forged).fingerprint());
}

#[test]
fn ids_that_are_not_there_and_other_tenants_answer_byte_for_byte_alike() {
    let (workspace, other) = (Workspace::shared(), Workspace::shared());
    let (foreign_key, foreign) = secret(&other);
    let by = workspace.secret_key(&["keys:write"]);
    let ask = |id: &str| workspace.call("DELETE", &format!("/keys/{id}")).bearer(&by).send();
    let missing = ask("key_0123456789abcdef01234567").fingerprint();
    for id in [foreign.as_str(), "key_0", "ses_0123456789abcdef01234567", "KEY"] {
        ask(id).refused("not_found");
        assert_eq!(ask(id).fingerprint(), missing, "{id}");
    }
    let there = |tenant: &str| format!("/v1/tenants/{tenant}/keys/{foreign}");
    let at = |path: &str| workspace.deployment.call("DELETE", path).bearer(&by).send();
    assert_eq!(at(&there(&other.tenant)).fingerprint(), at(&there("never-existed")).fingerprint());
    let _ = read(&other, &foreign_key).expect(200);
}

#[test]
fn revoking_makes_room_for_another_key() {
    let workspace = Workspace::shared();
    let keys: Vec<_> = (0..3).map(|_| secret(&workspace)).collect();
    let body = json!({ "label": "a", "type": "secret", "environment": "production" });
    workspace.admin("POST", "/keys").json(&body).send().refused("key_limit_reached");
    assert_eq!(revoke(&workspace, &keys[0].1).status, 204);
    let _ = workspace.key(&body);
}

#[test]
fn of_requests_begun_after_a_revocation_none_is_accepted() {
    let workspace = Workspace::shared();
    let (key, id) = secret(&workspace);
    let (is_answered, accepted) = (AtomicBool::new(false), AtomicU32::new(0));
    let refused_after: i32 = thread::scope(|scope| {
        let hammer = || {
            let mut refused_after = 0;
            while refused_after < 25 {
                // Read before the request begins: what is begun before the answer may go either way.
                let is_after = is_answered.load(Ordering::SeqCst);
                let answer = read(&workspace, &key);
                match answer.status {
                    200 if is_after => panic!("accepted after the revocation was answered"),
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
        let answer = revoke(&workspace, &id);
        // Set before anything can fail here: the others end by it.
        is_answered.store(true, Ordering::SeqCst);
        in_use.expect("the key works, and is in use");
        assert_eq!(answer.status, 204);
        threads.into_iter().map(|thread| thread.join().expect("a count")).sum()
    });
    assert_eq!(refused_after, 200);
}

#[test]
fn a_socket_on_a_revoked_publishable_key_ends_at_its_next_message() {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    let id = id_of(&workspace, &key);
    let (asks, cancels, renews) = (workspace.visit(&key), workspace.visit(&key), workspace.visit(&key));
    let mut sockets = [asks.begun(), cancels.begun(), renews.begun()];
    let waiting = workspace.visit(&key);
    let mut fresh_socket = waiting.ready();
    assert_eq!(revoke(&workspace, &id).status, 204);
    let cancelled = json!({ "type": "chat.cancel", "id": fresh("request") });
    let frames = [
        chat_request(&fresh("request"), "say=Still here?", None, None),
        cancelled,
        json!({ "type": "auth.refresh", "payload": { "widgetToken": renews.token() } }),
    ];
    for (socket, frame) in sockets.iter_mut().zip(frames) {
        socket.send(&frame);
        let _ = socket.error("invalid_key");
        socket.closed(4401);
    }
    fresh_socket.send(&waiting.first(&fresh("request"), "say=Hello."));
    let _ = fresh_socket.error("invalid_key");
    fresh_socket.closed(4401);
    asks.upgrade().refusal().refused("invalid_key");
}

/// A visit whose tokens are minted by this credential.
fn minted(workspace: &Workspace<'_>, credential: &str, visit: &Visit) -> (Visit, String) {
    let body = json!({ "user": { "id": "visitor-1" } });
    let answer = workspace.deployment.post("/widget-token").bearer(credential).json(&body).send().expect(200);
    (visit.clone(), answer["token"].as_str().expect("a token").to_owned())
}

#[test]
fn a_socket_on_a_token_of_a_revoked_minter_ends_at_its_next_message() {
    let workspace = Workspace::shared();
    let at = workspace.deployment;
    let page = workspace.open_for_chat(&json!({}));
    let (key, key_id) = secret(&workspace);
    let (rotated, rotated_id) = secret(&workspace);
    let session = at.admin("POST", "/v1/sessions").json(&json!({ "tenant_id": workspace.tenant })).send().expect(200);
    let session = session["token"].as_str().expect("a token").to_owned();
    let sessions = workspace.admin("GET", "/sessions").send().expect(200);
    let session_id = sessions["sessions"][0]["id"].as_str().expect("an id").to_owned();
    let (lasting, _) = secret(&workspace);

    let mut open = Vec::new();
    for minter in [&key, &rotated, &session, &lasting] {
        let (visit, token) = minted(&workspace, minter, &workspace.visit(&page));
        let mut socket = visit.ready();
        socket.send(&chat_request(&fresh("request"), "say=Hello.", Some(&token), Some(&visit.secret)));
        let _ = socket.find("chat.completed");
        open.push((visit, token, socket));
    }
    assert_eq!(revoke(&workspace, &key_id).status, 204);
    let at_once = json!({ "grace_seconds": 0 });
    let _ = workspace.admin("POST", &format!("/keys/{rotated_id}/rotate")).json(&at_once).send().expect(201);
    assert_eq!(workspace.admin("DELETE", &format!("/sessions/{session_id}")).send().status, 204);

    let again = chat_request(&fresh("request"), "say=Again.", None, None);
    let (_, _, mut lasting) = open.pop().expect("the last");
    lasting.send(&again);
    assert_eq!(lasting.find("chat.completed")["text"], "Again.");
    for (visit, token, mut socket) in open {
        socket.send(&again);
        let _ = socket.error("invalid_key");
        socket.closed(4401);
        // A new socket on the same token gets no further, neither asking nor reading.
        let mut socket = visit.ready();
        socket.send(&chat_request(&fresh("request"), "say=Hello.", Some(&token), Some(&visit.secret)));
        let _ = socket.error("invalid_key");
        socket.closed(4401);
        let mut socket = visit.ready();
        socket.send(&resume(Some(&token), &visit.secret, 0));
        let _ = socket.error("invalid_key");
        socket.closed(4401);
        // With a token of a minter that is in force the conversation goes on.
        let mut socket = visit.ready();
        socket.send(&resume(Some(&visit.token()), &visit.secret, 0));
        assert_eq!(socket.expect("history")["messages"].as_array().map(Vec::len), Some(2));
    }
}

/// The files of the object whose storage holds this text.
fn files_with(dir: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if path.to_string_lossy().contains("KeyGuard") {
            let bytes = fs::read(&path).expect("readable");
            if bytes.windows(text.len()).any(|part| part == text.as_bytes()) {
                found.push(path);
            }
        }
    }
    found
}

/// The base of a database's files: `….sqlite`, without `-wal` and `-shm`.
fn database(path: &Path) -> PathBuf {
    let text = path.to_string_lossy();
    PathBuf::from(text.trim_end_matches("-wal").trim_end_matches("-shm"))
}

#[test]
fn while_a_guard_cannot_be_reached_its_key_is_refused_and_a_revocation_is_kept() {
    let settings = Settings::new("guard-out-of-reach");
    let started = settings.start();
    let workspace = Workspace::new(&started.deployment);
    let ((key, id), (other, _)) = (secret(&workspace), secret(&workspace));
    let _ = read(&workspace, &key).expect(200);
    let tenant = workspace.tenant.clone();
    started.crash();

    // The one guard's storage can't be opened: a folder stands in its place.
    let found = files_with(&settings.state_dir().join("storage"), &id);
    let base = database(found.first().expect("the guard's database"));
    let aside = base.with_extension("aside");
    let parts = ["", "-wal", "-shm"].map(|end| PathBuf::from(format!("{}{end}", base.display())));
    fs::create_dir_all(&aside).expect("a new folder");
    for part in parts.iter().filter(|part| part.exists()) {
        fs::rename(part, aside.join(part.file_name().expect("a name"))).expect("moved");
    }
    fs::create_dir_all(&base).expect("a new folder");

    let started = settings.start();
    let workspace = Workspace { deployment: &started.deployment, tenant: tenant.clone() };
    read(&workspace, &key).refused("unavailable");
    let _ = read(&workspace, &other).expect(200);
    // A rotation changes nothing: the key is as it was, and there is no successor that nobody was shown.
    let keys = || workspace.admin("GET", "/keys").send();
    let before = keys().text;
    for body in [json!({}), json!({ "grace_seconds": 0 })] {
        workspace.admin("POST", &format!("/keys/{id}/rotate")).json(&body).send().refused("unavailable");
    }
    assert_eq!(keys().text, before);
    // A revocation is kept, and answered only when the guard has it.
    revoke(&workspace, &id).refused("unavailable");
    revoke(&workspace, &id).refused("unavailable");
    // Listed as revoked already, with its entry in the log; and refused.
    let list = workspace.admin("GET", "/keys").send().expect(200);
    let listed = list["keys"].as_array().expect("keys").iter().find(|key| key["id"] == json!(id)).cloned();
    assert_eq!(listed.expect("listed")["status"], "revoked");
    let log = workspace.admin("GET", "/audit").send().expect(200);
    assert_eq!((&log["entries"][0]["action"], &log["entries"][0]["target"]), (&json!("key.revoked"), &json!(id)));
    read(&workspace, &key).refused("unavailable");
    // So is a switch that every guard must know of. Those that can be reached know it at once.
    workspace.admin("PATCH", "").json(&json!({ "hipaa": true })).send().refused("unavailable");
    read(&workspace, &other).refused("api_keys_disabled");
    let _ = workspace.admin("PATCH", "").json(&json!({ "hipaa": false })).send().expect(200);
    started.crash();

    // The storage is back: the guard learns of it without anyone asking again.
    fs::remove_dir(&base).expect("empty");
    for part in &parts {
        let kept = aside.join(part.file_name().expect("a name"));
        if kept.exists() {
            fs::rename(kept, part).expect("moved back");
        }
    }
    let started = settings.start();
    let workspace = Workspace { deployment: &started.deployment, tenant };
    let refusal = patiently(Duration::from_secs(30), || Some(read(&workspace, &key)).filter(|it| it.status != 200));
    refusal.expect("the alarm tells the guard").refused("invalid_key");
    assert_eq!(revoke(&workspace, &id).status, 204);
    let _ = read(&workspace, &other).expect(200);
}
