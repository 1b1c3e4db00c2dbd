//! The documentation of every route, one module per group. A route without its entry here fails a test; how to write one
//! says the crate's own page.

mod audit;
mod chat;
mod config;
mod conversations;
mod keys;
mod service;
mod sessions;
mod sources;
mod tenants;
mod widget;

use crate::operation::{Group, Operation};
use weft_shared::ids::Environment;

/// The groups in the page's order, each with its operations.
#[must_use]
pub fn all() -> Vec<(Group, Vec<Operation>)> {
    vec![
        widget::group(),
        chat::group(),
        tenants::group(),
        sessions::group(),
        keys::group(),
        config::group(),
        sources::group(),
        conversations::group(),
        audit::group(),
        service::group(),
    ]
}

const WIDGET: &str = "Widget plane";
const CHAT: &str = "Chat plane";
const MANAGEMENT: &str = "Management";
const SERVICE: &str = "Service";

/// `environment` in the query.
fn with_environment(operation: Operation) -> Operation {
    operation.query_of::<Environment>("environment", false, "Which environment's config; `production` where absent.")
}
