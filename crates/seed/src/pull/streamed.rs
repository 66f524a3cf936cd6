//! What pulling says about tables of very many rows: how much was edited, and that it stays in the database. Comparing them
//! is `stream`'s.

use plimsoll_core::db::{Db, Stmt, quoted, scalar};
use serde_json::Value as Json;

use super::PullOptions;
use super::report::{StreamedEdits, Undeclared};
use crate::error::SeedError;
use crate::read::Seeds;
use crate::reconcile::observe::Observation;
use crate::reconcile::plan::Outcome;
use crate::stream::BulkState;

/// Whether any of them is asked about: staging them takes its time.
pub(super) fn are_wanted(seeds: &Seeds, wanted: &PullOptions) -> bool {
    wanted.row.is_none() && seeds.bulk_tables().any(|table| is_wanted(wanted, table))
}

/// The edits in them.
pub(super) fn edits(
    seeds: &Seeds,
    observation: &Observation,
    wanted: &PullOptions,
) -> Result<Vec<StreamedEdits>, SeedError> {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    let states = seeds.bulk.iter().zip(&observation.bulk).filter(|(_, state)| is_wanted(wanted, &state.table));
    for (table, state) in states {
        problems.extend(state.problems.iter().cloned());
        let edited = state.sample.iter().filter(|row| row.columns.iter().any(|one| one.outcome != Outcome::Update));
        let keys: Vec<Json> = edited.map(|row| row.key.json()).collect();
        let count = state.counts.edited + state.counts.spared;
        if count > 0 {
            found.push(StreamedEdits {
                table: state.table.clone(),
                count,
                keys,
                reason: "rows of a table with `bulk = true` are not written into files".to_owned(),
                at: table.at.to_string(),
            });
        }
    }
    SeedError::unless_empty(problems)?;
    Ok(found)
}

/// How many of their rows are in no file.
pub(super) fn undeclared(
    db: &mut dyn Db,
    observation: &Observation,
    wanted: &PullOptions,
) -> Result<Vec<Undeclared>, SeedError> {
    let mut found = Vec::new();
    let is_there = |state: &&BulkState| state.pending.is_empty() && is_wanted(wanted, &state.table);
    for state in observation.bulk.iter().filter(is_there) {
        let stmt = Stmt::new(format!("SELECT count(*) FROM {}", quoted(db.engine(), &state.table)));
        let held = scalar(db, &stmt)?.as_int().map_or(0, i64::unsigned_abs);
        let count = held.saturating_sub(state.rows - state.counts.create);
        if count > 0 {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            found.push(Undeclared { table: state.table.clone(), count, keys: Vec::new() });
        }
    }
    Ok(found)
}

fn is_wanted(wanted: &PullOptions, table: &str) -> bool {
    wanted.table.as_deref().is_none_or(|wanted| wanted == table)
}
