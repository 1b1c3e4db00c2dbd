//! The Durable Objects. Each handler: load, pure decision, persist, reply.

pub(crate) mod conversation;
pub(crate) mod directory;
pub(crate) mod ip_quota;
pub(crate) mod key_guard;
pub(crate) mod socket_gate;
pub(crate) mod tenant;

use worker::{Response, Result, WebSocket, WebSocketIncomingMessage};

// `worker`'s defaults for handlers that an object has no use for panic, which resets every object of the isolate.
// These answer instead.

/// An alarm of an object that sets none.
fn no_alarm() -> Result<Response> {
    Response::empty()
}

/// A frame to an object that accepts no sockets.
fn no_message(socket: &WebSocket, _message: &WebSocketIncomingMessage) -> Result<()> {
    socket.close(Some(1003), None::<&str>)
}
