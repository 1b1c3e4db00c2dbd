//! Both doctors, `weft.doctor()` in the console and `cargo xtask doctor`, on the same pages: on a good one they find
//! nothing, on one with a fault exactly that.

use serde_json::{Value, json};
use std::thread;
use std::time::Duration;
use weft_tests::api::Deployment;
use weft_tests::browser::{Demo, OwnSite, Page, Reply, Visitor};
use xtask::doctor::{Check, Level, Options, Report, examine};

/// What the guide asks for, with one word taken out where a test wants that.
fn policy(without: &str) -> String {
    let worker = Deployment::shared().url();
    let socket = worker.replacen("http", "ws", 1);
    let policy = format!(
        "default-src 'none'; script-src {worker} 'wasm-unsafe-eval'; connect-src 'self' {worker} {socket}; \
         require-trusted-types-for 'script'"
    );
    let changed = policy.replace(without, "");
    assert!(without.is_empty() || changed != policy, "{without} is in it");
    changed
}

/// A customer whose page needs a token, with a good endpoint at `/token`.
struct Customer {
    own: OwnSite,
}

impl Customer {
    fn new() -> Self {
        let own = OwnSite::new(&json!({ "require_signed_token": true, "refresh_path": "/token" }));
        let customer = Self { own };
        customer.serve(&customer.own.key.clone(), &policy(""));
        let workspace = customer.own.workspace.clone();
        customer.answer(move || Reply::json(&json!({ "token": workspace.forge().token() }).to_string()));
        customer
    }

    fn serve(&self, key: &str, policy: &str) {
        let worker = Deployment::shared().url();
        let html = format!(
            "<!doctype html><title>A page</title><script src='{worker}/widget/weft.js' data-key='{key}' defer></script>"
        );
        let policy = policy.to_owned();
        self.own.site.answer("/", move || Reply::html(&html).header("Content-Security-Policy", &policy));
    }

    fn answer(&self, handler: impl Fn() -> Reply + Send + Sync + 'static) {
        self.own.site.answer("/token", handler);
    }

    fn look_from_outside(&self) -> Report {
        let options = Options { url: self.own.site.origin(), ..Options::default() };
        examine(&options, None).expect("the page has an address")
    }

    fn in_console(&self) -> Said {
        let mut visitor = Visitor::new();
        let page = visitor.page();
        page.go(&self.own.site.origin());
        Said::by(&page)
    }

    /// Both find this and nothing else.
    #[track_caller]
    fn has(&self, check: Check, words: &str) {
        let report = self.look_from_outside();
        assert_eq!(report.with(Level::Fail), [check], "{report:#?}");
        assert_eq!(report.with(Level::Warn), [], "{report:#?}");
        let finding = report.findings.iter().find(|finding| finding.level == Level::Fail).expect("one");
        let said = format!("{} {}", finding.found, finding.mend);
        assert!(said.contains(words) && !finding.mend.is_empty(), "{said}");
        assert_eq!(report.exit_code(), 1);
        self.in_console().has(&json!(check), words);
    }
}

/// What `weft.doctor()` said.
struct Said {
    report: Value,
    console: String,
}

impl Said {
    #[track_caller]
    fn by(page: &Page) -> Self {
        let _ = page.launcher();
        let report = page.evaluate("weft.doctor()");
        let console = page.record().console.join("\n");
        assert!(console.contains("Weft doctor: "), "it tells a person too: {console}");
        Self { report, console }
    }

    fn with(&self, level: &str) -> Vec<&Value> {
        let findings = self.report["findings"].as_array().expect("findings");
        findings.iter().filter(|finding| finding["level"] == level).collect()
    }

    #[track_caller]
    fn has(&self, check: &Value, words: &str) {
        assert_eq!(self.with("fail").len(), 1, "{:#}", self.report);
        let failed = self.with("fail")[0];
        assert_eq!(&failed["check"], check, "{:#}", self.report);
        assert!(self.with("warn").is_empty(), "{:#}", self.report);
        let said =
            format!("{} {}", failed["found"].as_str().unwrap_or_default(), failed["mend"].as_str().expect("a cure"));
        assert!(said.contains(words), "{said}");
        assert!(self.console.contains("FAIL"), "{}", self.console);
    }

    #[track_caller]
    fn is_content(&self) {
        assert!(self.with("fail").is_empty() && self.with("warn").is_empty(), "{:#}", self.report);
        let checked: Vec<&str> = self.with("ok").iter().filter_map(|finding| finding["check"].as_str()).collect();
        for check in ["key", "origin", "policy-connect", "policy-wasm", "refresh", "token", "socket", "storage"] {
            assert!(checked.contains(&check), "{check} was looked at: {checked:?}");
        }
        assert!(self.console.contains("All is well."), "{}", self.console);
    }
}

#[test]
fn good_page_has_nothing_and_no_message_was_sent() {
    let customer = Customer::new();
    let report = customer.look_from_outside();
    assert_eq!(
        (report.with(Level::Fail), report.with(Level::Warn), report.with(Level::Skip)),
        (vec![], vec![], vec![]),
        "{report:#?}"
    );
    for check in
        [Check::Key, Check::PolicyWasm, Check::Refresh, Check::Token, Check::Socket, Check::Stranger, Check::Files]
    {
        assert!(report.with(Level::Ok).contains(&check), "{check:?} was looked at: {report:#?}");
    }
    assert_eq!(report.exit_code(), 0);
    customer.in_console().is_content();
    let conversations = customer.own.workspace.admin("GET", "/conversations").send().expect(200);
    assert_eq!(conversations["conversations"], json!([]));
}

#[test]
fn no_token_and_no_whole_key_is_shown() {
    let customer = Customer::new();
    let token = customer.own.workspace.forge().token();
    let given = json!({ "token": token }).to_string();
    customer.answer(move || Reply::json(&given));
    let said = customer.in_console();
    said.is_content();
    let outside = format!("{:?}", customer.look_from_outside());
    for text in [&said.report.to_string(), &said.console, &outside] {
        let part = token.split('.').nth(1).expect("claims");
        assert!(!text.contains(part) && !text.contains(&customer.own.key), "{text}");
    }
}

#[test]
fn demo_shop_is_well_for_who_is_logged_in_and_says_who_is_not() {
    let demo = Demo::shared();
    let (_visitor, page) = demo.logged_in_visitor();
    Said::by(&page).is_content();
    let options = Options { url: demo.at("/"), ..Options::default() };
    let report = examine(&options, None).expect("an address");
    assert_eq!((report.with(Level::Fail), report.with(Level::Warn)), (vec![], vec![]), "{report:#?}");

    let mut stranger = Visitor::new();
    let page = stranger.page();
    page.go(&demo.at("/"));
    let said = Said::by(&page);
    assert!(said.with("fail").is_empty(), "{:#}", said.report);
    assert_eq!(said.with("warn")[0]["check"], "refresh");
}

#[test]
fn key_that_weft_does_not_know_is_named() {
    let customer = Customer::new();
    let stranger = Customer::new();
    let revoked =
        customer.own.workspace.key(&json!({ "label": "x", "type": "publishable", "environment": "production" }));
    let id = revoked["id"].as_str().expect("an id");
    let _ = customer.own.workspace.admin("DELETE", &format!("/keys/{id}")).send();
    customer.serve(revoked["key"].as_str().expect("a key"), &policy(""));
    customer.has(Check::Key, "revoked");
    let undeployed = stranger.own.workspace.publishable_key("staging");
    customer.serve(&undeployed, &policy(""));
    customer.has(Check::Key, "deploy");
    customer.serve("wf_pk_acme_short", &policy(""));
    customer.has(Check::Key, "holds no key");
}

#[test]
fn origin_that_is_not_allowed_is_named() {
    let customer = Customer::new();
    customer.own.workspace.deploy("production", &json!({ "base_url": "https://shop.example" }));
    customer.has(Check::Origin, &format!("Add {} to allowed_origins", customer.own.site.origin()));
}

#[test]
fn each_word_that_the_policy_lacks_is_named() {
    let customer = Customer::new();
    let key = customer.own.key.clone();
    let worker = Deployment::shared().url();
    let socket = worker.replacen("http", "ws", 1);
    for (without, check, words) in [
        (" 'wasm-unsafe-eval'".to_owned(), Check::PolicyWasm, "Add 'wasm-unsafe-eval'".to_owned()),
        (format!(" {worker} {socket}"), Check::PolicyConnect, format!("Add {worker} and {socket} to connect-src")),
        (format!(" {socket}"), Check::PolicyConnect, format!("Add {socket} to connect-src")),
    ] {
        customer.serve(&key, &policy(&without));
        customer.has(check, &words);
    }
    // A page that lets the script itself out of it has no console to ask.
    customer.serve(&key, &policy(&format!("script-src {worker} ")));
    let report = customer.look_from_outside();
    assert!(report.with(Level::Fail).contains(&Check::PolicyScript), "{report:#?}");
}

#[test]
fn each_failure_of_the_refresh_endpoint_is_named() {
    let customer = Customer::new();
    for (reply, words) in [
        (Reply::html("Not found").status(404), "404"),
        (Reply::html("<!doctype html><title>Log in</title>"), "HTML page"),
        (Reply::html("").status(302).header("Location", "/login"), "a redirect"),
        (Reply::json(r#"{"token":"#), "isn't JSON"),
        (Reply::json(r#"{"jwt":"a.b.c"}"#), "no token"),
        (Reply::json("{}").status(500), "500"),
        (Reply::json("{}").status(419), "CSRF"),
    ] {
        customer.answer(move || reply.clone());
        customer.has(Check::Refresh, words);
    }
}

#[test]
fn endpoint_that_takes_too_long_is_named() {
    let customer = Customer::new();
    customer.answer(|| {
        thread::sleep(Duration::from_secs(12));
        Reply::json("{}")
    });
    customer.has(Check::Refresh, "did not answer within 10 s");
}

#[test]
fn each_token_that_weft_would_refuse_is_named() {
    let customer = Customer::new();
    let workspace = customer.own.workspace.clone();
    let forged = {
        let token = workspace.forge().token();
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        // The same length, another signature.
        let other = if signature.starts_with('A') { 'B' } else { 'A' };
        format!("{signed}.{other}{}", &signature[1..])
    };
    for (token, words) in [
        ("not-a-token".to_owned(), "no JWT"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm9uIn0.Zm9yZ2Vk".to_owned(), "not made by Weft"),
        (workspace.forge().times(-600, -300).token(), "ended 3"),
        (Customer::new().own.workspace.forge().token(), "is for tenant"),
        (forged, "invalid_token"),
    ] {
        let body = json!({ "token": token }).to_string();
        customer.answer(move || Reply::json(&body));
        customer.has(Check::Token, words);
    }
}

#[test]
fn page_without_a_tag_or_without_an_answer_is_told_look_from_outside() {
    let customer = Customer::new();
    customer.own.site.page("/", "<!doctype html><title>Bare</title>");
    let report = customer.look_from_outside();
    assert_eq!((report.with(Level::Fail), report.exit_code()), (vec![Check::Script], 1), "{report:#?}");
    // What a tag manager puts in can be said.
    let options = Options {
        url: customer.own.site.origin(),
        key: Some(customer.own.key.clone()),
        weft: Some(Deployment::shared().url().to_owned()),
        json: false,
    };
    let report = examine(&options, None).expect("an address");
    assert_eq!(report.with(Level::Fail), [], "{report:#?}");
    let nobody = Options { url: "http://127.0.0.1:1/".to_owned(), ..Options::default() };
    let report = examine(&nobody, None).expect("an address");
    assert_eq!((report.with(Level::Fail), report.exit_code()), (vec![Check::Page], 2), "{report:#?}");
    assert!(examine(&Options { url: "shop.example".to_owned(), ..Options::default() }, None).is_err());
}

#[test]
fn doctor_comes_with_the_call_and_no_visitor_loads_it() {
    let customer = Customer::new();
    let mut visitor = Visitor::new();
    let page = visitor.page();
    page.go(&customer.own.site.origin());
    page.open_widget();
    let asked = || page.record().requests.iter().filter(|request| request.path().contains("doctor")).count();
    assert_eq!(asked(), 0);
    Said::by(&page).is_content();
    assert_eq!(asked(), 1);
}
