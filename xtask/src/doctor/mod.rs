//! `cargo xtask doctor URL`: looks at a page with Weft from outside and says for each thing what is wrong and how to mend
//! it. The same as `weft.doctor()` says in the browser's console, and what only the outside can see: headers, what
//! another origin gets, a WebSocket's refusal.
//!
//! What is good and what isn't is decided in [`page`], [`policy`], [`refresh`] and [`token`], without I/O; [`probe`] asks;
//! here the one leads to the other.

mod finding;
mod page;
mod policy;
mod probe;
mod refresh;
mod token;
mod weft;

use anyhow::{Context as _, Result, bail};
use std::env;
use std::process::ExitCode;
use url::Url;

pub use finding::{Check, Finding, Level, Report};
use page::{PageHtml, ScriptTag};
use probe::Answer;
use weft::Live;

/// The environment's variable with the cookie of a visitor who is signed in: on a command line every user of the
/// machine could read it.
const COOKIE: &str = "WEFT_DOCTOR_COOKIE";

/// What to look at.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The page.
    pub url: String,
    /// The publishable key, where the page's HTML doesn't hold it.
    pub key: Option<String>,
    /// Weft's address, where the page's HTML doesn't hold it.
    pub weft: Option<String>,
    /// Print JSON.
    pub json: bool,
}

/// Looks and prints. Ends with 0; with 1 where something fails; with 2 where the page can't be read.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    let cookie = env::var(COOKIE).ok().filter(|cookie| !cookie.is_empty());
    match examine(options, cookie.as_deref()) {
        Ok(report) => {
            if options.json {
                println!("{}", serde_json::to_string_pretty(&report).unwrap_or_default());
            } else {
                report.print();
            }
            ExitCode::from(report.exit_code())
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Looks at a page, as a visitor with this cookie.
///
/// # Errors
/// Where the options make no sense.
pub fn examine(options: &Options, cookie: Option<&str>) -> Result<Report> {
    let address = web_address(&options.url)?;
    let weft = options.weft.as_deref().map(web_address).transpose()?;
    let mut report = Report { url: address.to_string(), findings: Vec::new() };
    let findings = &mut report.findings;
    let page = match probe::get(&address, None) {
        Ok(page) => page,
        Err(error) => {
            let mend = "Give the address of a page that this machine can reach, with a certificate that it trusts.";
            findings.push(Finding::fail(Check::Page, format!("the page does not answer: {error}"), mend));
            return Ok(report);
        }
    };
    let (finding, html) = read_page(&page);
    findings.push(finding);
    let Some(html) = html else { return Ok(report) };
    let Some(tag) = find_tag(&html, options, weft.as_ref(), findings) else { return Ok(report) };
    let Some(weft) = weft.or_else(|| tag.weft()) else { return Ok(report) };
    findings.push(https(&page.url, &weft));
    let answers = weft::worker(&weft, findings);
    let headers = page.headers("content-security-policy");
    let live = match &tag.key {
        _ if !answers => Err("Weft does not answer"),
        None => Err("there is no key"),
        Some(key) => weft::live(&weft, key, &page.url, findings).ok_or("the key or the origin is refused"),
    };
    let own_endpoint = live.as_ref().is_ok_and(|live| live.require_signed_token);
    let needs = policy::Needs { page: &page.url, tag: &tag, weft: &weft, own_endpoint };
    findings.extend(policy::judge(&headers, &html.policies, &needs));
    if answers {
        weft::files(&tag.src, !page.header("cross-origin-embedder-policy").is_empty(), findings);
    }
    match (live, &tag.key) {
        (Ok(live), Some(key)) => session(&live, key, &page.url, &weft, cookie, findings),
        (Err(why), _) => {
            findings.extend([Check::Refresh, Check::Token, Check::Socket].map(|check| Finding::skip(check, why)));
        }
        (Ok(_), None) => {}
    }
    Ok(report)
}

fn web_address(text: &str) -> Result<Url> {
    let url = Url::parse(text).with_context(|| format!("{text:?} is no address: write it as https://shop.example/"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        bail!("{text:?} is no web address: write it as https://shop.example/");
    }
    Ok(url)
}

fn read_page(page: &Answer) -> (Finding, Option<PageHtml>) {
    let kind = page.header("content-type");
    if !kind.trim_start().to_ascii_lowercase().starts_with("text/html") {
        let found = format!("the address answers {} with {:?}, no HTML", page.status, kind);
        return (Finding::fail(Check::Page, found, "Give the address of a page."), None);
    }
    let html = page::read(&page.text(), &page.url);
    let found = format!("answers {} from {}", page.status, page.url.origin().ascii_serialization());
    if (200..300).contains(&page.status) {
        (Finding::ok(Check::Page, found), Some(html))
    } else {
        (Finding::warn(Check::Page, found, "It is looked at all the same. Is it the page that you mean?"), Some(html))
    }
}

/// The tag that counts, with the options in the place of what the page doesn't say.
fn find_tag(html: &PageHtml, options: &Options, weft: Option<&Url>, findings: &mut Vec<Finding>) -> Option<ScriptTag> {
    let mut tag = match (html.tags.first(), weft) {
        (Some(tag), _) => tag.clone(),
        (None, Some(weft)) => {
            let src = weft.join(weft_shared::protocol::paths::WIDGET_SCRIPT_PATH).ok()?.to_string();
            ScriptTag { src, ..ScriptTag::default() }
        }
        (None, None) => {
            findings.push(Finding::fail(
                Check::Script,
                "the page's HTML has no script tag whose src ends in /widget/weft.js",
                "Add the tag: docs/guides/embed.md. Where a script puts it in later, say what it says: --weft and --key.",
            ));
            return None;
        }
    };
    tag.key = options.key.clone().or(tag.key);
    findings.push(match &tag.key {
        _ if tag.is_module => Finding::fail(
            Check::Script,
            "the script tag has type=\"module\"",
            "Take it away: a module can't read the attributes of its own tag.",
        ),
        None => Finding::fail(
            Check::Script,
            "the script tag has no data-key",
            "Add data-key with a publishable key (wf_pk_…).",
        ),
        Some(key) => Finding::ok(Check::Script, format!("{} with {}", tag.src, page::masked(key))),
    });
    Some(tag)
}

fn https(page: &Url, weft: &Url) -> Finding {
    let is_local = |url: &Url| matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let is_plain = |url: &Url| url.scheme() == "http";
    if is_plain(page) && !is_local(page) {
        let mend = "Serve it over https: Weft takes pages on http from this machine alone.";
        Finding::fail(Check::Https, "the page is on plain http", mend)
    } else if !is_plain(page) && is_plain(weft) {
        let mend = "Browsers load no http into an https page: write https:// in the script's src.";
        Finding::fail(Check::Https, "the page is on https, Weft on plain http", mend)
    } else if is_plain(page) {
        Finding::ok(Check::Https, "plain http on this machine")
    } else {
        Finding::ok(Check::Https, "the page and Weft are on https")
    }
}

/// The endpoint, its token, and the socket that takes it.
fn session(live: &Live, key: &str, page: &Url, weft: &Url, cookie: Option<&str>, findings: &mut Vec<Finding>) {
    let token = match page.join(&live.refresh_path) {
        _ if !live.require_signed_token => {
            let why = "the live config asks for no signed token";
            findings.extend([Check::Refresh, Check::Token].map(|check| Finding::ok(check, why)));
            None
        }
        Err(_) => None,
        Ok(url) => {
            let (finding, token) = refresh::judge(&live.refresh_path, &probe::refresh(&url, cookie), cookie.is_some());
            findings.push(finding);
            token
        }
    };
    let good = token.filter(|token| {
        let finding = token::judge(token, &live.tenant, &live.environment, crate::clock::unix_secs());
        let is_good = finding.level != Level::Fail;
        findings.push(finding);
        is_good
    });
    if live.require_signed_token && findings.iter().all(|finding| finding.check != Check::Token) {
        findings.push(Finding::skip(
            Check::Token,
            format!("there is none (with a visitor's cookie in {COOKIE} there may be)"),
        ));
    }
    weft::sockets(weft, key, page, good.as_deref(), findings);
}
