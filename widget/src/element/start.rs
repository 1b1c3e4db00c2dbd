//! The live config: asked for when the widget starts, and again where a limit hides it or no link opens.

use super::Element;
use crate::browser::warn;
use crate::config::{Config, ConfigFailure};
use crate::page::{emit, report};
use crate::requests::ask;
use crate::signals::Signal;
use crate::view::words;
use std::mem;
use weft_shared::session::client::Persisted;
use weft_shared::time::Timestamp;

/// What the owner is told where the live config can't be read. (A refusal by the page's origin is not for the page to read.)
const CHECK_CONFIG: &str = "Weft: no live config. Check that allowed_origins has this page's origin, that connect-src of its \
                            policy has Weft's, and the network.";

/// Where the live config is.
#[derive(Debug)]
pub(super) enum Start {
    /// On its way.
    Asking,
    /// It didn't come; the next try is at this instant, or when the visitor asks for it.
    Failed(ConfigFailure, Option<Timestamp>),
    /// It is here.
    Done,
}

impl Element {
    pub(super) fn ask_config(&mut self) {
        self.start = Start::Asking;
        ask(&self.options.config_url(), None, Signal::Config, &self.signals);
    }

    pub(super) fn handle_config(&mut self, config: Result<Config, ConfigFailure>, now: Timestamp) {
        // It is asked again because of a limit, or because no link opens.
        let is_check = matches!(self.start, Start::Done);
        match config {
            Ok(config) if is_check => self.follow_limit(config, now),
            Err(ConfigFailure::Unreachable) if is_check => {}
            Ok(mut config) => {
                self.start = Start::Done;
                self.requires_token = config.requires_token;
                self.refresh_path = mem::take(&mut config.refresh_path);
                self.options.looks.or(mem::take(&mut config.looks));
                self.view.dress(&self.options.looks);
                self.speak();
                let Persisted { outbox, .. } = self.session.persisted();
                self.begin(outbox, config.hidden_for_secs, now);
                emit(&self.host, "weft:ready", &[]);
                self.follow_limit(config, now);
            }
            Err(failure) => {
                let (code, retry_at) = match &failure {
                    ConfigFailure::Refused(code) => (code.as_str(), None),
                    ConfigFailure::Unreachable => {
                        if self.backoff.attempts() == 0 {
                            warn(CHECK_CONFIG);
                        }
                        ("unavailable", Some(now.plus_millis(self.backoff.next_ms())))
                    }
                };
                report(&self.host, code, words::starting(Some(&failure)).for_owner());
                self.socket = None;
                self.start = Start::Failed(failure, retry_at);
            }
        }
    }
}
