//! Away while a limit keeps the visitor out: in this tab, in the others, and after a reload. What is shown follows what
//! the Worker says; the visitor's clock, which may be off, only tells when to ask it again.

use super::{Element, start::Start};
use crate::config::Config;
use crate::page::emit;
use crate::requests::ask;
use crate::signals::Signal;
use weft_shared::session::client::Status;
use weft_shared::time::Timestamp;

/// A visitor who comes back to the page may find that the limit was raised. Asked at most this often.
const CHECK_AGAIN_MS: i64 = 60_000;

impl Element {
    /// Hides as soon as a limit is reached and no answer is coming any more. `true`: just now.
    pub(super) fn hide_at_limit(&mut self, now: Timestamp) -> bool {
        let Status::Limited(until) = self.session.status() else { return false };
        if self.session.is_answering() {
            return false;
        }
        if self.check_at.replace(until).is_some() {
            return false;
        }
        self.saved.is_hidden = true;
        self.view.show(false);
        self.session.rest(now);
        self.leave();
        self.host.show(false);
        emit(&self.host, "weft:hidden", &[("until", &self.reset_at)]);
        true
    }

    /// The Worker said whether a limit hides the widget.
    pub(super) fn follow_limit(&mut self, config: Config, now: Timestamp) {
        self.reset_at = config.hidden_until;
        if config.hidden_for_secs.is_none() {
            self.check_at = None;
            self.saved.is_hidden = false;
            self.host.show(true);
        }
        self.session.limit(config.hidden_for_secs, now);
        // For the loader of the next page, and for other tabs.
        self.save();
    }

    /// Asks the Worker whether the limit still holds.
    pub(super) fn check_limit(&mut self, now: Timestamp) {
        self.checked_at = now;
        // Should no reply come, it is asked again.
        self.check_at = self.check_at.map(|_| now.plus_millis(CHECK_AGAIN_MS));
        ask(&self.options.config_url(), None, Signal::Config, &self.signals);
    }

    /// The visitor is back.
    pub(super) fn check_limit_on_wake(&mut self, now: Timestamp) {
        if self.check_at.is_some() && now.millis_since(self.checked_at) >= CHECK_AGAIN_MS {
            self.check_limit(now);
        }
    }

    /// Another tab stored something. Where it hides and this one doesn't, or the other way round, the Worker knows.
    pub(super) fn handle_stored(&mut self, now: Timestamp) {
        let Some((stored, _)) = self.storage.load() else { return };
        if stored.is_hidden != self.saved.is_hidden && matches!(self.start, Start::Done) {
            self.check_limit(now);
        }
    }
}
