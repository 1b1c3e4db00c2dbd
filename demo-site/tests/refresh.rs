//! The refresh endpoint: who gets a token, and what happens when none can be had.

mod support;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use std::time::Duration;
use support::{StubWeft, TOKEN, Visit, answer, json as weft_json};
use tokio::net::TcpListener;
use tokio::time::Instant;

#[tokio::test]
async fn only_a_logged_in_customer_gets_a_token() {
    let weft = StubWeft::minting().await;
    let mut visit = Visit::new(&weft.url, false);

    let refused = visit.refresh().await;
    assert_eq!((refused.status, refused.header("cache-control")), (StatusCode::UNAUTHORIZED, "no-store"));
    assert_eq!(refused.json(), json!({"error": "not_logged_in", "message": "Log in to chat with us."}));

    visit.log_in().await;
    let given = visit.refresh().await;
    assert_eq!((given.status, given.header("cache-control")), (StatusCode::OK, "no-store"));
    assert_eq!(given.json(), json!({"token": TOKEN}));

    let session = visit.cookies.clone();
    visit.post("/logout", "").await;
    assert_eq!(visit.refresh().await.status, StatusCode::UNAUTHORIZED);
    // Nor does the old cookie help somebody who kept it.
    visit.cookies = session;
    assert_eq!(visit.refresh().await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(weft.calls().len(), 1);
}

#[tokio::test]
async fn weft_is_told_who_the_customer_is() {
    let weft = StubWeft::minting().await;
    let mut visit = Visit::new(&weft.url, false);
    visit.log_in().await;
    visit.refresh().await;

    let calls = weft.calls();
    let call = calls.first().expect("one call");
    assert_eq!((call.method.as_str(), call.uri.to_string().as_str()), ("POST", "/widget-token"));
    assert_eq!(call.headers["authorization"], format!("Bearer {}", support::SECRET_KEY));
    assert_eq!(call.headers["content-type"], "application/json");
    let body: Value = serde_json::from_slice(&call.body).expect("JSON");
    let user = json!({"id": "cust_1042", "name": "Mia Lindqvist", "email": "mia@marram.example"});
    assert_eq!(body, json!({ "user": user }));
}

#[tokio::test]
async fn other_sites_get_no_token() {
    let weft = StubWeft::minting().await;
    let mut visit = Visit::new(&weft.url, false);
    visit.log_in().await;
    let foreign: [&[(&str, &str)]; 6] = [
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:8787")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "none")],
        &[],
    ];
    for headers in foreign {
        let request =
            headers.iter().fold(Request::post("/weft/token"), |request, (name, value)| request.header(*name, *value));
        let refused = visit.send(request, String::new()).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{headers:?}");
        assert_eq!(refused.json()["error"], "cross_site");
    }
    assert!(weft.calls().is_empty());
    assert_eq!(visit.refresh().await.status, StatusCode::OK);
}

#[tokio::test]
async fn only_post_is_answered() {
    let mut visit = Visit::alone();
    let refused = visit.get("/weft/token").await;
    assert_eq!((refused.status, refused.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
}

#[tokio::test]
async fn weft_that_fails_is_a_502() {
    type Failure = (&'static str, fn() -> Response);
    let failures: [Failure; 10] = [
        ("refusal", || weft_json(401, r#"{"error":"invalid_key","message":"No."}"#)),
        ("rate limit", || weft_json(429, r#"{"error":"rate_limited","message":"Slower."}"#)),
        ("misconfigured", || weft_json(500, r#"{"error":"misconfigured","message":"Hm."}"#)),
        ("gateway page", || answer(502, "text/html", "<h1>Bad gateway</h1>")),
        ("page with status 200", || answer(200, "text/html", "<h1>Log in</h1>")),
        ("broken JSON", || weft_json(200, r#"{"token":"#)),
        ("no token", || weft_json(200, "{}")),
        ("token that is none", || weft_json(200, r#"{"token":"<script>"}"#)),
        ("endless answer", || weft_json(200, &format!(r#"{{"token":"{}"}}"#, "a".repeat(100_000)))),
        ("redirect", || {
            let away = Response::builder().status(302).header("location", "/widget-token");
            away.body(Body::empty()).expect("a response")
        }),
    ];
    for (what, answer) in failures {
        let weft = StubWeft::start(answer).await;
        let mut visit = Visit::new(&weft.url, false);
        visit.log_in().await;
        assert_chat_unavailable(&mut visit, what).await;
        assert_eq!(weft.calls().len(), 1, "{what}");
    }
}

#[tokio::test]
async fn weft_that_is_down_is_a_502() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let mut visit = Visit::new(&url, false);
    visit.log_in().await;
    assert_chat_unavailable(&mut visit, "nothing listens").await;
}

#[tokio::test(start_paused = true)]
async fn weft_that_is_silent_is_a_502_after_5_s() {
    // Accepts by the system's queue, and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut visit = Visit::new(&format!("http://{}", listener.local_addr().expect("an address")), false);
    visit.log_in().await;
    let start = Instant::now();
    assert_chat_unavailable(&mut visit, "silence").await;
    assert_eq!(start.elapsed().as_secs(), 5);
}

async fn assert_chat_unavailable(visit: &mut Visit, what: &str) {
    let refused = visit.refresh().await;
    assert_eq!((refused.status, refused.header("cache-control")), (StatusCode::BAD_GATEWAY, "no-store"), "{what}");
    let message = "The chat can't be reached. Try again in a minute.";
    assert_eq!(refused.json(), json!({"error": "chat_unavailable", "message": message}), "{what}");
}

#[tokio::test(start_paused = true)]
async fn faults_come_on_request_only_where_they_are_switched_on() {
    let weft = StubWeft::minting().await;
    for (fault, status, kind, body) in [
        ("html", 200, "text/html; charset=utf-8", "<form"),
        ("500", 500, "application/json", "internal"),
        ("401", 401, "application/json", "not_logged_in"),
        ("garbage", 200, "application/json", r#"{"token":"#),
        ("forged", 200, "application/json", ".Zm9yZ2Vk"),
        ("unknown", 200, "application/json", TOKEN),
    ] {
        for is_on in [true, false] {
            let mut visit = Visit::new(&weft.url, is_on);
            visit.log_in().await;
            visit.cookies.push(("demo_fault".to_owned(), fault.to_owned()));
            let given = visit.refresh().await;
            if is_on {
                assert_eq!((given.status.as_u16(), given.header("content-type")), (status, kind), "{fault}");
                assert!(given.body.contains(body), "{fault}: {}", given.body);
            } else {
                assert_eq!(given.json(), json!({"token": TOKEN}), "{fault}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn slow_fault_is_slower_than_the_widget_waits() {
    for (is_on, least, most) in
        [(true, Duration::from_secs(11), Duration::MAX), (false, Duration::ZERO, Duration::from_secs(5))]
    {
        let mut visit = Visit::new("http://127.0.0.1:9", is_on);
        visit.cookies.push(("demo_fault".to_owned(), "slow".to_owned()));
        let start = Instant::now();
        assert_eq!(visit.refresh().await.status, StatusCode::UNAUTHORIZED);
        assert!((least..most).contains(&start.elapsed()), "{is_on}: {:?}", start.elapsed());
    }
}
