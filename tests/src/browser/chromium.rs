//! The browser's process.

use super::connection::Connection;
use super::page::Page;
use serde_json::{Value, json};
use std::env;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use xtask::devtools::Browser;

/// A running Chromium. Its process group ends when this is dropped, and also when the tests end in any other way.
#[derive(Debug)]
pub struct Chromium(Browser);

impl Chromium {
    /// The one that all tests share: each test is a visitor of its own in it ([`Visitor::new`]).
    ///
    /// # Panics
    /// Where it doesn't start.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Chromium> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts one with an empty profile.
    ///
    /// # Panics
    /// Where it doesn't start.
    #[must_use]
    pub fn start() -> Self {
        let program = env::var_os("WEFT_TEST_CHROMIUM")
            .expect("WEFT_TEST_CHROMIUM is not set: these tests need a browser. Run `cargo xtask test --browser`.");
        let state = env::var_os("WEFT_TEST_STATE").map_or_else(env::temp_dir, PathBuf::from);
        let profile = state.join(crate::api::fresh("chromium"));
        Self(Browser::start(Path::new(&program), &profile).unwrap_or_else(|error| panic!("{error:#}")))
    }

    fn connect(&self) -> Connection {
        self.0.connect().unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Somebody at a browser: cookies, storage and cache of their own, gone when dropped.
#[derive(Debug)]
pub struct Visitor {
    port: u16,
    browser: Connection,
    context: Value,
}

impl Visitor {
    /// A visitor who was nowhere yet.
    ///
    /// # Panics
    /// Where the browser refuses.
    #[must_use]
    pub fn new() -> Self {
        let chromium = Chromium::shared();
        let mut browser = chromium.connect();
        let reply = browser.call("Target.createBrowserContext", &json!({ "disposeOnDetach": true }));
        let context = reply.unwrap_or_else(|error| panic!("{error}"))["browserContextId"].take();
        Self { port: chromium.0.port(), browser, context }
    }

    /// A new tab.
    ///
    /// # Panics
    /// Where the browser refuses.
    #[must_use]
    pub fn page(&mut self) -> Page {
        let params = json!({
            "url": "about:blank",
            "browserContextId": self.context,
            "width": 1280,
            "height": 900,
            // A window of its own: a tab behind another one draws nothing.
            "newWindow": true,
        });
        let reply = self.browser.call("Target.createTarget", &params).unwrap_or_else(|error| panic!("{error}"));
        let target = reply["targetId"].as_str().expect("Target.createTarget gives an id");
        Page::attach(self.port, target)
    }
}

impl Default for Visitor {
    fn default() -> Self {
        Self::new()
    }
}
