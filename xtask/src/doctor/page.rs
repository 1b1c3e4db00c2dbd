//! What a page's HTML says of Weft: its script tags, and the policies in its head. Read by a tokenizer of the WHATWG's
//! own rules, so that a tag in a comment or in a script's text counts for nothing, as in a browser.

use html5gum::{DefaultEmitter, HtmlString, StartTag, Token, Tokenizer};
use std::fmt::Write as _;
use url::Url;
use weft_shared::protocol::paths::WIDGET_SCRIPT_PATH;

/// What stands in a page.
#[derive(Debug, Default)]
pub(super) struct PageHtml {
    /// Weft's script tags, in order.
    pub(super) tags: Vec<ScriptTag>,
    /// The policies of `<meta http-equiv="Content-Security-Policy">`, in order.
    pub(super) policies: Vec<String>,
    base: Option<String>,
}

/// A script tag of Weft's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ScriptTag {
    /// As it stands there, made absolute.
    pub(super) src: String,
    /// `data-key`, or its older name.
    pub(super) key: Option<String>,
    /// `data-api-url`: where Weft is, if not where the script is.
    pub(super) api_url: Option<String>,
    /// `nonce`
    pub(super) nonce: String,
    /// `integrity`
    pub(super) integrity: String,
    /// Whether it is a module: then the script can't read its own attributes.
    pub(super) is_module: bool,
}

impl ScriptTag {
    /// Weft's origin.
    pub(super) fn weft(&self) -> Option<Url> {
        let url = Url::parse(self.api_url.as_deref().unwrap_or(&self.src)).ok()?;
        Url::parse(&url.origin().ascii_serialization()).ok()
    }
}

/// Reads a page that came from `address`.
pub(super) fn read(html: &str, address: &Url) -> PageHtml {
    let mut emitter = DefaultEmitter::<()>::default();
    emitter.naively_switch_states(true);
    let mut page = PageHtml::default();
    for token in Tokenizer::new_with_emitter(html, emitter).flatten() {
        let Token::StartTag(tag) = token else { continue };
        match &**tag.name {
            b"script" => page.tags.extend(script(&tag)),
            b"base" if page.base.is_none() => page.base = attribute(&tag, "href"),
            b"meta" if attribute(&tag, "http-equiv").is_some_and(|name| is_policy(&name)) => {
                page.policies.extend(attribute(&tag, "content"));
            }
            _ => {}
        }
    }
    let base = page.base.as_deref().and_then(|base| address.join(base).ok()).unwrap_or_else(|| address.clone());
    page.tags.retain_mut(|tag| {
        let Ok(src) = base.join(&tag.src) else { return false };
        tag.src = src.to_string();
        src.path().ends_with(WIDGET_SCRIPT_PATH)
    });
    page
}

fn is_policy(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case("content-security-policy")
}

fn script(tag: &StartTag<()>) -> Option<ScriptTag> {
    Some(ScriptTag {
        src: attribute(tag, "src")?.trim().to_owned(),
        key: attribute(tag, "data-key").or_else(|| attribute(tag, "data-api-key")),
        api_url: attribute(tag, "data-api-url"),
        nonce: attribute(tag, "nonce").unwrap_or_default(),
        integrity: attribute(tag, "integrity").unwrap_or_default(),
        is_module: attribute(tag, "type").is_some_and(|kind| kind.trim().eq_ignore_ascii_case("module")),
    })
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(&HtmlString(name.as_bytes().to_vec()))?;
    Some(String::from_utf8_lossy(value).into_owned())
}

/// A key as it may be shown: who it belongs to, and its last four characters.
pub(super) fn masked(key: &str) -> String {
    let mut shown = String::new();
    let Some((head, tail)) = key.rsplit_once('_') else { return "•••".to_owned() };
    let end: String = tail.chars().skip(tail.chars().count().saturating_sub(4).max(8)).collect();
    let _ = write!(shown, "{head}_••••{end}");
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(html: &str) -> PageHtml {
        read(html, &Url::parse("https://shop.example/teas/1").expect("an address"))
    }

    #[test]
    fn tags_are_read_as_a_browser_reads_them() {
        let read = page(
            "<!doctype html><!-- <script src=https://no.example/widget/weft.js></script> -->
             <script>\"<script src=https://no.example/widget/weft.js>\"</script>
             <SCRIPT src='https://weft.example/widget/weft.js?v=1&amp;b' DATA-KEY=\"wf_pk_acme_1\" nonce=abc defer></SCRIPT>
             <script src=/assets/shop.js></script>
             <script type=module src=//weft.example/widget/weft.js data-api-key=wf_pk_acme_2></script>",
        );
        assert_eq!(read.tags.len(), 2, "{:?}", read.tags);
        assert_eq!(read.tags[0].src, "https://weft.example/widget/weft.js?v=1&b");
        assert_eq!(read.tags[0].key.as_deref(), Some("wf_pk_acme_1"));
        assert_eq!(read.tags[0].nonce, "abc");
        assert!(!read.tags[0].is_module && read.tags[1].is_module);
        assert_eq!(read.tags[1].key.as_deref(), Some("wf_pk_acme_2"));
        assert_eq!(read.tags[1].weft().expect("an origin").as_str(), "https://weft.example/");
    }

    #[test]
    fn base_and_api_url_say_where_weft_is() {
        let read = page(
            "<base href=https://cdn.example/><script src=widget/weft.js data-api-url=https://api.example/x data-key=k>",
        );
        assert_eq!(read.tags[0].src, "https://cdn.example/widget/weft.js");
        assert_eq!(read.tags[0].weft().expect("an origin").as_str(), "https://api.example/");
    }

    #[test]
    fn policies_of_the_head_are_found_whatever_their_case() {
        let read = page(
            "<meta HTTP-EQUIV=content-security-policy content=\"default-src 'self'\"><meta name=description content=x>
             <meta http-equiv='Content-Security-Policy-Report-Only' content='img-src x'>",
        );
        assert_eq!(read.policies, ["default-src 'self'"]);
    }

    #[test]
    fn no_whole_key_is_shown() {
        let key = "wf_pk_acme_0123456789012345678901234567890123456789";
        assert_eq!(masked(key), "wf_pk_acme_••••6789");
        assert_eq!(masked("wf_pk_acme_short"), "wf_pk_acme_••••");
        assert_eq!(masked("whatever"), "•••");
    }
}
