//! What goes over the wire: WebSocket frames (protocol 1), HTTP bodies, and the table of routes.

#[cfg(feature = "server")]
mod object;
pub mod paths;
pub mod widget_config;
pub mod ws;

#[cfg(feature = "server")]
pub mod http;
#[cfg(feature = "server")]
pub mod routes;
