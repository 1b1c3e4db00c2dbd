//! The `OpenAPI` 3.1 document of the HTTP API, and the page that shows it.
//!
//! Both are made here and committed (`docs/openapi.json`, `docs/openapi.html`), and the Worker carries those files: nothing of
//! this crate is in it. `cargo xtask openapi` writes them anew; a test fails while they are not what this crate makes.
//!
//! Where each part comes from:
//!
//! | part | from |
//! | --- | --- |
//! | method, path | the table of routes (`shared/src/protocol/routes.rs`) |
//! | who may call, with which scope | `authorize` itself, asked for every kind of principal ([`security`]) |
//! | which refusals | the row's need and shape, and what the operation adds ([`operation::Operation::refuses`]) |
//! | status and sentence of a refusal | the table of error codes (`shared/src/error.rs`) |
//! | headers of answers | the row, and what the operation adds ([`headers`]) |
//! | schemas of bodies | the types that read and write them, by `schemars` |
//! | words and examples | [`operations`] |
//!
//! # A new route
//!
//! 1. Derive the schemas of its bodies where they stand, in `shared`:
//!    `#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]`. Doc comments become descriptions. Bounds:
//!    `#[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_LABEL_CHARS)))]`, `range(…)`,
//!    `regex(pattern = ONE_LINE)`. A field with serde's `with = "…rfc3339"` says `schemars(with = "Timestamp")`
//!    (`Option<Timestamp>`), a secret `schemars(with = "String")`.
//! 2. Add an [`operation::Operation`] in the module of its group below `operations`. Its examples are checked
//!    against its schemas.
//! 3. For a body with rules of its own, a line in `tests/bodies.rs`, which holds schema and code against each other.
//! 4. `cargo xtask openapi`, and commit what it wrote.
//!
//! Until then `cargo test -p weft-apidoc` fails and names the route.

pub mod document;
pub mod errors;
pub mod headers;
pub mod operation;
pub mod operations;
pub mod page;
pub mod schemas;
pub mod security;

pub use document::{document, text};
pub use page::page;
