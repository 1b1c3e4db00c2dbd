//! The widget's files: served to any page, the loader for minutes, what it loads for ever under hashed names.

use std::collections::BTreeMap;
use weft_tests::api::{Answer, Deployment};

const SCRIPT: &str = "text/javascript";
const WASM: &str = "application/wasm";

/// Hashed files that `text` names, with their kind: `weft…-<16 hex digits>.js` or `.wasm`.
fn hashed_files(text: &str) -> BTreeMap<String, &'static str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let words = text.split(|c: char| !is_part(c)).map(|word| word.trim_start_matches('.'));
    let kind_of = |word: &str| {
        let (stem, extension) = word.split_once('.')?;
        let (_, hash) = stem.rsplit_once('-')?;
        let is_hash = hash.len() == 10 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        match extension {
            "js" if is_hash => Some(SCRIPT),
            "wasm" if is_hash => Some(WASM),
            _ => None,
        }
    };
    words.filter_map(|word| Some((word.to_owned(), kind_of(word)?))).collect()
}

#[track_caller]
fn is_for_any_page(answer: &Answer, kind: &str) {
    assert_eq!(answer.status, 200, "{}", answer.what);
    assert!(answer.header("Content-Type").is_some_and(|found| found.starts_with(kind)), "{}", answer.what);
    assert_eq!(answer.header("Access-Control-Allow-Origin").as_deref(), Some("*"), "{}", answer.what);
    assert_eq!(answer.header("Cross-Origin-Resource-Policy").as_deref(), Some("cross-origin"), "{}", answer.what);
    assert_eq!(answer.header("X-Content-Type-Options").as_deref(), Some("nosniff"), "{}", answer.what);
    assert_eq!(answer.header("Set-Cookie"), None, "{}", answer.what);
}

#[test]
fn one_script_leads_to_all_that_the_widget_loads() {
    let at = Deployment::shared();
    let get = |name: &str| at.get(&format!("/widget/{name}")).origin("https://any.example").send();
    let loader = get("weft.js");
    is_for_any_page(&loader, SCRIPT);
    let cached = loader.header("Cache-Control").unwrap_or_default();
    assert!(cached.contains("max-age=") && !cached.contains("immutable"), "a new loader arrives soon: {cached}");

    let mut files = hashed_files(&loader.text);
    for (module, _) in files.clone().iter().filter(|(_, kind)| **kind == SCRIPT) {
        files.extend(hashed_files(&get(module).text));
    }
    for kind in [SCRIPT, WASM] {
        assert!(files.values().any(|found| *found == kind), "{kind} is named: {files:?}");
    }
    for (name, kind) in &files {
        let answer = at.call("HEAD", &format!("/widget/{name}")).send();
        is_for_any_page(&answer, kind);
        let cached = answer.header("Cache-Control").unwrap_or_default();
        assert!(cached.contains("immutable") && cached.contains("max-age=31536000"), "{name}: {cached}");
    }
}

#[test]
fn what_is_no_file_of_the_widget_is_not_found() {
    let at = Deployment::shared();
    for path in
        ["/widget/weft-0000000000000000.js", "/widget/", "/widget/index.html", "/_headers", "/widget/../_headers"]
    {
        at.get(path).send().refused("not_found");
    }
    assert_eq!(at.get("/widget/weft.js").send().status, 200);
}
