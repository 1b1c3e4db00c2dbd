//! What an answer rests on, under it.

use super::words;
use crate::browser::Node;
use weft_shared::protocol::ws::SourceRef;

/// Adds the sources' titles, as links where they have an address.
pub(crate) fn add_sources(parent: &Node, sources: &[SourceRef]) {
    let list = parent.add("ul", "sources");
    list.set("aria-label", words::SOURCES);
    for source in sources {
        let item = list.add("li", "");
        let url = source.url.as_deref().filter(|url| is_web_address(url));
        let link = item.add_with_text(if url.is_some() { "a" } else { "span" }, "", &source.title);
        if let Some(url) = url {
            link.set("href", url);
            link.set("target", "_blank");
            // The page that opens must not reach back into this one.
            link.set("rel", "noopener");
        }
    }
}

/// Whether an address may become a link. Anything else, `javascript:` above all, stays text.
fn is_web_address(address: &str) -> bool {
    let starts = |scheme: &str| address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    starts("https://") || starts("http://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_and_https_become_links() {
        for good in ["https://a.example", "http://a.example/b", "HTTPS://a.example"] {
            assert!(is_web_address(good), "{good}");
        }
        for bad in [
            "",
            "javascript:alert(1)",
            " https://a",
            "java\nscript:x",
            "data:text/html,x",
            "//a.example",
            "/a",
            "https:/a",
            "mailto:a@b",
            "vbscript:x",
            "http",
            "ht\u{0}tps://a",
            "éttps://",
        ] {
            assert!(!is_web_address(bad), "{bad}");
        }
    }
}
