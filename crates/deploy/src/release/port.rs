//! Loopback ports: free ones for candidates, and whether the stable one is taken.

use std::net::{Ipv4Addr, TcpListener};

/// A port that was free a moment ago.
pub(super) fn free() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Whether a process could listen on a port now.
pub(super) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
