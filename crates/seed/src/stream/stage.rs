//! Staging: rows into a temporary table of the session, once per session and source. Comparing them is `diff`'s.

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{
    BulkRows, Column, ColumnKind, Db, DbError, DbErrorKind, Engine, Stmt, Value, quoted, scalar, temporary, writing,
};
use serde_json::Value as Json;

use crate::error::{Problem, SeedError};
use crate::read::model::Mode;
use crate::stream::quick::Quick;
use crate::stream::sql::{self, ROW, Shape};
use crate::stream::{BulkTable, RowSource};
use crate::value::{Misfit, fingerprint, to_db};

/// Wrong values that are told by themselves; of more only the number.
const TOLD: usize = 20;

/// The staged rows of a table.
#[derive(Debug, Clone)]
pub(crate) struct Staged {
    pub(crate) name: String,
    pub(crate) rows: u64,
    /// Whether it was staged just now, so that nobody has looked at the rows yet.
    pub(crate) fresh: bool,
}

/// A column with the quickest way to a value of it.
pub(super) struct Writer<'a> {
    column: &'a Column,
    quick: Quick,
    /// A text is a document that somebody typed.
    parses: bool,
}

/// Why a value does not get into its column.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    #[error("{0}")]
    Value(#[from] Misfit),
    #[error("`{column}` takes JSON, and this is none")]
    NoJson { column: String },
}

/// Stages the rows of a table, unless this session has done so.
pub(super) fn stage(db: &mut dyn Db, table: &BulkTable, index: usize, shape: &Shape) -> Result<Staged, SeedError> {
    let engine = db.engine();
    let types: Vec<String> =
        shape.columns.iter().map(|column| format!("{} {}", column.name, column.declared)).collect();
    let content = format!("{}\n{}\n{}", shape.table, types.join(","), table.source.fingerprint()?);
    let name = format!("plimsoll_s{index}_{}", fingerprint(&content));
    if let Some(rows) = count(db, &name)? {
        return Ok(Staged { name, rows, fresh: false });
    }
    // Only rows that may be missing from the file are looked for in it.
    let indexed = table.mode == Mode::Sync;
    let create = [sql::drop_table(engine, &name), sql::create(engine, &name, shape, &[], indexed)];
    temporary(db, &create)?;
    match fill(db, table, &name, shape) {
        Ok(rows) => Ok(Staged { name, rows, fresh: true }),
        Err(error) => {
            // The next look would take what is there for all of it.
            drop(temporary(db, &[sql::drop_table(engine, &name)]));
            Err(error)
        }
    }
}

/// Forgets staged rows that turned out to be wrong.
pub(super) fn drop_stage(db: &mut dyn Db, staged: &Staged) -> Result<(), DbError> {
    let statement = sql::drop_table(db.engine(), &staged.name);
    temporary(db, &[statement])
}

fn fill(db: &mut dyn Db, table: &BulkTable, name: &str, shape: &Shape) -> Result<u64, SeedError> {
    let mut rows = Rows::new(&*table.source, shape, 0..u64::MAX);
    let loaded = load(db, name, shape, &mut rows);
    if let Some(error) = rows.given.take() {
        return Err(error);
    }
    // Places are looked up last: each is another way through the file.
    let placed = |(row, message): &(u64, String)| {
        Problem::new(ErrorCode::SeedValue, Some(table.source.place(*row)), message.as_str())
    };
    let mut problems: Vec<Problem> = rows.told.iter().map(placed).collect();
    if rows.wrong > problems.len() {
        let more = rows.wrong - problems.len();
        let message = format!("{more} more values of `{}` do not fit their columns", shape.table);
        problems.push(Problem::new(ErrorCode::SeedValue, Some(table.at.clone()), message));
    }
    SeedError::unless_empty(problems)?;
    match loaded {
        Ok(rows) => Ok(rows),
        Err(error) if error.kind == DbErrorKind::Lost => Err(error.into()),
        Err(error) => Err(refused(db, table, name, shape, error)?),
    }
}

/// The database refused a row, and did not say which: halves are loaded until it is found.
fn refused(
    db: &mut dyn Db,
    table: &BulkTable,
    name: &str,
    shape: &Shape,
    first: DbError,
) -> Result<SeedError, SeedError> {
    if db.is_broken() {
        return Ok(first.into());
    }
    let (mut low, mut high) = (0, 0);
    table.source.each(&mut |_| {
        high += 1;
        Ok(())
    })?;
    let mut error = first;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let mut rows = Rows::new(&*table.source, shape, low..middle);
        empty(db, name)?;
        match load(db, name, shape, &mut rows) {
            Ok(_) => low = middle,
            Err(found) => (high, error) = (middle, found),
        }
    }
    let message = format!("a row of `{}` was refused: {}", shape.table, error.message);
    Ok(SeedError::Problems {
        problems: vec![Problem::new(ErrorCode::SeedValue, Some(table.source.place(low)), message)],
    })
}

fn empty(db: &mut dyn Db, name: &str) -> Result<(), DbError> {
    let delete = format!("DELETE FROM {}", quoted(db.engine(), name));
    writing(db, &mut |db| db.batch(&delete))
}

fn load(db: &mut dyn Db, name: &str, shape: &Shape, rows: &mut Rows<'_>) -> Result<u64, DbError> {
    let columns: Vec<&str> =
        std::iter::once(ROW).chain(shape.columns.iter().map(|column| column.name.as_str())).collect();
    let mut count = 0;
    writing(db, &mut |db| {
        count = db.bulk_load(name, &columns, rows)?;
        Ok(())
    })?;
    Ok(count)
}

/// How many rows a temporary table has, nothing when this session has none of that name.
pub(super) fn count(db: &mut dyn Db, name: &str) -> Result<Option<u64>, DbError> {
    let engine = db.engine();
    let is_there = match engine {
        Engine::Sqlite => Stmt::new("SELECT count(*) FROM temp.sqlite_schema WHERE name = ").bind(name),
        Engine::Postgres => Stmt::new("SELECT (to_regclass(")
            .bind(format!("pg_temp.{}", quoted(engine, name)))
            .sql(") IS NOT NULL)::int"),
        // No catalogue of all versions lists temporary tables; asking one that is not there does no harm.
        Engine::Mysql => Stmt::new(format!("SELECT count(*) FROM {} LIMIT 0", quoted(engine, name))),
    };
    let is_there = match (engine, scalar(db, &is_there)) {
        (Engine::Mysql, Ok(_)) => true,
        (Engine::Mysql, Err(error)) if error.message.contains("doesn't exist") => false,
        (_, answer) => answer?.as_int() == Some(1),
    };
    if !is_there {
        return Ok(None);
    }
    let rows = scalar(db, &Stmt::new(format!("SELECT count(*) FROM {}", quoted(engine, name))))?;
    Ok(rows.as_int().and_then(|rows| u64::try_from(rows).ok()))
}

/// The rows of a source as values of their columns.
struct Rows<'a> {
    source: &'a dyn RowSource,
    shape: &'a Shape,
    range: std::ops::Range<u64>,
    /// Rows with a value that does not fit, and why.
    told: Vec<(u64, String)>,
    wrong: usize,
    given: Option<SeedError>,
}

impl<'a> Rows<'a> {
    fn new(source: &'a dyn RowSource, shape: &'a Shape, range: std::ops::Range<u64>) -> Self {
        Self { source, shape, range, told: Vec::new(), wrong: 0, given: None }
    }
}

impl BulkRows for Rows<'_> {
    fn each(&mut self, put: &mut dyn FnMut(&[Value]) -> Result<(), DbError>) -> Result<(), DbError> {
        let writers = writers(self.shape, self.source.is_text());
        let mut values = vec![Value::Null; writers.len() + 1];
        let mut number = 0;
        let mut refused = None;
        let (range, told, wrong) = (&self.range, &mut self.told, &mut self.wrong);
        let done = self.source.each(&mut |row| {
            let current = number;
            number += 1;
            if !range.contains(&current) {
                return Ok(());
            }
            values[0] = Value::Int(i64::try_from(current).unwrap_or(i64::MAX));
            let mut fits = true;
            for (position, (writer, value)) in writers.iter().zip(row).enumerate() {
                let is_key = self.shape.key.contains(&position);
                let message = match writer.write(value, &mut values[position + 1]) {
                    Ok(()) if is_key && value.is_null() => {
                        format!(
                            "the key column `{}` is empty, so that nobody could find the row again",
                            writer.column.name
                        )
                    }
                    Ok(()) => continue,
                    Err(unfit) => unfit.to_string(),
                };
                fits = false;
                *wrong += 1;
                if told.len() < TOLD {
                    told.push((current, message));
                }
            }
            // With a value that does not fit nothing will be planned: the rest is only read for more of them.
            if !fits || *wrong > 0 {
                return Ok(());
            }
            put(&values).map_err(|error| {
                refused = Some(error);
                SeedError::Problems { problems: Vec::new() }
            })
        });
        match (done, refused) {
            (_, Some(error)) => Err(error),
            (Ok(()), None) => Ok(()),
            (Err(error), None) => {
                self.given = Some(error);
                Err(DbError::new(Engine::Sqlite, DbErrorKind::Refused, "the rows ended early"))
            }
        }
    }
}

/// How values get into their columns.
pub(super) fn writers(shape: &Shape, is_text: bool) -> Vec<Writer<'_>> {
    shape.columns.iter().map(|column| Writer::new(column, is_text)).collect()
}

impl<'a> Writer<'a> {
    fn new(column: &'a Column, is_text: bool) -> Self {
        Self { column, quick: Quick::of(column), parses: is_text && column.kind == ColumnKind::Json }
    }

    /// The column's name.
    pub(super) fn name(&self) -> &str {
        &self.column.name
    }

    /// Puts a value into its place, which keeps what it has allocated.
    pub(super) fn write(&self, value: &Json, into: &mut Value) -> Result<(), Unfit> {
        match value {
            Json::String(text) if self.quick.write(text, into) => {}
            Json::String(text) if self.parses => {
                let parsed: Json =
                    serde_json::from_str(text).map_err(|_| Unfit::NoJson { column: self.column.name.clone() })?;
                *into = to_db(self.column, &parsed)?;
            }
            value => *into = to_db(self.column, value)?,
        }
        Ok(())
    }
}
