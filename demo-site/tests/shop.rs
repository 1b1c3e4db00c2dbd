//! The pages, the login and the basket.

mod support;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use std::collections::BTreeSet;
use support::{PUBLISHABLE_KEY, Visit};
use tower::ServiceExt;

/// Every address that a link or form on some page leads to, from `/` on.
async fn all_pages(visit: &mut Visit) -> Vec<(String, String)> {
    let mut seen = BTreeSet::from(["/".to_owned()]);
    let mut queue = vec!["/".to_owned()];
    let mut pages = Vec::new();
    while let Some(path) = queue.pop() {
        let answer = visit.get(&path).await;
        assert!(answer.status.is_success() || answer.status.is_redirection(), "{path}: {}", answer.status);
        for part in answer.body.split("href=\"").skip(1) {
            let address = part.split('"').next().expect("a quoted value").split('#').next().expect("a path");
            let is_ours = address.starts_with('/') && !address.starts_with("//");
            assert!(is_ours || address.is_empty(), "{path} leads to {address}");
            if is_ours && seen.insert(address.to_owned()) {
                queue.push(address.to_owned());
            }
        }
        pages.push((path, answer.body));
    }
    pages
}

#[tokio::test]
async fn every_link_leads_somewhere() {
    let pages = all_pages(&mut Visit::alone()).await;
    for place in ["/", "/products/night-ferry", "/help", "/help/repairs", "/basket", "/assets/shop.css"] {
        assert!(pages.iter().any(|(path, _)| path == place), "{place}");
    }
}

#[tokio::test]
async fn every_page_embeds_the_widget_and_breaks_no_policy() {
    let tag = format!(
        r##"<script src="http://127.0.0.1:9/widget/weft.js" data-key="{PUBLISHABLE_KEY}" data-accent-color="#2b6452" defer></script>"##
    );
    for (path, body) in all_pages(&mut Visit::alone()).await {
        if path.starts_with("/assets/") {
            continue;
        }
        assert!(body.contains(&tag), "{path}");
        for inline in ["<style", " style=", "<script>", " onclick=", "javascript:"] {
            assert!(!body.contains(inline), "{path} has {inline}");
        }
    }
}

#[tokio::test]
async fn every_answer_has_the_policy() {
    let mut visit = Visit::alone();
    for path in ["/", "/help/shipping", "/nowhere", "/assets/shop.css", "/healthz", "/weft/token"] {
        let answer = visit.get(path).await;
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'self'; ",
            "script-src 'self' http://127.0.0.1:9 'wasm-unsafe-eval'; ",
            "connect-src 'self' http://127.0.0.1:9 ws://127.0.0.1:9; ",
            "style-src 'self'; ",
            "img-src 'self' data:; ",
            "frame-ancestors 'none'; ",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe-inline"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
}

#[tokio::test]
async fn health_is_told() {
    let answer = Visit::alone().get("/healthz").await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, r#"{"status":"ok"}"#));
}

#[tokio::test]
async fn unknown_addresses_are_404_pages() {
    let mut visit = Visit::alone();
    for path in ["/nowhere", "/products/coffee", "/help/coffee", "/%3Cscript%3E"] {
        let answer = visit.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.body.contains("Nothing here") && !answer.body.contains("<script>"), "{path}");
    }
}

#[tokio::test]
async fn login_takes_the_customer_back_and_shows_the_name() {
    let mut visit = Visit::alone();
    let answer = visit.post("/login", "username=mia&password=tea-leaf&next=/help/repairs").await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/help/repairs"));
    assert!(visit.get("/help/repairs").await.body.contains("Hello, Mia"));
    assert_eq!(visit.get("/login?next=/basket").await.header("location"), "/basket");
    visit.post("/logout", "").await;
    assert!(visit.get("/").await.body.contains("Log in"));
}

#[tokio::test]
async fn login_follows_no_address_of_another_site() {
    for next in ["//evil.example", "https://evil.example", "/%5Cevil.example", "/%09/evil.example"] {
        let answer = Visit::alone().post("/login", &format!("username=mia&password=tea-leaf&next={next}")).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"), "{next}");
    }
}

#[tokio::test]
async fn wrong_password_opens_nothing() {
    let mut visit = Visit::alone();
    let answer = visit.post("/login", "username=mia%22%3E%3Cscript%3E&password=kettle-on").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.body.contains("belong together") && !answer.body.contains("<script>"));
    assert!(visit.cookies.is_empty());
}

#[tokio::test]
async fn login_gives_a_new_session_and_ends_the_old() {
    let mut visit = Visit::alone();
    visit.post("/basket", "product=night-ferry&size=50+g").await;
    let planted = visit.cookie("shop_session").expect("a session");
    visit.log_in().await;
    assert_ne!(visit.cookie("shop_session").as_ref(), Some(&planted));
    assert!(visit.get("/basket").await.body.contains("Night Ferry"));
    visit.cookies = vec![("shop_session".to_owned(), planted)];
    assert!(visit.get("/basket").await.body.contains("nothing in it"));
}

#[tokio::test]
async fn forms_from_other_sites_are_refused() {
    let mut visit = Visit::alone();
    visit.log_in().await;
    for (path, form) in [
        ("/login", "username=tom&password=kettle-on"),
        ("/logout", ""),
        ("/basket", "product=night-ferry&size=50+g"),
        ("/basket/remove", "product=night-ferry&size=50+g"),
    ] {
        let request = Request::post(path).header("origin", "https://evil.example");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = visit.send(request, form.to_owned()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert!(visit.get("/").await.body.contains("Hello, Mia"));
}

#[tokio::test]
async fn basket_adds_up() {
    let mut visit = Visit::alone();
    for _ in 0..2 {
        let answer = visit.post("/basket", "product=harbour-smoke&size=50+g").await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/basket"));
    }
    let basket = visit.get("/basket").await.body;
    assert!(basket.contains("2 × £7.20") && basket.contains("£14.40") && basket.contains("£17.90"), "{basket}");
    visit.post("/basket", "product=heron-teapot&size=600+ml").await;
    assert!(visit.get("/basket").await.body.contains("free"));
    visit.post("/basket/remove", "product=heron-teapot&size=600+ml").await;
    assert!(!visit.get("/basket").await.body.contains("Heron"));
    assert_eq!(visit.post("/basket", "product=coffee&size=50+g").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn localhost_leads_to_the_one_address() {
    let site = Visit::alone().site();
    let request = Request::get("/help?a=b").header("host", "localhost:8788").body(Body::empty()).expect("a request");
    let answer = site.oneshot(request).await.expect("the site never fails");
    assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(answer.headers()["location"], "http://127.0.0.1:8788/help?a=b");
}
