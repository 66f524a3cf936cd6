//! Measures what is not HTTP: one file for each kind, all with the same result. Repeating and judging are `run`'s and `expect`'s.

mod command;
mod dns;
mod log;
mod redis;
mod sql;
mod tcp;

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::model::Probe;
use crate::report::{Unmeasured, UnmeasuredKind};

/// What a probe may use.
#[expect(dead_code, reason = "no kind is measured yet; the first one that is takes this line away")]
pub(crate) struct Context<'a> {
    /// The folder of the project.
    pub(crate) root: Option<&'a Path>,
    /// The longest time for one look.
    pub(crate) timeout: Duration,
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
    /// How a command ended.
    pub(crate) exit: Option<i32>,
    /// What a command wrote.
    pub(crate) stdout: String,
    /// What a command wrote to its standard error.
    pub(crate) stderr: String,
    /// What is not there yet, such as the line of a log; a finding that repeating may cure.
    pub(crate) missing: Option<String>,
    /// How long the look took.
    pub(crate) elapsed: Duration,
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
        Probe::Http(_) => Err(not_yet()),
    }
}

fn not_yet() -> Unmeasured {
    Unmeasured { kind: UnmeasuredKind::NotYet, detail: "no probe of this kind".to_owned() }
}
