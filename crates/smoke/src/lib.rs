//! Smoke checks of a running system: files in, a plan, a run, a report. Which release is measured, and when, is the pipeline's.
#![doc = ""]
#![doc = include_str!("../README.md")]

mod duration;
mod error;
mod event;
mod expect;
mod file;
mod http;
pub mod import;
mod load;
mod masking;
mod model;
mod plan;
mod probe;
mod problem;
mod render;
mod report;
pub mod results;
mod revision;
mod run;
mod tally;

pub use error::{BaseUrlProblem, JournalProblem, SmokeError, SmokeFailed};
pub use event::Event;
pub use load::{load, parse};
pub use model::{
    Auth, Body, Capture, Check, Cleanup, ClientCertificate, CommandProbe, DnsProbe, Effect, Expect, Expectation,
    HttpVersion, JsonType, Level, LogProbe, LogSource, Matcher, Method, MultipartPart, MultipartValue, Phase, Probe,
    RecordType, RedisAction, RedisProbe, Request, Resolve, Retry, Schema, Source, SqlProbe, StatusPattern, Suite,
    Suites, TcpProbe, Timeouts, TlsExpect,
};
pub use plan::{Filter, FilterError, FilterProblem, PlannedCheck, Selection, SmokePlan, plan};
pub use plimsoll_core::project::RevisionSource;
pub use problem::Problems;
pub use report::{CheckReport, Counts, Finding, Part, SkipReason, SmokeReport, Unmeasured, UnmeasuredKind, Verdict};
pub use revision::{Await, AwaitError, Revision, RevisionProof, await_revision};
pub use run::{Options, Target, run};
pub use tally::{RevisionTally, others_at_most};
