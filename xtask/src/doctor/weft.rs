//! What Weft itself answers for this page: health, files, key, origin, sockets, clock.

use url::Url;
use weft_shared::protocol::paths::{HEALTH_PATH, KEY_PARAM, WIDGET_CONFIG_PATH};

use super::finding::{Check, Finding, Level};
use super::probe::{self, Answer, Opened};
use crate::clock;

/// How far the clocks may differ before it is told, in seconds.
const SKEW_SECS: i64 = 30;
/// More files than that aren't looked at.
const MAX_FILES: usize = 12;
/// An origin that nobody has: the domain is reserved (RFC 2606).
const STRANGER: &str = "https://weft-doctor.invalid";

/// The live config, as far as it matters here.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) tenant: String,
    pub(super) environment: String,
    pub(super) require_signed_token: bool,
    pub(super) refresh_path: String,
}

/// Whether Weft answers at all, and what its clock says.
pub(super) fn worker(weft: &Url, findings: &mut Vec<Finding>) -> bool {
    let mend = "The script's src must lead to a running Weft: docs/guides/operate.md.";
    let answer = match weft.join(HEALTH_PATH).map_err(anyhow::Error::from).and_then(|url| probe::get(&url, None)) {
        Ok(answer) => answer,
        Err(error) => {
            findings.push(Finding::fail(Check::Worker, format!("{weft} does not answer: {error}"), mend));
            return false;
        }
    };
    if answer.status != 200 || answer.json()["status"] != "ok" {
        let found = format!("{weft} answers {} on {HEALTH_PATH}, and not as Weft does", answer.status);
        findings.push(Finding::fail(Check::Worker, found, mend));
        return false;
    }
    findings.push(Finding::ok(Check::Worker, format!("{weft} is up")));
    findings.extend(clock_of(&answer.header("date"), clock::unix_secs()));
    true
}

/// What the header `Date` says of the two clocks; nothing where there is none.
fn clock_of(date: &str, now: i64) -> Option<Finding> {
    let date = chrono::DateTime::parse_from_rfc2822(date).ok()?.timestamp();
    let off = now.saturating_sub(date);
    Some(if off.abs() > SKEW_SECS {
        let found =
            format!("this machine's clock is {} s {} Weft's", off.abs(), if off > 0 { "ahead of" } else { "behind" });
        Finding::warn(Check::Clock, found, "Set it: what is said here of a token's times goes by it.")
    } else {
        Finding::ok(Check::Clock, format!("{} s apart", off.abs()))
    })
}

/// The live config of this key for this page; nothing where Weft refuses it.
pub(super) fn live(weft: &Url, key: &str, page: &Url, findings: &mut Vec<Finding>) -> Option<Live> {
    let mut url = weft.join(WIDGET_CONFIG_PATH).ok()?;
    url.query_pairs_mut().append_pair(KEY_PARAM, key);
    let origin = page.origin().ascii_serialization();
    let answer = match probe::get(&url, Some(&origin)) {
        Ok(answer) => answer,
        Err(error) => {
            findings.push(Finding::fail(Check::Worker, format!("no live config: {error}"), "Try again."));
            return None;
        }
    };
    let body = answer.json();
    let code = body["error"].as_str().unwrap_or_default();
    let key_fails = |found: &str, mend: &str| Finding::fail(Check::Key, found, mend);
    match (answer.status, code) {
        (200, _) => {}
        (403, "origin_not_allowed") => {
            findings.push(Finding::ok(Check::Key, "it works"));
            findings.push(Finding::fail(
                Check::Origin,
                format!("pages of {origin} may not use this key"),
                format!("Add {origin} to allowed_origins (or make it the base_url) in the config of the key's environment, and deploy."),
            ));
            return None;
        }
        (401, "malformed_key") => {
            findings.push(key_fails(
                "data-key holds no key of Weft's",
                "Copy the publishable key again, whole: wf_pk_<tenant>_<40 characters>.",
            ));
            return None;
        }
        (401, _) => {
            findings.push(key_fails(
                "Weft refuses the key: it is unknown there, revoked or expired",
                "Put a publishable key of this Weft into data-key: POST /v1/tenants/{tenant}/keys makes one.",
            ));
            return None;
        }
        (403, _) => {
            findings.push(key_fails("the key is no publishable one", "Revoke it, if it is a secret key: the page has shown it to everybody. Put a publishable key (wf_pk_…) into data-key."));
            return None;
        }
        (404, _) => {
            findings.push(key_fails(
                "nothing is deployed in the key's environment",
                "Deploy the config: POST /v1/tenants/{tenant}/config/deploy.",
            ));
            return None;
        }
        (status, code) => {
            findings.push(Finding::fail(
                Check::Worker,
                format!("Weft answers {status} {code} for the live config"),
                "The Worker's own log says why.",
            ));
            return None;
        }
    }
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let live = Live {
        tenant: text("tenant"),
        environment: text("environment"),
        require_signed_token: body["requireSignedToken"].as_bool().unwrap_or(true),
        refresh_path: text("refreshPath"),
    };
    findings.push(match body["hiddenUntil"].as_str() {
        None => Finding::ok(Check::Key, format!("tenant {}, environment {}", live.tenant, live.environment)),
        Some(until) => Finding::warn(
            Check::Key,
            format!("a limit hides the widget from this address until {until}"),
            "It comes back by itself. per_ip_daily and per_ip_monthly in the config are the limits.",
        ),
    });
    findings.push(Finding::ok(Check::Origin, format!("{origin} may use it")));
    Some(live)
}

/// Whether the script and what it names can be loaded from another origin, and kept.
pub(super) fn files(src: &str, needs_corp: bool, findings: &mut Vec<Finding>) {
    let Ok(src) = Url::parse(src) else { return };
    let before = findings.len();
    let loader = match probe::get(&src, None) {
        Ok(loader) => loader,
        Err(error) => {
            findings.push(Finding::fail(
                Check::Files,
                format!("the script does not come: {error}"),
                "Correct the tag's src.",
            ));
            return;
        }
    };
    findings.extend(file("the script", &loader, "javascript", needs_corp));
    // The loader names the module, and that the WebAssembly.
    let mut seen = Vec::new();
    let mut texts = vec![loader.text()];
    while let Some(text) = texts.pop() {
        for name in named_files(&text) {
            if seen.contains(&name) || seen.len() == MAX_FILES {
                continue;
            }
            seen.push(name.clone());
            let is_script = is_script(&name);
            let kind = if is_script { "javascript" } else { "application/wasm" };
            match src.join(&name).map_err(anyhow::Error::from).and_then(|url| probe::get(&url, None)) {
                Ok(answer) => {
                    findings.extend(file(&name, &answer, kind, needs_corp));
                    texts.extend(is_script.then(|| answer.text()));
                }
                Err(error) => {
                    findings.push(Finding::fail(Check::Files, format!("{name}: {error}"), "Deploy Weft again."));
                }
            }
        }
    }
    if findings.len() == before {
        let is_whole = [true, false].iter().all(|wanted| seen.iter().any(|name| is_script(name) == *wanted));
        findings.push(if is_whole {
            Finding::ok(Check::Files, "the script and what it names are there, for pages of any origin")
        } else {
            Finding::warn(
                Check::Files,
                "the script names no files that this doctor knows",
                "Use the doctor of the same version as the Weft that runs.",
            )
        });
    }
}

fn is_script(name: &str) -> bool {
    name.strip_suffix(".js").is_some()
}

/// The files with a hash in their name that a script speaks of.
fn named_files(text: &str) -> Vec<String> {
    let is_hashed = |word: &&str| {
        let stem = word.strip_suffix(".js").or_else(|| word.strip_suffix(".wasm"));
        let parts = stem.and_then(|stem| stem.strip_prefix("weft")?.split_once('-'));
        parts.is_some_and(|(role, hash)| {
            role.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte == b'-')
                && hash
                    .rsplit('-')
                    .next()
                    .is_some_and(|hash| hash.len() == 10 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
        })
    };
    let words = text.split(['"', '\'', '`']).map(|word| word.strip_prefix("./").unwrap_or(word));
    words.filter(is_hashed).map(str::to_owned).collect()
}

fn file(name: &str, answer: &Answer, kind: &str, needs_corp: bool) -> Option<Finding> {
    let fail = |found: String, mend: &str| Some(Finding::fail(Check::Files, found, mend));
    if answer.status != 200 {
        return fail(
            format!("{name} answers {}", answer.status),
            "Deploy Weft again: a proxy in between may keep an old script.",
        );
    }
    if !answer.header("content-type").contains(kind) {
        return fail(
            format!("{name} comes as {:?}", answer.header("content-type")),
            "Let the proxy in between leave Content-Type as it is.",
        );
    }
    if answer.header("access-control-allow-origin") != "*" {
        return fail(
            format!("{name} comes without Access-Control-Allow-Origin: *"),
            "Let the proxy in between leave the Worker's headers as they are.",
        );
    }
    if needs_corp && answer.header("cross-origin-resource-policy") != "cross-origin" {
        return fail(
            format!(
                "the page has Cross-Origin-Embedder-Policy, and {name} no Cross-Origin-Resource-Policy: cross-origin"
            ),
            "Let the proxy in between leave the Worker's headers as they are.",
        );
    }
    if !answer.header("cache-control").contains("max-age") {
        let found = format!("{name} comes without Cache-Control: max-age");
        return Some(Finding::warn(
            Check::Files,
            found,
            "Let the proxy in between leave the Worker's headers as they are.",
        ));
    }
    None
}

/// The socket of the page, and that of a stranger.
pub(super) fn sockets(weft: &Url, key: &str, page: &Url, token: Option<&str>, findings: &mut Vec<Finding>) {
    let origin = page.origin().ascii_serialization();
    let proxies = "WebSockets must reach the Worker: look at proxies in between.";
    let socket = match probe::socket(weft, key, &origin, token) {
        Ok(Opened::Works) => Finding::ok(Check::Socket, "opens, and is answered"),
        Ok(Opened::Refused(status)) => {
            Finding::fail(Check::Socket, format!("the upgrade is refused with {status}"), proxies)
        }
        Ok(Opened::TokenRefused(code)) => {
            findings.retain(|finding| finding.check != Check::Token || finding.level == Level::Fail);
            findings.push(Finding::fail(
                Check::Token,
                format!("Weft refuses the token: {code}"),
                "Hand on the token that POST /widget-token of this Weft answers, as it is. If WEFT_MASTER_KEY was changed, tokens from before it are refused.",
            ));
            Finding::ok(Check::Socket, "opens, and is answered")
        }
        Err(error) => Finding::fail(Check::Socket, format!("it does not work: {error}"), proxies),
    };
    findings.push(socket);
    findings.extend(match probe::socket(weft, key, STRANGER, None) {
        Ok(Opened::Refused(403)) => Some(Finding::ok(Check::Stranger, "a page of another origin gets no socket")),
        Ok(Opened::Refused(_)) | Err(_) => None,
        Ok(_) => Some(Finding::warn(
            Check::Stranger,
            format!("a page of {STRANGER} gets a socket"),
            "Something in between writes the header Origin anew: let it pass as the browser sends it.",
        )),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_may_differ_by_half_a_minute() {
        let level = |now| clock_of("Sun, 06 Nov 1994 08:49:37 GMT", now).expect("a date").level;
        assert_eq!(level(784_111_777), Level::Ok);
        assert_eq!(level(784_111_777 + SKEW_SECS), Level::Ok);
        assert_eq!(level(784_111_777 + SKEW_SECS + 1), Level::Warn);
        assert_eq!(level(784_111_777 - SKEW_SECS - 1), Level::Warn);
        assert!(clock_of("", 0).is_none() && clock_of("yesterday", 0).is_none());
    }

    #[test]
    fn names_in_a_script_are_found() {
        let text = r#"import(new URL("weft-0123456789.js"+a,b));f('weft_bg-abcdef0123.wasm');import("./weft-doctor-0123456789.js")"#;
        assert_eq!(named_files(text), ["weft-0123456789.js", "weft_bg-abcdef0123.wasm", "weft-doctor-0123456789.js"]);
        assert!(named_files(r#""weft-xyz.js" "weft-.js" "../weft-0123456789.js" "weft.js""#).is_empty());
    }
}
