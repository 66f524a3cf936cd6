//! Smoke checks of a running system: files in, a plan, a run, a report. Which release is measured, and when, is the pipeline's.
#![doc = ""]
#![doc = include_str!("../README.md")]

mod assertion;
mod client;
mod duration;
mod error;
mod event;
mod file;
mod load;
mod masking;
mod matcher;
mod model;
mod plan;
mod problem;
mod report;
mod request;
mod retry;
mod revision;
mod run;

pub use error::{BaseUrlProblem, SmokeError, SmokeFailed};
pub use event::Event;
pub use load::{load, parse};
pub use model::{Body, Capture, Check, Expect, Expectation, Level, Matcher, Method, Request, Retry};
pub use plan::{PlannedCheck, Selection, SmokePlan, plan};
pub use plimsoll_core::project::RevisionSource;
pub use problem::Problems;
pub use report::{
    CheckReport, Counts, Finding, Part, RevisionTally, SkipReason, SmokeReport, Unmeasured, UnmeasuredKind, Verdict,
};
pub use revision::{Await, AwaitError, Revision, RevisionProof, await_revision};
pub use run::{Options, Target, run};
