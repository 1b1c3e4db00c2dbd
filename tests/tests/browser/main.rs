//! The widget in a real Chromium, on a customer's real pages, against the real Worker.

mod harness;
