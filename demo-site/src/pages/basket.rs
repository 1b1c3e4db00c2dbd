//! The basket. It goes no further: nothing is sold here.

use super::page;
use crate::app::App;
use crate::basket::Basket;
use crate::catalog::price;
use crate::session::{SessionId, Visitor};
use crate::{clock, entropy};
use axum::Form;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// From here on delivery in the UK is free.
const FREE_DELIVERY_PENCE: u32 = 4000;
/// Standard delivery in the UK.
const DELIVERY_PENCE: u32 = 350;

/// One product in one size.
#[derive(Deserialize)]
pub struct Choice {
    product: String,
    size: String,
}

/// `GET /basket`
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor) -> Markup {
    let basket = &visitor.session.basket;
    let content = html! {
        div.narrow {
            h1 { "Basket" }
            @if basket.lines().is_empty() {
                p { "There is nothing in it yet." }
                p { a.button href="/#teas" { "See the teas" } }
            } @else {
                (lines(basket))
                p.actions { a.button.quiet href="/#teas" { "Keep looking" } }
                p.small { "This is where the checkout would begin. The shop is a demonstration and sells nothing." }
            }
        }
    };
    page(&app, &visitor, "/basket", "Basket", &content)
}

fn lines(basket: &Basket) -> Markup {
    let delivery = if basket.pence() >= FREE_DELIVERY_PENCE { 0 } else { DELIVERY_PENCE };
    html! {
        ul.lines {
            @for line in basket.lines() {
                li {
                    a.thumb href={ "/products/" (line.product.slug) } { (line.product.art.draw(line.product.name)) }
                    div {
                        a href={ "/products/" (line.product.slug) } { (line.product.name) }
                        small { (line.size.label) " · " (line.count) " × " (price(line.size.pence)) }
                        form method="post" action="/basket/remove" {
                            input type="hidden" name="product" value=(line.product.slug);
                            input type="hidden" name="size" value=(line.size.label);
                            button.link aria-label={ "Remove " (line.product.name) ", " (line.size.label) } { "Remove" }
                        }
                    }
                    b { (price(line.pence())) }
                }
            }
        }
        dl.sums {
            div { dt { "Delivery in the UK" } dd { @if delivery == 0 { "free" } @else { (price(delivery)) } } }
            div.total { dt { "Together" } dd { (price(basket.pence() + delivery)) } }
        }
        @if delivery > 0 {
            p.small { "Another " (price(FREE_DELIVERY_PENCE - basket.pence())) " and delivery is free." }
        }
    }
}

/// `POST /basket`: puts one in.
pub async fn add(State(app): State<Arc<App>>, mut visitor: Visitor, Form(choice): Form<Choice>) -> Response {
    if !visitor.session.basket.add(&choice.product, &choice.size) {
        return (StatusCode::BAD_REQUEST, "We don't have that.\n").into_response();
    }
    let (id, is_new) = match visitor.id {
        Some(id) => (id, false),
        None => match entropy::random_bytes() {
            Ok(random) => (SessionId::new(random), true),
            Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
    };
    let set_cookie = is_new.then(|| [(header::SET_COOKIE, id.set_cookie())]);
    app.sessions.put(id, visitor.session, clock::now());
    match set_cookie {
        Some(set_cookie) => (set_cookie, Redirect::to("/basket")).into_response(),
        None => Redirect::to("/basket").into_response(),
    }
}

/// `POST /basket/remove`: takes a line out.
pub async fn remove(State(app): State<Arc<App>>, mut visitor: Visitor, Form(choice): Form<Choice>) -> Redirect {
    visitor.session.basket.remove(&choice.product, &choice.size);
    if let Some(id) = visitor.id {
        app.sessions.put(id, visitor.session, clock::now());
    }
    Redirect::to("/basket")
}
