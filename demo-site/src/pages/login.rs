//! Login and logout: both by `POST` from the shop's own pages only.

use super::page;
use crate::accounts::{self, ACCOUNTS};
use crate::app::App;
use crate::return_path::return_path;
use crate::session::{Session, SessionId, Visitor, clear_cookie};
use crate::{clock, entropy};
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// Where to go after the login.
#[derive(Deserialize)]
pub struct Next {
    next: Option<String>,
}

/// What the visitor typed.
#[derive(Deserialize)]
pub struct Credentials {
    username: String,
    password: String,
    next: Option<String>,
}

/// `GET /login`
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<Next>) -> Response {
    let next = return_path(query.next.as_deref());
    if visitor.session.account.is_some() {
        return Redirect::to(next).into_response();
    }
    page(&app, &visitor, "/login", "Log in", &form(next, "", false)).into_response()
}

/// `POST /login`
pub async fn log_in(State(app): State<Arc<App>>, visitor: Visitor, Form(typed): Form<Credentials>) -> Response {
    let next = return_path(typed.next.as_deref());
    let Some(account) = accounts::verify(typed.username.trim(), &typed.password) else {
        let content = form(next, &typed.username, true);
        return (StatusCode::UNAUTHORIZED, page(&app, &visitor, "/login", "Log in", &content)).into_response();
    };
    let Ok(random) = entropy::random_bytes() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    // A new id for the logged-in session: one that was planted in the browser beforehand stays worthless.
    if let Some(old) = &visitor.id {
        app.sessions.end(old);
    }
    let id = SessionId::new(random);
    let set_cookie = id.set_cookie();
    app.sessions.put(id, Session { account: Some(account), basket: visitor.session.basket }, clock::now());
    ([(header::SET_COOKIE, set_cookie)], Redirect::to(next)).into_response()
}

/// `POST /logout`
pub async fn log_out(State(app): State<Arc<App>>, visitor: Visitor) -> Response {
    if let Some(id) = &visitor.id {
        app.sessions.end(id);
    }
    ([(header::SET_COOKIE, clear_cookie())], Redirect::to("/")).into_response()
}

fn form(next: &str, username: &str, has_failed: bool) -> Markup {
    html! {
        div.login {
            h1 { "Log in" }
            p.lead { "Once you are logged in you can chat with us." }
            form.panel method="post" action="/login" {
                @if has_failed {
                    p.error role="alert" { "That name and password don't belong together. Please try again." }
                }
                input type="hidden" name="next" value=(next);
                label { "User name"
                    input name="username" value=(username) autocomplete="username" autocapitalize="none"
                        spellcheck="false" required maxlength="64" autofocus[!has_failed];
                }
                label { "Password"
                    input type="password" name="password" autocomplete="current-password" required maxlength="128"
                        autofocus[has_failed];
                }
                button.button { "Log in" }
            }
            aside.accounts {
                h2 { "Two accounts to try" }
                table {
                    thead { tr { th scope="col" { "User name" } th scope="col" { "Password" } th scope="col" { "Customer" } } }
                    tbody {
                        @for account in &ACCOUNTS {
                            tr {
                                td { code { (account.username) } }
                                td { code { (account.demo_password) } }
                                td { (account.name) }
                            }
                        }
                    }
                }
            }
        }
    }
}
