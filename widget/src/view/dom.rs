//! Nodes, built one by one. No HTML is parsed anywhere in the widget: there is nothing in which an answer's text could
//! become markup, and it runs where the page demands Trusted Types.

use wasm_bindgen::{JsCast as _, UnwrapThrowExt as _};
use web_sys::{Document, HtmlElement, Node};

/// Makes nodes of a document.
#[derive(Debug, Clone)]
pub(crate) struct Dom(Document);

impl Dom {
    /// Makes nodes for the document of this node.
    pub(crate) fn of(node: &Node) -> Self {
        Self(node.owner_document().expect_throw("an element has a document"))
    }

    /// A new element of this class, behind the last child of `parent`.
    pub(crate) fn add(&self, parent: &Node, tag: &str, class: &str) -> HtmlElement {
        let element: HtmlElement = self.0.create_element(tag).expect_throw("tags are constants").unchecked_into();
        if !class.is_empty() {
            element.set_class_name(class);
        }
        // It fails only where a node would contain itself.
        let _ = parent.append_child(&element);
        element
    }

    /// The same with a text in it.
    pub(crate) fn add_text(&self, parent: &Node, tag: &str, class: &str, text: &str) -> HtmlElement {
        let element = self.add(parent, tag, class);
        element.set_text_content(Some(text));
        element
    }

    /// A button with an icon, which its class paints, and a name for those who don't see it.
    pub(crate) fn add_icon_button(&self, parent: &Node, class: &str, label: &str) -> HtmlElement {
        let button = self.add(parent, "button", class);
        set(&button, "type", "button");
        set(&button, "aria-label", label);
        button
    }
}

/// Puts bare text behind the last child of `parent`.
pub(crate) fn add_bare_text(parent: &HtmlElement, text: &str) {
    // A node that is an element takes any text.
    let _ = parent.append_with_str_1(text);
}

/// Sets an attribute.
pub(crate) fn set(element: &HtmlElement, name: &str, value: &str) {
    // It fails only where the name isn't one, and names are constants.
    let _ = element.set_attribute(name, value);
}

/// Whether an address may become a link. Anything else, `javascript:` above all, stays text.
pub(crate) fn is_web_address(address: &str) -> bool {
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
