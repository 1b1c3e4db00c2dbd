//! The widget in a real Chromium, on a customer's real pages, against the real Worker.

mod accessible;
mod chat;
mod connection;
mod doctor;
mod embedding;
mod fits;
mod harness;
mod intent;
mod keyboard;
mod languages;
mod limits;
mod manners;
mod pictures;
mod reading;
mod refresh;
mod reload;
mod tabs;
mod writing;
mod xss;
