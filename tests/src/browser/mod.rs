//! A real Chromium, driven.
