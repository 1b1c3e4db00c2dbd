//! `POST /test-widget-token` where it is off. Where it is on: `deployments`.

use serde_json::json;
use weft_tests::api::{Deployment, ORIGIN, Workspace};

#[test]
fn it_is_not_there_unless_its_key_is_set() {
    let at = Deployment::shared();
    let workspace = Workspace::shared();
    let _ = workspace.open_for_chat(&json!({}));
    let key = workspace.secret_key(&["widget:token"]);
    at.post("/test-widget-token").origin(ORIGIN).send().refused("not_found");
    at.post("/test-widget-token").origin(ORIGIN).json(&json!({})).send().refused("not_found");
    at.post("/test-widget-token").bearer(&key).origin(ORIGIN).send().refused("not_found");
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        // No `Allow` either: nothing tells that it could be there.
        let answer = at.call(method, "/test-widget-token").origin(ORIGIN).send();
        assert_eq!((answer.status, answer.header("Allow")), (404, None), "{method}");
    }
    let preflight =
        at.call("OPTIONS", "/test-widget-token").origin(ORIGIN).header("Access-Control-Request-Method", "POST");
    preflight.send().refused("not_found");
    let _ = at.post("/widget-token").bearer(&key).send().expect(200);
}
