//! The shop's pages, and the frame around each: head, header, footer and the widget's script.

pub mod basket;
pub mod help;
pub mod home;
pub mod login;
pub mod product;

use crate::app::App;
use crate::session::Visitor;
use crate::{art, help as texts};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use maud::{DOCTYPE, Markup, html};
use std::sync::Arc;

/// The shop's accent in light colours, as `shop.css` has it.
const ACCENT_COLOR: &str = "#2b6452";

/// A whole page around `content`.
pub fn page(app: &App, visitor: &Visitor, path: &str, title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="theme-color" content="#f7f3ea" media="(prefers-color-scheme: light)";
                meta name="theme-color" content="#141a18" media="(prefers-color-scheme: dark)";
                title { (title) " · Marram Tea & Pots" }
                link rel="icon" href="/assets/favicon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/shop.css";
                // This one line is all that a page needs for the chat. The launcher is painted before the live config is
                // read: it has the shop's colour from here.
                script src=(app.config.weft.script()) data-key=(app.config.publishable_key)
                    data-accent-color=(ACCENT_COLOR) defer {}
                script src="/assets/shop.js" defer {}
            }
            body {
                a.skip href="#content" { "To the content" }
                p.notice { "Free UK delivery over £40. " span { "Order before 13:00 and it leaves today." } }
                (header(visitor, path))
                main #content { (content) }
                (footer())
            }
        }
    }
}

fn header(visitor: &Visitor, path: &str) -> Markup {
    let count = visitor.session.basket.count();
    let current = |place: &str| path.starts_with(place).then_some("page");
    html! {
        header.top {
            a.brand href="/" {
                (art::sign())
                span { "Marram" small { "Tea & Pots" } }
            }
            nav.main aria-label="Main" {
                a href="/#teas" { "Teas" }
                a href="/#teaware" { "Teaware" }
                a href="/help" aria-current=[current("/help")] { "Help" }
            }
            nav.own aria-label="Your account" {
                a href="/basket" aria-current=[current("/basket")] {
                    "Basket"
                    @if count > 0 { span.count { (count) } }
                }
                @if let Some(account) = visitor.session.account {
                    span.who { "Hello, " (account.first_name()) }
                    form method="post" action="/logout" { button.link { "Log out" } }
                } @else {
                    a href={ "/login?next=" (path) } aria-current=[current("/login")] { "Log in" }
                }
            }
        }
    }
}

fn footer() -> Markup {
    html! {
        footer.bottom {
            div.columns {
                div {
                    h2 { "Marram Tea & Pots" }
                    p { "4 Quay Lane" br; "Portmarrow PM3 7QT" br; "01632 960 142" }
                }
                div {
                    h2 { "Open" }
                    p { "Tuesday to Friday 9:30 to 18:00" br; "Saturday 9:00 to 16:00" br; "Tastings on Thursdays at 17:00" }
                }
                nav aria-label="Help" {
                    h2 { "Help" }
                    ul {
                        @for text in texts::PAGES.iter() { li { a href=(text.url) { (text.title) } } }
                    }
                }
            }
            p.small { "A demonstration of Weft. The shop is invented and sells nothing." }
        }
    }
}

/// The page for addresses that lead nowhere.
pub async fn not_found(State(app): State<Arc<App>>, visitor: Visitor, uri: Uri) -> (StatusCode, Markup) {
    let content = html! {
        div.narrow {
            h1 { "Nothing here" }
            p { "The page " code { (uri.path()) } " doesn't exist, or not any more." }
            p { a.button href="/" { "To the shop" } " " a.button.quiet href="/help" { "To the help pages" } }
        }
    };
    (StatusCode::NOT_FOUND, page(&app, &visitor, "/", "Not found", &content))
}
