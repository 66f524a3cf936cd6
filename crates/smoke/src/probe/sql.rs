//! Asks a database. What it found is judged by `expect/probe.rs`.

use super::{Context, Observation, not_yet};
use crate::model::SqlProbe;
use crate::report::Unmeasured;

/// What one look finds.
pub(super) fn measure(_probe: &SqlProbe, _context: &Context<'_>) -> Result<Observation, Unmeasured> {
    Err(not_yet())
}
