//! Entries of the ledger for single rows of a very large table, and the values that they remember: asked of the tables of a
//! comparison. Which rows have one is the callers'.

use plimsoll_core::db::{Db, DbError, DynRow, Stmt, quoted};
use serde_json::{Map, Value as Json};

use crate::ledger::{Entry, Origin};
use crate::stream::page::PAGE;
use crate::stream::sql::{ADOPTED, ROW, Shape, of, read, renamed};
use crate::stream::state::Comparison;
use crate::stream::{BulkTable, base};
use crate::value::{hash, live};

/// A row of the source with the values of a base.
pub(super) struct Based {
    /// Its number in the source.
    pub(super) row: i64,
    pub(super) applied: Map<String, Json>,
    /// Whether it was there before anybody seeded it, as its base says; nothing where it has none.
    pub(super) adopted: Option<bool>,
}

/// The next rows of the source, after the one of a number, for which a condition on `d` holds. The value of a column that is compared
/// is an expression over `d`, the source `s`, and the base `b` where there is one.
pub(super) fn based(
    db: &mut dyn Db,
    comparison: &Comparison,
    (condition, after): (&str, i64),
    value: &dyn Fn(usize) -> String,
) -> Result<Vec<Based>, DbError> {
    let Some(diff) = &comparison.diff else { return Ok(Vec::new()) };
    let engine = db.engine();
    let shape = &comparison.shape;
    let (mut inner, mut outer) = (String::new(), String::new());
    for (position, column) in shape.columns.iter().enumerate() {
        let value = if shape.key.contains(&position) { of(engine, "s", &column.name) } else { value(position) };
        inner.push_str(&format!(", {value} AS c{position}"));
        outer.push_str(&format!(", {}", read(engine, column, &format!("c{position}"))));
    }
    let (adopted, join) = match &comparison.base.table {
        Some(base) => (
            format!("coalesce(b.{ADOPTED}, -1)"),
            format!(" LEFT JOIN {} b ON {}", quoted(engine, base), shape.same_key(engine, "b", "s")),
        ),
        None => ("-1".to_owned(), String::new()),
    };
    let stmt = format!(
        "SELECT {ROW}, {ADOPTED}{outer} FROM (SELECT s.{ROW} AS {ROW}, {adopted} AS {ADOPTED}{inner} FROM {} d \
         JOIN {} s ON s.{ROW} = d.{ROW}{join} WHERE {condition} AND s.{ROW} > {after}) x ORDER BY {ROW} LIMIT {PAGE}",
        quoted(engine, diff),
        quoted(engine, &comparison.stage.name),
    );
    let based = |row: DynRow| {
        let (number, adopted) = (row.int(0), row.int(1));
        let columns = shape.columns.iter().enumerate().zip(row.into_values().skip(2));
        let values = columns.map(|((position, column), value)| {
            (column.name.clone(), live(&renamed(column, format!("c{position}")), value))
        });
        Based { row: number, applied: values.collect(), adopted: (adopted >= 0).then_some(adopted == 1) }
    };
    Ok(db.rows(&Stmt::new(stmt))?.into_iter().map(based).collect())
}

/// The entry of a row with this base. Which run wrote it is left open.
pub(super) fn entry(
    bulk: &BulkTable,
    shape: &Shape,
    applied: Map<String, Json>,
    dataset: &str,
    origin: Origin,
) -> Entry {
    let key = base::key(shape, |name| applied.get(name));
    Entry {
        row_key: hash(&key),
        key,
        applied,
        dataset: dataset.to_owned(),
        source: bulk.at.file.display().to_string(),
        deployment: None,
        origin: Some(origin),
        run: None,
    }
}
