//! Where browser tests play: the demo site that `cargo xtask test` started, or a site of a test's own with a tenant of
//! its own.

use super::chromium::Visitor;
use super::input::Key;
use super::page::Page;
use super::site::Site;
use crate::api::{Deployment, Workspace};
use serde_json::{Value, json};
use std::env;
use std::fs;
use std::path::PathBuf;
use xtask::provision::DemoKeys;

/// The demo site.
#[derive(Debug, Clone)]
pub struct Demo {
    url: String,
    state: PathBuf,
}

impl Demo {
    /// The running one.
    ///
    /// # Panics
    /// Where the tests were started in another way than by `cargo xtask test`.
    #[must_use]
    pub fn shared() -> Self {
        let variable =
            |name| env::var(name).unwrap_or_else(|_| panic!("{name} is not set. Run `cargo xtask test --browser`."));
        Self { url: variable("WEFT_TEST_DEMO_URL"), state: variable("WEFT_TEST_DEMO_STATE").into() }
    }

    /// The address of one of its pages.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Its secret key.
    ///
    /// # Panics
    /// Where its keys can't be read.
    #[must_use]
    pub fn secret_key(&self) -> String {
        let text =
            fs::read_to_string(self.state.join("demo.json")).expect("cargo xtask test keeps the demo's keys there");
        serde_json::from_str::<DemoKeys>(&text).expect("two keys").secret
    }

    /// All that it has printed so far.
    ///
    /// # Panics
    /// Where its log can't be read.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.state.join("demo.log")).expect("the demo site writes its log there")
    }

    /// Logs in as a person does.
    ///
    /// # Panics
    /// Where that doesn't lead to a page that greets by name.
    #[track_caller]
    pub fn log_in(&self, page: &Page) {
        page.go(&self.at("/login"));
        page.click(page.place_of("input[name=username]"));
        page.type_text("mia");
        page.click(page.place_of("input[name=password]"));
        page.type_text("tea-leaf");
        page.press(Key::Enter);
        page.wait_until("the greeting by name", || {
            page.try_evaluate("document.readyState === 'complete' && document.body.innerText.includes('Hello, Mia')")
                .is_ok_and(|greets| greets == true)
        });
    }

    /// Asks the demo's refresh endpoint to fail in this way from now on; none: to work again.
    pub fn set_fault(&self, page: &Page, fault: Option<&str>) {
        match fault {
            Some(fault) => page.set_cookie(&self.url, "demo_fault", fault),
            None => page.delete_cookie(&self.url, "demo_fault"),
        }
    }

    /// A visitor who has just logged in and sees the first page.
    #[must_use]
    #[track_caller]
    pub fn logged_in_visitor(&self) -> (Visitor, Page) {
        let mut visitor = Visitor::new();
        let page = visitor.page();
        self.log_in(&page);
        (visitor, page)
    }
}

/// A site of a test's own, whose tenant has the scripted agent.
pub struct OwnSite {
    /// The site.
    pub site: Site,
    /// The tenant.
    pub workspace: Workspace<'static>,
    /// Its publishable key.
    pub key: String,
}

impl OwnSite {
    /// Makes a tenant for a new site, with `more` on top of a config that needs no signed token.
    ///
    /// # Panics
    /// Where the Worker refuses.
    #[must_use]
    #[track_caller]
    pub fn new(more: &Value) -> Self {
        let site = Site::start();
        let workspace = Workspace::shared();
        let mut fields = json!({ "base_url": site.origin(), "require_signed_token": false });
        if let (Some(fields), Some(more)) = (fields.as_object_mut(), more.as_object()) {
            fields.extend(more.clone());
        }
        let key = workspace.open_for_chat(&fields);
        Self { site, workspace, key }
    }

    /// Serves a page at `/` with the widget's script tag, whose further attributes are `attributes`.
    pub fn embed(&self, attributes: &str) {
        self.embed_in("en", "", attributes);
    }

    /// The same on a page in another language, with something of its own in it.
    pub fn embed_in(&self, language: &str, html: &str, attributes: &str) {
        let script = Deployment::shared().url();
        self.site.page(
            "/",
            &format!(
                "<!doctype html><html lang='{language}'><meta charset=utf-8><title>A page</title>\
                 <meta name=viewport content='width=device-width'>\
                 <body><main><h1>A page</h1>{html}</main>\
                 <script src='{script}/widget/weft.js' {attributes} defer></script>"
            ),
        );
    }

    /// A visitor on that page.
    #[must_use]
    #[track_caller]
    pub fn visit(&self) -> (Visitor, Page) {
        let mut visitor = Visitor::new();
        let page = visitor.page();
        page.go(&self.site.origin());
        (visitor, page)
    }
}
