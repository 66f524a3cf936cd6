//! What was left out because it does not fit, by `on_invalid = "skip"`. What it means for the exit code is the command line's.

use std::fmt;

use plimsoll_core::Location;
use serde::{Deserialize, Serialize};

use crate::error::Problem;

/// A document or a record that was left out, and why. Nothing of it is seeded by its dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The dataset.
    pub dataset: String,
    /// The document's file, or the place of the record.
    pub what: String,
    /// Everything that is wrong with it, at least one reason.
    pub reasons: Vec<SkipReason>,
}

/// One thing that is wrong with a document or record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkipReason {
    /// What is wrong, in a phrase.
    pub message: String,
    /// Where.
    pub at: Option<Location>,
}

/// In one line: what was skipped, and the first reason.
impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        let Some(first) = self.reasons.first() else { return Ok(()) };
        write!(f, ": {}", first.message)?;
        // The place is worth saying where it is not what the line began with.
        if let Some(at) = first.at.as_ref().filter(|at| at.to_string() != self.what) {
            write!(f, " ({at})")?;
        }
        match self.reasons.len() - 1 {
            0 => Ok(()),
            more => write!(f, ", and {more} more"),
        }
    }
}

impl Skipped {
    /// `what` of a dataset, for these problems.
    pub(crate) fn new(dataset: &str, what: String, problems: Vec<Problem>) -> Self {
        let reasons = problems.into_iter().map(|problem| {
            // A person looks at the document first; the expression stands in the dataset file.
            let at = problem.document.map(|place| place.at).or(problem.at);
            SkipReason { message: problem.message, at }
        });
        Self { dataset: dataset.to_owned(), what, reasons: reasons.collect() }
    }
}
