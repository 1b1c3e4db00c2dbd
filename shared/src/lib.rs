//! Every rule of Weft, as plain Rust.
//!
//! This crate decides; `worker` and `widget` do. It has no I/O, no clock, no randomness, no browser and
//! no Workers in it: time is an argument ([`time::Timestamp`]), randomness is an argument
//! ([`entropy::Entropy`]), storage is a trait. So each rule is tested natively in milliseconds, and the two
//! ends of the protocol are driven against each other with simulated time.
//!
//! The feature `server` (on by default) holds what only the Worker needs; the widget builds without it.
#![forbid(unsafe_code)]

pub mod entropy;
pub mod ids;
pub mod markdown;
pub mod protocol;
pub mod secret;
pub mod session;
pub mod time;

#[cfg(feature = "server")]
pub mod agent;
#[cfg(feature = "server")]
pub mod audit;
#[cfg(feature = "server")]
pub mod auth;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod conversation;
pub mod error;
#[cfg(feature = "server")]
pub mod keys;
#[cfg(feature = "server")]
pub mod limits;
#[cfg(feature = "openapi")]
pub mod openapi;
#[cfg(feature = "server")]
pub mod outbox;
#[cfg(feature = "server")]
pub mod retention;
#[cfg(feature = "server")]
pub mod scope;
#[cfg(feature = "server")]
pub mod tokens;
