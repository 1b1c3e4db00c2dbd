//! The answers: one at a time, in the order of their messages.

use super::effect::{Effect, Outcome, break_off_request};
use super::{ConversationServer, SEQ_RESERVE, Socket};
use crate::conversation::Store;
use crate::error::{ErrorCode, Refusal};
use crate::ids::RequestId;
use crate::protocol::ws::{AnswerStatus, CloseCode, ErrorFrame, ServerFrame, SourceRef};
use crate::session::answer::RunningAnswer;
use crate::time::Timestamp;

impl ConversationServer {
    pub(super) fn receive_cancel<S: Store>(
        &mut self,
        socket: &Socket,
        id: &RequestId,
        store: &S,
    ) -> Result<Vec<Effect>, S::Error> {
        if !socket.joined {
            let refusal = Refusal::invalid("chat.cancel must come after a chat.request or chat.resume.");
            return Ok(break_off_request(&refusal, id.clone(), CloseCode::BadFrame));
        }
        if let Some(running) = &mut self.running
            && running.request_id() == id
        {
            running.cancel();
            return Ok(vec![Effect::Stop(id.clone())]);
        }
        if self.queue.iter().any(|waiting| &waiting.request_id == id) {
            return Ok(vec![Effect::Stop(id.clone())]);
        }
        // An answer that is over can't be stopped; that is no one's fault.
        Ok(if store.message(id)?.is_some() {
            Vec::new()
        } else {
            vec![Effect::Reply(ServerFrame::Error(ErrorFrame::new(&ErrorCode::NotFound.into(), Some(id.clone()))))]
        })
    }

    /// Stores a visitor's stop: call for each [`Effect::Stop`], once the agent is no longer asked.
    ///
    /// # Errors
    /// The storage's own.
    pub fn stopped<S: Store>(
        &mut self,
        id: &RequestId,
        store: &mut S,
        now: Timestamp,
    ) -> Result<Vec<Effect>, S::Error> {
        if self.running.as_ref().is_some_and(|running| running.request_id() == id) {
            return self.end(id, AnswerStatus::Cancelled, Vec::new(), store, now);
        }
        let Some(at) = self.queue.iter().position(|waiting| &waiting.request_id == id) else { return Ok(Vec::new()) };
        self.queue.remove(at);
        let seq = self.take_seq();
        let row = RunningAnswer::new(id.clone(), now).finish(seq, self.reserve(), AnswerStatus::Cancelled, Vec::new());
        store.put(&row)?;
        Ok(row.to_completed().map(|completed| Effect::All(ServerFrame::Completed(completed))).into_iter().collect())
    }

    /// The agent gave the next piece. An answer that reaches its longest ends here, `interrupted`.
    ///
    /// # Errors
    /// The storage's own.
    pub fn push<S: Store>(
        &mut self,
        id: &RequestId,
        piece: &str,
        store: &mut S,
        now: Timestamp,
    ) -> Result<Vec<Effect>, S::Error> {
        let is_expected =
            self.running.as_ref().is_some_and(|running| running.request_id() == id && !running.is_cancelled());
        if !is_expected || piece.is_empty() {
            return Ok(Vec::new());
        }
        let must_reserve = self.next_seq > self.reserved_seq;
        let seq = self.take_seq();
        let Some(running) = &mut self.running else { return Ok(Vec::new()) };
        let (delta, is_full) = running.push(piece, seq);
        if must_reserve || running.is_flush_due(now) {
            self.reserved_seq = self.next_seq + SEQ_RESERVE;
            store.put(&running.flush(self.reserved_seq, now))?;
        }
        // Nothing of the piece fits where the answer had its full length before.
        let delta = (!delta.text.is_empty()).then_some(Effect::All(ServerFrame::Delta(delta)));
        let mut effects: Vec<_> = delta.into_iter().collect();
        if is_full {
            effects.push(Effect::Stop(id.clone()));
            effects.extend(self.end(id, AnswerStatus::Interrupted, Vec::new(), store, now)?);
        }
        Ok(effects)
    }

    /// The agent is done.
    ///
    /// # Errors
    /// The storage's own.
    pub fn finish<S: Store>(
        &mut self,
        id: &RequestId,
        outcome: Outcome,
        store: &mut S,
        now: Timestamp,
    ) -> Result<Vec<Effect>, S::Error> {
        match outcome {
            Outcome::Complete(sources) => self.end(id, AnswerStatus::Complete, sources, store, now),
            Outcome::CutShort(sources) => self.end(id, AnswerStatus::Interrupted, sources, store, now),
            Outcome::Failed(refusal) => {
                let ended = self.end(id, AnswerStatus::Interrupted, Vec::new(), store, now)?;
                if ended.is_empty() {
                    return Ok(ended);
                }
                let error = ErrorFrame::new(&refusal, Some(id.clone()));
                Ok(core::iter::once(Effect::All(ServerFrame::Error(error))).chain(ended).collect())
            }
        }
    }

    pub(super) fn end<S: Store>(
        &mut self,
        id: &RequestId,
        status: AnswerStatus,
        sources: Vec<SourceRef>,
        store: &mut S,
        now: Timestamp,
    ) -> Result<Vec<Effect>, S::Error> {
        let Some(running) = self.running.take_if(|running| running.request_id() == id) else { return Ok(Vec::new()) };
        let status = if running.is_cancelled() { AnswerStatus::Cancelled } else { status };
        let seq = self.take_seq();
        let row = running.finish(seq, self.reserve(), status, sources);
        store.put(&row)?;
        self.size.add_answer(&row.text);
        let mut effects = Vec::new();
        effects.extend(row.to_completed().map(|completed| Effect::All(ServerFrame::Completed(completed))));
        effects.extend(self.start_next(now));
        Ok(effects)
    }

    pub(super) fn start_next(&mut self, now: Timestamp) -> Option<Effect> {
        if self.running.is_some() {
            return None;
        }
        let next = self.queue.pop_front()?;
        self.running = Some(RunningAnswer::new(next.request_id.clone(), now));
        Some(Effect::Answer(next))
    }
}
