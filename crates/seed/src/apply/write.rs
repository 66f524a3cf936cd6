//! Writing: multi-row INSERTs and UPDATEs of decided rows, and which rows are refused. What to write is decided; why a row is
//! refused is told by `refused`.

use std::collections::HashMap;
use std::sync::Arc;

use plimsoll_core::db::{Column, Db, DbError, Engine, Stmt, Value, dialect, quoted};
use plimsoll_core::{ErrorCode, Location};
use serde_json::Value as Json;

use crate::apply::counters;
use crate::apply::refused::{explain, is_of_a_row};
use crate::error::{Problem, RefusedRow, SeedError};
use crate::read::Seeds;
use crate::reconcile::diff::Decision;
use crate::reconcile::lookup::Lookup;
use crate::reconcile::observe::{Observation, Resolved};
use crate::reconcile::plan::{Outcome, RowAction};
use crate::staged::order::topological;
use crate::staged::{Cell, StagedRow};
use crate::value::{canonical_text, to_db};

/// Rows per INSERT: beyond this nothing is gained, and a failing statement has to be searched for its row.
const INSERT_ROWS: usize = 500;

/// Rows per UPDATE: every row is compared with every case.
const UPDATE_ROWS: usize = 50;

/// Refused rows of one table that are told; the reason of the others is nearly always the same.
const REFUSALS: usize = 20;

/// What the rows are written with: the observation, and the keys of rows created since.
pub(crate) struct Writer<'a> {
    pub(crate) seeds: &'a Seeds,
    pub(crate) observation: &'a Observation,
    pub(crate) created: HashMap<(usize, usize), Json>,
    /// Told how many more rows were written.
    pub(crate) progress: &'a dyn Fn(usize),
}

/// A row as it is written: its staged index and the values in the order of the columns.
struct Prepared {
    row: usize,
    values: Vec<Value>,
}

impl Writer<'_> {
    /// The primary key of the row a reference means, once that row is written.
    pub(crate) fn resolve(&self, reference: usize) -> Option<Json> {
        if let Some(place) = self.seeds.references.all[reference].staged
            && let Some(id) = self.created.get(&place)
        {
            return Some(id.clone());
        }
        match self.observation.resolve(self.seeds, reference) {
            Resolved::Id(id) => Some(id),
            _ => None,
        }
    }

    /// Creates the rows of a table, level by level, and learns their keys where others refer to them.
    pub(crate) fn create(&mut self, db: &mut dyn Db, table: usize, decisions: &[Decision]) -> Result<usize, SeedError> {
        let rows: Vec<usize> = decisions
            .iter()
            .filter(|decision| decision.action == RowAction::Create)
            .map(|decision| decision.row)
            .collect();
        let staged = &self.seeds.tables[table];
        let levels = self.levels(table, &rows);
        let depth = levels.values().copied().max().unwrap_or(0);
        let is_target =
            self.seeds.references.all.iter().any(|reference| reference.staged.is_some_and(|(of, _)| of == table));
        for level in 0..=depth {
            let rows: Vec<usize> = rows.iter().copied().filter(|row| levels[row] == level).collect();
            let mut refused = Vec::new();
            for (columns, rows) in groups(rows.clone(), |row| names(&staged.rows[row])) {
                self.insert(db, table, &columns, &rows, &mut refused)?;
            }
            unless_refused(refused)?;
            if is_target {
                self.learn_keys(db, table, &rows)?;
            }
        }
        // References that made circles, now that all rows are there.
        let waiting = rows.iter().copied().filter(|row| !staged.rows[*row].deferred.is_empty()).collect();
        let mut refused = Vec::new();
        for (columns, rows) in groups(waiting, |row| staged.rows[row].deferred.clone()) {
            self.update_columns(db, table, &columns, &rows, &mut refused)?;
        }
        unless_refused(refused)?;
        Ok(rows.len())
    }

    /// When each new row can be written: after those of its own table that it refers to, by reference or by a plain value.
    fn levels(&self, table: usize, rows: &[usize]) -> HashMap<usize, usize> {
        let staged = &self.seeds.tables[table];
        let declared = || rows.iter().map(|row| (*row, staged.rows[*row].level)).collect();
        let keys = self.observation.tables[table].table.iter().flat_map(|table| &table.foreign_keys);
        let keys: Vec<_> = keys.filter(|key| key.table == staged.name).collect();
        let values = |row: usize, names: &[String]| -> Option<String> {
            let cell = |name: &String| staged.rows[row].cells().find(|(column, _)| **column == **name);
            let values = names.iter().map(|name| match cell(name) {
                Some((_, cell)) => cell.value().filter(|value| !value.is_null()).cloned(),
                None => None,
            });
            values.collect::<Option<Vec<Json>>>().map(|values| canonical_text(&Json::Array(values)))
        };
        let mut edges: Vec<Vec<usize>> = vec![Vec::new(); rows.len()];
        for key in keys {
            let owners: HashMap<String, usize> =
                rows.iter().enumerate().filter_map(|(at, row)| Some((values(*row, &key.references)?, at))).collect();
            for (at, row) in rows.iter().enumerate() {
                let owner = values(*row, &key.columns).and_then(|value| owners.get(&value).copied());
                edges[at].extend(owner.filter(|owner| *owner != at));
            }
        }
        if edges.iter().all(Vec::is_empty) {
            return declared();
        }
        let Ok(sorted) = topological(&edges) else { return declared() };
        let mut levels: HashMap<usize, usize> = declared();
        for at in sorted {
            let above = edges[at].iter().map(|owner| levels[&rows[*owner]] + 1).max().unwrap_or(0);
            if let Some(level) = levels.get_mut(&rows[at]) {
                *level = (*level).max(above);
            }
        }
        levels
    }

    /// The key of a row: that which it had before, for one that is found by it.
    pub(crate) fn key(&self, table: usize, row: usize, before: bool) -> Vec<&Cell> {
        let staged = &self.seeds.tables[table].rows[row];
        let renamed = self.observation.tables[table].live[row].as_ref().is_some_and(|live| live.renamed);
        match &staged.was {
            Some(was) if before && renamed => was.key.iter().collect(),
            _ => staged.key().collect(),
        }
    }

    /// Learns the primary keys that rows got with their new natural keys.
    pub(crate) fn learn_renamed(&mut self, table: usize, decisions: &[Decision]) {
        let state = &self.observation.tables[table];
        let staged = &self.seeds.tables[table];
        let Some(id) = state.id_column().and_then(|id| staged.key.iter().position(|name| *name == id.name)) else {
            return;
        };
        for decision in decisions.iter().filter(|decision| decision.action == RowAction::Update) {
            let renamed = state.live[decision.row].as_ref().is_some_and(|live| live.renamed);
            if let Some(value) =
                staged.rows[decision.row].key().nth(id).and_then(|cell| self.value(cell)).filter(|_| renamed)
            {
                self.created.insert((table, decision.row), value);
            }
        }
    }

    /// Writes the changed columns of existing rows, rows with the same changed columns together.
    pub(crate) fn update(&self, db: &mut dyn Db, table: usize, decisions: &[Decision]) -> Result<usize, SeedError> {
        let updates: Vec<&Decision> =
            decisions.iter().filter(|decision| decision.action == RowAction::Update).collect();
        let changed = |decision: usize| -> Vec<Arc<str>> {
            let columns = updates[decision].columns.iter().filter(|column| column.outcome == Outcome::Update);
            columns.map(|column| Arc::clone(&column.name)).collect()
        };
        let mut refused = Vec::new();
        for (columns, group) in groups((0..updates.len()).collect(), changed) {
            let rows: Vec<usize> = group.iter().map(|decision| updates[*decision].row).collect();
            self.update_columns(db, table, &columns, &rows, &mut refused)?;
        }
        unless_refused(refused)?;
        Ok(updates.len())
    }

    fn insert(
        &self,
        db: &mut dyn Db,
        table: usize,
        columns: &[Arc<str>],
        rows: &[usize],
        refused: &mut Vec<RefusedRow>,
    ) -> Result<(), SeedError> {
        let engine = db.engine();
        let name = &self.seeds.tables[table].name;
        let columns = self.columns(table, columns)?;
        let prepared = self.prepare(table, &columns, rows, true)?;
        let list: Vec<String> = columns.iter().map(|column| quoted(engine, &column.name)).collect();
        let casts: Vec<String> = columns.iter().map(|column| dialect::write_cast(engine, column)).collect();
        let always = columns.iter().any(|column| column.counter.as_ref().is_some_and(|counter| counter.always));
        let overriding = if always && engine == Engine::Postgres { "OVERRIDING SYSTEM VALUE " } else { "" };
        let head = format!("INSERT INTO {} ({}) {overriding}VALUES ", quoted(engine, name), list.join(", "));
        let statement = |batch: &[Prepared]| {
            let mut stmt = Stmt::new(head.as_str());
            for (index, row) in batch.iter().enumerate() {
                stmt.push(if index == 0 { "(" } else { ", (" });
                for (position, value) in row.values.iter().enumerate() {
                    if position > 0 {
                        stmt.push(", ");
                    }
                    stmt.push_bind(value.clone());
                    stmt.push(casts[position].as_str());
                }
                stmt.push(")");
            }
            stmt
        };
        let size = INSERT_ROWS.min(dialect::max_binds(engine) / columns.len().max(1));
        let counted = columns.iter().position(|column| counters::zero_counts_up(engine, column));
        let zero = counted.is_some_and(|at| prepared.iter().any(|row| row.values[at] == Value::Int(0)));
        counters::keeping_zero(db, zero, |db| {
            let mut batches = prepared.chunks(size);
            batches.try_for_each(|batch| self.told(batch, self.run(db, table, batch, &statement, refused)))
        })
    }

    fn update_columns(
        &self,
        db: &mut dyn Db,
        table: usize,
        columns: &[Arc<str>],
        rows: &[usize],
        refused: &mut Vec<RefusedRow>,
    ) -> Result<(), SeedError> {
        let engine = db.engine();
        let state = &self.observation.tables[table];
        let staged = &self.seeds.tables[table];
        let columns = self.columns(table, columns)?;
        let mut prepared = self.prepare(table, &columns, rows, false)?;
        // The row is found by its primary key where that is one column, else by the natural key.
        let id = state.id_column();
        let key: Vec<&Column> = match id {
            Some(column) => vec![column],
            None => staged.key.iter().filter_map(|name| state.column(name)).collect(),
        };
        for row in &mut prepared {
            let live = state.live[row.row].as_ref().and_then(|live| live.id.clone());
            let values = match (id, live.or_else(|| self.created.get(&(table, row.row)).cloned())) {
                (Some(_), Some(id)) => vec![id],
                _ => self
                    .key(table, row.row, true)
                    .into_iter()
                    .map(|cell| self.value(cell).unwrap_or(Json::Null))
                    .collect(),
            };
            for (column, value) in key.iter().zip(values) {
                row.values.push(self.bound(table, row.row, column, &value)?);
            }
        }
        let count = columns.len();
        let cast = |column: &Column| dialect::write_cast(engine, column);
        let statement = |batch: &[Prepared]| {
            let mut stmt = Stmt::new(format!("UPDATE {} SET ", quoted(engine, &staged.name)));
            for (position, column) in columns.iter().enumerate() {
                let comma = if position > 0 { ", " } else { "" };
                stmt.push(format!("{comma}{} = ", quoted(engine, &column.name)));
                if let [row] = batch {
                    stmt.push_bind(row.values[position].clone());
                    stmt.push(cast(column));
                    continue;
                }
                stmt.push(format!("CASE {}", quoted(engine, &key[0].name)));
                for row in batch {
                    stmt.push(" WHEN ");
                    stmt.push_bind(row.values[count].clone());
                    stmt.push(format!("{} THEN ", cast(key[0])));
                    stmt.push_bind(row.values[position].clone());
                    stmt.push(cast(column));
                }
                stmt.push(" END");
            }
            for (position, column) in key.iter().enumerate() {
                let word = if position == 0 { "WHERE" } else { "AND" };
                if batch.iter().all(|row| row.values[count + position] == Value::Null) {
                    stmt.push(format!(" {word} {} IS NULL", quoted(engine, &column.name)));
                    continue;
                }
                stmt.push(format!(" {word} {} IN (", quoted(engine, &column.name)));
                for (index, row) in batch.iter().enumerate() {
                    if index > 0 {
                        stmt.push(", ");
                    }
                    stmt.push_bind(row.values[count + position].clone());
                    stmt.push(cast(column));
                }
                stmt.push(")");
            }
            stmt
        };
        // MySQL sees the new value of a column in what it assigns next.
        let moves = columns.iter().any(|column| key.iter().any(|key| key.name == column.name));
        let size = if id.is_some() && !moves { UPDATE_ROWS } else { 1 };
        prepared.chunks(size).try_for_each(|batch| self.told(batch, self.run(db, table, batch, &statement, refused)))
    }

    fn told(&self, batch: &[Prepared], done: Result<(), SeedError>) -> Result<(), SeedError> {
        if done.is_ok() {
            (self.progress)(batch.len());
        }
        done
    }

    /// Runs a batch; when it fails, repeats it row by row to find all that are refused. The transaction is lost either way.
    fn run(
        &self,
        db: &mut dyn Db,
        table: usize,
        batch: &[Prepared],
        statement: &dyn Fn(&[Prepared]) -> Stmt,
        refused: &mut Vec<RefusedRow>,
    ) -> Result<(), SeedError> {
        let Err(error) = within_savepoint(db, &statement(batch))? else { return Ok(()) };
        if !is_of_a_row(&error) {
            return Err(self.blame(table, batch, error));
        }
        if let [only] = batch {
            refused.push(explain(db, self, table, only.row, error));
            return Ok(());
        }
        let before = refused.len();
        for row in batch {
            if refused.len() >= REFUSALS {
                return Ok(());
            }
            match within_savepoint(db, &statement(std::slice::from_ref(row)))? {
                Ok(()) => {}
                Err(error) if is_of_a_row(&error) => refused.push(explain(db, self, table, row.row, error)),
                Err(error) => return Err(self.blame(table, std::slice::from_ref(row), error)),
            }
        }
        // No single row is to blame: together they are refused, and nobody knows which.
        if refused.len() == before { Err(self.blame(table, batch, error)) } else { Ok(()) }
    }

    fn blame(&self, table: usize, batch: &[Prepared], source: DbError) -> SeedError {
        let staged = &self.seeds.tables[table];
        match batch {
            [only] => SeedError::Write {
                what: format!("`{}` {}", staged.name, staged.rows[only.row].symbol.label()),
                at: Some(staged.rows[only.row].source.location()),
                source: Box::new(source),
            },
            _ => SeedError::Write { what: format!("rows of `{}`", staged.name), at: None, source: Box::new(source) },
        }
    }

    fn learn_keys(&mut self, db: &mut dyn Db, table: usize, rows: &[usize]) -> Result<(), SeedError> {
        let state = &self.observation.tables[table];
        let staged = &self.seeds.tables[table];
        let Some(id) = state.id_column() else { return Ok(()) };
        let Some(key) = staged.key.iter().map(|name| state.column(name)).collect::<Option<Vec<_>>>() else {
            return Ok(());
        };
        let lookup = Lookup { table: &staged.name, key, select: vec![id], exact: Vec::new() };
        let keys: Vec<Option<Vec<Json>>> =
            rows.iter().map(|row| staged.rows[*row].key().map(|cell| self.value(cell)).collect()).collect();
        let found = lookup.run(db, &keys.iter().flatten().cloned().collect::<Vec<_>>())?;
        let mut problems = Vec::new();
        for (row, key) in rows.iter().zip(keys) {
            let text = key.and_then(|key| lookup.text(&key));
            match text.and_then(|text| found.get(&text)).and_then(|values| values.first()) {
                Some(id) => {
                    self.created.insert((table, *row), id.clone());
                }
                None => problems.push(invisible(&staged.name, &staged.rows[*row])),
            }
        }
        SeedError::unless_empty(problems)
    }

    fn prepare(
        &self,
        table: usize,
        columns: &[&Column],
        rows: &[usize],
        creating: bool,
    ) -> Result<Vec<Prepared>, SeedError> {
        let mut prepared = Vec::with_capacity(rows.len());
        for row in rows {
            let staged = &self.seeds.tables[table].rows[*row];
            let mut values = Vec::with_capacity(columns.len() + 1);
            for column in columns {
                let waits = creating && staged.deferred.iter().any(|name| **name == *column.name);
                let cell = staged.cells().find(|(name, _)| !waits && **name == *column.name).map(|(_, cell)| cell);
                let value = cell.and_then(|cell| self.value(cell)).unwrap_or(Json::Null);
                values.push(self.bound(table, *row, column, &value)?);
            }
            prepared.push(Prepared { row: *row, values });
        }
        Ok(prepared)
    }

    fn bound(&self, table: usize, row: usize, column: &Column, value: &Json) -> Result<Value, SeedError> {
        to_db(column, value).map_err(|misfit| {
            let source = &self.seeds.tables[table].rows[row].source;
            SeedError::Problems {
                problems: vec![source.problem(ErrorCode::SeedValue, source.offset, misfit.to_string())],
            }
        })
    }

    fn columns(&self, table: usize, names: &[Arc<str>]) -> Result<Vec<&Column>, SeedError> {
        let state = &self.observation.tables[table];
        let missing = |name: &str| SeedError::Problems {
            problems: vec![Problem::new(
                ErrorCode::SeedTarget,
                None::<Location>,
                format!("`{}` has no column `{name}`", self.seeds.tables[table].name),
            )],
        };
        names.iter().map(|name| state.column(name).ok_or_else(|| missing(name))).collect()
    }

    pub(crate) fn value(&self, cell: &Cell) -> Option<Json> {
        match cell {
            Cell::Value(_) | Cell::Part(_) => cell.value().cloned(),
            Cell::Ref(reference) => self.resolve(*reference),
        }
    }
}

/// Runs a statement so that the transaction can go on after it failed. The outer error is the savepoint's own.
fn within_savepoint(db: &mut dyn Db, stmt: &Stmt) -> Result<Result<(), DbError>, SeedError> {
    const SAVEPOINT: &str = "plimsoll_batch";
    db.batch(&format!("SAVEPOINT {SAVEPOINT}"))?;
    match db.execute(stmt) {
        Ok(_) => {
            db.batch(&format!("RELEASE SAVEPOINT {SAVEPOINT}"))?;
            Ok(Ok(()))
        }
        Err(error) => {
            // A connection that is gone says so better by the error it ended with.
            if is_of_a_row(&error) {
                db.batch(&format!("ROLLBACK TO SAVEPOINT {SAVEPOINT}"))?;
            }
            Ok(Err(error))
        }
    }
}

fn unless_refused(rows: Vec<RefusedRow>) -> Result<(), SeedError> {
    if rows.is_empty() { Ok(()) } else { Err(SeedError::Refused { rows }) }
}

/// A row that was written without an error and still is not there: a policy or a trigger is in the way.
pub(crate) fn invisible(table: &str, row: &StagedRow) -> Problem {
    let message = format!(
        "`{table}` {} was written but cannot be read back; a row-level policy or a trigger keeps it away",
        row.symbol.label()
    );
    Problem::new(ErrorCode::SeedFailed, Some(row.source.location()), message)
}

fn names(row: &StagedRow) -> Vec<Arc<str>> {
    row.cells().map(|(name, _)| Arc::clone(name)).collect()
}

/// Groups items that have the same columns, in the order of their first appearance.
fn groups(items: Vec<usize>, columns: impl Fn(usize) -> Vec<Arc<str>>) -> Vec<(Vec<Arc<str>>, Vec<usize>)> {
    let mut groups: Vec<(Vec<Arc<str>>, Vec<usize>)> = Vec::new();
    let mut places: HashMap<Vec<Arc<str>>, usize> = HashMap::new();
    for item in items {
        let names = columns(item);
        let place = *places.entry(names.clone()).or_insert_with(|| {
            groups.push((names, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(item);
    }
    groups
}
