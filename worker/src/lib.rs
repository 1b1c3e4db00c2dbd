//! Weft on Cloudflare Workers.
//!
//! This crate does, `weft-shared` decides: here requests are decoded, rows are written, frames are sent. A request is
//! checked at the edge (`router`, `access`) and answered by a route (`routes`), which asks the objects (`objects`) that
//! hold the state. Only `clock` reads the clock, only `entropy` makes randomness, only `bindings` names a binding.

mod access;
mod bindings;
mod clock;
mod entropy;
mod extract;
mod insecure;
mod live;
mod log;
mod objects;
mod providers;
mod quota;
mod reply;
mod router;
mod routes;
mod settings;
mod store;
mod tokens;

use worker::{Context, Env, Request, Response, Result, event};

/// Every request from outside that isn't a static asset.
///
/// # Errors
/// The runtime's own, which it answers with a plain 500.
#[event(fetch)]
pub async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    router::handle(request, &env).await
}
