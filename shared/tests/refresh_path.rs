//! The refresh path never leads the widget, which sends the visitor's cookies along, to another origin.
#![cfg(feature = "server")]

use proptest::prelude::*;
use url::Url;
use weft_shared::config::{Origin, RefreshPath, RefreshPathError};

fn parse(text: &str) -> Result<RefreshPath, RefreshPathError> {
    RefreshPath::parse(text, Some(&Origin::parse("https://shop.example").expect("an origin")))
}

#[test]
fn paths_are_taken_as_they_are() {
    for text in [
        "/",
        "/widget-token",
        "/weft/token",
        "/api/v1/weft/token/",
        "/a.b/..c/d../.e/...",
        "/token;v=1",
        "/a:b/c=d,e+f",
        "/it's(fine)*~!$&",
        "/caf%C3%A9/%E2%9C%93",
        "/a%20b",
        "/a%2Eb",
    ] {
        assert_eq!(parse(text).expect(text).as_str(), text);
        assert_eq!(RefreshPath::parse(text, None).expect(text).as_str(), text);
    }
}

#[test]
fn what_could_leave_the_origin_is_refused() {
    use RefreshPathError::{Character, DotSegment, EmptySegment, Escape, HiddenCharacter, Length, NotAPath};
    for (text, why) in [
        ("", Length),
        // Not a path.
        ("widget-token", NotAPath),
        ("./widget-token", NotAPath),
        ("../widget-token", NotAPath),
        ("https://evil.example", NotAPath),
        ("https://shop.example/widget-token", NotAPath),
        ("HTTPS:/evil.example", NotAPath),
        ("javascript:alert(1)", NotAPath),
        ("data:text/plain,x", NotAPath),
        ("?token", NotAPath),
        ("#token", NotAPath),
        (" /widget-token", NotAPath),
        ("\t/widget-token", NotAPath),
        ("\u{feff}/widget-token", NotAPath),
        // Another host, for browsers.
        ("//evil.example", NotAPath),
        ("///evil.example", NotAPath),
        ("//evil.example/widget-token", NotAPath),
        ("/\\evil.example", NotAPath),
        ("/\\/evil.example", NotAPath),
        ("\\/evil.example", NotAPath),
        ("\\\\evil.example", NotAPath),
        ("//@evil.example", NotAPath),
        // Browsers drop these and see "//".
        ("/\t/evil.example", Character),
        ("/\n/evil.example", Character),
        ("/\r/evil.example", Character),
        ("/\t\\evil.example", Character),
        ("/widget-token\n", Character),
        ("/widget-token\0", Character),
        ("/widget\u{1f}token", Character),
        ("/widget\u{7f}token", Character),
        ("/widget\u{85}token", Character),
        ("/widget\u{2028}token", Character),
        ("/widget token", Character),
        ("/widget-token ", Character),
        ("/\u{ff0f}evil.example", Character),
        ("/caf\u{e9}", Character),
        ("/a\\b", Character),
        ("/a/..\\..\\b", Character),
        // User names, queries, fragments, and what else doesn't stand in a path.
        ("/@evil.example", Character),
        ("/a@evil.example", Character),
        ("/token?next=//evil.example", Character),
        ("/token?", Character),
        ("/token#", Character),
        ("/<script>", Character),
        ("/\"", Character),
        ("/{a}", Character),
        ("/a|b", Character),
        ("/a^b", Character),
        ("/a`b", Character),
        ("/[::1]", Character),
        // Empty segments, which servers fold.
        ("/a//evil.example", EmptySegment),
        ("/a//", EmptySegment),
        // Hidden in escapes.
        ("/%2f..", HiddenCharacter),
        ("/%2F%2Fevil.example", HiddenCharacter),
        ("/a%2fb", HiddenCharacter),
        ("/%5cevil.example", HiddenCharacter),
        ("/%5Cevil.example", HiddenCharacter),
        ("/%252fevil.example", HiddenCharacter),
        ("/a%00", HiddenCharacter),
        ("/a%0d%0aSet-Cookie:x", HiddenCharacter),
        ("/%09/evil.example", HiddenCharacter),
        ("/a%7f", HiddenCharacter),
        ("/a%C2%85", HiddenCharacter),
        // Dot segments.
        ("/.", DotSegment),
        ("/..", DotSegment),
        ("/../token", DotSegment),
        ("/a/./token", DotSegment),
        ("/a/..", DotSegment),
        ("/a/../../token", DotSegment),
        ("/..//evil.example", EmptySegment),
        ("/.//evil.example", EmptySegment),
        ("/%2e/token", DotSegment),
        ("/%2e%2e/token", DotSegment),
        ("/.%2E/token", DotSegment),
        ("/%2E./token", DotSegment),
        // Malformed escapes, and what isn't UTF-8: an overlong slash among it.
        ("/%", Escape),
        ("/a%2", Escape),
        ("/a%zz", Escape),
        ("/a%+f", Escape),
        ("/%c0%af", Escape),
        ("/%e0%80%af", Escape),
        ("/%ff", Escape),
    ] {
        assert_eq!(parse(text), Err(why), "{text:?}");
        assert_eq!(RefreshPath::parse(text, None), Err(why), "{text:?} without a base URL");
    }
}

#[test]
fn a_path_has_at_most_512_characters() {
    assert!(parse(&format!("/{}", "a".repeat(511))).is_ok());
    assert_eq!(parse(&format!("/{}", "a".repeat(512))), Err(RefreshPathError::Length));
}

#[test]
fn the_default_is_a_refresh_path() {
    assert_eq!(RefreshPath::parse(RefreshPath::default().as_str(), None), Ok(RefreshPath::default()));
}

#[test]
fn a_stored_path_is_parsed_again() {
    assert!(serde_json::from_str::<RefreshPath>(r#""/widget-token""#).is_ok());
    assert!(serde_json::from_str::<RefreshPath>(r#""//evil.example""#).is_err());
}

/// Texts made of what attacks are made of, many of which are paths.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[a-z0-9._~-]{1,6}",
        4 => Just("/".to_owned()),
        1 => prop::sample::select(vec![
            "//", "\\", ".", "..", "%2e", "%2f", "%5c", "%25", "%00", "%0a", "%C3%A9", "%zz", "%", "@", ":", "?", "#", "\t",
            "\n", " ", "\0", "\u{7f}", "\u{ff0f}", "\u{2028}", "evil.example", "https:", ";", "&", "=", "'", "(", "|", "^",
        ])
        .prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "%[0-9a-fA-F]{2}",
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| format!("/{}", parts.concat()))
}

/// Bases of every kind that a config can have, and pages deep below them.
fn bases() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "https://shop.example",
        "https://shop.example:8443",
        "http://localhost:8788",
        "http://127.0.0.1:8788",
        "http://[::1]:8788",
        "https://bücher.example",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn an_accepted_path_is_itself_on_every_origin(text in hostile(), base in bases()) {
        if let Ok(path) = RefreshPath::parse(&text, None) {
            let base_url = Url::parse(base).expect("a URL");
            for page in ["/", "/a/b/", "/a/b?c=/d#e"] {
                let page = base_url.join(page).expect("a URL");
                let url = page.join(path.as_str()).expect("joins");
                prop_assert_eq!(url.origin(), base_url.origin());
                prop_assert_eq!(url.path(), text.as_str());
                prop_assert!(url.query().is_none() && url.fragment().is_none());
                prop_assert!(url.username().is_empty() && url.password().is_none());
            }
            // Putting the two together without a parser leads to the same place.
            let origin = Origin::parse(base).expect("an origin");
            let naive = Url::parse(&format!("{origin}{path}")).expect("a URL");
            prop_assert_eq!(naive.origin(), base_url.origin());
            prop_assert_eq!(naive.path(), text.as_str());
            // A base URL never changes the verdict, and parse undoes format.
            prop_assert_eq!(RefreshPath::parse(path.as_str(), Some(&origin)), Ok(path));
        }
    }
}

#[test]
fn the_generator_reaches_both_verdicts() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let texts = (0..1_000).map(|_| hostile().new_tree(&mut runner).expect("generates").current());
    let accepted = texts.filter(|text| RefreshPath::parse(text, None).is_ok()).count();
    assert!((100..900).contains(&accepted), "{accepted} of 1000");
}
