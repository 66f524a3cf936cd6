//! Values that have to be unique: two declared rows with the same, or one that another row of the database has. Rows that are
//! swapped among themselves are the writer's to arrange.

use std::collections::HashMap;

use plimsoll_core::ErrorCode;
use plimsoll_core::db::Table;
use serde_json::Value as Json;

use super::{at_column, writes};
use crate::error::Problem;
use crate::read::Seeds;
use crate::read::model::Mode;
use crate::reconcile::diff::Decision;
use crate::reconcile::observe::Observation;
use crate::reconcile::plan::{Outcome, RowAction};
use crate::reconcile::show;
use crate::value::{canonical, canonical_text};

/// The unique keys of a table besides the one that its rows are found by.
pub(super) fn others<'t>(table: &'t Table, key: &'t [String]) -> impl Iterator<Item = &'t [String]> {
    let primary = std::iter::once(table.primary_key.as_slice()).filter(|columns| !columns.is_empty());
    primary
        .chain(table.unique_keys.iter().map(|unique| unique.columns.as_slice()))
        .filter(move |columns| columns.len() != key.len() || !columns.iter().all(|name| key.contains(name)))
}

/// Every value that would be in two rows.
pub(super) fn check(
    seeds: &Seeds,
    observation: &Observation,
    index: usize,
    decisions: &[Decision],
    problems: &mut Vec<Problem>,
) {
    let staged = &seeds.tables[index];
    let state = &observation.tables[index];
    let Some(table) = &state.table else { return };
    if !decisions.iter().any(|decision| matches!(decision.action, RowAction::Create | RowAction::Update)) {
        return;
    }
    let decided: HashMap<usize, &Decision> = decisions.iter().map(|decision| (decision.row, decision)).collect();
    for columns in others(table, &staged.key) {
        let mut seen: HashMap<String, usize> = HashMap::new();
        for row in 0..staged.rows.len() {
            let values: Option<Vec<Json>> = columns
                .iter()
                .map(|name| after(seeds, observation, index, row, decided.get(&row).copied(), name))
                .map(|value| value.filter(|value| !value.is_null()))
                .collect();
            let Some(values) = values.map(Json::Array) else { continue };
            let Some(earlier) = seen.insert(canonical_text(&values), row) else { continue };
            if !writes(decisions, row, columns) && !writes(decisions, earlier, columns) {
                continue;
            }
            let (first, second) = (&staged.rows[earlier], &staged.rows[row]);
            let message = format!(
                "`{}` {} and {} have the same {} {}, which has to be unique, the other is declared at {}",
                staged.name,
                second.symbol.label(),
                first.symbol.label(),
                names(columns),
                if hides(seeds, index, row, columns) {
                    "(secret)".to_owned()
                } else {
                    shown(values.as_array().into_iter().flatten())
                },
                first.source.location()
            );
            problems.push(at_column(seeds, second, &columns[0], ErrorCode::SeedTaken, message));
        }
    }
    for taken in &state.probe.taken {
        if writes(decisions, taken.row, &taken.columns) {
            let row = &staged.rows[taken.row];
            let message = format!(
                "{} {} of `{}` {} is taken by the row {}, which no file declares",
                names(&taken.columns),
                if hides(seeds, index, taken.row, &taken.columns) {
                    "(secret)".to_owned()
                } else {
                    shown(taken.values.iter())
                },
                staged.name,
                row.symbol.label(),
                show::label(&taken.owner)
            );
            problems.push(at_column(seeds, row, &taken.columns[0], ErrorCode::SeedTaken, message));
        }
    }
}

/// What a row holds in a column once everything is as decided, as far as that is known.
fn after(
    seeds: &Seeds,
    observation: &Observation,
    index: usize,
    row: usize,
    decision: Option<&Decision>,
    name: &str,
) -> Option<Json> {
    let staged = &seeds.tables[index].rows[row];
    let state = &observation.tables[index];
    let declared = || {
        let (_, cell) = staged.cells().find(|(column, _)| **column == *name)?;
        let value = observation.known(seeds, cell)?;
        canonical(state.column(name)?, &value).ok().map(|value| state.spelled(name, value))
    };
    let Some(live) = &state.live[row] else { return declared() };
    let held = || live.values.get(name).cloned();
    if seeds.blocks[staged.block].mode == Mode::Insert {
        return held();
    }
    let changed = decision.and_then(|decision| decision.columns.iter().find(|column| *column.name == *name));
    match changed {
        Some(changed) if changed.outcome == Outcome::Update => declared(),
        _ => held(),
    }
}

fn hides(seeds: &Seeds, index: usize, row: usize, columns: &[String]) -> bool {
    let secret = &seeds.blocks[seeds.tables[index].rows[row].block].secret;
    columns.iter().any(|name| secret.contains(name))
}

pub(super) fn names(columns: &[String]) -> String {
    columns.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

pub(super) fn shown<'v>(values: impl Iterator<Item = &'v Json>) -> String {
    values.map(show::value).collect::<Vec<_>>().join(", ")
}
