//! Runs a command. What it found is judged by `expect/probe.rs`.

use super::{Context, Observation, not_yet};
use crate::model::CommandProbe;
use crate::report::Unmeasured;

/// What one look finds.
pub(super) fn measure(_probe: &CommandProbe, _context: &Context<'_>) -> Result<Observation, Unmeasured> {
    Err(not_yet())
}
