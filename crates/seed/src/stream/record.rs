//! What a run changes in a very large table, row by row, as long as that is little: with it the run can be taken back. Of more rows
//! only the numbers are kept.

use plimsoll_core::db::{Catalog, Db, Stmt, quoted};
use serde_json::{Map, Value as Json, json};

use crate::apply::record::{by_keys, changed, identity, of_entry};
use crate::error::SeedError;
use crate::ledger::{Entry, Origin};
use crate::read::Seeds;
use crate::read::model::Mode;
use crate::runs::change::{Change, ChangeAction};
use crate::runs::image::Image;
use crate::stream::base::{self, Kind};
use crate::stream::diff::{ACTION, code};
use crate::stream::entries::{Based, based, entry};
use crate::stream::page::{self, PAGE};
use crate::stream::sql::{ROW, of};
use crate::stream::state::{BulkState, Comparison};
use crate::stream::{BulkTable, gone};

/// Rows of a table that a run keeps one by one. They are held in memory, and read and written back as those of any table.
const KEPT: u64 = 10_000;

/// The mark of a run whose rows of a table are kept one by one.
const ROWS: &str = "rows";

/// The rows of a table that a run creates and updates, as they were before.
#[derive(Default)]
pub(crate) struct Recorded {
    created: Vec<Map<String, Json>>,
    updated: Vec<Updated>,
}

/// A row before it is updated.
struct Updated {
    before: Option<Image>,
    /// See [`known`].
    entry: Entry,
}

/// What the ledger says a run did to a table: that it wrote to it, and whether the rows are kept.
pub(crate) fn change(state: &BulkState) -> Option<Change> {
    let counts = &state.counts;
    (total(state) > 0).then(|| Change {
        action: ChangeAction::Bulk,
        table: state.table.clone(),
        row_key: String::new(),
        key: json!({
            "created": counts.create,
            "updated": counts.update,
            "removed": counts.remove,
            ROWS: total(state) <= KEPT,
        })
        .to_string(),
        before: None,
        after: None,
        entry_before: None,
    })
}

/// Whether the rows of such a change are kept.
pub(crate) fn keeps_rows(bulk: &Change) -> bool {
    serde_json::from_str::<Json>(&bulk.key).is_ok_and(|counts| counts[ROWS] == json!(true))
}

fn total(state: &BulkState) -> u64 {
    state.counts.create + state.counts.update + state.counts.remove
}

/// What is compared, when its few changes are to be kept.
fn few(state: &BulkState) -> Option<&Comparison> {
    state.staged.as_ref().filter(|_| (1..=KEPT).contains(&total(state)))
}

/// Looks at the rows of a table before any is created or updated.
pub(crate) fn before(
    db: &mut dyn Db,
    seeds: &Seeds,
    index: usize,
    state: &BulkState,
    catalog: &Catalog,
) -> Result<Recorded, SeedError> {
    let bulk = &seeds.bulk[index];
    let (Some(comparison), Some(table)) = (few(state), catalog.tables.get(&bulk.name)) else {
        return Ok(Recorded::default());
    };
    let created = if state.counts.create > 0 { created(db, comparison)? } else { Vec::new() };
    let rows = if state.counts.update > 0 { updated(db, comparison)? } else { Vec::new() };
    let keys: Vec<Option<Vec<Json>>> = rows.iter().map(|row| Some(values_of_key(comparison, &row.applied))).collect();
    let images = by_keys(db, &bulk.name, table, &bulk.key, &keys)?;
    let adopted = if comparison.base.kind == Kind::Source { base::adopted(db, &bulk.name)? } else { Vec::new() };
    let updated = rows.into_iter().zip(images).map(|(row, before)| {
        // Where the source is the base, it is the one that was applied last: its numbers are those of then.
        let was_there = match comparison.base.kind {
            Kind::Source => base::is_in(&adopted, row.row.unsigned_abs()),
            Kind::None | Kind::Table => true,
        };
        let origin = if row.adopted.unwrap_or(was_there) { Origin::Adopted } else { Origin::Created };
        Updated { before, entry: known(seeds, bulk, comparison, row.applied, origin) }
    });
    Ok(Recorded { created, updated: updated.collect() })
}

impl Recorded {
    /// The changes, after everything was written.
    pub(crate) fn changes(
        self,
        db: &mut dyn Db,
        seeds: &Seeds,
        bulk: &BulkTable,
        state: &BulkState,
        catalog: &Catalog,
    ) -> Result<Vec<Change>, SeedError> {
        let (Some(comparison), Some(table)) = (few(state), catalog.tables.get(&bulk.name)) else {
            return Ok(Vec::new());
        };
        let rows = self.created.iter().chain(self.updated.iter().map(|row| &row.entry.applied));
        let keys: Vec<Option<Vec<Json>>> = rows.map(|row| Some(values_of_key(comparison, row))).collect();
        let mut after = by_keys(db, &bulk.name, table, &bulk.key, &keys)?.into_iter();
        let identity = identity(table, &bulk.key);
        let mut changes = Vec::with_capacity(keys.len());
        for (values, after) in self.created.into_iter().zip(after.by_ref()) {
            // Once it is taken back, a row of this key is somebody else's.
            let entry = known(seeds, bulk, comparison, values, Origin::Adopted);
            let entry_before = Some(entry.clone()).filter(|_| bulk.mode != Mode::Insert);
            changes.push(Change { after, entry_before, ..of_entry(ChangeAction::Create, &bulk.name, &entry) });
        }
        for (Updated { before, entry }, after) in self.updated.into_iter().zip(after) {
            let (before, after) =
                changed(before.as_ref(), after.as_ref(), &|name| identity.iter().any(|of| of == name));
            changes.push(Change { before, after, ..of_entry(ChangeAction::Update, &bulk.name, &entry) });
        }
        Ok(changes)
    }
}

/// The changes of rows that are about to be removed.
pub(crate) fn removed(
    db: &mut dyn Db,
    seeds: &Seeds,
    bulk: &BulkTable,
    state: &BulkState,
    catalog: &Catalog,
) -> Result<Vec<Change>, SeedError> {
    let (Some(comparison), Some(table)) = (few(state), catalog.tables.get(&bulk.name)) else { return Ok(Vec::new()) };
    let (Some(gone), Some(base)) = (&comparison.gone, &comparison.base.table) else { return Ok(Vec::new()) };
    let stmt = format!("SELECT {ROW} FROM {} g WHERE {}", quoted(db.engine(), gone), gone::doomed(bulk.on_gone()));
    let rows = staged(db, comparison, base, &stmt)?;
    let keys: Vec<Option<Vec<Json>>> = rows.iter().map(|row| Some(values_of_key(comparison, row))).collect();
    let images = by_keys(db, &bulk.name, table, &bulk.key, &keys)?;
    let change = |(applied, before)| {
        let entry = known(seeds, bulk, comparison, applied, Origin::Created);
        Change { before, ..of_entry(ChangeAction::Delete, &bulk.name, &entry) }
    };
    // Taken back in the other order: rows come before those of their table that refer to them.
    Ok(rows.into_iter().zip(images).rev().map(change).collect())
}

/// The new rows, in the order of the source.
fn created(db: &mut dyn Db, comparison: &Comparison) -> Result<Vec<Map<String, Json>>, SeedError> {
    let engine = db.engine();
    let stmt = match &comparison.diff {
        Some(diff) => format!("SELECT {ROW} FROM {} WHERE {ACTION} = {}", quoted(engine, diff), code::CREATE),
        None => format!("SELECT {ROW} FROM {}", quoted(engine, &comparison.stage.name)),
    };
    staged(db, comparison, &comparison.stage.name, &stmt)
}

/// The rows of a staged table that a query numbers, in their order.
fn staged(
    db: &mut dyn Db,
    comparison: &Comparison,
    table: &str,
    numbers: &str,
) -> Result<Vec<Map<String, Json>>, SeedError> {
    let numbers = db.rows(&Stmt::new(format!("{numbers} ORDER BY {ROW}")))?;
    let numbers: Vec<u64> = numbers.iter().map(|row| row.int(0).unsigned_abs()).collect();
    let mut rows = Vec::with_capacity(numbers.len());
    for chunk in numbers.chunks(PAGE) {
        rows.extend(page::staged(db, comparison, table, chunk)?.into_values());
    }
    Ok(rows)
}

/// The rows that are about to be updated, with the base that brings the update about again: what is overwritten, and for columns
/// that stay what they had as their base.
fn updated(db: &mut dyn Db, comparison: &Comparison) -> Result<Vec<Based>, SeedError> {
    let engine = db.engine();
    let condition = format!("d.{ACTION} = {}", code::UPDATE);
    let value = |position: usize| {
        let name = &comparison.shape.columns[position].name;
        let conflict = match &comparison.base.table {
            Some(_) => format!(" WHEN d.o{position} = {} THEN {}", code::CONFLICT, of(engine, "b", name)),
            None => String::new(),
        };
        let (update, source) = (code::UPDATE, of(engine, "s", name));
        format!("CASE WHEN d.o{position} = {update} THEN d.v{position}{conflict} ELSE {source} END")
    };
    let mut rows: Vec<Based> = Vec::new();
    loop {
        let page = based(db, comparison, (&condition, rows.last().map_or(-1, |row| row.row)), &value)?;
        if page.is_empty() {
            return Ok(rows);
        }
        rows.extend(page);
    }
}

fn values_of_key(comparison: &Comparison, values: &Map<String, Json>) -> Vec<Json> {
    let value = |column: &plimsoll_core::db::Column| values.get(&column.name).cloned().unwrap_or(Json::Null);
    comparison.shape.key_columns().map(value).collect()
}

/// What the ledger will know of a row once the run is taken back.
fn known(
    seeds: &Seeds,
    bulk: &BulkTable,
    comparison: &Comparison,
    applied: Map<String, Json>,
    origin: Origin,
) -> Entry {
    entry(bulk, &comparison.shape, applied, &seeds.datasets[bulk.dataset], origin)
}
