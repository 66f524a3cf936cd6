//! Requests over HTTP and complete answers. Whether an answer is right is `expect`'s, whether it is asked for again `run`'s.

mod body;
mod client;
pub(crate) mod cookies;
mod curl;
mod decode;
mod exchange;
pub(crate) mod failure;
mod prepare;
mod redirect;
pub(crate) mod tls;

use std::net::IpAddr;
use std::time::Duration;

use reqwest::Url;

use crate::report::Unmeasured;

pub(crate) use client::{Http, open};
pub(crate) use prepare::{Prepared, address, prepare, shown_base};

/// How much one request may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) connect: Duration,
    /// From the beginning to the head of the answer, of each hop.
    pub(crate) first_byte: Option<Duration>,
    /// From the beginning to the last byte, redirects included.
    pub(crate) total: Duration,
    pub(crate) body_bytes: u64,
}

/// Where a request goes, beside its URL.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Route<'a> {
    /// The suite whose cookies, certificates and proxy are used.
    pub(crate) suite: &'a str,
    /// The address that stands for the target's name.
    pub(crate) address: Option<IpAddr>,
    /// Never on a connection that was used before: a kept one stays with one instance.
    pub(crate) fresh: bool,
    /// Which of the threads that send beside each other sends it. Each has connections of its own, so that none waits
    /// for another to be done with them.
    pub(crate) lane: usize,
}

/// A complete answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) version: reqwest::Version,
    /// Names in lower case, in the order of the answer.
    pub(crate) headers: Vec<(String, String)>,
    /// The URL that answered, after redirects, without credentials.
    pub(crate) url: Url,
    /// How many redirects were followed.
    pub(crate) redirects: u32,
    /// Decompressed.
    pub(crate) body: Vec<u8>,
    /// The certificate of the server that answered, as DER.
    pub(crate) certificate: Option<Vec<u8>>,
    pub(crate) elapsed: Duration,
}

/// A request without a complete answer.
#[derive(Debug)]
pub(crate) struct SendError {
    pub(crate) what: Unmeasured,
    /// False only when it is certain that the server saw nothing of the request.
    pub(crate) bytes_sent: bool,
}

impl Http {
    /// Sends a request and reads the whole answer.
    pub(crate) fn send(&self, request: &Prepared, limits: Limits, route: Route<'_>) -> Result<Answer, SendError> {
        let runtime = self.runtime(route.lane).map_err(|what| SendError { what, bytes_sent: false })?;
        runtime.block_on(exchange::exchange(self, request, limits, route))
    }
}
