//! The browser's process.

use super::connection::Connection;
use super::page::Page;
use serde_json::{Value, json};
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use xtask::clock::Stopwatch;
use xtask::processes::Group;

/// How long Chromium may take to start.
const START_DEADLINE: Duration = Duration::from_mins(1);

const FLAGS: [&str; 17] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    // Several tests have a page each; none of them is to be slowed down for being behind another.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--force-color-profile=srgb",
    "--lang=en-GB",
    "--window-size=1280,900",
    "--remote-debugging-port=0",
];

/// A running Chromium. Its process group ends when this is dropped, and also when the tests end in any other way.
#[derive(Debug)]
pub struct Chromium {
    _group: Group,
    port: u16,
    path: String,
}

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
        let mut command = Command::new(program);
        command.args(FLAGS).arg(format!("--user-data-dir={}", profile.display())).arg("about:blank");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut group = Group::spawn(&mut command).unwrap_or_else(|error| panic!("{error:#}"));
        let (port, path) = wait_for_port(&mut group, &profile.join("DevToolsActivePort"));
        Self { _group: group, port, path }
    }

    fn connect(&self) -> Connection {
        Connection::open(self.port, &self.path).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Chromium chooses a port itself and writes it, and its own path, into a file of its profile.
fn wait_for_port(group: &mut Group, file: &Path) -> (u16, String) {
    let stopwatch = Stopwatch::start();
    while stopwatch.elapsed() < START_DEADLINE {
        if let Ok(text) = std::fs::read_to_string(file)
            && let Some((port, path)) = text.split_once('\n')
            && let Ok(port) = port.parse()
            && !path.trim().is_empty()
        {
            return (port, path.trim().to_owned());
        }
        if let Ok(Some(status)) = group.try_wait() {
            panic!("Chromium ended at once ({status})");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("Chromium did not start within {} s", START_DEADLINE.as_secs());
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
        Self { port: chromium.port, browser, context }
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
