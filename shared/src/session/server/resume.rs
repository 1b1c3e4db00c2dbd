//! `chat.resume`: what a socket missed.

use super::effect::{Effect, break_off, end_conversation};
use super::{ConversationServer, Socket};
use crate::conversation::{Store, StoredMessage};
use crate::error::ErrorCode;
use crate::ids::RequestId;
use crate::protocol::ws::{CloseCode, History, ServerFrame};
use crate::secret::HistorySecret;

/// How much one `history` frame carries, in bytes, so that with its envelope it stays below the largest frame. A single
/// message that is larger has a frame of its own.
const HISTORY_FRAME_BYTES: usize = 60 * 1024;

impl ConversationServer {
    /// `chat.resume`: what came after `last_seq`, then live.
    pub(super) fn resume<S: Store>(
        &self,
        socket: &mut Socket,
        secret: &HistorySecret,
        last_seq: u64,
        store: &S,
    ) -> Result<Vec<Effect>, S::Error> {
        let secret = secret.hash();
        if !self.is_in_conversation(socket, secret) {
            return Ok(break_off(&ErrorCode::WrongHistorySecret.into(), CloseCode::Forbidden));
        }
        // The widget has something of a conversation that isn't there: it was deleted. Under its id a new one would count
        // from the beginning, and the widget would pass over what it takes for old.
        if self.head.is_none() && last_seq > 0 {
            return Ok(end_conversation(&ErrorCode::NotFound.into()));
        }
        // Where nothing was accepted yet, there is nothing to see and nothing is stored: any secret may come.
        socket.secret = Some(secret);
        socket.joined = self.head.is_some();
        let mut history = Vec::new();
        let mut replay = Vec::new();
        for message in store.messages_after(last_seq)? {
            match message.to_completed() {
                // The widget saw the beginning of this answer: it gets the end as it would have come.
                Some(completed) if last_seq > 0 && is_known(&message.request_id, last_seq, store)? => {
                    replay.push(ServerFrame::Completed(completed));
                }
                _ if message.is_over() => history.push(message),
                _ => {}
            }
        }
        if let Some(running) = &self.running {
            replay.extend(running.replay_after(last_seq).into_iter().map(ServerFrame::Delta));
        }
        Ok(history_frames(&history).into_iter().chain(replay).map(Effect::Reply).collect())
    }
}

fn is_known<S: Store>(request: &RequestId, last_seq: u64, store: &S) -> Result<bool, S::Error> {
    Ok(store.message(request)?.is_some_and(|message| message.seq <= last_seq))
}

/// Splits a history so that each frame stays below the largest; one frame at least, to say that all is there.
fn history_frames(messages: &[StoredMessage]) -> Vec<ServerFrame> {
    let mut frames = vec![History { messages: Vec::new() }];
    let mut bytes = 0;
    for message in messages {
        let message = message.to_history();
        // As it is written: quotes, line breaks and sources take more room than the text alone.
        let size = serde_json::to_string(&message).map_or(0, |json| json.len() + 1);
        if bytes > 0 && bytes + size > HISTORY_FRAME_BYTES {
            frames.push(History { messages: Vec::new() });
            bytes = 0;
        }
        bytes += size;
        if let Some(frame) = frames.last_mut() {
            frame.messages.push(message);
        }
    }
    frames.into_iter().map(ServerFrame::History).collect()
}
