//! What would be refused once the rows that datasets created are gone, told before they are removed. Removing is `reset`'s.

use plimsoll_core::ErrorCode;

use crate::error::{Problem, SeedError};
use crate::ledger::Entry;
use crate::read::Seeds;
use crate::reconcile::diff::decide;
use crate::reconcile::observe::{LiveRow, Observation, Resolved};
use crate::reconcile::plan::require_schema;
use crate::value::secret;

/// Tells what stands against seeding anew after a reset, as far as rows that go have no part in it: a start over that could not
/// be ended need not be begun.
///
/// # Errors
/// [`SeedError::Problems`] with every value that does not fit, every reference that leads nowhere, what the schema lacks and
/// what else no removal does away with.
pub fn require_fresh(seeds: &Seeds, observation: &Observation) -> Result<(), SeedError> {
    let mut emptied = observation.clone();
    for (staged, state) in seeds.tables.iter().zip(&mut emptied.tables) {
        let goes = |row: usize, live: &LiveRow| {
            state.base(row, &staged.rows[row]).is_some_and(|base| base.created() && !is_edited(base, live))
        };
        let rows = state.live.iter().enumerate();
        let rest = rows.map(|(row, live)| live.clone().filter(|live| !goes(row, live))).collect();
        state.live = rest;
        state.ambiguous.clear();
    }
    for resolved in emptied.external.values_mut().filter(|resolved| matches!(resolved, Resolved::Ambiguous { .. })) {
        *resolved = Resolved::New;
    }
    emptied.orphans.tables.iter_mut().for_each(Vec::clear);
    emptied.orphans.targets.clear();
    let decisions = decide(seeds, &emptied);
    let mut pending = decisions.pending;
    pending.extend(emptied.bulk.iter().flat_map(|state| state.pending.clone()));
    let bulk = emptied.bulk.into_iter().flat_map(|state| state.problems);
    let problems = decisions.problems.into_iter().chain(decisions.schema_problems).chain(bulk);
    SeedError::unless_empty(problems.filter(stays).chain(require_schema(&pending)).collect())
}

/// Rows that were edited in the database are kept.
fn is_edited(base: &Entry, live: &LiveRow) -> bool {
    base.applied.iter().any(|(name, then)| live.values.get(name).is_some_and(|now| !secret::is(then, now)))
}

/// Whether a problem is still there when rows are gone.
fn stays(problem: &Problem) -> bool {
    matches!(
        problem.code,
        ErrorCode::SeedValue
            | ErrorCode::SeedTarget
            | ErrorCode::SeedRequired
            | ErrorCode::SeedKey
            | ErrorCode::SeedCycle
            | ErrorCode::SeedDuplicate
            | ErrorCode::ReferenceMissing
    )
}
