//! The session as two halves without I/O: [`client`] runs in the widget, `server` in the conversation's object.
//! Time and bytes are arguments; what is to be done comes out as values. So both ends meet in one test, with
//! simulated time, loss, doubling and delay (`tests/pair.rs`).

pub mod backoff;
pub mod client;
pub mod transcript;

#[cfg(feature = "server")]
pub mod answer;
#[cfg(feature = "server")]
pub mod server;
