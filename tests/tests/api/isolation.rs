//! Another tenant's resources answer exactly as missing ones: nobody can find out who is there.

use serde_json::json;
use weft_tests::api::{Workspace, fresh};

const ALL: [&str; 4] = ["settings:write", "sources:write", "keys:write", "widget:token"];

#[test]
fn another_tenants_resources_answer_byte_for_byte_as_missing_ones() {
    let mine = Workspace::shared();
    let theirs = Workspace::shared();
    let source = theirs.admin("POST", "/sources").json(&json!({ "title": "T", "body": "B" })).send().expect(201);
    let source = source["id"].as_str().expect("an id");
    theirs.deploy("production", &json!({}));
    let key = mine.secret_key(&ALL);
    let nobody = fresh("nobody");
    for (method, rest, body) in [
        ("GET", "/keys".to_owned(), ""),
        ("POST", "/keys".to_owned(), r#"{"label":"a","type":"publishable","environment":"production"}"#),
        ("POST", "/keys".to_owned(), r#"{"label":"#),
        ("GET", "/config".to_owned(), ""),
        ("PATCH", "/config".to_owned(), r#"{"per_ip_daily":5}"#),
        ("PATCH", "/config".to_owned(), r#"{"no_such_field":5}"#),
        ("POST", "/config/deploy".to_owned(), r#"{"environment":"production"}"#),
        ("POST", "/config/discard".to_owned(), r#"{"environment":"production"}"#),
        ("GET", "/sources".to_owned(), ""),
        ("POST", "/sources".to_owned(), r#"{"title":"t","body":"b"}"#),
        ("DELETE", format!("/sources/{source}"), ""),
    ] {
        let at = mine.deployment;
        let ask = |tenant: &str| at.call(method, &format!("/v1/tenants/{tenant}{rest}")).bearer(&key).body(body).send();
        let answer = ask(&theirs.tenant);
        answer.refused("not_found");
        assert_eq!(answer.fingerprint(), ask(&nobody).fingerprint(), "{method} {rest}");
    }
    // Nothing of it took effect, and the key does all of it at home.
    let listed = theirs.admin("GET", "/sources").send().expect(200);
    assert_eq!(listed["sources"].as_array().map(Vec::len), Some(1));
    assert_eq!(theirs.admin("GET", "/config").send().expect(200)["draft"]["per_ip_daily"], json!(null));
    for rest in ["/keys", "/config", "/sources"] {
        let _ = mine.call("GET", rest).bearer(&key).send().expect(200);
    }
}

#[test]
fn another_tenants_source_under_my_own_path_answers_as_a_missing_one() {
    let mine = Workspace::shared();
    let theirs = Workspace::shared();
    let add = |workspace: &Workspace<'_>| {
        let body = json!({ "title": "T", "body": "B" });
        let source = workspace.admin("POST", "/sources").json(&body).send().expect(201);
        source["id"].as_str().expect("an id").to_owned()
    };
    let (my_source, their_source) = (add(&mine), add(&theirs));
    let key = mine.secret_key(&ALL);
    let delete = |id: &str| mine.call("DELETE", &format!("/sources/{id}")).bearer(&key).send();
    let answer = delete(&their_source);
    answer.refused("not_found");
    for missing in ["src_00000000000000000000", "src_", "nonsense", "1"] {
        assert_eq!(answer.fingerprint(), delete(missing).fingerprint(), "{missing}");
    }
    assert_eq!(theirs.admin("GET", "/sources").send().expect(200)["sources"][0]["id"], json!(their_source));
    assert_eq!(delete(&my_source).status, 204);
}

#[test]
fn a_key_works_in_its_own_tenant_alone() {
    let (one, other) = (Workspace::shared(), Workspace::shared());
    for (at, key) in [(&one, one.secret_key(&ALL)), (&other, other.secret_key(&ALL))] {
        for workspace in [&one, &other] {
            let answer = workspace.call("GET", "/sources").bearer(&key).send();
            if workspace.tenant == at.tenant {
                let _ = answer.expect(200);
            } else {
                answer.refused("not_found");
            }
        }
    }
}
