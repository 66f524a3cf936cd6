//! Looks for a line in a file or in the output of a command. What it found is judged by `expect/probe.rs`.

use super::{Context, Observation, not_yet};
use crate::model::LogProbe;
use crate::report::Unmeasured;

/// What one look finds.
pub(super) fn measure(_probe: &LogProbe, _context: &Context<'_>) -> Result<Observation, Unmeasured> {
    Err(not_yet())
}
