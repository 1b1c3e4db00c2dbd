//! The help pages.

use super::{not_found, page};
use crate::app::App;
use crate::help::{self, HelpPage, PAGES};
use crate::session::Visitor;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use maud::{Markup, PreEscaped, html};
use std::sync::Arc;

/// `GET /help`
pub async fn index(State(app): State<Arc<App>>, visitor: Visitor) -> Markup {
    let content = html! {
        div.wide {
            p.eyebrow { "Help" }
            h1 { "What people ask us" }
            p.lead { "Read on, or ask in the chat: it has read these pages too." }
            div.cards {
                @for text in PAGES.iter() {
                    a.card href=(text.url) {
                        h2 { (text.title) }
                        p { (text.summary()) }
                    }
                }
            }
        }
    };
    page(&app, &visitor, "/help", "Help", &content)
}

/// `GET /help/{slug}`
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Path(slug): Path<String>, uri: Uri) -> Response {
    match help::find(&slug) {
        Some(text) => page(&app, &visitor, uri.path(), text.title, &content(text)).into_response(),
        None => not_found(State(app), visitor, uri).await.into_response(),
    }
}

fn content(text: &HelpPage) -> Markup {
    html! {
        div.help {
            nav.side aria-label="Help pages" {
                ul {
                    @for other in PAGES.iter() {
                        li { a href=(other.url) aria-current=[(other.slug == text.slug).then_some("page")] { (other.title) } }
                    }
                }
            }
            article.prose {
                p.eyebrow { a href="/help" { "Help" } }
                h1 { (text.title) }
                (PreEscaped(text.html()))
                aside.ask {
                    p { b { "Not what you were looking for?" } }
                    p.actions {
                        button.button type="button" data-ask hidden { "Ask in the chat" }
                        a.button.quiet href="/help/contact" { "Other ways to reach us" }
                    }
                }
            }
        }
    }
}
