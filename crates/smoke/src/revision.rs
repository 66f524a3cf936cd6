//! Which revision answers, and waiting until it is the expected one and no other. What the answers say otherwise is `expect`'s.

use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use plimsoll_core::project::RevisionSource;
use plimsoll_core::{Coded, ErrorCode, Redactor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::SmokeError;
use crate::event::Event;
use crate::expect::matcher;
use crate::expect::{header, parse_json};
use crate::http::Prepared;
use crate::http::{self, Answer, Http, Limits, Route};
use crate::masking::Masking;
use crate::model::Request;
use crate::report::Unmeasured;
use crate::run::retry;
use crate::tally::others_at_most;

/// The revision that must answer and how answers name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The revision.
    pub expected: String,
    /// Where it is in an answer. A header must be in every answer of the service; what has no value at a JSONPath
    /// is not held against a check.
    pub source: RevisionSource,
}

/// How to wait for a revision.
#[derive(Clone, Copy)]
pub struct Await<'a> {
    /// The path to ask, with a leading `/`.
    pub path: &'a str,
    /// How long to wait at most.
    pub within: Duration,
    /// How many answers in a row must name it, each on a connection of its own: one could be luck behind a balancer.
    pub in_a_row: u32,
    /// The longest time for one answer.
    pub timeout: Duration,
    /// Asked before every request; waiting ends when it says no, as for a process that has died.
    pub go_on: &'a dyn Fn() -> bool,
    /// The addresses of the target's name, which all have to name it; those that the machine finds when there are none.
    pub addresses: &'a [IpAddr],
    /// What must not be shown.
    pub redactor: &'a Redactor,
}

impl<'a> Await<'a> {
    /// Three answers in a row, two seconds for each, for as long as `within`.
    #[must_use]
    pub fn new(path: &'a str, within: Duration, redactor: &'a Redactor) -> Self {
        Self { path, within, in_a_row: 3, timeout: Duration::from_secs(2), go_on: &|| true, addresses: &[], redactor }
    }
}

/// The expected revision answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RevisionProof {
    /// The revision.
    pub revision: String,
    /// How many answers in a row named it, each on a connection of its own.
    pub in_a_row: u32,
    /// How many answers had named another one before, or none.
    pub others: u32,
    /// The largest share of connections that may still lead to another one, see [`others_at_most`].
    pub others_at_most: f64,
    /// How long that took.
    pub waited_ms: u64,
}

/// The expected revision did not answer.
#[derive(Debug, thiserror::Error)]
pub enum AwaitError {
    /// The target cannot be asked at all.
    #[error(transparent)]
    Target(#[from] SmokeError),
    /// Another revision answered, or an answer named none.
    #[error("revision `{expected}` did not answer within {waited_ms} ms{}, instead: {instead}", mixed(*named, *answers))]
    Mismatch {
        /// The revision that was expected.
        expected: String,
        /// How many answers named it, but not enough in a row.
        named: u32,
        /// How many answers there were.
        answers: u32,
        /// What came instead at last.
        instead: String,
        /// How long was waited.
        waited_ms: u64,
    },
    /// Nothing answered.
    #[error("nothing answered within {waited_ms} ms: {reason}")]
    Silent {
        /// What the last attempt ran into.
        reason: Unmeasured,
        /// How long was waited.
        waited_ms: u64,
    },
    /// The caller ended the waiting.
    #[error("gave up waiting for revision `{expected}` after {waited_ms} ms")]
    GivenUp {
        /// The revision that was expected.
        expected: String,
        /// How long was waited.
        waited_ms: u64,
    },
}

impl Coded for AwaitError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Target(error) => error.code(),
            Self::Mismatch { .. } => ErrorCode::RevisionMismatch,
            Self::Silent { .. } | Self::GivenUp { .. } => ErrorCode::SmokeUnmeasured,
        }
    }
}

/// Asks the target until the expected revision has answered several times in a row.
///
/// # Errors
/// When another revision answers, nothing does, or the caller gives up; the text says what came instead.
pub fn await_revision(
    base_url: &str,
    revision: &Revision,
    how: &Await<'_>,
    on_event: &mut dyn FnMut(&Event),
) -> Result<RevisionProof, AwaitError> {
    let started = Instant::now();
    let http = http::open(base_url, how.addresses)?;
    let masking = Masking::of(how.redactor, &http);
    let on_event = &mut |event: &Event| on_event(&masking.event(event));
    let (mut in_a_row, mut misses, mut named, mut others) = (0, 0, 0, 0);
    // Asked for once in a round: addresses come and go while a release is rolled out.
    let mut addresses = instances(&http, how.timeout);
    loop {
        let waited_ms = millis(started.elapsed());
        let expected = revision.expected.clone();
        if !(how.go_on)() {
            return Err(AwaitError::GivenUp { expected, waited_ms });
        }
        let needed = how.in_a_row.max(u32::try_from(addresses.len()).unwrap_or(u32::MAX));
        let address = addresses.get(in_a_row as usize % addresses.len().max(1)).copied();
        let missed = match ask(&http, revision, how, address, &masking) {
            Ok(()) => {
                (in_a_row, named) = (in_a_row + 1, named + 1);
                on_event(&Event::RevisionSeen { in_a_row, needed });
                if in_a_row >= needed {
                    return Ok(RevisionProof {
                        revision: expected,
                        in_a_row,
                        others,
                        others_at_most: others_at_most(in_a_row as usize),
                        waited_ms: millis(started.elapsed()),
                    });
                }
                continue;
            }
            Err(missed) => missed,
        };
        (in_a_row, misses, addresses) = (0, misses + 1, instances(&http, how.timeout));
        others += u32::from(matches!(missed, Missed::Other(_)));
        let waited = started.elapsed();
        let waited_ms = millis(waited);
        let Some(left) = how.within.checked_sub(waited).filter(|left| !left.is_zero()) else {
            return Err(match missed {
                Missed::Silent(reason) => AwaitError::Silent { reason, waited_ms },
                Missed::Other(instead) => {
                    AwaitError::Mismatch { expected, named, answers: named + others, instead, waited_ms }
                }
            });
        };
        let instead = match missed {
            Missed::Other(instead) => instead,
            Missed::Silent(reason) => reason.to_string(),
        };
        on_event(&Event::RevisionAwaited { instead, waited_ms });
        // A process that is starting is asked often: a quarter of the checks' delays.
        thread::sleep((retry::delay(misses) / 4).min(left));
    }
}

/// The revision that an answer names.
pub(crate) fn named_by(source: &RevisionSource, answer: &Answer) -> Option<String> {
    match source {
        RevisionSource::Header(name) => header::first(answer, name).map(str::to_owned),
        RevisionSource::Json(path) => match matcher::find(path, &parse_json(&answer.body).ok()?)? {
            Value::String(text) => Some(text),
            Value::Null => None,
            other => Some(other.to_string()),
        },
    }
}

/// Several revisions that answer in turn are another trouble than one that does not go away.
fn mixed(named: u32, answers: u32) -> String {
    if named == 0 { String::new() } else { format!(", only {named} of {answers} answers named it") }
}

/// What came in place of the expected revision.
enum Missed {
    Other(String),
    Silent(Unmeasured),
}

fn ask(
    http: &Http,
    revision: &Revision,
    how: &Await<'_>,
    address: Option<IpAddr>,
    masking: &Masking,
) -> Result<(), Missed> {
    let prepared = question(http, how.path, masking).map_err(Missed::Silent)?;
    let limits = Limits { connect: how.timeout, first_byte: None, total: how.timeout, body_bytes: 1 << 20 };
    let route = Route { suite: "", address, fresh: true, lane: 0 };
    let from = address.map(|address| format!(" from {address}")).unwrap_or_default();
    let answer = http.send(&prepared, limits, route).map_err(|error| {
        let Unmeasured { kind, detail } = error.what;
        Missed::Silent(Unmeasured { kind, detail: masking.apply(&format!("{detail}{from}")) })
    })?;
    match named_by(&revision.source, &answer) {
        // An answer that names itself and is not well does not serve.
        Some(named) if named == revision.expected && (200..300).contains(&answer.status) => Ok(()),
        Some(named) => {
            let text = format!("revision `{named}` with status {}{from}", answer.status);
            Err(Missed::Other(masking.excerpt(&text, 200)))
        }
        None => Err(Missed::Other(format!("status {} without a revision{from}", answer.status))),
    }
}

/// The addresses that each have to name the revision, when the target's name has several. Those of `localhost` are one
/// machine, and most services listen on one of them.
fn instances(http: &Http, limit: Duration) -> Vec<IpAddr> {
    if matches!(http.base.host_str(), Some("localhost")) {
        return Vec::new();
    }
    // A name that is not found is told by asking.
    http.addresses(limit).ok().filter(|found| found.len() > 1).unwrap_or_default()
}

fn question(http: &Http, path: &str, masking: &Masking) -> Result<Prepared, Unmeasured> {
    http::prepare(&Request { path: path.to_owned(), ..Request::default() }, &http.base, None, masking)
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
