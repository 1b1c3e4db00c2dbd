//! A double of the page's WebSocket: it says to the widget what a test wants said, piece by piece. Everything else of the
//! page stays real.

use super::page::Page;
use serde_json::{Value, json};

/// `weftSocket.stream(text, step)` answers the last question in pieces of `step` characters, and calls `weftSocket.look`,
/// where there is one, after each of them. Pieces are drawn at once, not some milliseconds later.
const DOUBLE: &str = r"(() => {
    const later = window.setTimeout.bind(window);
    window.setTimeout = (run, wait, ...rest) => (wait === 32 && weftSocket.isSynchronous ? (queueMicrotask(run), 0) : later(run, wait, ...rest));
    window.weftSocket = { sent: [], seq: 0, isSynchronous: true };
    window.WebSocket = class extends EventTarget {
        constructor() {
            super();
            weftSocket.socket = this;
            later(() => {
                this.dispatchEvent(new Event('open'));
                this.say('session.ready', { protocol: 1, requireSignedToken: false });
            });
        }
        send(text) {
            const frame = JSON.parse(text);
            weftSocket.sent.push(frame);
            if (frame.type === 'chat.request') this.say('chat.accepted', { requestId: frame.id, seq: ++weftSocket.seq });
        }
        close() {}
        say(type, payload) {
            this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify({ type, payload }) }));
        }
    };
    weftSocket.stream = async (text, step) => {
        const requestId = weftSocket.sent.filter((frame) => frame.type === 'chat.request').at(-1).id;
        const say = (type, payload) => weftSocket.socket.say(type, { requestId, seq: ++weftSocket.seq, ...payload });
        const chars = [...text];
        for (let at = 0; at < chars.length; at += step) {
            say('chat.delta', { text: chars.slice(at, at + step).join('') });
            await (weftSocket.pause ? weftSocket.pause() : null);
            weftSocket.look?.();
        }
        say('chat.completed', { messageId: 'm' + requestId, text, status: 'complete' });
        await null;
        weftSocket.look?.();
    };
})()";

impl Page {
    /// From now on the widget's sockets are this test's. To be called before the panel opens.
    #[track_caller]
    pub fn take_over_sockets(&self) {
        let _ = self.evaluate(DOUBLE);
    }

    /// Asks something by the page's own function, and answers it in pieces of so many characters.
    #[track_caller]
    pub fn answer_in_pieces(&self, text: &str, step: usize) {
        let count = "weftSocket.sent.filter((frame) => frame.type === 'chat.request').length";
        let before = self.evaluate(count);
        let _ = self.evaluate("weft.send('Tell me.')");
        self.wait_until("the question", || self.evaluate(count) != before);
        let _ = self.evaluate(&format!("weftSocket.stream({}, {step})", json!(text)));
    }

    /// Calls a function with the bubble of the last answer as `this`.
    ///
    /// # Panics
    /// Where it throws.
    #[must_use]
    #[track_caller]
    pub fn in_last_answer(&self, function: &str) -> Value {
        let function = format!(
            "function () {{ const all = this.querySelectorAll('.row:not(.user) .bubble'); \
             return ({function}).call(all[all.length - 1]); }}"
        );
        self.in_widget(&function, &[]).unwrap_or_else(|error| panic!("{error}"))
    }
}
