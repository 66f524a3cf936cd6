//! What a database holds of a table of very many rows: staged, compared and counted. What follows is `plan`'s and `write`'s.

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Catalog, Column, Db, Table};
use plimsoll_core::toml_file::nearest;
use serde_json::Value as Json;

use crate::error::{Problem, SeedError};
use crate::read::Seeds;
use crate::read::model::Mode;
use crate::reconcile::plan::{Pending, RowPlan};
use crate::stream::base::{Base, Kind, Known};
use crate::stream::room::with_room;
use crate::stream::sql::Shape;
use crate::stream::stage::Staged;
use crate::stream::{BulkCounts, BulkTable, RowSource, base, diff, gone, page, stage};

/// A very large table at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct BulkState {
    pub(crate) table: String,
    pub(crate) rows: u64,
    pub(crate) counts: BulkCounts,
    pub(crate) remembers: bool,
    pub(crate) fingerprint: String,
    pub(crate) changes: String,
    pub(crate) sample: Vec<RowPlan>,
    pub(crate) removed: Vec<Json>,
    pub(crate) pending: Vec<Pending>,
    pub(crate) problems: Vec<Problem>,
    /// What its rows refer to: for the order.
    pub(crate) refers: Vec<String>,
    /// Nothing while the schema lacks something, or something is wrong.
    pub(super) staged: Option<Comparison>,
}

/// The temporary tables of a comparison.
#[derive(Debug, Clone)]
pub(super) struct Comparison {
    pub(super) shape: Shape,
    pub(super) stage: Staged,
    pub(super) base: Base,
    pub(super) known: Known,
    /// What does not stay as it is; nothing when every row is new.
    pub(super) diff: Option<String>,
    /// Rows that the source has no more, in mode `sync`.
    pub(super) gone: Option<String>,
}

/// Stages and compares all very large tables.
pub(crate) fn observe(db: &mut dyn Db, seeds: &Seeds, catalog: &Catalog) -> Result<Vec<BulkState>, SeedError> {
    let state = |db: &mut dyn Db, (index, table): (usize, &BulkTable)| match one(db, seeds, index, table, catalog) {
        // The next tables may have problems of their own.
        Err(SeedError::Problems { problems }) => {
            Ok(BulkState { table: table.name.clone(), problems, ..BulkState::default() })
        }
        state => state,
    };
    if seeds.bulk.is_empty() {
        return Ok(Vec::new());
    }
    with_room(db, |db| seeds.bulk.iter().enumerate().map(|each| state(db, each)).collect())
}

fn one(
    db: &mut dyn Db,
    seeds: &Seeds,
    index: usize,
    bulk: &BulkTable,
    catalog: &Catalog,
) -> Result<BulkState, SeedError> {
    let mut state =
        BulkState { table: bulk.name.clone(), fingerprint: bulk.source.fingerprint()?, ..BulkState::default() };
    let shape = match catalog.tables.get(&bulk.name) {
        None => {
            state.pending.push(Pending {
                table: bulk.name.clone(),
                column: None,
                nearest: nearest(&bulk.name, catalog.tables.keys().map(String::as_str)).map(str::to_owned),
                at: bulk.at.clone(),
            });
            None
        }
        Some(table) => {
            state.refers =
                table.foreign_keys.iter().filter(|key| key.schema.is_none()).map(|key| key.table.clone()).collect();
            shape(bulk, table, &mut state)
        }
    };
    if !db.keeps_session() && state.problems.is_empty() && shape.is_some() {
        let message = format!(
            "rows of `{}` are staged in a session of their own, which a transaction pooler does not give: connect past it",
            bulk.name
        );
        state.problems.push(Problem::new(ErrorCode::SeedTarget, Some(bulk.at.clone()), message));
    }
    let Some(shape) = shape.filter(|_| state.problems.is_empty()) else {
        state.rows = rows(&*bulk.source)?;
        state.counts.create = state.rows;
        state.changes = diff::all_new();
        state.remembers = bulk.mode != Mode::Insert;
        return Ok(state);
    };
    let stage = stage::stage(db, bulk, index, &shape)?;
    state.rows = stage.rows;
    let known = if bulk.mode == Mode::Insert { Known::default() } else { base::known(db, &bulk.name)? };
    let base = base::stage(db, bulk, index, &shape, &known)?;
    // What was applied once has no key twice.
    if stage.fresh && base.kind != Kind::Source {
        state.problems = diff::twice(db, bulk, &shape, &stage)?;
        if !state.problems.is_empty() {
            stage::drop_stage(db, &stage)?;
            return Ok(state);
        }
    }
    let mut comparison = Comparison { shape, stage, base, known, diff: None, gone: None };
    diff::compare(db, bulk, index, &mut comparison)?;
    gone::compare(db, bulk, index, &mut comparison)?;
    page::count(db, bulk, &comparison, &mut state)?;
    gone::count(db, (seeds, catalog), bulk, &comparison, &mut state)?;
    state.remembers = match comparison.base.kind {
        _ if bulk.mode == Mode::Insert => false,
        Kind::None | Kind::Table => true,
        // A base of its own is kept only while a row is in conflict, or spared.
        Kind::Source => {
            comparison.known.exceptions.len() as u64 != state.conflicts(&comparison, db)? + state.counts.spared
        }
    };
    state.staged = Some(comparison);
    Ok(state)
}

impl BulkState {
    /// The columns that are written, nothing when no row is.
    pub(crate) fn written(&self) -> &[Column] {
        let staged = self.staged.as_ref().filter(|_| self.counts.create + self.counts.update > 0);
        staged.map_or(&[], |comparison| &comparison.shape.columns)
    }

    fn conflicts(&self, comparison: &Comparison, db: &mut dyn Db) -> Result<u64, SeedError> {
        if self.counts.edited == 0 { Ok(0) } else { diff::conflicts(db, comparison) }
    }
}

/// The declared columns as the table has them. What is missing is pending, what cannot be is a problem.
fn shape(bulk: &BulkTable, table: &Table, state: &mut BulkState) -> Option<Shape> {
    let mut columns = Vec::new();
    for name in bulk.source.columns() {
        match table.column(name) {
            Some(column) if column.generated => {
                let message = format!("`{name}` of `{}` is computed by the database and cannot be written", bulk.name);
                state.problems.push(Problem::new(ErrorCode::SeedTarget, Some(bulk.source.header()), message));
            }
            Some(column) => columns.push(column.clone()),
            None => state.pending.push(Pending {
                table: bulk.name.clone(),
                column: Some(name.to_string()),
                nearest: nearest(name, table.columns.iter().map(|column| column.name.as_str())).map(str::to_owned),
                at: bulk.source.header(),
            }),
        }
    }
    let is_unique = |columns: &[String]| !columns.is_empty() && columns.iter().all(|column| bulk.key.contains(column));
    if !is_unique(&table.primary_key) && !table.unique_keys.iter().any(|key| is_unique(&key.columns)) {
        let message = format!(
            "`{}` has neither a primary key nor a unique constraint over `{}`, by which its rows are found",
            bulk.name,
            bulk.key.join("`, `")
        );
        state.problems.push(Problem::new(ErrorCode::SeedTarget, Some(bulk.at.clone()), message));
    }
    // Files are checked for it when they are read, and other sources may be anybody's.
    let named = |key: &&String| bulk.source.columns().iter().any(|column| **column == ***key);
    for missing in bulk.key.iter().filter(|key| !named(key)) {
        let message = format!("the key column `{missing}` of `{}` is not among the columns of its rows", bulk.name);
        state.problems.push(Problem::new(ErrorCode::SeedTarget, Some(bulk.source.header()), message));
    }
    if !state.pending.is_empty() {
        return None;
    }
    let position = |key: &String| columns.iter().position(|column: &Column| column.name == *key);
    let key = bulk.key.iter().map(position).collect::<Option<Vec<_>>>()?;
    Some(Shape { table: bulk.name.clone(), columns, key })
}

fn rows(source: &dyn RowSource) -> Result<u64, SeedError> {
    if let Some(rows) = source.expected() {
        return Ok(rows);
    }
    let mut rows = 0;
    source.each(&mut |_| {
        rows += 1;
        Ok(())
    })?;
    Ok(rows)
}
