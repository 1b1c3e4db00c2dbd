//! The first page: who the shop is, and what stands on its shelves.

use super::page;
use crate::app::App;
use crate::catalog::{Product, Shelf, on_shelf, price};
use crate::session::Visitor;
use crate::{art, help};
use axum::extract::State;
use maud::{Markup, html};
use std::sync::Arc;

/// `GET /`
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor) -> Markup {
    let content = html! {
        section.hero {
            div.words {
                p.eyebrow { "Portmarrow, since 1987" }
                h1 { "Tea for weather like this." }
                p.lead {
                    "Six teas we drink ourselves, and pots that pour without a drip. Packed to order in a former \
                     net loft, forty steps from the harbour."
                }
                p.actions {
                    a.button href="#teas" { "See the teas" }
                    button.button.quiet type="button" data-ask hidden { "Ask us" }
                }
            }
            (art::scene())
        }
        (shelf("teas", "Teas", "Loose leaf, from 50 g. Every bag has its picking date.", Shelf::Tea))
        (shelf("teaware", "Teaware", "Thrown two streets away, or built to be mended.", Shelf::Ware))
        section.questions aria-labelledby="questions" {
            h2 #questions { "Good to know" }
            div.cards {
                @for text in ["shipping", "returns", "repairs"].into_iter().filter_map(help::find) {
                    a.card href=(text.url) {
                        h3 { (text.title) }
                        p { (text.summary()) }
                    }
                }
            }
        }
    };
    page(&app, &visitor, "/", "Loose leaf tea and stoneware", &content)
}

fn shelf(id: &str, title: &str, lead: &str, shelf: Shelf) -> Markup {
    html! {
        section.shelf #(id) {
            div.heading { h2 { (title) } p { (lead) } }
            ul.products {
                @for product in on_shelf(shelf) { li { (card(product)) } }
            }
        }
    }
}

fn card(product: &Product) -> Markup {
    html! {
        a.product href={ "/products/" (product.slug) } {
            span.picture {
                (product.art.draw(product.name))
                @if let Some(badge) = product.badge { span.badge { (badge) } }
            }
            h3 { (product.name) }
            span.kind { (product.kind) }
            span.short { (product.short) }
            @if let Some(size) = product.sizes.first() {
                span.price {
                    @if product.sizes.len() > 1 { small { "from " } }
                    (price(size.pence))
                    small { " · " (size.label) }
                }
            }
        }
    }
}
