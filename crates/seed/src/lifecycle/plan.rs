//! Judging decided rows by their life cycles: which steps they take, and which changes are refused. Pure; recording is `record`'s.

use std::collections::HashMap;

use plimsoll_core::ErrorCode;
use plimsoll_core::toml_file::nearest;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::error::Problem;
use crate::lifecycle::{Lifecycle, Lifecycles, Transition, shown};
use crate::read::Seeds;
use crate::reconcile::diff::{Decision, Decisions};
use crate::reconcile::observe::{Audited, Observation};
use crate::reconcile::plan::{Outcome, Pending};
use crate::reconcile::prune::{Fate, key_label};
use crate::staged::{Cell, StagedRow};
use crate::value::RowKey;

/// The steps that the plan records for one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowSteps {
    /// The table.
    pub table: String,
    /// The natural key, references by theirs.
    pub key: RowKey,
    /// The steps, in order.
    pub steps: Vec<Transition>,
}

/// The steps of a staged row.
#[derive(Debug, Clone)]
pub(crate) struct PlannedSteps {
    pub(crate) table: usize,
    pub(crate) row: usize,
    pub(crate) steps: Vec<Transition>,
}

/// What is to happen to a row that exists.
#[derive(Debug, Clone, Copy)]
pub enum RowChange<'a> {
    /// Some of its columns are written. Where the state is among them, whether there is such a step is asked elsewhere.
    Columns(&'a [&'a str]),
    /// It is deleted.
    Delete,
}

/// How what the audit says begins about rows that have another key now, under the one and under the other.
pub(crate) const RENAMED_FROM: &str = "it had the key ";
pub(crate) const RENAMED_TO: &str = "it has the key ";

/// What the audit says about rows that the database had before anybody recorded them.
pub(crate) const FOUND: &str = "found in the database";

/// Whether a row in this state may be changed so; a table without a life cycle has no say. `row` is how people know it.
///
/// # Errors
/// A problem without a place, for a row that is in an immutable state.
pub fn may_change(
    lifecycles: &Lifecycles,
    table: &str,
    state: Option<&str>,
    row: &str,
    change: RowChange<'_>,
) -> Result<(), Problem> {
    lifecycles.of(table).map_or(Ok(()), |lifecycle| allowed(lifecycle, state, row, change))
}

/// Adds to decisions the steps that rows take, and the problems of those that may not.
pub(crate) fn judge(seeds: &Seeds, observation: &Observation, decisions: &mut Decisions) {
    for (index, staged) in seeds.tables.iter().enumerate() {
        let Some(lifecycle) = seeds.lifecycle(&staged.name) else { continue };
        expect_mirror(lifecycle, observation, decisions);
        let state = &observation.tables[index];
        if state.table.as_ref().is_some_and(|table| table.column(&lifecycle.column).is_none()) {
            // The column is pending, and so is everything that could be said about it.
            continue;
        }
        let decided: HashMap<usize, usize> =
            decisions.tables[index].iter().enumerate().map(|(at, decision)| (decision.row, at)).collect();
        for (row_index, row) in staged.rows.iter().enumerate() {
            let at = decided.get(&row_index).copied();
            let live = state.live.get(row_index).and_then(Option::as_ref);
            let judged = Judged {
                lifecycle,
                row,
                label: row.symbol.label(),
                offset: seeds.blocks[row.block].columns.get(&lifecycle.column).copied().unwrap_or(row.source.offset),
                exists: live.is_some(),
                live: live.and_then(|live| live.values.get(&lifecycle.column)).and_then(Json::as_str),
                audited: state.audited(row_index, row).map(|audited| audited.state.as_str()),
                before: state.audited_before(row_index, row),
            };
            let decision = at.map(|at| &decisions.tables[index][at]);
            match judged.steps(decision) {
                Ok(steps) if steps.is_empty() || !lifecycle.audit => {}
                Ok(steps) => decisions.steps.push(PlannedSteps { table: index, row: row_index, steps }),
                Err(problem) => decisions.problems.push(problem),
            }
        }
        keep(seeds, observation, index, lifecycle, decisions);
    }
}

fn allowed(lifecycle: &Lifecycle, state: Option<&str>, row: &str, change: RowChange<'_>) -> Result<(), Problem> {
    let table = &lifecycle.table;
    let Some(state) = state.filter(|state| lifecycle.is_immutable(state)) else { return Ok(()) };
    let message = match change {
        RowChange::Delete => format!("`{table}` {row} is {state}, so it may not be deleted"),
        RowChange::Columns(columns) => {
            let free = |name: &str| name == lifecycle.column || lifecycle.except.iter().any(|column| column == name);
            let refused: Vec<String> =
                columns.iter().filter(|name| !free(name)).map(|name| format!("`{name}`")).collect();
            if refused.is_empty() {
                return Ok(());
            }
            let names = refused.join(", ");
            format!(
                "`{table}` {row} is {state}, so {names} may not change: declare a new version under a key of its own"
            )
        }
    };
    Err(Problem::new(ErrorCode::RowImmutable, None, message))
}

/// A row with all that is known of it.
struct Judged<'a> {
    lifecycle: &'a Lifecycle,
    row: &'a StagedRow,
    label: String,
    /// The place of the state in the dataset.
    offset: usize,
    exists: bool,
    live: Option<&'a str>,
    audited: Option<&'a str>,
    /// What is recorded under the key that it had before.
    before: Option<&'a Audited>,
}

impl Judged<'_> {
    fn steps(&self, decision: Option<&Decision>) -> Result<Vec<Transition>, Problem> {
        let changed: Vec<&str> = decision.map(changed).unwrap_or_default();
        if !self.exists {
            let to = self.declared()?;
            self.agrees_with_audit()?;
            return self.way(None, to);
        }
        let found = self.lifecycle.audit && self.audited.is_none();
        if changed.is_empty() && !found {
            return Ok(Vec::new());
        }
        let Some(live) = self.live.filter(|state| self.lifecycle.states().contains(state)) else {
            let state = self.live.map_or("without a state".to_owned(), |state| format!("in the state `{state}`"));
            let message = format!("`{}` {} is {state}, which no transition names", self.lifecycle.table, self.label);
            return Err(self.problem(ErrorCode::TransitionMissing, message));
        };
        if !changed.is_empty() {
            self.agrees_with_audit()?;
        }
        let allowed = allowed(self.lifecycle, Some(live), &self.label, RowChange::Columns(&changed));
        allowed.map_err(|problem| self.row.source.problem(problem.code, self.row.source.offset, problem.message))?;
        let mut steps = Vec::new();
        if found {
            steps.push(Transition { from: None, to: live.to_owned(), note: Some(FOUND.to_owned()) });
        }
        if let Some(before) = self.before.filter(|_| self.lifecycle.audit && !changed.is_empty()) {
            let note = Some(format!("{RENAMED_FROM}{}", before.label));
            steps.push(Transition { from: None, to: live.to_owned(), note });
        }
        if changed.contains(&self.lifecycle.column.as_str()) {
            steps.extend(self.way(Some(live), self.declared()?)?);
        }
        Ok(steps)
    }

    /// The state that the files say.
    fn declared(&self) -> Result<&str, Problem> {
        let (table, column) = (&self.lifecycle.table, &self.lifecycle.column);
        match self.row.cells().find(|(name, _)| **name == **column).map(|(_, cell)| cell) {
            Some(Cell::Value(Json::String(state))) => Ok(state),
            Some(_) => {
                let message = format!("`{table}` {}: `{column}` holds the state and has to be text", self.label);
                Err(self.problem(ErrorCode::TransitionMissing, message))
            }
            None => {
                let message = format!("`{table}` {} does not say its `{column}`, which holds the state", self.label);
                Err(self.problem(ErrorCode::TransitionMissing, message))
            }
        }
    }

    fn way(&self, from: Option<&str>, to: &str) -> Result<Vec<Transition>, Problem> {
        if let Some(steps) = self.lifecycle.path(from, to) {
            return Ok(steps);
        }
        let (table, states) = (&self.lifecycle.table, self.lifecycle.states());
        let message = match from {
            Some(from) if states.contains(&to) => {
                format!("`{table}` {} is {from}, and no transition leads from there to {to}", self.label)
            }
            _ => {
                let near = nearest(to, states).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
                format!("`{table}` {}: no transition names the state `{to}`{near}", self.label)
            }
        };
        Err(self.problem(ErrorCode::TransitionMissing, message))
    }

    /// What is written must go on from what is recorded, or a change behind the audit's back would be covered up.
    fn agrees_with_audit(&self) -> Result<(), Problem> {
        let Some(audited) = self.audited.filter(|audited| self.lifecycle.audit && self.live != Some(*audited)) else {
            return Ok(());
        };
        let is = match self.live {
            Some(live) => format!("is {live}"),
            None if self.exists => "has no state".to_owned(),
            None => "is gone from the database".to_owned(),
        };
        let message =
            format!("`{}` {} {is}, but the last step in its audit led to {audited}", self.lifecycle.table, self.label);
        Err(self.problem(ErrorCode::AuditDisagrees, message))
    }

    fn problem(&self, code: ErrorCode, message: String) -> Problem {
        self.row.source.problem(code, self.offset, message)
    }
}

fn changed(decision: &Decision) -> Vec<&str> {
    let updated = decision.columns.iter().filter(|column| column.outcome == Outcome::Update);
    updated.map(|column| &*column.name).collect()
}

/// Refuses to delete rows that are gone from the files, and are immutable by what the database or the audit says.
fn keep(seeds: &Seeds, observation: &Observation, table: usize, lifecycle: &Lifecycle, decisions: &mut Decisions) {
    let orphans = &observation.orphans.tables[table];
    for (orphan, _) in orphans.iter().zip(&decisions.pruned.fates[table]).filter(|(_, fate)| **fate == Fate::Prune) {
        let row = orphan.located.row.as_ref();
        let live = row.and_then(|row| row.image.get(&lifecycle.column)).and_then(Json::as_str);
        let audited = observation.tables[table].audited.get(&orphan.located.entry.row_key);
        let audited = audited.map(|audited| audited.state.as_str());
        let state = live.filter(|state| lifecycle.is_immutable(state)).or(audited);
        if let Err(problem) = allowed(lifecycle, state, &key_label(orphan), RowChange::Delete) {
            let block = &seeds.blocks[orphan.block];
            decisions.problems.push(Problem { at: Some(block.file.location(block.offset)), ..problem });
        }
    }
}

fn expect_mirror(lifecycle: &Lifecycle, observation: &Observation, decisions: &mut Decisions) {
    let Some(mirror) = lifecycle.mirror.as_ref() else { return };
    if observation.known_tables.contains(&mirror.table) {
        return;
    }
    decisions.pending.push(Pending {
        table: mirror.table.clone(),
        column: None,
        nearest: nearest(&mirror.table, observation.known_tables.iter().map(String::as_str)).map(str::to_owned),
        at: mirror.file.location(mirror.offset),
    });
}

impl std::fmt::Display for RowSteps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.table, self.key.label(), shown(&self.steps))
    }
}
