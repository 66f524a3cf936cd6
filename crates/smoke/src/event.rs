//! What a run tells while it goes on: one closed enum. Showing it is the caller's.

use std::path::PathBuf;

use serde::Serialize;

use crate::report::{CheckReport, Counts};

/// Something happened. Texts hold no secrets.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run begins.
    RunStarted {
        /// How many reports there will be: the plan's checks, what cleans up after them, what earlier runs have left.
        checks: usize,
    },
    /// Earlier runs did not take back everything; this one does so first, and reports each.
    LeftoversFound {
        /// How many there are.
        number: usize,
        /// Where they are written down.
        journal: PathBuf,
    },
    /// A check is about to be sent.
    CheckStarted {
        /// Its place in the report, from 1.
        number: usize,
        /// Its name.
        name: String,
    },
    /// An attempt did not pass and another one follows.
    AttemptFailed {
        /// The name of the check.
        name: String,
        /// Which attempt, from 1.
        attempt: u32,
        /// What was wrong.
        why: String,
        /// How long until the next one.
        next_in_ms: u64,
    },
    /// A check is done, or was skipped.
    CheckFinished {
        /// Its place in the report, from 1.
        number: usize,
        /// What it found.
        report: Box<CheckReport>,
    },
    /// The target was asked for its revision and is not there yet.
    RevisionAwaited {
        /// What came instead, in words.
        instead: String,
        /// Milliseconds since the waiting began.
        waited_ms: u64,
    },
    /// The target named the expected revision.
    RevisionSeen {
        /// How many times in a row.
        in_a_row: u32,
        /// How many are needed.
        needed: u32,
    },
    /// The run is over.
    RunFinished {
        /// How many checks ended how.
        counts: Counts,
    },
}

impl Event {
    /// Every text that is not one of ours, for masking. An event or a field that is added has to be named here as well.
    pub(crate) fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        match self {
            Self::RunStarted { checks: _ }
            | Self::LeftoversFound { number: _, journal: _ }
            | Self::RevisionSeen { in_a_row: _, needed: _ }
            | Self::RunFinished { counts: _ } => {}
            Self::CheckStarted { number: _, name } => visit(name),
            Self::AttemptFailed { name, attempt: _, why, next_in_ms: _ } => {
                [name, why].into_iter().for_each(visit);
            }
            Self::CheckFinished { number: _, report } => report.each_text(visit),
            Self::RevisionAwaited { instead, waited_ms: _ } => visit(instead),
        }
    }
}
