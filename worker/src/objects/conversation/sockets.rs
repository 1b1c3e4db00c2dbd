//! The sockets of a conversation: what is kept with each while the object sleeps, and what goes out on them.

use super::{Inner, SessionContext};
use crate::bindings;
use crate::objects::socket_gate::Close;
use crate::quota::Place;
use serde::{Deserialize, Serialize};
use weft_shared::ids::CredentialId;
use weft_shared::protocol::ws::{CloseCode, ServerFrame};
use weft_shared::session::server::{Socket, SocketContext};
use worker::{Error, Result, WebSocket};

/// What is kept with a socket. Below the 16 KiB that the runtime allows: names, instants, flags, and of a token no more
/// than its 8 KiB can say.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Attached {
    /// The session's state of it.
    pub(super) socket: Socket,
    /// The publishable key that it was opened with.
    pub(super) key: CredentialId,
    /// The page's origin.
    pub(super) origin: String,
    /// What stands for the visitor's address.
    pub(super) visitor: String,
    /// Its name at the gate for sockets.
    #[serde(default)]
    pub(super) lease: String,
}

impl Attached {
    pub(super) fn new(socket: Socket, context: SessionContext) -> Self {
        let SessionContext { key, origin, visitor, lease, .. } = context;
        Self { socket, key, origin, visitor, lease }
    }

    /// What the limits of its visitor's address hold for.
    pub(super) fn place(&self) -> Place {
        let SocketContext { tenant, environment, .. } = &self.socket.context;
        Place { tenant: tenant.clone(), environment: environment.clone(), visitor: self.visitor.clone() }
    }

    /// Reads what is kept; none where there is nothing that can be read.
    pub(super) fn of(socket: &WebSocket) -> Option<Self> {
        let text = socket.deserialize_attachment::<String>().ok()??;
        serde_json::from_str(&text).ok()
    }

    /// Keeps it, as JSON text: a JavaScript object would lose the types of its numbers.
    pub(super) fn keep(&self, socket: &WebSocket) -> Result<()> {
        socket.serialize_attachment(serde_json::to_string(self).map_err(Error::from)?)
    }
}

impl Inner {
    /// The sockets that are open.
    pub(super) fn sockets(&self) -> Vec<WebSocket> {
        let sockets = self.state.as_raw().get_websockets().unwrap_or_default();
        sockets.into_iter().map(WebSocket::from).collect()
    }

    /// The names of the open sockets at their gates.
    pub(super) fn leases(&self) -> Vec<String> {
        self.sockets().iter().filter_map(Attached::of).map(|attached| attached.lease).collect()
    }

    /// A socket is gone: its gate may let another in. Where that fails, the gate finds out by itself.
    pub(super) async fn release(&self, socket: &WebSocket) {
        let Some(attached) = Attached::of(socket) else { return };
        let gate = bindings::socket_gate(&self.env, &attached.place());
        let _ = gate.ask(Close { lease: attached.lease }).await;
    }

    /// Sends to every socket that joined, but for one.
    pub(super) fn broadcast(&self, frame: &ServerFrame, but: Option<&WebSocket>) {
        self.listeners.hear(frame);
        let Ok(text) = serde_json::to_string(frame) else { return };
        for socket in self.sockets() {
            let is_other = but.is_none_or(|but| *but != socket);
            if is_other && Attached::of(&socket).is_some_and(|attached| attached.socket.is_joined()) {
                let _ = socket.send_with_str(&text);
            }
        }
    }
}

/// Sends a frame. Where the socket is gone, the widget asks for it again when it resumes.
pub(super) fn send(socket: &WebSocket, frame: &ServerFrame) {
    if let Ok(text) = serde_json::to_string(frame) {
        let _ = socket.send_with_str(text);
    }
}

/// Closes a socket.
pub(super) fn close(socket: &WebSocket, code: CloseCode) {
    let reason = match code {
        CloseCode::BadFrame => "bad frame",
        CloseCode::Token => "token",
        CloseCode::Forbidden => "forbidden",
        CloseCode::TooSlow => "too slow",
        CloseCode::Over => "over",
        CloseCode::TooLarge => "too large",
        CloseCode::Limit => "limit",
        CloseCode::Unavailable => "unavailable",
    };
    let _ = socket.close(Some(code.code()), Some(reason));
}
