//! The browser's `DevTools` protocol is `xtask`'s, whose measurements speak it too.

pub(super) use xtask::devtools::{Connection, Event};
