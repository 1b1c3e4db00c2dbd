//! The WebSocket of a session. It carries frames and decides nothing.

use crate::element::{Handle, Input};
use crate::json;
use crate::listeners::Listener;
use wasm_bindgen::JsCast as _;
use web_sys::{CloseEvent, MessageEvent, WebSocket};
use weft_shared::protocol::ws::{ClientFrame, PING};

/// A socket that closes when dropped, and says nothing more from then on.
#[derive(Debug)]
pub(crate) struct Socket {
    socket: WebSocket,
    _listeners: [Listener; 3],
}

impl Socket {
    /// Opens a socket. `None`: the browser won't, as where the page's policy forbids it.
    pub(crate) fn open(url: &str, handle: &Handle) -> Option<Self> {
        let socket = WebSocket::new(url).ok()?;
        let on_open = handle.clone();
        let on_message = handle.clone();
        let on_close = handle.clone();
        let listeners = [
            Listener::new(&socket, "open", Box::new(move |_| on_open.post(Input::Opened))),
            Listener::new(
                &socket,
                "message",
                Box::new(move |event| {
                    let text = event.unchecked_into::<MessageEvent>().data().as_string();
                    if let Some(frame) = text.and_then(|text| json::parse_frame(&text)) {
                        on_message.post(Input::Frame(frame));
                    }
                }),
            ),
            Listener::new(
                &socket,
                "close",
                Box::new(move |event| on_close.post(Input::Closed(event.unchecked_into::<CloseEvent>().code()))),
            ),
        ];
        Some(Self { socket, _listeners: listeners })
    }

    /// Sends a frame. One that can't be sent is missed by the session, which sends it again.
    pub(crate) fn send(&self, frame: &ClientFrame) {
        let text = match frame {
            // The Worker answers exactly these bytes without waking the conversation.
            ClientFrame::Ping => Some(PING.to_owned()),
            frame => json::write(frame),
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
