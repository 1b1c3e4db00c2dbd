//! The WebSocket of a session. It carries frames and decides nothing.

use crate::browser::Node;
use crate::json;
use crate::signals::{Scope, Signal, Signals};
use wasm_bindgen::JsCast as _;
use web_sys::WebSocket;
use weft_shared::protocol::ws::{ClientFrame, PING};

/// A socket that closes when dropped, and says nothing more from then on.
#[derive(Debug)]
pub(crate) struct Socket {
    socket: WebSocket,
    _scope: Scope,
}

impl Socket {
    /// Opens a socket. `None`: the browser won't, as where the page's policy forbids it.
    pub(crate) fn open(url: &str, signals: &Signals) -> Option<Self> {
        let socket = WebSocket::new(url).ok()?;
        let scope = Scope::new();
        let target = socket.unchecked_ref::<Node>();
        for (kind, signal) in [("open", Signal::Opened), ("message", Signal::Frame), ("close", Signal::Closed)] {
            scope.listen(signals, target, kind, signal);
        }
        Some(Self { socket, _scope: scope })
    }

    /// Sends a frame. One that can't be sent is missed by the session, which sends it again.
    pub(crate) fn send(&self, frame: &ClientFrame) {
        let text = match frame {
            // The Worker answers exactly these bytes without waking the conversation.
            ClientFrame::Ping => Some(PING.to_owned()),
            frame => json::write_frame(frame),
        };
        if let Some(text) = text {
            let _ = self.socket.send_with_str(&text);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = self.socket.close();
    }
}
