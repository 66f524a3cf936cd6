//! Reading what a comparison left: counts, a digest of all of it, and a few rows for people. Never more than a page at once.

use std::hash::Hasher;

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Db, DbError, DynRow, Stmt, quoted, temporary};
use serde_json::{Map, Value as Json};
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::error::{Problem, SeedError};
use crate::read::model::Mode;
use crate::reconcile::plan::{ColumnChange, Outcome, RowAction, RowPlan};
use crate::stream::BulkTable;
use crate::stream::diff::{self, ACTION, code};
use crate::stream::sql::{self, ROW, read, renamed};
use crate::stream::state::{BulkState, Comparison};
use crate::value::{RowKey, canonical_text, live};

/// Rows read at once.
pub(super) const PAGE: usize = 2_000;

/// Rows shown to people, of existing ones and of new ones.
const SAMPLE: usize = 8;

/// Edits that are told when they are errors.
const TOLD: usize = 20;

/// Makes reading a temporary table page by page quick.
pub(super) fn index(db: &mut dyn Db, name: &str) -> Result<(), DbError> {
    let engine = db.engine();
    match engine {
        // Its primary key.
        plimsoll_core::db::Engine::Mysql => Ok(()),
        plimsoll_core::db::Engine::Sqlite => {
            temporary(db, &[format!("CREATE INDEX temp.plimsoll_i_{name} ON {} ({ROW})", quoted(engine, name))])
        }
        plimsoll_core::db::Engine::Postgres => {
            temporary(db, &[format!("CREATE INDEX ON {} ({ROW})", quoted(engine, name))])
        }
    }
}

/// Counts and digests the differences of a comparison.
pub(super) fn count(
    db: &mut dyn Db,
    bulk: &BulkTable,
    comparison: &Comparison,
    state: &mut BulkState,
) -> Result<(), SeedError> {
    let rows = comparison.stage.rows;
    let Some(diff) = &comparison.diff else {
        state.counts.create = rows;
        state.changes = diff::all_new();
        state.sample = created(db, comparison, &(0..rows.min(SAMPLE as u64)).collect::<Vec<_>>())?;
        return Ok(());
    };
    let engine = db.engine();
    let sums = |expression: &str| sql::as_text(engine, &format!("sum({expression})"));
    let stmt = format!(
        "SELECT {ACTION}, count(*), {}, {} FROM {} GROUP BY {ACTION} ORDER BY {ACTION}",
        sums(ROW),
        sums(&format!("({ROW} * 31 + 7) % 1000003")),
        quoted(engine, diff)
    );
    let mut hasher = SipHasher13::new();
    let mut only_kept = 0;
    for row in db.rows(&Stmt::new(stmt))? {
        let count = row.int(1).unsigned_abs();
        match row.int(0) {
            code::CREATE => {
                state.counts.create = count;
                hasher.write(format!("{count} {} {}\n", row.text(2), row.text(3)).as_bytes());
            }
            code::UPDATE => state.counts.update = count,
            code::REFUSED => {}
            _ => only_kept += count,
        }
    }
    state.counts.unchanged = rows - state.counts.create - state.counts.update - only_kept;
    if state.counts.create == rows {
        state.changes = diff::all_new();
    } else {
        let mut last = -1;
        loop {
            let page = page(db, bulk, comparison, diff, last)?;
            for change in &page {
                last = change.row;
                digest(change, &mut hasher);
                state.counts.edited += u64::from(change.columns.iter().any(|column| column.1 != Outcome::Update));
            }
            let room = SAMPLE.saturating_sub(state.sample.len());
            let shown: Vec<&Change> = page.iter().filter(|change| !change.refused).take(room).collect();
            let shown = existing(db, comparison, &shown)?;
            state.sample.extend(shown);
            for change in page.iter().filter(|change| change.refused) {
                if state.problems.len() < TOLD {
                    state.problems.push(refused(db, bulk, comparison, change)?);
                }
            }
            if page.len() < PAGE {
                break;
            }
        }
        state.changes = format!("{:032x}", hasher.finish128().as_u128());
    }
    if state.counts.create > 0 {
        let stmt = format!(
            "SELECT {ROW} FROM {} WHERE {ACTION} = {} ORDER BY {ROW} LIMIT {SAMPLE}",
            quoted(engine, diff),
            code::CREATE
        );
        let first: Vec<u64> = db.rows(&Stmt::new(stmt))?.iter().map(|row| row.int(0).unsigned_abs()).collect();
        let created = created(db, comparison, &first)?;
        state.sample.extend(created);
    }
    Ok(())
}

/// A row that exists and differs.
struct Change {
    row: i64,
    action: RowAction,
    refused: bool,
    /// The column's position, what happens to it, and the value that the database holds.
    columns: Vec<(usize, Outcome, Json)>,
}

fn page(
    db: &mut dyn Db,
    bulk: &BulkTable,
    comparison: &Comparison,
    diff: &str,
    after: i64,
) -> Result<Vec<Change>, DbError> {
    if bulk.mode == Mode::Insert {
        return Ok(Vec::new());
    }
    let engine = db.engine();
    let shape = &comparison.shape;
    let compared: Vec<usize> = shape.compared().collect();
    let columns: String = compared
        .iter()
        .map(|position| format!(", o{position}, {}", read(engine, &shape.columns[*position], &format!("v{position}"))))
        .collect();
    let stmt = format!(
        "SELECT {ROW}, {ACTION}{columns} FROM {} WHERE {ROW} > {after} AND {ACTION} <> {} ORDER BY {ROW} LIMIT {PAGE}",
        quoted(engine, diff),
        code::CREATE
    );
    let change = |row: DynRow| {
        let mut outcomes = Vec::new();
        for (index, position) in compared.iter().enumerate() {
            let outcome = match row.int(2 + 2 * index) {
                code::UPDATE => Outcome::Update,
                code::EDITED | code::REFUSED => Outcome::Edited,
                code::CONFLICT => Outcome::Conflict,
                _ => continue,
            };
            let old = row.at(3 + 2 * index).clone();
            let column = renamed(&shape.columns[*position], format!("v{position}"));
            outcomes.push((*position, outcome, live(&column, old)));
        }
        let action = match row.int(1) {
            code::UPDATE => RowAction::Update,
            code::CONFLICT => RowAction::Conflict,
            _ => RowAction::Edited,
        };
        Change { row: row.int(0), action, refused: row.int(1) == code::REFUSED, columns: outcomes }
    };
    Ok(db.rows(&Stmt::new(stmt))?.into_iter().map(change).collect())
}

fn digest(change: &Change, hasher: &mut SipHasher13) {
    hasher.write(format!("{}\t{}", change.row, change.action.sign()).as_bytes());
    for (position, outcome, old) in &change.columns {
        hasher.write(format!("\t{position} {outcome:?} {}", canonical_text(old)).as_bytes());
    }
    hasher.write(b"\n");
}

/// The staged values of rows: all columns, canonical, by row.
pub(super) fn staged(
    db: &mut dyn Db,
    comparison: &Comparison,
    table: &str,
    rows: &[u64],
) -> Result<std::collections::BTreeMap<u64, Map<String, Json>>, DbError> {
    if rows.is_empty() {
        return Ok(std::collections::BTreeMap::new());
    }
    let engine = db.engine();
    let columns: String = comparison
        .shape
        .columns
        .iter()
        .map(|column| format!(", {}", plimsoll_core::db::dialect::read_expr(engine, column)))
        .collect();
    let list: Vec<String> = rows.iter().map(ToString::to_string).collect();
    let stmt = format!("SELECT {ROW}{columns} FROM {} WHERE {ROW} IN ({})", quoted(engine, table), list.join(", "));
    let read = |row: DynRow| {
        let number = row.int(0).unsigned_abs();
        let columns = comparison.shape.columns.iter();
        let values =
            columns.zip(row.into_values().skip(1)).map(|(column, value)| (column.name.clone(), live(column, value)));
        (number, values.collect())
    };
    Ok(db.rows(&Stmt::new(stmt))?.into_iter().map(read).collect())
}

/// The key of a row out of its values.
pub(super) fn key(comparison: &Comparison, values: &Map<String, Json>) -> Json {
    let value = |column: &plimsoll_core::db::Column| {
        (column.name.clone(), values.get(&column.name).cloned().unwrap_or(Json::Null))
    };
    Json::Object(comparison.shape.key_columns().map(value).collect())
}

fn created(db: &mut dyn Db, comparison: &Comparison, rows: &[u64]) -> Result<Vec<RowPlan>, DbError> {
    let staged = staged(db, comparison, &comparison.stage.name, rows)?;
    Ok(staged.values().map(|values| plan(key(comparison, values), RowAction::Create, Vec::new())).collect())
}

fn existing(db: &mut dyn Db, comparison: &Comparison, changes: &[&Change]) -> Result<Vec<RowPlan>, DbError> {
    let rows: Vec<u64> = changes.iter().map(|change| change.row.unsigned_abs()).collect();
    let staged = staged(db, comparison, &comparison.stage.name, &rows)?;
    let row = |change: &&Change| {
        let values = staged.get(&change.row.unsigned_abs())?;
        let columns = change.columns.iter().map(|(position, outcome, old)| {
            let column = comparison.shape.columns[*position].name.clone();
            let new = values.get(&column).cloned().unwrap_or(Json::Null);
            ColumnChange { column, outcome: *outcome, policy: None, old: old.clone(), new }
        });
        Some(plan(key(comparison, values), change.action, columns.collect()))
    };
    Ok(changes.iter().filter_map(row).collect())
}

fn plan(key: Json, action: RowAction, columns: Vec<ColumnChange>) -> RowPlan {
    RowPlan { key: RowKey::from(&key), action, columns, content: String::new(), source: String::new() }
}

fn refused(db: &mut dyn Db, bulk: &BulkTable, comparison: &Comparison, change: &Change) -> Result<Problem, DbError> {
    let row = existing(db, comparison, &[change])?.into_iter().next();
    let told = row.and_then(|row| {
        let column = row.columns.into_iter().find(|column| column.outcome != Outcome::Update)?;
        let (old, new) = (crate::reconcile::show::value(&column.old), crate::reconcile::show::value(&column.new));
        let label = row.key.label();
        Some(format!("{label} was edited in the database: `{}` is {old}, the file has {new}", column.column))
    });
    let message =
        format!("`{}` {}", bulk.name, told.unwrap_or_else(|| "has a row that was edited in the database".to_owned()));
    Ok(Problem::new(ErrorCode::SeedEdited, Some(bulk.source.place(change.row.unsigned_abs())), message))
}

/// Row numbers as ranges: of a query over a column `r`.
pub(super) fn ranges(db: &mut dyn Db, query: &str) -> Result<Vec<std::ops::Range<u64>>, DbError> {
    // One more, because MySQL counts rows without a sign, and would not have the first number less than nothing.
    let stmt = format!(
        "SELECT min(r), max(r) FROM (SELECT r, r + 1 - row_number() OVER (ORDER BY r) AS g FROM ({query}) q) x GROUP BY g ORDER BY 1"
    );
    let range = |row: &DynRow| row.int(0).unsigned_abs()..row.int(1).unsigned_abs() + 1;
    Ok(db.rows(&Stmt::new(stmt))?.iter().map(range).collect())
}
