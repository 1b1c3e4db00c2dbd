//! A product's page.

use super::{not_found, page};
use crate::app::App;
use crate::catalog::{self, Product, price};
use crate::help;
use crate::session::Visitor;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use std::sync::Arc;

/// `GET /products/{slug}`
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Path(slug): Path<String>, uri: Uri) -> Response {
    match catalog::find(&slug) {
        Some(product) => page(&app, &visitor, uri.path(), product.name, &content(product)).into_response(),
        None => not_found(State(app), visitor, uri).await.into_response(),
    }
}

fn content(product: &Product) -> Markup {
    html! {
        article.detail {
            div.picture { (product.art.draw(product.name)) }
            div.words {
                p.eyebrow { (product.kind) }
                h1 { (product.name) }
                p.lead { (product.short) }
                form.buy method="post" action="/basket" {
                    input type="hidden" name="product" value=(product.slug);
                    fieldset {
                        legend { "Size" }
                        @for (index, size) in product.sizes.iter().enumerate() {
                            label.size {
                                input type="radio" name="size" value=(size.label) checked[index == 0] required;
                                span.box {
                                    b { (size.label) }
                                    span.cost { (price(size.pence)) }
                                    small { (size.note) }
                                }
                            }
                        }
                    }
                    p.actions {
                        button.button { "Add to basket" }
                        button.button.quiet type="button" data-ask hidden { "Ask about it" }
                    }
                }
                dl.facts {
                    @for (name, value) in product.facts { div { dt { (name) } dd { (value) } } }
                }
                @for paragraph in product.story { p { (paragraph) } }
                @if let Some(text) = help::find(product.help) {
                    p.more { "See also: " a href=(text.url) { (text.title) } }
                }
            }
        }
    }
}
