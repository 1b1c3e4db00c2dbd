//! The page's content security policy against what Weft needs. Whether a policy lets a request out is decided by the
//! algorithms of CSP 3 (the crate is that of Servo); which words are missing, and where they go, is decided here.

use content_security_policy::{
    CheckResult, CspList, Destination, Initiator, ParserMetadata, PolicyDisposition, PolicySource, Request,
};
use url::Url;

use super::finding::{Check, Finding};
use super::page::ScriptTag;

/// What the page needs of its policy.
#[derive(Debug)]
pub(super) struct Needs<'a> {
    /// The page's own address.
    pub(super) page: &'a Url,
    /// Its script tag.
    pub(super) tag: &'a ScriptTag,
    /// Weft's origin.
    pub(super) weft: &'a Url,
    /// Whether the page asks its own refresh endpoint.
    pub(super) own_endpoint: bool,
}

/// Judges the policies that came as headers and in the head. A browser holds a page to each of them.
pub(super) fn judge(headers: &[String], metas: &[String], needs: &Needs<'_>) -> Vec<Finding> {
    let mut policies = CspList(Vec::new());
    for (texts, source) in [(headers, PolicySource::Header), (metas, PolicySource::Meta)] {
        for text in texts {
            policies.append(CspList::parse(text, source, PolicyDisposition::Enforce));
        }
    }
    if policies.0.is_empty() {
        let none = "the page has no Content-Security-Policy";
        return [Check::PolicyScript, Check::PolicyWasm, Check::PolicyConnect]
            .map(|check| Finding::ok(check, none))
            .into();
    }
    vec![script(&policies, needs), wasm(&policies), connect(&policies, needs)]
}

fn script(policies: &CspList, needs: &Needs<'_>) -> Finding {
    let Ok(src) = Url::parse(&needs.tag.src) else {
        return Finding::skip(Check::PolicyScript, "the script's address can't be read");
    };
    let origin = src.origin().ascii_serialization();
    // What the loader imports stands beside it. No nonce is on that: it inherits trust by 'strict-dynamic' alone.
    let beside = src.join("weft-0000000000.js").unwrap_or_else(|_| src.clone());
    let mut tag = request(&src, needs.page, Destination::Script, ParserMetadata::ParserInserted);
    tag.nonce.clone_from(&needs.tag.nonce);
    tag.integrity_metadata.clone_from(&needs.tag.integrity);
    let module = request(&beside, needs.page, Destination::Script, ParserMetadata::NotParserInserted);
    let blocked = [&tag, &module].into_iter().find_map(|request| blocking(policies, request));
    match blocked {
        None => Finding::ok(Check::PolicyScript, "lets the script and its module in"),
        Some(list) => Finding::fail(
            Check::PolicyScript,
            format!("the page's policy keeps Weft's script out ({list})"),
            format!("Add {origin} to script-src of the Content-Security-Policy."),
        ),
    }
}

fn wasm(policies: &CspList) -> Finding {
    match policies.is_wasm_evaluation_allowed() {
        (CheckResult::Allowed, _) => Finding::ok(Check::PolicyWasm, "lets WebAssembly be compiled"),
        (CheckResult::Blocked, violations) => Finding::fail(
            Check::PolicyWasm,
            format!("the page's policy forbids WebAssembly ({})", lists(&violations)),
            "Add 'wasm-unsafe-eval', quotes included, to script-src of the Content-Security-Policy. It doesn't allow eval.",
        ),
    }
}

fn connect(policies: &CspList, needs: &Needs<'_>) -> Finding {
    let weft = needs.weft.origin().ascii_serialization();
    let socket = weft.replacen("http", "ws", 1);
    let mut missing = Vec::new();
    let mut seen = String::new();
    let mut look = |name: &str, address: &str| {
        let Ok(url) = Url::parse(address) else { return };
        let asked = request(&url, needs.page, Destination::None, ParserMetadata::None);
        if let Some(list) = blocking(policies, &asked) {
            missing.push(name.to_owned());
            seen = list;
        }
    };
    look(&weft, &format!("{weft}/widget/config"));
    look(&socket, &format!("{socket}/widget/session"));
    if needs.own_endpoint {
        look("'self'", needs.page.as_str());
    }
    if missing.is_empty() {
        return Finding::ok(Check::PolicyConnect, "lets the page call Weft");
    }
    Finding::fail(
        Check::PolicyConnect,
        format!("the page's policy forbids calls that the widget makes ({seen})"),
        format!("Add {} to connect-src of the Content-Security-Policy.", missing.join(" and ")),
    )
}

fn request(url: &Url, page: &Url, destination: Destination, parser_metadata: ParserMetadata) -> Request {
    Request {
        url: url.clone(),
        current_url: url.clone(),
        origin: page.origin(),
        redirect_count: 0,
        destination,
        initiator: Initiator::None,
        nonce: String::new(),
        integrity_metadata: String::new(),
        parser_metadata,
    }
}

/// The list that keeps a request from going out, as the page has it.
fn blocking(policies: &CspList, request: &Request) -> Option<String> {
    let (result, mut violations) = policies.should_request_be_blocked(request);
    if request.url.scheme().starts_with("ws") {
        // `*` lets sockets out too (CSP 3, section 6.7.2.8); the crate knows it of http alone.
        violations.retain(|violation| !violation.directive.value.iter().any(|source| source == "*"));
    }
    (result == CheckResult::Blocked && !violations.is_empty()).then(|| lists(&violations))
}

/// The directives of these violations, as the page has them: `default-src`, where that stands for another.
fn lists(violations: &[content_security_policy::Violation]) -> String {
    let text = |violation: &content_security_policy::Violation| {
        let own = violation.policy.directive_set.iter().find(|own| own.value == violation.directive.value);
        own.unwrap_or(&violation.directive).to_string()
    };
    violations.iter().map(text).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    const WEFT: &str = "https://weft.example";

    fn failed(policies: &[&str]) -> Vec<(Check, String)> {
        failed_with(policies, &ScriptTag { src: format!("{WEFT}/widget/weft.js"), ..ScriptTag::default() })
    }

    fn failed_with(policies: &[&str], tag: &ScriptTag) -> Vec<(Check, String)> {
        let page = Url::parse("https://shop.example/teas").expect("an address");
        let weft = Url::parse(WEFT).expect("an address");
        let needs = Needs { page: &page, tag, weft: &weft, own_endpoint: true };
        let headers: Vec<String> = policies.iter().map(|policy| (*policy).to_owned()).collect();
        let findings = judge(&headers, &[], &needs);
        findings.into_iter().filter(|found| found.level == Level::Fail).map(|found| (found.check, found.mend)).collect()
    }

    #[test]
    fn policy_of_the_guide_is_enough() {
        let policy = "script-src 'self' https://weft.example 'wasm-unsafe-eval'; \
                      connect-src 'self' https://weft.example wss://weft.example";
        assert_eq!(failed(&[policy]), []);
        assert_eq!(failed(&[]), []);
        assert_eq!(failed(&["img-src 'none'; frame-ancestors 'none'"]), []);
        assert_eq!(failed(&["default-src * 'unsafe-eval'"]), []);
    }

    #[test]
    fn each_missing_word_is_named_with_its_place() {
        let script = "script-src 'self' https://weft.example 'wasm-unsafe-eval'";
        let connect = "connect-src 'self' https://weft.example wss://weft.example";
        let without = |script: &str, connect: &str| failed(&[&format!("default-src 'none'; {script}; {connect}")]);
        let [(check, mend)] = &without(&script.replace(" https://weft.example", ""), connect)[..] else {
            panic!("one")
        };
        assert_eq!(
            (*check, mend.contains("https://weft.example to script-src")),
            (Check::PolicyScript, true),
            "{mend}"
        );
        let [(check, mend)] = &without(&script.replace(" 'wasm-unsafe-eval'", ""), connect)[..] else { panic!("one") };
        assert_eq!((*check, mend.contains("'wasm-unsafe-eval'")), (Check::PolicyWasm, true));
        for (missing, words) in [
            ("'self' ", "Add 'self' to connect-src"),
            // Without the socket's origin too: by CSP 3 (section 6.7.2.9) `wss:` lets https out.
            (
                "https://weft.example wss://weft.example",
                "Add https://weft.example and wss://weft.example to connect-src",
            ),
            (" wss://weft.example", "Add wss://weft.example to connect-src"),
        ] {
            let [(check, mend)] = &without(script, &connect.replace(missing, ""))[..] else { panic!("one: {missing}") };
            assert_eq!(*check, Check::PolicyConnect);
            assert!(mend.starts_with(words), "{mend}");
        }
        let [(_, mend)] = &without(script, "connect-src 'none'")[..] else { panic!("one") };
        assert!(mend.starts_with("Add https://weft.example and wss://weft.example and 'self' to"), "{mend}");
    }

    #[test]
    fn default_src_stands_for_what_is_missing_and_is_shown_so() {
        let page = Url::parse("https://shop.example/").expect("an address");
        let weft = Url::parse(WEFT).expect("an address");
        let tag = ScriptTag { src: format!("{WEFT}/widget/weft.js"), ..ScriptTag::default() };
        let needs = Needs { page: &page, tag: &tag, weft: &weft, own_endpoint: false };
        let findings = judge(&["default-src 'self'".to_owned()], &[], &needs);
        assert_eq!(findings.iter().filter(|found| found.level == Level::Fail).count(), 3);
        assert!(findings.iter().all(|found| found.found.contains("(default-src 'self')")), "{findings:?}");
    }

    #[test]
    fn every_policy_counts_and_the_strictest_wins() {
        let open = "script-src * 'unsafe-eval'; connect-src *";
        let strict = "script-src https://weft.example";
        assert_eq!(failed(&[open, strict]).len(), 1);
        assert_eq!(failed(&[&format!("{open}, {strict}")]).len(), 1, "two in one header");
    }

    #[test]
    fn a_nonce_lets_the_tag_in_and_its_module_needs_more() {
        let tag =
            ScriptTag { src: format!("{WEFT}/widget/weft.js"), nonce: "r4nd0m".to_owned(), ..ScriptTag::default() };
        assert_eq!(failed_with(&["script-src 'nonce-r4nd0m' 'strict-dynamic' 'wasm-unsafe-eval'"], &tag), []);
        let [(Check::PolicyScript, _)] = &failed_with(&["script-src 'nonce-r4nd0m' 'wasm-unsafe-eval'"], &tag)[..]
        else {
            panic!("the module has no nonce")
        };
        let stranger = ScriptTag { nonce: "other".to_owned(), ..tag };
        assert_eq!(failed_with(&["script-src 'nonce-r4nd0m' 'strict-dynamic' 'wasm-unsafe-eval'"], &stranger).len(), 1);
    }
}
