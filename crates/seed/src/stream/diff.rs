//! The three-way comparison inside the database: one join that leaves a temporary table of what does not stay as it is. What
//! the source has no more is `gone`'s.

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Db, DbError, Stmt, quoted, scalar, temporary};

use crate::error::{Problem, SeedError};
use crate::read::model::{Mode, OnEdit};
use crate::stream::BulkTable;
use crate::stream::base::{Base, Kind};
use crate::stream::page;
use crate::stream::sql::{self, ROW, Shape, differs, of};
use crate::stream::stage::Staged;
use crate::stream::state::Comparison;

/// What happens to a row, or to a column of it, as the temporary tables say.
pub(super) mod code {
    pub(in crate::stream) const SAME: i64 = 0;
    pub(in crate::stream) const UPDATE: i64 = 1;
    pub(in crate::stream) const EDITED: i64 = 2;
    pub(in crate::stream) const CONFLICT: i64 = 3;
    /// An edit that the dataset calls an error.
    pub(in crate::stream) const REFUSED: i64 = 4;
    pub(in crate::stream) const CREATE: i64 = 5;
}

/// The column of the action.
pub(super) const ACTION: &str = "plimsoll_action";

/// Rows beyond which an index pays for reading them page by page.
const INDEXED: u64 = 5_000;

/// Keys that are told when they are there twice.
const TOLD: usize = 20;

/// The digest of creating every row.
pub(super) fn all_new() -> String {
    "all".to_owned()
}

/// Compares staged rows with the table's and leaves the differences in a temporary table.
pub(super) fn compare(
    db: &mut dyn Db,
    bulk: &BulkTable,
    index: usize,
    comparison: &mut Comparison,
) -> Result<(), DbError> {
    let engine = db.engine();
    let table = quoted(engine, &bulk.name);
    let some = scalar(db, &Stmt::new(format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT 1) x")))?;
    if some.as_int() == Some(0) {
        return Ok(());
    }
    let name = format!("plimsoll_d{index}");
    let Comparison { shape, stage, base, .. } = &*comparison;
    let (s, t, b) = ("s", "t", "b");
    let missing = format!("{} IS NULL", shape.found(engine, t));
    let compared: Vec<usize> = if bulk.mode == Mode::Insert { Vec::new() } else { shape.compared().collect() };
    let mut inner = format!("SELECT s.{ROW} AS {ROW}, CASE WHEN {missing} THEN 1 ELSE 0 END AS missing");
    for position in &compared {
        let outcome = outcome(engine, bulk.on_edit.of(&shape.columns[*position].name), shape, base, *position);
        let column = of(engine, t, &shape.columns[*position].name);
        inner.push_str(&format!(
            ", CASE WHEN {missing} THEN {} ELSE {outcome} END AS o{position}, {column} AS v{position}",
            code::SAME
        ));
    }
    inner.push_str(&format!(
        " FROM {} s LEFT JOIN {table} t ON {}",
        quoted(engine, &stage.name),
        shape.same_key(engine, t, s)
    ));
    if let Some(base) = &base.table {
        inner.push_str(&format!(" LEFT JOIN {} b ON {}", quoted(engine, base), shape.same_key(engine, b, s)));
    }
    let any = |wanted: i64| -> String {
        let parts: Vec<String> = compared.iter().map(|position| format!("o{position} = {wanted}")).collect();
        if parts.is_empty() { "1 = 0".to_owned() } else { parts.join(" OR ") }
    };
    let columns: String = compared.iter().map(|position| format!(", o{position}, v{position}")).collect();
    let differing: String = compared.iter().map(|position| format!(" OR o{position} <> 0")).collect();
    let query = format!(
        "SELECT {ROW}, CASE WHEN missing = 1 THEN {} WHEN {} THEN {} WHEN {} THEN {} WHEN {} THEN {} ELSE {} END AS {ACTION}\
         {columns} FROM ({inner}) x WHERE missing = 1{differing}",
        code::CREATE,
        any(code::REFUSED),
        code::REFUSED,
        any(code::UPDATE),
        code::UPDATE,
        any(code::CONFLICT),
        code::CONFLICT,
        code::EDITED,
    );
    temporary(db, &[sql::drop_table(engine, &name), sql::create_as(engine, &name, &query)])?;
    let rows = scalar(db, &Stmt::new(format!("SELECT count(*) FROM {}", quoted(engine, &name))))?.as_int();
    if rows.is_some_and(|rows| rows.unsigned_abs() > INDEXED) {
        page::index(db, &name)?;
    }
    comparison.diff = Some(name);
    Ok(())
}

/// The outcome of a column, as an expression.
fn outcome(engine: plimsoll_core::db::Engine, on_edit: OnEdit, shape: &Shape, base: &Base, position: usize) -> String {
    let column = &shape.columns[position];
    let changed = differs(engine, column, "s", "t");
    let (edited, conflict) = match on_edit {
        OnEdit::Keep => (code::EDITED, code::CONFLICT),
        OnEdit::Overwrite => (code::UPDATE, code::UPDATE),
        OnEdit::Fail => (code::REFUSED, code::REFUSED),
    };
    let (same, update) = (code::SAME, code::UPDATE);
    // Without a row of the base, the source itself is the base, or nothing is.
    let without = if base.kind == Kind::Source { edited } else { update };
    if base.table.is_none() || (base.kind == Kind::Table && !base.columns[position]) {
        return format!("CASE WHEN {changed} THEN {without} ELSE {same} END");
    }
    let (live, source) = (differs(engine, column, "b", "t"), differs(engine, column, "s", "b"));
    format!(
        "CASE WHEN NOT ({changed}) THEN {same} WHEN b.{ROW} IS NULL THEN {without} WHEN NOT ({live}) THEN {update} \
         WHEN {source} THEN {conflict} ELSE {edited} END"
    )
}

/// How many rows have a column in conflict.
pub(super) fn conflicts(db: &mut dyn Db, comparison: &Comparison) -> Result<u64, SeedError> {
    let Some(diff) = &comparison.diff else { return Ok(0) };
    let stmt = format!("SELECT count(*) FROM {} WHERE {}", quoted(db.engine(), diff), any_conflict(&comparison.shape));
    Ok(scalar(db, &Stmt::new(stmt))?.as_int().map_or(0, i64::unsigned_abs))
}

pub(super) fn any_conflict(shape: &Shape) -> String {
    let parts: Vec<String> = shape.compared().map(|position| format!("o{position} = {}", code::CONFLICT)).collect();
    if parts.is_empty() { "1 = 0".to_owned() } else { format!("({})", parts.join(" OR ")) }
}

/// Keys that the source has twice, as the database compares them.
pub(super) fn twice(db: &mut dyn Db, bulk: &BulkTable, shape: &Shape, stage: &Staged) -> Result<Vec<Problem>, DbError> {
    let engine = db.engine();
    let stmt = format!(
        "SELECT min(s.{ROW}), max(s.{ROW}) FROM {} s GROUP BY {} HAVING count(*) > 1 ORDER BY 1 LIMIT {TOLD}",
        quoted(engine, &stage.name),
        shape.key_list(engine, "s")
    );
    let rows = db.rows(&Stmt::new(stmt))?;
    let problem = |row: &plimsoll_core::db::DynRow| {
        let first = bulk.source.place(row.int(0).unsigned_abs());
        let second = bulk.source.place(row.int(1).unsigned_abs());
        let message = format!("the same key of `{}` is there twice, first at {first}", bulk.name);
        Problem::new(ErrorCode::SeedDuplicate, Some(second), message)
    };
    Ok(rows.iter().map(problem).collect())
}
