//! Ports of this machine.

use anyhow::{Context as _, Result};
use std::net::{Ipv4Addr, TcpListener};

/// A port that was free a moment ago.
///
/// # Errors
/// Where the system has none.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free on 127.0.0.1")?;
    Ok(listener.local_addr().context("a listener has an address")?.port())
}

/// Whether a program could listen on `port` of 127.0.0.1 now.
#[must_use]
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_in_use_is_not_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("binds");
        let port = listener.local_addr().expect("bound").port();
        assert!(!is_free(port));
        drop(listener);
        assert!(is_free(port));
    }
}
