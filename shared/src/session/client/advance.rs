//! What is begun next: the link, the token, the frame that is due. Decided from the state and the time alone.

use super::ClientSession;
use super::link::{Link, Reply, Waiting};
use super::types::{Action, Event, Status};
use crate::protocol::ws::{ChatRequest, ChatResume, ClientFrame};
use crate::time::Timestamp;

/// A link that doesn't open within this time is given up.
const CONNECT_MS: i64 = 15_000;
/// An answer to a frame that is due is waited for this long, then the frame is sent again.
const REPLY_MS: i64 = 10_000;
/// How often a frame is sent on one link before the link is given up.
const TRIES: u8 = 2;
/// A link that was silent for this long is asked for a sign of life.
const PING_AFTER_MS: i64 = 25_000;
/// An answer that was silent for this long is asked for by `chat.resume`.
const RESYNC_AFTER_MS: i64 = 15_000;

impl ClientSession {
    pub(super) fn drop_link(&mut self, now: Timestamp) {
        self.mark_resume_point();
        self.link = Link::Down;
        self.retry_at = Some(now.plus_millis(self.backoff.next_ms()));
    }

    fn mark_resume_point(&mut self) {
        if matches!(&self.link, Link::Up(up) if up.resumed) {
            self.resume_from = self.transcript.resume_seq();
        }
    }

    /// Whether there is a reason to have a link. At a limit there is none but an answer that is coming.
    fn wants_link(&self) -> bool {
        let may_write = self.limited_until.is_none();
        (self.begun && self.is_open && may_write) || self.transcript.has_unfinished() || self.may_send()
    }

    /// Whether a message could go out if the link were up.
    fn may_send(&self) -> bool {
        self.has_unsent() && self.has_token() && self.limited_until.is_none() && self.hold_until.is_none()
    }

    /// Whether a message is not acknowledged yet.
    fn has_unsent(&self) -> bool {
        self.transcript.first_sending().is_some()
    }

    fn has_token(&self) -> bool {
        !self.require_signed_token || self.tokens.held.is_some()
    }

    /// Whether a token is wanted: a message waits for it, or the panel is open and the visitor may write.
    fn wants_token(&self) -> bool {
        self.require_signed_token
            && self.tokens.held.is_none()
            && !self.tokens.is_fetching
            && self.tokens.pause_until.is_none()
            && !self.tokens.is_refused
            && self.tokens.failure.is_none()
            && !self.is_offline
            && (self.is_open || self.has_unsent())
    }

    /// Moves on as far as `now` allows. The one place where something is begun.
    pub(super) fn advance(&mut self, now: Timestamp) {
        expire(&mut self.limited_until, now);
        expire(&mut self.hold_until, now);
        expire(&mut self.retry_at, now);
        if expire(&mut self.tokens.stale_at, now) {
            self.tokens.held = None;
        }
        expire(&mut self.tokens.pause_until, now);
        if expire(&mut self.tokens.retry_at, now) {
            self.tokens.failure = None;
        }
        if self.ended.is_some() {
            if !matches!(self.link, Link::Down) {
                self.link = Link::Down;
                self.actions.push(Action::Disconnect);
            }
        } else {
            if self.wants_token() {
                self.tokens.is_fetching = true;
                self.actions.push(Action::FetchToken);
            }
            self.advance_link(now);
        }
        self.update_status();
    }

    fn advance_link(&mut self, now: Timestamp) {
        match &self.link {
            Link::Down => {
                if self.wants_link() && !self.is_offline && self.retry_at.is_none() {
                    self.link = Link::Connecting { since: now };
                    self.actions.push(Action::Connect);
                }
            }
            Link::Connecting { since } => {
                if now.millis_since(*since) >= CONNECT_MS {
                    self.give_up_link(now);
                }
            }
            Link::Up(up) => {
                let is_dead = up.pinged_at.is_some_and(|at| now.millis_since(at) >= REPLY_MS)
                    || up
                        .waiting
                        .as_ref()
                        .is_some_and(|waiting| now.millis_since(waiting.since) >= REPLY_MS && waiting.tries >= TRIES);
                if is_dead {
                    self.give_up_link(now);
                } else if self.limited_until.is_some() && !self.transcript.has_unfinished() {
                    // The visitor is away until the reset: nothing is held open for that.
                    self.mark_resume_point();
                    self.link = Link::Down;
                    self.actions.push(Action::Disconnect);
                } else {
                    self.advance_up(now);
                }
            }
        }
    }

    fn give_up_link(&mut self, now: Timestamp) {
        self.actions.push(Action::Disconnect);
        self.drop_link(now);
    }

    fn advance_up(&mut self, now: Timestamp) {
        let may_send = self.may_send();
        let is_answer_late =
            self.transcript.has_unfinished() && now.millis_since(self.answer_heard_at) >= RESYNC_AFTER_MS;
        let Link::Up(up) = &mut self.link else { return };
        if up.resumed
            && let Some(id) = self.cancelling.take()
        {
            self.actions.push(Action::Send(ClientFrame::Cancel(id)));
        }
        if let Some(waiting) = &mut up.waiting {
            if now.millis_since(waiting.since) < REPLY_MS {
                return;
            }
            waiting.since = now;
            waiting.tries += 1;
        } else if self.begun && (!up.resumed || is_answer_late) {
            self.answer_heard_at = now;
            up.waiting = Some(Waiting { reply: Reply::History, since: now, tries: 1 });
        } else if may_send && let Some(id) = self.transcript.first_sending().and_then(|entry| entry.request_id.as_ref())
        {
            up.waiting = Some(Waiting { reply: Reply::Accepted(id.clone()), since: now, tries: 1 });
        } else if let Some(token) = &self.tokens.held
            && up.introduced
            && !up.token_sent
        {
            up.token_sent = true;
            self.actions.push(Action::Send(ClientFrame::Refresh(token.secret.clone())));
            return;
        } else {
            if up.pinged_at.is_none() && now.millis_since(up.heard_at) >= PING_AFTER_MS {
                up.pinged_at = Some(now);
                self.actions.push(Action::Send(ClientFrame::Ping));
            }
            return;
        }
        self.send_waiting();
    }

    /// Sends what is waited for, for the first time or again.
    fn send_waiting(&mut self) {
        self.mark_resume_point();
        let Link::Up(up) = &mut self.link else { return };
        let Some(waiting) = &up.waiting else { return };
        let frame = match &waiting.reply {
            Reply::History => {
                up.introduced = true;
                ClientFrame::Resume(ChatResume {
                    widget_token: None,
                    history_secret: self.history_secret.clone(),
                    last_seq: self.resume_from,
                })
            }
            Reply::Accepted(id) => {
                let Some(entry) = self.transcript.entries().iter().find(|entry| entry.is_message(id)) else {
                    up.waiting = None;
                    return;
                };
                // Sent again, it may be the first that arrives: so it introduces itself again too.
                let is_again = waiting.tries > 1;
                let secret = (is_again || !up.introduced).then(|| self.history_secret.clone());
                let token = self.tokens.held.as_ref().filter(|_| is_again || !up.token_sent);
                up.introduced = true;
                up.token_sent = up.token_sent || token.is_some();
                ClientFrame::Request(ChatRequest {
                    id: id.clone(),
                    widget_token: token.map(|token| token.secret.clone()),
                    history_secret: secret,
                    text: entry.text.clone(),
                })
            }
        };
        self.actions.push(Action::Send(frame));
    }

    fn update_status(&mut self) {
        let needs_token = self.require_signed_token && self.tokens.held.is_none();
        let status = if let Some(ended) = self.ended {
            Status::Ended(ended)
        } else if let Some(until) = self.limited_until {
            Status::Limited(until)
        } else if self.is_offline {
            Status::Offline
        } else if needs_token && self.tokens.is_refused {
            Status::TokenRefused
        } else if let (true, Some(failure)) = (needs_token, self.tokens.failure) {
            Status::TokenUnavailable(failure, self.tokens.retry_at)
        } else {
            match (&self.link, self.retry_at.or(self.hold_until)) {
                (Link::Up(_), _) => Status::Connected,
                (Link::Connecting { .. }, _) => Status::Connecting,
                (Link::Down, Some(at)) if self.wants_link() || self.has_unsent() => Status::Retrying(at),
                (Link::Down, _) if self.has_unsent() => Status::Connecting,
                (Link::Down, _) => Status::Idle,
            }
        };
        if status != self.status {
            self.status = status;
            self.events.push(Event::Status);
        }
    }

    /// When to call [`Self::handle_timeout`]; none: nothing is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        if self.ended.is_some() {
            return None;
        }
        let mut soonest: Option<Timestamp> = None;
        let mut consider = |at: Option<Timestamp>, wait_ms: i64| {
            if let Some(at) = at {
                let at = at.plus_millis(wait_ms);
                soonest = Some(soonest.map_or(at, |before| before.min(at)));
            }
        };
        let tokens = &self.tokens;
        let retry_at = self.retry_at.filter(|_| !self.is_offline);
        for at in [retry_at, self.limited_until, self.hold_until, tokens.stale_at, tokens.retry_at, tokens.pause_until]
        {
            consider(at, 0);
        }
        match &self.link {
            Link::Down => {}
            Link::Connecting { since } => consider(Some(*since), CONNECT_MS),
            Link::Up(up) => {
                consider(up.pinged_at, REPLY_MS);
                if let Some(waiting) = &up.waiting {
                    consider(Some(waiting.since), REPLY_MS);
                } else {
                    consider(Some(up.heard_at).filter(|_| up.pinged_at.is_none()), PING_AFTER_MS);
                    consider(Some(self.answer_heard_at).filter(|_| self.is_answering()), RESYNC_AFTER_MS);
                }
            }
        }
        soonest
    }
}

/// Forgets an instant that has come. `true`: just now.
fn expire(at: &mut Option<Timestamp>, now: Timestamp) -> bool {
    let is_past = at.is_some_and(|at| at <= now);
    if is_past {
        *at = None;
    }
    is_past
}
