//! The widget in a real Chromium, on a customer's real pages, against the real Worker.

mod chat;
mod connection;
mod embedding;
mod harness;
mod intent;
mod keyboard;
mod limits;
mod pictures;
mod reading;
mod refresh;
mod reload;
mod xss;
