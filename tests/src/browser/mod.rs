//! A real Chromium, driven.
//!
//! The client of Chrome's `DevTools` protocol is a thin one of our own over tungstenite, which the tests have for the
//! session anyway. `chromiumoxide` 0.9 was tried first: its generated protocol alone takes minutes of compile time on
//! two cores, on every fresh checkout, for the few dozen calls that are made here; and types of a fixed protocol
//! version can refuse what a newer browser sends, where JSON values are simply read past.
//!
//! Nothing sleeps and hopes: what must come true is asked for until it does, with a deadline ([`Page::wait_for`]).
#![expect(clippy::panic, reason = "a test's way to fail")]

mod accessibility;
mod chromium;
mod connection;
mod input;
mod page;
mod proxy;
mod record;
mod shadow;
mod site;
mod socket;
mod stage;
mod widget;

pub use chromium::{Chromium, Visitor};
pub use input::{Key, Point};
pub use page::{PATIENCE, Page};
pub use proxy::Proxy;
pub use record::{Frame, Record, Request, Socket};
pub use site::{Reply, Site};
pub use stage::{Demo, OwnSite};
pub use widget::{Part, Shown, ShownMessage, ShownSource};
