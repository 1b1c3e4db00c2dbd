//! A customer of Weft: a small tea shop with its own pages, its own login and its own backend.
//!
//! It knows Weft only as any customer would: a script tag on its pages ([`pages`]) and one endpoint that hands a
//! logged-in visitor a widget token ([`token`]). So it uses none of Weft's own crates. The endpoint and the
//! call behind it ([`weft`]) are what to copy; the rest is a shop.

pub mod accounts;
pub mod app;
pub mod art;
pub mod basket;
pub mod catalog;
pub mod clock;
pub mod config;
pub mod entropy;
pub mod faults;
pub mod headers;
pub mod help;
pub mod one_origin;
pub mod pages;
pub mod return_path;
pub mod same_origin;
pub mod session;
pub mod token;
pub mod weft;
