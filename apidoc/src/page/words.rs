//! The little Markdown that descriptions have: paragraphs, `code` and **bold**.

use maud::{Markup, html};

/// Each paragraph.
pub(super) fn paragraphs(text: &str) -> Markup {
    html! { @for part in text.split("\n\n").filter(|part| !part.is_empty()) { p { (inline(part)) } } }
}

/// Within a line.
pub(super) fn inline(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (bold(part)) }
        }
    }
}

fn bold(text: &str) -> Markup {
    html! { @for (at, part) in text.split("**").enumerate() { @if at % 2 == 1 { strong { (part) } } @else { (part) } } }
}
