//! What the tests of the running parts share: clients that see only what an outsider sees.

pub mod api;
pub mod browser;
