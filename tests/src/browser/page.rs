//! A tab: what its visitor does, what is to be seen, and what it did on the network.

use super::connection::Connection;
use super::record::{Record, Request};
use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use xtask::clock::Stopwatch;
use xtask::project::Project;

/// How long anything that must happen may take. Generous: tests run beside builds, on two cores.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A tab.
#[derive(Debug)]
pub struct Page {
    connection: RefCell<Connection>,
    record: RefCell<Record>,
    /// The widget's shadow root, as long as the document is the same.
    pub(super) shadow_root: RefCell<Option<String>>,
}

impl Page {
    pub(super) fn attach(port: u16, target: &str) -> Self {
        let connection = Connection::open(port, &format!("/devtools/page/{target}"));
        let page = Self {
            connection: RefCell::new(connection.unwrap_or_else(|error| panic!("{error}"))),
            record: RefCell::default(),
            shadow_root: RefCell::default(),
        };
        for domain in ["Page", "Runtime", "Network", "Log", "Audits"] {
            let _ = page.call(&format!("{domain}.enable"), &json!({}));
        }
        // Each of several pages believes that it is the one in front.
        let _ = page.call("Emulation.setFocusEmulationEnabled", &json!({ "enabled": true }));
        page
    }

    /// Calls a method of the `DevTools` protocol.
    ///
    /// # Errors
    /// What the browser says against it.
    pub fn try_call(&self, method: &str, params: &Value) -> Result<Value, String> {
        let reply = self.connection.borrow_mut().call(method, params);
        self.take_events();
        reply
    }

    /// Calls a method of the `DevTools` protocol.
    ///
    /// # Panics
    /// Where the browser says no.
    #[track_caller]
    pub fn call(&self, method: &str, params: &Value) -> Value {
        self.try_call(method, params).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Takes in what has happened, and waits a moment where nothing has.
    ///
    /// # Panics
    /// Where the browser is gone.
    pub fn pump(&self) {
        let pumped = self.connection.borrow_mut().pump();
        pumped.unwrap_or_else(|error| panic!("{error}"));
        self.take_events();
    }

    fn take_events(&self) {
        loop {
            let events = self.connection.borrow_mut().take_events();
            if events.is_empty() {
                return;
            }
            for event in events {
                if event.method == "Runtime.executionContextsCleared" {
                    *self.shadow_root.borrow_mut() = None;
                }
                self.record.borrow_mut().take(&event);
            }
        }
    }

    /// Everything that the page did so far.
    #[must_use]
    pub fn record(&self) -> Record {
        self.pump();
        self.record.borrow().clone()
    }

    /// Asks `question` again and again until it answers.
    ///
    /// # Panics
    /// Where it doesn't within [`PATIENCE`]: with the page's state, and a picture of it.
    #[track_caller]
    pub fn wait_for<T>(&self, what: &str, question: impl FnMut() -> Option<T>) -> T {
        self.wait_within(PATIENCE, what, question)
    }

    /// The same with another deadline.
    ///
    /// # Panics
    /// Where it doesn't answer in time.
    #[track_caller]
    pub fn wait_within<T>(&self, deadline: Duration, what: &str, mut question: impl FnMut() -> Option<T>) -> T {
        let stopwatch = Stopwatch::start();
        loop {
            if let Some(answer) = question() {
                return answer;
            }
            let is_late = stopwatch.elapsed() >= deadline;
            assert!(!is_late, "waited {} s in vain for {what}.\n{}", deadline.as_secs(), self.report());
            self.pump();
        }
    }

    /// Waits until something holds.
    ///
    /// # Panics
    /// Where it doesn't within [`PATIENCE`].
    #[track_caller]
    pub fn wait_until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        self.wait_for(what, || holds().then_some(()));
    }

    /// Goes to an address, and waits until the page has loaded.
    ///
    /// # Panics
    /// Where it doesn't load.
    #[track_caller]
    pub fn go(&self, url: &str) {
        let reply = self.call("Page.navigate", &json!({ "url": url }));
        assert!(reply["errorText"].is_null(), "{url}: {}", reply["errorText"]);
        self.wait_until_loaded();
    }

    /// Loads the page again, as the visitor's reload button does.
    #[track_caller]
    pub fn reload(&self) {
        let _ = self.call("Page.reload", &json!({}));
        self.wait_until_loaded();
    }

    #[track_caller]
    fn wait_until_loaded(&self) {
        self.wait_until("the page to load", || {
            self.try_evaluate("document.readyState === 'complete' && location.href !== 'about:blank'")
                .is_ok_and(|value| value == true)
        });
    }

    /// What a script of the page gets for this expression; promises are awaited.
    ///
    /// # Panics
    /// Where it throws.
    #[track_caller]
    pub fn evaluate(&self, expression: &str) -> Value {
        self.try_evaluate(expression).unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// The same.
    ///
    /// # Errors
    /// What it threw, or why it could not be asked, as while a new page comes.
    pub fn try_evaluate(&self, expression: &str) -> Result<Value, String> {
        let params =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true });
        value_of(self.try_call("Runtime.evaluate", &params)?)
    }

    /// The body of a request's answer.
    ///
    /// # Panics
    /// Where it is gone.
    #[must_use]
    #[track_caller]
    pub fn answer_of(&self, request: &Request) -> String {
        let reply = self.call("Network.getResponseBody", &json!({ "requestId": request.id }));
        let body = reply["body"].as_str().unwrap_or_default();
        if reply["base64Encoded"] == true {
            let bytes = Base64::decode_vec(body).expect("the browser's own base64");
            String::from_utf8_lossy(&bytes).into_owned()
        } else {
            body.to_owned()
        }
    }

    /// Refuses all requests from now on whose address has one of these parts; none: lets all out again.
    ///
    /// # Panics
    /// Where the browser is gone.
    pub fn block(&self, parts: &[&str]) {
        let blocked = self.connection.borrow_mut().block(parts);
        blocked.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Takes the network away, or gives it back.
    pub fn set_offline(&self, is_offline: bool) {
        let params = json!({ "offline": is_offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        let _ = self.call("Network.emulateNetworkConditions", &params);
    }

    /// Gives the window another size.
    pub fn resize(&self, width: u32, height: u32, is_phone: bool) {
        let params = json!({
            "width": width,
            "height": height,
            "deviceScaleFactor": if is_phone { 2 } else { 1 },
            "mobile": is_phone,
        });
        let _ = self.call("Emulation.setDeviceMetricsOverride", &params);
        let _ = self.call("Emulation.setTouchEmulationEnabled", &json!({ "enabled": is_phone }));
    }

    /// Whether the visitor likes it dark.
    pub fn prefer_dark(&self, is_dark: bool) {
        self.prefer("prefers-color-scheme", if is_dark { "dark" } else { "light" });
    }

    /// What the visitor has chosen in their system, by the name of the media feature.
    pub fn prefer(&self, name: &str, value: &str) {
        let features = json!({ "features": [{ "name": name, "value": value }] });
        let _ = self.call("Emulation.setEmulatedMedia", &features);
    }

    /// Sets a cookie on the page's own origin.
    pub fn set_cookie(&self, url: &str, name: &str, value: &str) {
        let _ = self.call("Network.setCookie", &json!({ "url": url, "name": name, "value": value }));
    }

    /// Takes a cookie away.
    pub fn delete_cookie(&self, url: &str, name: &str) {
        let _ = self.call("Network.deleteCookies", &json!({ "url": url, "name": name }));
    }

    /// Keeps a picture of the window as `target/screenshots/<name>.png`.
    ///
    /// # Panics
    /// Where it can't be written.
    pub fn screenshot(&self, name: &str) -> PathBuf {
        let reply = self.call("Page.captureScreenshot", &json!({ "format": "png" }));
        let png = Base64::decode_vec(reply["data"].as_str().unwrap_or_default()).expect("the browser's own base64");
        let dir = Project::find().expect("the tests run in the project").path("target/screenshots");
        fs::create_dir_all(&dir).expect("the target folder can be written");
        let file = dir.join(format!("{name}.png"));
        fs::write(&file, png).expect("the target folder can be written");
        file
    }

    /// What a developer wants to see of a page on which a test failed.
    fn report(&self) -> String {
        let record = self.record.borrow().clone();
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("test").replace("::", "-");
        let file = self.screenshot(&format!("failed-{test}"));
        let frames: Vec<String> = record
            .frames()
            .map(|frame| format!("{} {:.160}", if frame.is_sent { "→" } else { "←" }, frame.text))
            .collect();
        let requests: Vec<String> = record
            .requests
            .iter()
            .map(|request| {
                let outcome = request.failure.clone().or(request.status.map(|status| status.to_string()));
                format!("{} {:.120} {}", request.method, request.url, outcome.unwrap_or_default())
            })
            .collect();
        let last = |lines: &[String]| lines[lines.len().saturating_sub(25)..].join("\n  ");
        format!(
            "picture: {}\nshown: {}\nrequests:\n  {}\nframes:\n  {}\ncomplaints:\n  {}",
            file.display(),
            self.shown_by_widget(),
            last(&requests),
            last(&frames),
            record.complaints().join("\n  "),
        )
    }
}

/// The value in a reply of `Runtime.evaluate` or `Runtime.callFunctionOn`.
pub(super) fn value_of(mut reply: Value) -> Result<Value, String> {
    let thrown = &reply["exceptionDetails"];
    if thrown.is_null() {
        return Ok(reply["result"]["value"].take());
    }
    let description = thrown["exception"]["description"].as_str().or(thrown["text"].as_str());
    Err(description.unwrap_or("it threw").to_owned())
}
