//! Weft's commands, and what they share with the tests: starting a real Worker, a demo site and a browser.
//!
//! Nothing here is part of the product. What a command does is in the module of its name.

pub mod assets;
pub mod bench;
pub mod build;
pub mod check;
pub mod clock;
pub mod dev;
pub mod devtools;
pub mod doctor;
pub mod entropy;
pub mod fingerprint;
pub mod http;
pub mod languages;
pub mod processes;
mod progress;
pub mod project;
pub mod provision;
pub mod schemathesis;
pub mod setup;
pub mod shorten;
pub mod size;
pub mod test;
pub mod vars;
