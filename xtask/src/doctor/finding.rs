//! What the doctor found, and how it is told.

use serde::Serialize;

/// What was looked at. The words are the same as those of `weft.doctor()` in the browser's console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The page answers with HTML.
    Page,
    /// The page has Weft's script tag.
    Script,
    /// Page and Weft are reached over https.
    Https,
    /// Weft answers.
    Worker,
    /// Weft's files can be loaded and kept.
    Files,
    /// The page's policy lets the script and the module in.
    PolicyScript,
    /// The page's policy lets WebAssembly be compiled.
    PolicyWasm,
    /// The page's policy lets the page call Weft and its own refresh endpoint.
    PolicyConnect,
    /// The publishable key.
    Key,
    /// Whether this page may use that key.
    Origin,
    /// The customer's refresh endpoint.
    Refresh,
    /// What that endpoint gave.
    Token,
    /// The WebSocket.
    Socket,
    /// A page of another origin gets no socket.
    Stranger,
    /// The clocks.
    Clock,
}

impl Check {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Script => "script",
            Self::Https => "https",
            Self::Worker => "worker",
            Self::Files => "files",
            Self::PolicyScript => "policy-script",
            Self::PolicyWasm => "policy-wasm",
            Self::PolicyConnect => "policy-connect",
            Self::Key => "key",
            Self::Origin => "origin",
            Self::Refresh => "refresh",
            Self::Token => "token",
            Self::Socket => "socket",
            Self::Stranger => "stranger",
            Self::Clock => "clock",
        }
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, and could be better.
    Warn,
    /// It keeps visitors from chatting.
    Fail,
    /// Nothing could be said: something before it fails.
    Skip,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What.
    pub check: Check,
    /// How it is.
    pub level: Level,
    /// What was seen. Never a token, a cookie or a whole key.
    pub found: String,
    /// What to do about it; empty: nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub mend: String,
}

impl Finding {
    /// All is well.
    pub(super) fn ok(check: Check, found: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, found: found.into(), mend: String::new() }
    }

    /// It works, and could be better.
    pub(super) fn warn(check: Check, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, level: Level::Warn, found: found.into(), mend: mend.into() }
    }

    /// It doesn't work.
    pub(super) fn fail(check: Check, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, level: Level::Fail, found: found.into(), mend: mend.into() }
    }

    /// It could not be looked at.
    pub(super) fn skip(check: Check, why: impl Into<String>) -> Self {
        Self { check, level: Level::Skip, found: format!("not checked: {}", why.into()), mend: String::new() }
    }
}

/// All that was found about a page.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The page.
    pub url: String,
    /// In the order in which it was looked at.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The checks that came out so.
    #[must_use]
    pub fn with(&self, level: Level) -> Vec<Check> {
        self.findings.iter().filter(|finding| finding.level == level).map(|finding| finding.check).collect()
    }

    /// What the command ends with: 0, or 1 where something fails, or 2 where the page itself could not be read.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.with(Level::Fail).as_slice() {
            [] => 0,
            failed if failed.contains(&Check::Page) => 2,
            _ => 1,
        }
    }

    pub(super) fn print(&self) {
        println!("{}\n", self.url);
        for finding in &self.findings {
            let mark = match finding.level {
                Level::Ok => "ok",
                Level::Warn => "warn",
                Level::Fail => "FAIL",
                Level::Skip => "-",
            };
            println!("{mark:<5}{:<15}{}", finding.check.as_str(), finding.found);
            if !finding.mend.is_empty() {
                println!("{:<20}→ {}", "", finding.mend);
            }
        }
        let (failed, warned) = (self.with(Level::Fail).len(), self.with(Level::Warn).len());
        println!(
            "\n{}",
            match (failed, warned) {
                (0, 0) => "All is well.".to_owned(),
                _ => format!("{failed} failed, {warned} could be better."),
            }
        );
    }
}
