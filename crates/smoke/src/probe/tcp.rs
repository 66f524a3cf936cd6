//! Connects to one or to all addresses of a host. What it found is judged by `expect/probe.rs`.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::dns::{self, Known};
use super::{Context, Observation, in_time, unmeasured};
use crate::model::{Resolve, TcpProbe};
use crate::report::{Unmeasured, UnmeasuredKind};

/// What one look finds. That nothing listens, or nothing answers in time, is an error that may be expected.
pub(super) fn measure(probe: &TcpProbe, context: &Context<'_>) -> Result<Observation, Unmeasured> {
    let began = Instant::now();
    let limit = context.limit(probe.timeout_ms);
    let (host, port) = split(&probe.address)?;
    let addresses = match &probe.resolve {
        Some(Resolve::Address(one)) => vec![one.parse().map_err(|_| not_an_address(one))?],
        _ => found(host, limit)?,
    };
    let each = matches!(probe.resolve, Some(Resolve::All));
    let mut connected = Vec::new();
    let mut refused = Vec::new();
    for address in addresses {
        let place = SocketAddr::new(address, port);
        match connect(place, limit)? {
            None => connected.push(place.to_string()),
            Some(why) => refused.push(format!("{place}: {why}")),
        }
        if !each && !connected.is_empty() {
            break;
        }
    }
    let elapsed = began.elapsed();
    if connected.is_empty() || (each && !refused.is_empty()) {
        return Ok(Observation { error: Some(refused.join("; ")), elapsed, ..Observation::default() });
    }
    Ok(Observation { text: format!("connected to {}", connected.join(", ")), elapsed, ..Observation::default() })
}

fn split(address: &str) -> Result<(&str, u16), Unmeasured> {
    let parts = address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    let parts = parts.and_then(|(host, port)| Some((host, port.parse().ok()?)));
    let (host, port) = parts.ok_or_else(|| {
        unmeasured(UnmeasuredKind::NotPrepared, format!("`{address}` is not an address like `localhost:6379`"))
    })?;
    let bare = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
    Ok((bare.unwrap_or(host), port))
}

fn not_an_address(text: &str) -> Unmeasured {
    unmeasured(UnmeasuredKind::NotPrepared, format!("`{text}` is not an IP address"))
}

fn found(host: &str, limit: Duration) -> Result<Vec<IpAddr>, Unmeasured> {
    match dns::lookup(host, limit)? {
        Known::Addresses(addresses) if !addresses.is_empty() => Ok(addresses),
        Known::Addresses(_) => Err(unmeasured(UnmeasuredKind::NameNotFound, "it has no address")),
        Known::NoName(why) => Err(unmeasured(UnmeasuredKind::NameNotFound, why)),
    }
}

/// Why nothing was connected, where that says something about the other side. What is wrong on this side is an error.
fn connect(place: SocketAddr, limit: Duration) -> Result<Option<String>, Unmeasured> {
    // No time at all is refused by the standard library.
    match TcpStream::connect_timeout(&place, limit.max(Duration::from_millis(1))) {
        Ok(_) => Ok(None),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(Some("connection refused".to_owned())),
        Err(error) if is_silence(&error) => Ok(Some(in_time(limit))),
        Err(error) => Err(unmeasured(UnmeasuredKind::Unusable, format!("{place}: {error}"))),
    }
}

fn is_silence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}
