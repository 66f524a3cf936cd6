//! Connects to an address. What it found is judged by `expect/probe.rs`.

use super::{Context, Observation, not_yet};
use crate::model::TcpProbe;
use crate::report::Unmeasured;

/// What one look finds.
pub(super) fn measure(_probe: &TcpProbe, _context: &Context<'_>) -> Result<Observation, Unmeasured> {
    Err(not_yet())
}
