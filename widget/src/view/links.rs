//! Links: what an answer rests on, under it, and those in its text.

use crate::browser::Node;
use crate::language::{Word, Words};
use weft_shared::markdown::is_safe;
use weft_shared::protocol::ws::SourceRef;

/// Adds the sources' titles, as links where they have an address.
pub(crate) fn add_sources(parent: &Node, sources: &[SourceRef], words: &Words) {
    let list = parent.add("ul", "sources");
    list.set("aria-label", words.get(Word::Sources));
    for source in sources {
        let item = list.add("li", "");
        let url = source.url.as_deref().filter(|url| is_safe(url));
        let link = item.add_with_text(if url.is_some() { "a" } else { "span" }, "", &source.title);
        if let Some(url) = url {
            set_address(&link, url);
        }
    }
}

/// Leads a link to an address that was found to be safe.
pub(super) fn set_address(link: &Node, address: &str) {
    link.set("href", address);
    link.set("target", "_blank");
    // The page that opens must not reach back into this one, nor learn which it was.
    link.set("rel", "noopener noreferrer");
}
