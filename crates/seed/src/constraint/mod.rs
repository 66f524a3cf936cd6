//! What stands against writing rows, found before anything is written: values that other rows have, rows referred to that are
//! not there, columns without a value, keys that mean no row or several. Pure; what the database has to be asked for is
//! `probe`'s.

mod probe;
mod unique;

use std::collections::BTreeMap;

use plimsoll_core::ErrorCode;
use plimsoll_core::db::Table;

use crate::error::Problem;
use crate::parallel::in_chunks;
use crate::read::Seeds;
use crate::reconcile::diff::{Decision, same_columns};
use crate::reconcile::observe::{Observation, TableState};
use crate::reconcile::plan::{Outcome, RowAction};
use crate::staged::{StagedRow, StagedTable};

pub(crate) use probe::{Probe, probe};

/// Everything that stands against the decided rows.
pub(crate) fn check(
    seeds: &Seeds,
    observation: &Observation,
    decisions: &[Vec<Decision>],
    problems: &mut Vec<Problem>,
) {
    let indexes: Vec<usize> = (0..seeds.tables.len()).collect();
    let found = in_chunks(&indexes, 1, |table| {
        table.iter().flat_map(|index| of_table(seeds, observation, decisions, *index)).collect::<Vec<_>>()
    });
    problems.extend(found.into_iter().flatten());
}

fn of_table(seeds: &Seeds, observation: &Observation, decisions: &[Vec<Decision>], index: usize) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (staged, state) = (&seeds.tables[index], &observation.tables[index]);
    let Some(table) = &state.table else { return problems };
    hidden(seeds, staged, table, &mut problems);
    keys(staged, state, &mut problems);
    required(staged, table, &decisions[index], &mut problems);
    if !problems.is_empty() {
        // What follows would only repeat it in other words.
        return problems;
    }
    unique::check(seeds, observation, index, &decisions[index], &mut problems);
    for orphan in &state.probe.orphans {
        if writes(&decisions[index], orphan.row, &orphan.columns) {
            let row = &staged.rows[orphan.row];
            problems.push(at_column(seeds, row, &orphan.columns[0], ErrorCode::ReferenceMissing, orphan.message()));
        }
    }
    problems
}

/// What is worth knowing about the tables, and stands against nothing.
pub(crate) fn notes(seeds: &Seeds, observation: &Observation) -> Vec<String> {
    let mut notes = Vec::new();
    for (staged, state) in seeds.tables.iter().zip(&observation.tables) {
        let Some(table) = &state.table else { continue };
        let within = |columns: &[String]| !columns.is_empty() && columns.iter().all(|name| staged.key.contains(name));
        if !within(&table.primary_key) && !table.unique_keys.iter().any(|key| within(&key.columns)) {
            let key = staged.key.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            notes.push(format!(
                "nothing in the database keeps the key {key} of `{}` unique: others may add a second row with it",
                staged.name
            ));
        }
    }
    notes
}

/// Whether any of some columns of a row is written.
fn writes(decisions: &[Decision], row: usize, columns: &[String]) -> bool {
    // In the order of the rows.
    let Ok(at) = decisions.binary_search_by_key(&row, |decision| decision.row) else { return false };
    match decisions[at].action {
        RowAction::Create => true,
        _ => decisions[at]
            .columns
            .iter()
            .any(|changed| changed.outcome == Outcome::Update && columns.iter().any(|name| **name == *changed.name)),
    }
}

fn at_column(seeds: &Seeds, row: &StagedRow, column: &str, code: ErrorCode, message: String) -> Problem {
    let offset = seeds.blocks[row.block].columns.get(column).copied();
    row.source.problem_in(code, offset, column, message)
}

fn hidden(seeds: &Seeds, staged: &StagedTable, table: &Table, problems: &mut Vec<Problem>) {
    let Some(row) = staged.rows.first().filter(|_| table.hides_rows) else { return };
    let block = &seeds.blocks[row.block];
    let message = format!(
        "row-level security keeps rows of `{}` from this user, so nobody can tell which of the declared ones are there",
        staged.name
    );
    problems.push(Problem::new(ErrorCode::SeedHidden, Some(block.file.location(block.offset)), message));
}

/// Keys that several rows have, or that are the same to the database.
fn keys(staged: &StagedTable, state: &TableState, problems: &mut Vec<Problem>) {
    for (row, count) in &state.ambiguous {
        let row = &staged.rows[*row];
        let label = row.symbol.label();
        let message =
            format!("{count} rows of `{}` have the key {label}, so it does not say which one is meant", staged.name);
        problems.push(row.source.problem(ErrorCode::SeedKey, row.source.offset, message));
    }
    for (earlier, later) in state.doubled.iter().chain(&state.probe.doubled) {
        let (earlier, later) = (&staged.rows[*earlier], &staged.rows[*later]);
        let message = format!(
            "to the database `{}` {} is the same as {}, declared at {}",
            staged.name,
            later.symbol.label(),
            earlier.symbol.label(),
            earlier.source.location()
        );
        problems.push(Problem::new(ErrorCode::SeedDuplicate, Some(later.source.location()), message));
    }
}

/// New rows that leave out a column which needs a value; one problem for all rows of a block that leave out the same.
fn required(staged: &StagedTable, table: &Table, decisions: &[Decision], problems: &mut Vec<Problem>) {
    // A trigger may fill it in, and only the database knows.
    if table.fills_rows {
        return;
    }
    let needed: Vec<&str> = table
        .columns
        .iter()
        .filter(|column| !column.nullable && !column.has_default && !column.generated)
        .map(|column| column.name.as_str())
        .collect();
    let mut lacking: BTreeMap<(usize, &str), (usize, usize)> = BTreeMap::new();
    let mut last: Option<(&StagedRow, Vec<&str>)> = None;
    for decision in decisions.iter().filter(|decision| decision.action == RowAction::Create) {
        let row = &staged.rows[decision.row];
        let lacks = match last.take() {
            Some((neighbour, lacks)) if same_columns(neighbour, row) => lacks,
            // A column that is not there is nearly always the needed one, misspelt.
            _ if row.cells().any(|(name, _)| table.column(name).is_none()) => Vec::new(),
            _ => needed.iter().copied().filter(|name| row.cells().all(|(given, _)| **given != **name)).collect(),
        };
        for name in &lacks {
            lacking.entry((row.block, *name)).or_insert((decision.row, 0)).1 += 1;
        }
        last = Some((row, lacks));
    }
    for ((_, name), (row, count)) in lacking {
        let row = &staged.rows[row];
        let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let label = row.symbol.label();
        let message =
            format!("`{}` {label}{more} cannot be created without `{name}`, which has no default", staged.name);
        problems.push(row.source.problem(ErrorCode::SeedRequired, row.source.offset, message));
    }
}
