//! Which row of its file a refused statement is about: by looking for what foreign keys miss, else by writing in halves.

use std::ops::Range;

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Catalog, Db, DbError, DbErrorKind, Engine, ForeignKey, Stmt, dialect, quoted, scalar};

use crate::error::{Problem, SeedError};
use crate::stream::BulkTable;
use crate::stream::gone::refers;
use crate::stream::sql::{ROW, of, renamed};
use crate::stream::state::{BulkState, Comparison};
use crate::value::live;

const SAVEPOINT: &str = "plimsoll_bulk";

/// Rows without what they refer to that are told by themselves.
const TOLD: usize = 20;

/// Runs a statement over all staged rows; when it is refused, finds the row. The transaction is lost then.
pub(super) fn run(
    db: &mut dyn Db,
    bulk: &BulkTable,
    comparison: &Comparison,
    foreign: &[ForeignKey],
    statement: &dyn Fn(Option<Range<u64>>) -> String,
) -> Result<(), SeedError> {
    let Err(error) = attempt(db, &statement(None))? else { return Ok(()) };
    if error.kind == DbErrorKind::Lost {
        return Err(blamed(bulk, None, error));
    }
    if error.kind == DbErrorKind::ForeignKey {
        let mut problems = Vec::new();
        for key in foreign.iter().filter(|key| key.schema.is_none() && key.table != bulk.name) {
            problems.extend(orphans(db, bulk, comparison, key)?);
        }
        SeedError::unless_empty(problems)?;
    }
    let (mut low, mut high) = (0, comparison.stage.rows);
    let mut error = error;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match attempt(db, &statement(Some(low..middle)))? {
            // Good rows stay: later ones may need them.
            Ok(()) => low = middle,
            Err(found) => (high, error) = (middle, found),
        }
    }
    Err(blamed(bulk, Some(low), error))
}

/// Runs a statement so that the transaction survives when it is refused.
fn attempt(db: &mut dyn Db, sql: &str) -> Result<Result<(), DbError>, SeedError> {
    db.batch(&format!("SAVEPOINT {SAVEPOINT}"))?;
    // Not as a batch, for which MySQL's client does not say what kind of refusal it was.
    match db.execute(&Stmt::new(sql)) {
        Ok(_) => {
            db.batch(&format!("RELEASE SAVEPOINT {SAVEPOINT}"))?;
            Ok(Ok(()))
        }
        Err(error) if error.kind == DbErrorKind::Lost => Ok(Err(error)),
        Err(error) => {
            db.batch(&format!("ROLLBACK TO SAVEPOINT {SAVEPOINT}"))?;
            Ok(Err(error))
        }
    }
}

fn blamed(bulk: &BulkTable, row: Option<u64>, source: DbError) -> SeedError {
    let what = match row {
        Some(_) => format!("a row of `{}`", bulk.name),
        None => format!("rows of `{}`", bulk.name),
    };
    SeedError::Write { what, at: row.map(|row| bulk.source.place(row)), source: Box::new(source) }
}

/// Rows of a table that was written to which refer to nothing, once everything is written: what a check at the end of the
/// transaction is about.
pub(crate) fn lost(
    db: &mut dyn Db,
    bulk: &BulkTable,
    state: &BulkState,
    catalog: &Catalog,
) -> Result<Vec<Problem>, DbError> {
    let mut problems = Vec::new();
    let Some(comparison) = state.staged.as_ref().filter(|_| !state.written().is_empty()) else { return Ok(problems) };
    let Some(table) = catalog.tables.get(&bulk.name) else { return Ok(problems) };
    if db.engine() == Engine::Sqlite {
        // SQLite does not say that something is left to be checked: looking for it pays only where it may be.
        let stmt = Stmt::new("SELECT count(*) FROM sqlite_schema WHERE upper(sql) LIKE '%DEFER%' AND name = ");
        if scalar(db, &stmt.bind(bulk.name.as_str()))?.as_int() == Some(0) {
            return Ok(problems);
        }
    }
    for key in table.foreign_keys.iter().filter(|key| key.schema.is_none()) {
        problems.extend(orphans(db, bulk, comparison, key)?);
    }
    Ok(problems)
}

/// Staged rows whose parent is not there.
fn orphans(
    db: &mut dyn Db,
    bulk: &BulkTable,
    comparison: &Comparison,
    key: &ForeignKey,
) -> Result<Vec<Problem>, DbError> {
    let engine = db.engine();
    let find = |name: &String| comparison.shape.columns.iter().find(|column| column.name == *name);
    let Some(columns) = key.columns.iter().map(find).collect::<Option<Vec<_>>>() else { return Ok(Vec::new()) };
    let Some(first) = key.references.first() else { return Ok(Vec::new()) };
    let read: String = (0..columns.len())
        .map(|at| format!(", {}", dialect::read_expr(engine, &renamed(columns[at], format!("f{at}")))))
        .collect();
    let named: String = columns
        .iter()
        .enumerate()
        .map(|(at, column)| format!(", {} AS f{at}", of(engine, "s", &column.name)))
        .collect();
    let given: Vec<String> =
        columns.iter().map(|column| format!("{} IS NOT NULL", of(engine, "s", &column.name))).collect();
    let stmt = format!(
        "SELECT {ROW}{read} FROM (SELECT s.{ROW} AS {ROW}{named} FROM {} s LEFT JOIN {} p ON {} WHERE {} AND {} IS NULL) x \
         ORDER BY {ROW} LIMIT {TOLD}",
        quoted(engine, &comparison.stage.name),
        quoted(engine, &key.table),
        refers(engine, &key.columns, &key.references, "s", "p"),
        given.join(" AND "),
        of(engine, "p", first)
    );
    let mut problems = Vec::new();
    for row in db.rows(&Stmt::new(stmt))? {
        let number = row.int(0).unsigned_abs();
        let values = columns.iter().zip(row.into_values().skip(1)).map(|(column, value)| {
            format!("`{}` {}", column.name, crate::reconcile::show::value(&live(column, value)))
        });
        let message = format!(
            "`{}` refers to a row of `{}` that is not there: {}",
            bulk.name,
            key.table,
            values.collect::<Vec<_>>().join(", ")
        );
        problems.push(Problem::new(ErrorCode::ReferenceMissing, Some(bulk.source.place(number)), message));
    }
    Ok(problems)
}
