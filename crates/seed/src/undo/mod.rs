//! Taking back what a run wrote, and removing what datasets created. Which runs there are is `runs`'s.

mod plan;
mod reset;
mod restore;
mod show;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Catalog, Db, DbError};
use serde::Serialize;

use crate::error::{Problem, SeedError};
use crate::guard::UserTable;
use crate::guard::closure::{Target, closure};
use crate::ledger::{self, Entry};
use crate::lifecycle::{Lifecycles, audit, trigger};
use crate::runs::change::{self, Change, ChangeAction};
use crate::runs::image::{self, Image, Present};
use crate::runs::{self, Run};
use crate::undo::plan::Now;
use crate::value::secret::{self, SecretColumns};

pub use plan::{Blocked, Restored, UndoAction, UndoPlan, UndoStep};
pub use reset::{ResetOptions, ResetPlan, ResetReport, ResetRow, apply_emptied, apply_reset, plan_reset};
pub use restore::apply_undo;

/// Which run is taken back, and what is known about the tables.
#[derive(Debug, Clone, Default)]
pub struct UndoOptions {
    /// The run's number; the last one that was not taken back when nothing is said.
    pub run: Option<i64>,
    /// Tables that hold user data, for what is said about them.
    pub user_data: Vec<String>,
    /// Columns whose values are not shown, besides those of which the ledger knows it.
    pub secret: SecretColumns,
    /// The declared life cycles. Without them the audit alone says which rows stay as they are.
    pub lifecycles: Lifecycles,
}

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UndoReport {
    /// The number of the run that took it back.
    pub run: i64,
    /// The run that was taken back.
    pub undone: i64,
    /// Rows put back.
    pub inserted: usize,
    /// Rows that got values back.
    pub restored: usize,
    /// Rows deleted.
    pub deleted: usize,
    /// Columns that no dataset names and that a trigger or the database itself writes: not as they were before.
    pub inexact: Vec<String>,
    /// The tables of user data before and after.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_data: Vec<UserTable>,
}

/// Looks at what a run changed and at what became of it. Writes nothing.
///
/// # Errors
/// [`SeedError::Problems`] when there is no such run; what stands against taking it back is part of the plan.
pub fn plan_undo(db: &mut dyn Db, catalog: &Catalog, options: &UndoOptions) -> Result<UndoPlan, SeedError> {
    let run = find(db, options.run)?;
    Ok(plan::plan(&observe(db, catalog, &run, options)?).0)
}

fn find(db: &mut dyn Db, number: Option<i64>) -> Result<Run, SeedError> {
    let (found, message) = match number {
        Some(number) => (runs::one(db, number)?, format!("there is no run {number}")),
        None => (runs::last_undoable(db)?, "there is no run that could be taken back".to_owned()),
    };
    found.ok_or_else(|| SeedError::Problems { problems: vec![Problem::new(ErrorCode::InvalidValue, None, message)] })
}

fn observe(db: &mut dyn Db, catalog: &Catalog, run: &Run, options: &UndoOptions) -> Result<Now, DbError> {
    let changes = change::of_run(db, run.number)?;
    let tables: BTreeSet<&str> = changes.iter().map(|change| change.table.as_str()).collect();
    let names: Vec<&str> = tables.iter().copied().collect();
    let mut entries = if names.is_empty() { BTreeMap::new() } else { ledger::of_tables(db, Some(&names))? };
    let mut secret = options.secret.clone();
    for table in &names {
        if entries.get(*table).is_none_or(HashMap::is_empty) {
            change::sealed(db, table, &mut secret)?;
        }
    }
    let known = entries.iter().flat_map(|(table, entries)| entries.values().map(move |entry| (table.as_str(), entry)));
    let before = changes.iter().filter_map(|change| Some((change.table.as_str(), change.entry_before.as_ref()?)));
    for (table, entry) in known.chain(before) {
        let sealed = entry.applied.iter().filter(|(_, value)| secret::is_sealed(value));
        sealed.for_each(|(column, _)| secret.add(table, column));
    }
    let mut rows = vec![None; changes.len()];
    for table in &tables {
        read_rows(db, catalog, table, &changes, &mut rows)?;
    }
    let left = match runs::undone_by(db, run.number)? {
        Some(other) => Some(left_by_undo(change::of_run(db, other)?)),
        None => None,
    };
    let mut targets = Vec::new();
    let mut found = Vec::new();
    for (index, change) in changes.iter().enumerate().filter(|(_, change)| change.action == ChangeAction::Create) {
        if let (Some(row), Some(identity)) = (&rows[index], identity(catalog, change)) {
            targets.push(index);
            found.push(Target { table: change.table.clone(), identity, row: Present::clone(row) });
        }
    }
    let closure = closure(db, catalog, &found, &tables)?;
    let entries = changes
        .iter()
        .map(|change| entries.get_mut(&change.table).and_then(|of| of.get(&change.row_key).cloned()))
        .collect();
    let mut sealed = audit::sealed(db, names.iter().copied())?;
    for (change, row) in changes.iter().zip(&rows) {
        let Some(state) = row.as_ref().and_then(|row| options.lifecycles.stays(&change.table, &row.image)) else {
            continue;
        };
        sealed.entry((change.table.clone(), change.row_key.clone())).or_insert(state);
    }
    let mut guarded = Vec::new();
    for lifecycle in options.lifecycles.iter().filter(|lifecycle| tables.contains(lifecycle.table.as_str())) {
        if trigger::is_guarded(db, lifecycle)? {
            guarded.push(lifecycle.clone());
        }
    }
    Ok(Now {
        run: run.number,
        kind: run.kind,
        undone_by: run.undone_by,
        rows,
        entries,
        left,
        targets,
        closure,
        changes,
        user_data: options.user_data.clone(),
        secret,
        sealed,
        guarded,
    })
}

/// The entries that an undo put back: those from before the run that it took back.
fn left_by_undo(changes: Vec<Change>) -> HashMap<(String, String), Option<Entry>> {
    let mut left = HashMap::new();
    for change in changes {
        left.entry((change.table, change.row_key)).or_insert(change.entry_before);
    }
    left
}

fn read_rows(
    db: &mut dyn Db,
    catalog: &Catalog,
    name: &str,
    changes: &[Change],
    rows: &mut [Option<Present>],
) -> Result<(), DbError> {
    let Some(table) = catalog.tables.get(name) else { return Ok(()) };
    let mut wanted: Vec<(usize, &Image)> = Vec::new();
    let mut columns = Vec::new();
    for (index, change) in changes.iter().enumerate().filter(|(_, change)| change.table == name) {
        if let Some(image) = change.after.as_ref().or(change.before.as_ref()) {
            columns = identity(catalog, change).unwrap_or_default();
            wanted.push((index, image));
        }
    }
    let images: Vec<&Image> = wanted.iter().map(|(_, image)| *image).collect();
    let found = image::read(db, name, table, &columns, &images)?;
    for (index, image) in wanted {
        let identity = image::identify(db.engine(), table, &columns, image);
        rows[index] = identity.and_then(|identity| found.get(&identity).cloned());
    }
    Ok(())
}

fn identity(catalog: &Catalog, change: &Change) -> Option<Vec<String>> {
    let table = catalog.tables.get(&change.table)?;
    Some(image::identity(table, &serde_json::from_str(&change.key).unwrap_or_default()))
}
