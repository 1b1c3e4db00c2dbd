//! What the Worker's frames change.

use super::link::{Link, Reply};
use super::types::{Action, Ended, Event};
use super::{ClientSession, TOKEN_REFUSALS};
use crate::error::ErrorCode;
use crate::ids::RequestId;
use crate::protocol::ws::{ErrorFrame, PROTOCOL, ServerFrame};
use crate::time::Timestamp;

impl ClientSession {
    /// A frame came from the Worker.
    pub fn handle_frame(&mut self, frame: ServerFrame, now: Timestamp) {
        let Link::Up(up) = &mut self.link else { return };
        up.heard_at = now;
        up.pinged_at = None;
        let mut changes = Vec::new();
        match frame {
            ServerFrame::Ready(ready) => {
                self.require_signed_token = ready.require_signed_token;
                if ready.protocol != PROTOCOL {
                    self.ended = Some(Ended::Outdated);
                }
            }
            ServerFrame::Accepted(accepted) => {
                self.answer_heard_at = now;
                self.acknowledge(&accepted.request_id);
                self.transcript.accept(&accepted.request_id, Some(accepted.seq), &mut changes);
            }
            ServerFrame::Delta(delta) => {
                self.answer_heard_at = now;
                // An answer proves that its message was stored, also where the acknowledgement got lost.
                self.acknowledge(&delta.request_id);
                self.transcript.delta(&delta, &mut changes);
            }
            ServerFrame::Completed(completed) => {
                self.answer_heard_at = now;
                self.acknowledge(&completed.request_id);
                self.transcript.complete(completed, &mut changes);
            }
            ServerFrame::History(history) => {
                self.answer_heard_at = now;
                up.resumed = true;
                if up.waiting.as_ref().is_some_and(|waiting| matches!(waiting.reply, Reply::History)) {
                    up.waiting = None;
                }
                self.backoff.reset();
                for message in history.messages {
                    if let Ok(id) = RequestId::parse(message.id.clone()) {
                        self.acknowledge(&id);
                    }
                    self.transcript.restore(message, &mut changes);
                }
            }
            ServerFrame::Error(error) => self.handle_error(error, now),
            ServerFrame::Expiring(_) => self.tokens.stale_at = Some(now),
            ServerFrame::Limit(limit) => {
                let secs = i64::try_from(limit.reset_in_secs).unwrap_or(i64::MAX);
                self.limited_until = Some(now.plus_secs(secs));
                up.waiting = None;
                self.events.push(Event::Limit(limit));
            }
            ServerFrame::Pong => {}
        }
        for change in changes {
            self.events.push(Event::Transcript(change));
        }
        self.advance(now);
    }

    fn handle_error(&mut self, error: ErrorFrame, now: Timestamp) {
        let code = error.code();
        let mut is_waited_for = error.request_id.is_none();
        if let (Link::Up(up), Some(id)) = (&mut self.link, &error.request_id)
            && up.waits_for(id)
        {
            is_waited_for = true;
            up.waiting = None;
        }
        // A token whose minter was revoked is as good as refused: a fresh one may be minted by its successor.
        let speaks_of_token = |code: ErrorCode| {
            code.is_token_refusal() || matches!(code, ErrorCode::InvalidKey | ErrorCode::ApiKeysDisabled)
        };
        match code {
            // The refusal of a frame that was sent twice comes twice, but speaks of one token.
            Some(code) if speaks_of_token(code) && !is_waited_for => {}
            Some(code) if speaks_of_token(code) => {
                self.require_signed_token = true;
                self.tokens.held = None;
                self.tokens.refusals = self.tokens.refusals.saturating_add(1);
                self.tokens.is_refused = self.tokens.refusals >= TOKEN_REFUSALS;
                if let Link::Up(up) = &mut self.link {
                    up.waiting = None;
                    // A refused request has introduced nobody: the next one brings the history secret again.
                    up.introduced = false;
                }
            }
            Some(ErrorCode::WrongHistorySecret | ErrorCode::OriginNotAllowed) => self.ended = Some(Ended::Forbidden),
            Some(ErrorCode::RateLimited | ErrorCode::Unavailable | ErrorCode::QuotaExceeded | ErrorCode::Internal) => {
                let wait = error.retry_after_secs.map_or_else(|| self.backoff.next_ms(), |secs| i64::from(secs) * 1000);
                self.hold_until = Some(now.plus_millis(wait));
                self.events.push(Event::Error(error));
            }
            _ => {
                // Sent again it would be refused again. (Where it was stored, its answer tells what went wrong.)
                if let Some(id) = &error.request_id
                    && self.transcript.is_sending(id)
                    && let Some(change) = self.transcript.refuse(id, code.unwrap_or(ErrorCode::InvalidRequest))
                {
                    self.actions.push(Action::Persist);
                    self.events.push(Event::Transcript(change));
                }
                self.events.push(Event::Error(error));
            }
        }
    }

    /// The Worker has stored this message: once the transcript knows, it need not be kept any more.
    fn acknowledge(&mut self, id: &RequestId) {
        if let Link::Up(up) = &mut self.link {
            if up.waits_for(id) {
                up.waiting = None;
                self.tokens.refusals = 0;
            }
            if !self.begun {
                // The conversation began on this very link, so nothing of it was missed.
                up.resumed = true;
            }
        }
        self.backoff.reset();
        if self.transcript.is_sending(id) || !self.begun {
            self.begun = true;
            self.actions.push(Action::Persist);
        }
    }
}
