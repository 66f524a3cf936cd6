//! Connects to one or to all addresses of a host. What it found is judged by `expect/probe.rs`.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::dns::addresses_of;
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
        _ => addresses_of(host, limit)?,
    };
    let each = matches!(probe.resolve, Some(Resolve::All));
    let found = among(&addresses, port, each, limit)?;
    Ok(Observation { elapsed: began.elapsed(), ..found })
}

/// What connecting to each of these addresses finds, or to the first that lets itself be connected to.
fn among(addresses: &[IpAddr], port: u16, each: bool, limit: Duration) -> Result<Observation, Unmeasured> {
    let (mut connected, mut refused, mut unusable) = (Vec::new(), Vec::new(), None);
    for address in addresses {
        let place = SocketAddr::new(*address, port);
        match connect(place, limit) {
            Ok(None) => connected.push(place.to_string()),
            Ok(Some(why)) => refused.push(format!("{place}: {why}")),
            // There may be no way from here to one address, and one to the next.
            Err(what) => unusable = unusable.or(Some(what)),
        }
        if !each && !connected.is_empty() {
            break;
        }
    }
    if let Some(what) = unusable.filter(|_| each || connected.is_empty()) {
        return Err(what);
    }
    if connected.is_empty() || (each && !refused.is_empty()) {
        return Ok(Observation { error: Some(refused.join("; ")), ..Observation::default() });
    }
    Ok(Observation { text: format!("connected to {}", connected.join(", ")), ..Observation::default() })
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

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    #[test]
    fn an_address_without_a_way_to_it_leaves_the_others_to_try() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let limit = Duration::from_secs(5);
        // Nobody connects to everybody.
        let addresses = [Ipv4Addr::BROADCAST, Ipv4Addr::LOCALHOST].map(IpAddr::from);
        let found = among(&addresses, port, false, limit).expect("the second answers");
        assert_eq!((found.text, found.error), (format!("connected to 127.0.0.1:{port}"), None));
        for (all, each) in [(&addresses[..], true), (&addresses[..1], false)] {
            let what = among(all, port, each, limit).expect_err("one cannot be asked");
            assert_eq!(what.kind, UnmeasuredKind::Unusable);
        }
    }
}
