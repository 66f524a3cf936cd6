//! The options of an entry. Those that only change what Hurl prints are passed over.

use std::net::IpAddr;

use super::token::plain;
use super::variables::Variables;
use crate::duration::parse_millis;
use crate::import::Remarks;
use crate::import::draft::{Connection, Draft};
use crate::model::{HttpVersion, Resolve};

/// What is known when all options were read.
#[derive(Default)]
pub(super) struct Options {
    pub(super) skip: bool,
    pub(super) connection: Connection,
    location: Option<usize>,
    redirects: Option<u32>,
    retry: Option<(usize, u64)>,
    interval_ms: Option<u64>,
}

/// How many redirects Hurl follows.
const REDIRECTS: u32 = 50;

pub(super) fn read(
    line: usize,
    name: &str,
    value: &str,
    draft: &mut Draft,
    options: &mut Options,
    variables: &mut Variables,
    remarks: &mut Remarks,
) {
    let text = plain(value, variables);
    let yes = text == "true";
    let connection = &mut options.connection;
    let understood = match name {
        "location" => {
            options.location = yes.then_some(line);
            yes || text == "false"
        }
        "max-redirs" => {
            options.redirects = text.parse().ok();
            options.redirects.is_some()
        }
        "retry" => {
            options.retry = text.parse().ok().filter(|times| *times > 0).map(|times| (line, times));
            options.retry.is_some() || text == "0"
        }
        "retry-interval" => {
            options.interval_ms = millis(&text, 1);
            options.interval_ms.is_some()
        }
        "connect-timeout" => {
            draft.request.timeouts.connect_ms = millis(&text, 1000);
            draft.request.timeouts.connect_ms.is_some()
        }
        "max-time" => {
            draft.request.timeouts.total_ms = millis(&text, 1000);
            draft.request.timeouts.total_ms.is_some()
        }
        "http1.1" | "http2" if yes => {
            draft.request.http = Some(if name == "http2" { HttpVersion::Two } else { HttpVersion::One });
            true
        }
        "user" => {
            draft.basic(&text);
            true
        }
        "header" => match text.split_once(':') {
            Some((name, value)) => {
                draft.request.headers.push((name.trim().to_owned(), value.trim().to_owned()));
                true
            }
            None => false,
        },
        "variable" => match value.split_once('=') {
            Some((name, value)) => {
                variables.define(name.trim(), value.split(" #").next().unwrap_or_default().trim());
                true
            }
            None => false,
        },
        "cacert" => set(&mut connection.ca, text),
        "cert" if !text.contains(':') => set(&mut connection.certificate, text),
        "key" => set(&mut connection.key, text),
        "proxy" if !text.contains('@') => {
            let proxy = if text.contains("://") { text } else { format!("http://{text}") };
            set(&mut connection.proxy, proxy)
        }
        "resolve" => resolve(&text, draft),
        "skip" => {
            options.skip = yes;
            true
        }
        "compressed" | "verbose" | "very-verbose" | "verbosity" | "output" | "netrc-optional" => true,
        _ if text == "false" => true,
        _ => false,
    };
    if !understood {
        remarks.left_out(line, format!("the option `{name}`{}", instead(name)));
    }
}

/// What may be done by hand.
fn instead(name: &str) -> &'static str {
    match name {
        "insecure" => ": certificates are always checked, name the one to trust in `[suite] ca`",
        "cert" => ": put certificate and key, without a password, into `[suite] client_certificate`",
        "proxy" => ": write it into `[suite] proxy`, its password as a variable",
        "retry" => ": name a duration in `retry.for`",
        "delay" => ": let the check wait for what it needs with `retry`",
        "repeat" => ": it is sent once",
        _ => "",
    }
}

impl Options {
    /// What depends on several options, or on what is expected.
    pub(super) fn apply(&mut self, draft: &mut Draft, remarks: &mut Remarks) {
        if let Some(line) = self.location {
            let redirects = self.redirects.unwrap_or(REDIRECTS);
            if draft.expect.url.is_some() {
                draft.request.redirects = redirects;
            } else {
                remarks.left_out(
                    line,
                    "the option `location`: a check follows redirects when it names the final URL, \
                     add `redirects` to its request and `url` to what it expects",
                );
            }
        }
        if let Some((line, times)) = self.retry {
            let millis = self.interval_ms.unwrap_or(1000).saturating_mul(times);
            draft.retry_ms = Some(millis.max(1));
            if draft.request.repeats_its_effect() {
                let method = draft.request.method.as_str();
                remarks.left_out(
                    line,
                    format!("sending {method} again: add an `idempotency_key` when the service knows such"),
                );
            }
        }
        let Connection { certificate, key, .. } = &mut self.connection;
        if certificate.is_some() && key.is_none() {
            key.clone_from(certificate);
        }
    }
}

fn set(place: &mut Option<String>, text: String) -> bool {
    *place = Some(text);
    true
}

/// `host:port:address`
fn resolve(text: &str, draft: &mut Draft) -> bool {
    let mut parts = text.splitn(3, ':').skip(2);
    let address = parts.next().map(|address| address.trim_matches(['[', ']'])).unwrap_or_default();
    let right = address.parse::<IpAddr>().is_ok();
    if right {
        draft.request.resolve = Some(Resolve::Address(address.to_owned()));
    }
    right
}

/// A number with a unit, or in the unit of the option.
pub(super) fn millis(text: &str, unit: u64) -> Option<u64> {
    match text.parse::<u64>() {
        Ok(number) => number.checked_mul(unit).filter(|millis| *millis > 0),
        Err(_) => parse_millis(text),
    }
}
