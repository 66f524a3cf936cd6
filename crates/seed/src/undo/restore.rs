//! Taking a run back in one transaction that proves itself: rows are put back exactly and read again. Planning is `plan`'s.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Catalog, Column, Db, DbError, Engine, Stmt, dialect, quoted, session, transaction};
use serde_json::Value as Json;

use super::{Now, UndoOptions, UndoReport, find, identity, observe, plan};
use crate::apply::refused::without_words;
use crate::apply::swap::{self, Mover};
use crate::apply::{counters, delete};
use crate::error::{Problem, SeedError};
use crate::guard::closure::{Order, Target};
use crate::guard::fingerprint::{self, Written};
use crate::ledger::{self, Entry};
use crate::lifecycle::audit::Author;
use crate::lifecycle::back;
use crate::reconcile::show::label;
use crate::runs::change::{self, Change, ChangeAction};
use crate::runs::image::{self, Image, bind, differing, push_condition};
use crate::runs::{self, RunKind, RunOptions};
use crate::undo::plan::{UndoAction, UndoPlan};
use crate::value::{canonical_text, hash};

/// Does what the plan says, all of it or nothing.
///
/// Inside the transaction everything is looked at again; when the result is not the plan's any more, nothing is written.
/// Which run it is, is the plan's to say; the other options are those that the plan was made with.
///
/// # Errors
/// [`SeedError::Problems`] with everything that stands against it, [`SeedError::PlanStale`], [`SeedError::Write`].
pub fn apply_undo(
    db: &mut dyn Db,
    undo: &UndoPlan,
    wanted: &UndoOptions,
    options: &RunOptions,
) -> Result<UndoReport, SeedError> {
    undo.require_free()?;
    plimsoll_core::ledger::ensure(db)?;
    transaction(db, |db| {
        session::check(db)?;
        hold(db, undo)?;
        let catalog = Catalog::read(db)?;
        let watch = fingerprint::watch(db, &catalog, &wanted.user_data)?;
        let run = find(db, Some(undo.run))?;
        let now = observe(db, &catalog, &run, wanted)?;
        let (fresh, order) = plan::plan(&now);
        fresh.require_free()?;
        if fresh != *undo {
            return Err(SeedError::PlanStale { moved: vec![format!("the rows of run {}", undo.run)] });
        }
        let digest = hash(&canonical_text(&serde_json::to_value(undo).unwrap_or_default()));
        let number = runs::start(db, RunKind::Undo, &digest, options)?;
        let restoring = Restoring { catalog: &catalog, now: &now, order: &order };
        let rows: Vec<(&str, &str, bool)> = now
            .changes
            .iter()
            .map(|change| (change.table.as_str(), change.row_key.as_str(), change.action == ChangeAction::Create))
            .collect();
        let deleted: Vec<(&str, &str)> =
            rows.iter().filter(|(.., deleted)| *deleted).map(|(table, row_key, _)| (*table, *row_key)).collect();
        let leaving = back::leaving(db, &catalog, &wanted.lifecycles, &deleted)?;
        let mut report = restoring.all(db, number)?;
        report.inexact = restoring.read_back(db)?;
        let author = Author { actor: &options.actor, run: Some(number), note: None };
        let undone = back::Undone { run: undo.run, rows: &rows, leaving: &leaving };
        undone.record(db, &catalog, &wanted.lifecycles, author)?;
        report.user_data = fingerprint::check(db, &catalog, &watch, &|name| meant(undo, name))?;
        let redone = runs::undone_by(db, undo.run)?;
        runs::mark_undone(db, undo.run, Some(number))?;
        if let Some(redone) = redone {
            runs::mark_undone(db, redone, None)?;
        }
        runs::finish(db, number, &report.to_string(), options)?;
        Ok(report)
    })
}

/// What may be written into a table of user data: rows that a dataset had been allowed to add.
fn meant(undo: &UndoPlan, name: &str) -> Written {
    let of = |action| {
        let steps = undo.steps.iter().filter(|step| step.table == name && step.action == action);
        i64::try_from(steps.count()).unwrap_or(i64::MAX)
    };
    Written { inserted: of(UndoAction::Insert), updated: of(UndoAction::Restore), deleted: of(UndoAction::Delete) }
}

impl UndoPlan {
    /// An error with everything that stands against taking the run back.
    ///
    /// # Errors
    /// [`SeedError::Problems`] with one problem for each.
    pub fn require_free(&self) -> Result<(), SeedError> {
        let problems = self.blocked.iter().map(|blocked| {
            let row = match (&blocked.key, blocked.table.as_str()) {
                (_, "") => String::new(),
                (Some(key), table) => format!("`{table}` {}: ", label(key)),
                (None, table) => format!("`{table}`: "),
            };
            Problem::new(ErrorCode::SeedUndoBlocked, None, format!("{row}{}", blocked.reason))
        });
        SeedError::unless_empty(problems.collect())
    }
}

fn hold(db: &mut dyn Db, undo: &UndoPlan) -> Result<(), DbError> {
    let tables: BTreeSet<&str> = undo.steps.iter().map(|step| step.table.as_str()).collect();
    for table in tables {
        if let Some(lock) = dialect::lock_against_references(db.engine(), table) {
            db.batch(&lock)?;
        }
    }
    Ok(())
}

struct Restoring<'r> {
    catalog: &'r Catalog,
    now: &'r Now,
    order: &'r Order,
}

impl Restoring<'_> {
    fn all(&self, db: &mut dyn Db, number: i64) -> Result<UndoReport, SeedError> {
        let undone = self.now.run;
        let mut report = UndoReport {
            run: number,
            undone,
            inserted: 0,
            restored: 0,
            deleted: 0,
            inexact: Vec::new(),
            user_data: Vec::new(),
        };
        let targets = self.targets();
        let mut inverse: Vec<Change> = Vec::new();
        let nulled: HashMap<usize, Image> = delete::null(db, self.catalog, &targets, self.order)?.into_iter().collect();
        for (target, values) in &nulled {
            let change = &self.now.changes[self.now.targets[*target]];
            inverse.push(self.nulling(change, &targets[*target], values, self.now.targets[*target]));
        }
        self.make_room(db)?;
        let of_change: HashMap<usize, usize> =
            self.now.targets.iter().enumerate().map(|(target, index)| (*index, target)).collect();
        let sequence = self.sequence();
        // What the ledger knows of each row in the end: what it knew before the first change, which is taken back last.
        let mut entries: BTreeMap<&str, HashMap<&str, Option<&Entry>>> = BTreeMap::new();
        let mut doomed: Vec<usize> = Vec::new();
        for (at, index) in sequence.iter().copied().enumerate() {
            let change = &self.now.changes[index];
            let (action, before, after) = match change.action {
                ChangeAction::Create => {
                    let Some(target) = of_change.get(&index).copied() else { continue };
                    doomed.push(target);
                    // Those that come one after the other are deleted together.
                    let next = sequence.get(at + 1).map(|next| self.now.changes[*next].action);
                    if next != Some(ChangeAction::Create) {
                        delete::rows(db, self.catalog, &targets, &doomed, &self.now.closure)?;
                        doomed.clear();
                    }
                    report.deleted += 1;
                    let mut before = targets[target].row.image.clone();
                    for name in nulled.get(&target).into_iter().flat_map(Image::keys) {
                        before.insert(name.clone(), Json::Null);
                    }
                    (ChangeAction::Delete, Some(before), None)
                }
                ChangeAction::Update => {
                    self.update(db, change)?;
                    report.restored += 1;
                    (ChangeAction::Update, change.after.clone(), change.before.clone())
                }
                ChangeAction::Delete => {
                    self.insert(db, change)?;
                    report.inserted += 1;
                    (ChangeAction::Create, None, change.before.clone())
                }
                // Stands against taking the run back.
                ChangeAction::Bulk => continue,
                ChangeAction::Adopt if change.entry_before.is_none() => (ChangeAction::Release, None, None),
                ChangeAction::Adopt | ChangeAction::Release => (ChangeAction::Adopt, None, None),
            };
            entries.entry(&change.table).or_default().insert(&change.row_key, change.entry_before.as_ref());
            inverse.push(Change { action, before, after, ..self.inverse(change, index) });
        }
        delete::rows(db, self.catalog, &targets, &doomed, &self.now.closure)?;
        for (table, entries) in entries {
            ledger::remove(db, table, entries.keys().copied())?;
            let known: Vec<Entry> = entries.into_values().flatten().cloned().collect();
            ledger::write(db, table, &known)?;
        }
        change::write(db, number, &inverse)?;
        Ok(report)
    }

    /// The changes in the order in which they are taken back: the last one first, and of new rows that were written together
    /// those that refer to others of them.
    fn sequence(&self) -> Vec<usize> {
        let changes = &self.now.changes;
        let positions: HashMap<usize, usize> =
            self.order.rows.iter().enumerate().map(|(at, target)| (self.now.targets[*target], at)).collect();
        let mut sequence: Vec<usize> = (0..changes.len()).rev().collect();
        let together = |a: &usize, b: &usize| {
            let (a, b) = (&changes[*a], &changes[*b]);
            a.action == ChangeAction::Create && b.action == ChangeAction::Create && a.table == b.table
        };
        for block in sequence.chunk_by_mut(together) {
            if changes[block[0]].action == ChangeAction::Create {
                block.sort_by_key(|index| positions.get(index));
            }
        }
        sequence
    }

    /// Moves rows out of the way whose unique values others are about to get back.
    fn make_room(&self, db: &mut dyn Db) -> Result<(), SeedError> {
        let tables: BTreeSet<&str> = self.now.changes.iter().map(|change| change.table.as_str()).collect();
        for name in tables {
            let Some(table) = self.catalog.tables.get(name) else { continue };
            let of = self.now.changes.iter().zip(&self.now.rows).filter(|(change, _)| change.table == name);
            let mut columns = Vec::new();
            let mut movers = Vec::new();
            for (change, row) in of {
                columns = identity(self.catalog, change).unwrap_or_default();
                let has = row.as_ref().map(|row| row.image.clone()).unwrap_or_default();
                let (gets, changed) = match (change.action, &change.before) {
                    (ChangeAction::Update, Some(before)) => {
                        let mut gets = has.clone();
                        gets.extend(before.clone());
                        (gets, before.keys().cloned().collect())
                    }
                    (ChangeAction::Delete, Some(before)) => (before.clone(), before.keys().cloned().collect()),
                    (ChangeAction::Create, _) => (Image::new(), has.keys().cloned().collect()),
                    _ => continue,
                };
                movers.push(Mover { image: row.as_ref().map(|row| &row.image), has, gets, changed });
            }
            swap::make_room(db, name, table, &columns, &movers)?;
        }
        Ok(())
    }

    fn inverse(&self, change: &Change, index: usize) -> Change {
        Change { entry_before: self.now.entries[index].clone(), before: None, after: None, ..change.clone() }
    }

    fn nulling(&self, change: &Change, target: &Target, values: &Image, index: usize) -> Change {
        let mut before = values.clone();
        let mut after: Image = values.keys().map(|name| (name.clone(), Json::Null)).collect();
        for name in &target.identity {
            let value = target.row.image.get(name).cloned().unwrap_or(Json::Null);
            before.insert(name.clone(), value.clone());
            after.insert(name.clone(), value);
        }
        Change { action: ChangeAction::Update, before: Some(before), after: Some(after), ..self.inverse(change, index) }
    }

    fn targets(&self) -> Vec<Target> {
        let targets = self.now.targets.iter().filter_map(|index| {
            let change = &self.now.changes[*index];
            Some(Target {
                table: change.table.clone(),
                identity: identity(self.catalog, change)?,
                row: self.now.rows[*index].clone()?,
            })
        });
        targets.collect()
    }

    /// Gives the changed columns of a row their values back.
    fn update(&self, db: &mut dyn Db, change: &Change) -> Result<(), SeedError> {
        let (Some(before), Some(after)) = (&change.before, &change.after) else { return Ok(()) };
        let engine = db.engine();
        let mut stmt = Stmt::new(format!("UPDATE {} SET ", quoted(engine, &change.table)));
        let mut sets = 0;
        for (name, then, _) in differing(before, after) {
            let Some(column) = self.column(change, name)? else { continue };
            stmt.push(format!("{}{} = ", if sets > 0 { ", " } else { "" }, quoted(engine, name)));
            push_value(engine, &mut stmt, column, then);
            sets += 1;
        }
        if sets == 0 {
            return Ok(());
        }
        stmt.push(" WHERE ");
        let identity: Vec<&Column> = identity(self.catalog, change)
            .unwrap_or_default()
            .iter()
            .filter_map(|name| self.catalog.tables.get(&change.table)?.column(name))
            .collect();
        push_condition(engine, &mut stmt, &identity, &[after]);
        db.execute(&stmt).map(drop).map_err(|source| self.failed(change, source))
    }

    /// Puts a deleted row back, its own key included.
    fn insert(&self, db: &mut dyn Db, change: &Change) -> Result<(), SeedError> {
        let Some(before) = &change.before else { return Ok(()) };
        let engine = db.engine();
        let mut columns = Vec::with_capacity(before.len());
        for (name, value) in before {
            columns.extend(self.column(change, name)?.map(|column| (column, value)));
        }
        let names: Vec<String> = columns.iter().map(|(column, _)| quoted(engine, &column.name)).collect();
        // An identity that the database would rather count itself is part of what has to come back.
        let overriding = if engine == Engine::Postgres { " OVERRIDING SYSTEM VALUE" } else { "" };
        let mut stmt = Stmt::new(format!(
            "INSERT INTO {} ({}){overriding} VALUES (",
            quoted(engine, &change.table),
            names.join(", ")
        ));
        let zero = columns.iter().any(|(column, value)| counters::zero_counts_up(engine, column) && **value == 0);
        for (position, (column, value)) in columns.into_iter().enumerate() {
            stmt.push(if position > 0 { ", " } else { "" });
            push_value(engine, &mut stmt, column, value);
        }
        let done = counters::keeping_zero(db, zero, |db| db.execute(&stmt.sql(")")));
        done.map(drop).map_err(|source| self.failed(change, source))
    }

    /// What engines say repeats values: of a table with secrets, nothing of it is passed on.
    fn failed(&self, change: &Change, source: DbError) -> SeedError {
        let source = if self.now.secret.any(&change.table) { without_words(source) } else { source };
        let key: Json = serde_json::from_str(&change.key).unwrap_or_default();
        SeedError::Write { what: format!("`{}` {}", change.table, label(&key)), at: None, source: Box::new(source) }
    }

    /// A column of a remembered row. One that is gone is an error: what it held would be lost.
    fn column(&self, change: &Change, name: &str) -> Result<Option<&Column>, SeedError> {
        let table = self.catalog.tables.get(&change.table);
        if let Some(column) = table.and_then(|table| table.column(name)) {
            return Ok(Some(column));
        }
        let key: Json = serde_json::from_str(&change.key).unwrap_or_default();
        let message = format!("`{}` {} cannot be put back: `{name}` is no column any more", change.table, label(&key));
        Err(SeedError::Problems { problems: vec![Problem::new(ErrorCode::SeedUndoBlocked, None, message)] })
    }

    /// Reads all rows again. What is not as it was is an error where a dataset names the column, and noted elsewhere.
    fn read_back(&self, db: &mut dyn Db) -> Result<Vec<String>, SeedError> {
        let mut first: HashMap<(&str, &str), &Change> = HashMap::new();
        for change in self.now.changes.iter().rev().filter(|change| change.before.is_some()) {
            first.insert((&change.table, &change.row_key), change);
        }
        let tables: BTreeSet<&str> = first.keys().map(|(table, _)| *table).collect();
        let (mut problems, mut inexact) = (Vec::new(), BTreeSet::new());
        for name in tables {
            let Some(table) = self.catalog.tables.get(name) else { continue };
            let changes: Vec<&Change> =
                first.iter().filter(|((of, _), _)| *of == name).map(|(_, change)| *change).collect();
            let columns = changes.first().and_then(|change| identity(self.catalog, change)).unwrap_or_default();
            let images: Vec<&Image> = changes.iter().filter_map(|change| change.before.as_ref()).collect();
            let found = image::read(db, name, table, &columns, &images)?;
            for change in changes {
                let Some(before) = &change.before else { continue };
                let row =
                    image::identify(db.engine(), table, &columns, before).and_then(|identity| found.get(&identity));
                let key: Json = serde_json::from_str(&change.key).unwrap_or_default();
                let Some(row) = row else {
                    problems.push(format!("`{name}` {} was put back and is not there", label(&key)));
                    continue;
                };
                for (column, ..) in differing(before, &row.image) {
                    if change.entry_before.as_ref().is_some_and(|entry| entry.applied.contains_key(column)) {
                        let row = label(&key);
                        problems
                            .push(format!("`{name}` {row}: `{column}` does not read as it was, a trigger changes it"));
                    } else {
                        inexact.insert(format!("{name}.{column}"));
                    }
                }
            }
        }
        let problems = problems.into_iter().map(|message| Problem::new(ErrorCode::SeedFailed, None, message));
        SeedError::unless_empty(problems.collect())?;
        Ok(inexact.into_iter().collect())
    }
}

fn push_value(engine: Engine, stmt: &mut Stmt, column: &Column, value: &Json) {
    let (value, cast) = bind(engine, column, value);
    stmt.push_bind(value);
    stmt.push(cast);
}
