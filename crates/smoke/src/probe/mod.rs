//! Measures what is not HTTP: one file for each kind, all with the same result. Repeating and judging are `run`'s and `expect`'s.

mod command;
mod dns;
mod log;
mod marks;
mod process;
pub(crate) mod redis;
mod sql;
mod tcp;

use std::path::Path;
use std::time::Duration;

use plimsoll_core::Secret;
use plimsoll_core::db::DatabaseUrl;
use serde_json::Value;

use crate::http::tls::Trust;
use crate::model::Probe;
use crate::report::{Unmeasured, UnmeasuredKind};

pub(crate) use dns::addresses_of;
pub(crate) use marks::Marks;

/// What a probe may use.
pub(crate) struct Context<'a> {
    /// The folder of the project.
    pub(crate) root: Option<&'a Path>,
    /// The longest time for one look, unless a check says otherwise.
    pub(crate) timeout: Duration,
    /// What is left of the time of the whole run.
    pub(crate) longest: Option<Duration>,
    /// How many bytes of output are read.
    pub(crate) output_limit: usize,
    /// The environment's database.
    pub(crate) database: Option<&'a DatabaseUrl>,
    /// Where programs are looked for.
    pub(crate) search_path: Option<&'a str>,
    /// Where the logs ended when the run began.
    pub(crate) marks: &'a Marks,
    /// The certificates of the check's suite.
    pub(crate) trust: Result<Option<&'a Trust>, Unmeasured>,
}

/// What one look found. Parts that a kind does not have are empty.
#[derive(Debug, Default)]
pub(crate) struct Observation {
    /// What `json`, `schema` and captures by JSONPath look into.
    pub(crate) json: Option<Value>,
    /// What `body` and captures by a regular expression look into, and what a report shows.
    pub(crate) text: String,
    /// How many rows there are.
    pub(crate) rows: Option<u64>,
    /// What was refused, as a database or Redis says it; a finding unless it is expected.
    pub(crate) error: Option<String>,
    /// The error is about the question, so that nothing is known unless the check expects it.
    pub(crate) unanswerable: bool,
    /// How a command ended.
    pub(crate) exit: Option<i32>,
    /// What a command wrote.
    pub(crate) stdout: String,
    /// What a command wrote to its standard error.
    pub(crate) stderr: String,
    /// What is not there yet, such as the line of a log, and what is there; a finding that repeating may cure.
    pub(crate) missing: Option<(String, String)>,
    /// What must not be shown of it.
    pub(crate) secrets: Vec<Secret>,
    /// How long the look took.
    pub(crate) elapsed: Duration,
}

impl Context<'_> {
    /// The longest time for one look at what a check may have said something about.
    fn limit(&self, own_ms: Option<u64>) -> Duration {
        let own = own_ms.map_or(self.timeout, Duration::from_millis);
        self.longest.map_or(own, |longest| own.min(longest))
    }

    /// The folder of the project, without which files and commands have no place.
    fn root(&self) -> Result<&Path, Unmeasured> {
        self.root.ok_or_else(|| unmeasured(UnmeasuredKind::NotPrepared, "there is no folder of a project"))
    }
}

/// Looks once, with every template filled in.
pub(crate) fn measure(probe: &Probe, context: &Context<'_>) -> Result<Observation, Unmeasured> {
    match probe {
        Probe::Log(probe) => log::measure(probe, context),
        Probe::Sql(probe) => sql::measure(probe, context),
        Probe::Redis(probe) => redis::measure(probe, context),
        Probe::Tcp(probe) => tcp::measure(probe, context),
        Probe::Dns(probe) => dns::measure(probe, context),
        Probe::Command(probe) => command::measure(probe, context),
        Probe::Http(_) => Err(unmeasured(UnmeasuredKind::Other, "requests are sent, not looked at")),
    }
}

fn unmeasured(kind: UnmeasuredKind, detail: impl Into<String>) -> Unmeasured {
    Unmeasured { kind, detail: detail.into() }
}

fn in_time(limit: Duration) -> String {
    format!("not within {}", crate::duration::show_millis(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX)))
}
