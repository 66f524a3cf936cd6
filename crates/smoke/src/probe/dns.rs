//! Looks up a name by the system's resolver, so that the machine's own hosts and search domains count. What it found is judged by
//! `expect/probe.rs`.

use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Context, Observation, in_time, unmeasured};
use crate::model::{DnsProbe, RecordType};
use crate::report::{Unmeasured, UnmeasuredKind};

/// What one look finds: the addresses as a list, sorted, or that there are none as an error that may be expected.
pub(super) fn measure(probe: &DnsProbe, context: &Context<'_>) -> Result<Observation, Unmeasured> {
    let began = Instant::now();
    let found = lookup(&probe.name, context.limit(None))?;
    let elapsed = began.elapsed();
    let all = match found {
        Known::Addresses(all) => all,
        Known::NoName(why) => return Ok(Observation { error: Some(why), elapsed, ..Observation::default() }),
    };
    let wanted = |address: &IpAddr| match probe.record {
        RecordType::A => address.is_ipv4(),
        RecordType::Aaaa => address.is_ipv6(),
    };
    let addresses: Vec<String> = all.into_iter().filter(wanted).map(|address| address.to_string()).collect();
    if addresses.is_empty() {
        let error = Some(format!("the name has no address of type {}", probe.record.as_str()));
        return Ok(Observation { error, elapsed, ..Observation::default() });
    }
    let text = addresses.join(" ");
    let json = Some(addresses.into_iter().map(Value::from).collect());
    Ok(Observation { json, text, elapsed, ..Observation::default() })
}

/// What a resolver knows of a name.
enum Known {
    /// Its addresses, each once.
    Addresses(Vec<IpAddr>),
    /// That there is no such name, in the resolver's words.
    NoName(String),
}

/// Asks the resolver.
fn lookup(name: &str, limit: Duration) -> Result<Known, Unmeasured> {
    let (sender, receiver) = channel();
    let asked = name.to_owned();
    // The system's resolver takes no limit: what takes too long is left to end by itself.
    std::thread::spawn(move || {
        let found = (asked.as_str(), 0).to_socket_addrs().map(|all| all.map(|one| one.ip()).collect::<Vec<_>>());
        drop(sender.send(found));
    });
    match receiver.recv_timeout(limit) {
        Ok(Ok(mut addresses)) => {
            addresses.sort_unstable();
            addresses.dedup();
            Ok(Known::Addresses(addresses))
        }
        Ok(Err(error)) if is_answer(&error) => Ok(Known::NoName(error.to_string())),
        Ok(Err(error)) => Err(unmeasured(UnmeasuredKind::NameNotFound, error.to_string())),
        Err(RecvTimeoutError::Timeout) => Err(unmeasured(UnmeasuredKind::TimedOut, in_time(limit))),
        Err(RecvTimeoutError::Disconnected) => {
            Err(unmeasured(UnmeasuredKind::Unusable, "the resolver ended without an answer"))
        }
    }
}

/// The addresses of a name that has some, each once and sorted.
pub(crate) fn addresses_of(name: &str, limit: Duration) -> Result<Vec<IpAddr>, Unmeasured> {
    match lookup(name, limit)? {
        Known::Addresses(addresses) if !addresses.is_empty() => Ok(addresses),
        Known::Addresses(_) => Err(unmeasured(UnmeasuredKind::NameNotFound, "it has no address")),
        Known::NoName(why) => Err(unmeasured(UnmeasuredKind::NameNotFound, why)),
    }
}

/// Whether a resolver said that there is no such name, and not that it could not find out. The standard library gives no
/// number, so the text of the C library has to do.
fn is_answer(error: &io::Error) -> bool {
    let text = error.to_string();
    ["Name or service not known", "No address associated", "nodename nor servname", "Name does not resolve"]
        .iter()
        .any(|known| text.contains(known))
}
