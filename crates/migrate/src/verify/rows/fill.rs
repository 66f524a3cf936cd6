//! Generates rows: in the order of references, each tried until the database takes it. Which values there are is `value`'s.

use std::collections::BTreeMap;

use plimsoll_core::db::{Db, DbError, DbErrorKind, Engine, Stmt, quoted, scalar};

use super::TableName;
use super::shape::{Column, Reference, Shape, shapes};
use super::value::candidates;
use crate::schema::Schema;

/// How often a row is tried with other values.
const TRIES: usize = 8;

/// How many rows a table is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::verify) enum Goal {
    /// So many, whoever wrote them.
    AtLeast(usize),
    /// So many more than it has.
    More(usize),
}

/// How filling went.
#[derive(Debug, Default)]
pub(in crate::verify) struct Filled {
    /// The tables that have no row at all, and why.
    pub(in crate::verify) without: BTreeMap<TableName, String>,
}

/// Gives the tables rows until each has as many as it is to have. Those that end without any are told.
pub(in crate::verify) fn fill(
    db: &mut dyn Db,
    schema: &Schema,
    goal: impl Fn(&TableName) -> Option<Goal>,
) -> Result<Filled, DbError> {
    let shapes = shapes(schema);
    let mut filled = Filled::default();
    let mut open = Vec::new();
    for shape in &shapes {
        match goal(&shape.table) {
            Some(Goal::AtLeast(rows)) => open.push((shape, rows)),
            Some(Goal::More(rows)) => open.push((shape, rows_of(db, &shape.table)? + rows)),
            None => {}
        }
    }
    // Each round may give those rows that the next needs to refer to.
    while !open.is_empty() {
        let mut again = Vec::new();
        let before = open.len();
        for (shape, rows) in open {
            match fill_table(db, shape, rows)? {
                Ok(()) => {
                    filled.without.remove(&shape.table);
                }
                Err(reason) => {
                    filled.without.insert(shape.table.clone(), reason);
                    again.push((shape, rows));
                }
            }
        }
        if again.len() == before {
            break;
        }
        open = again;
    }
    Ok(filled)
}

/// Why a table got no row.
type Reason = String;

fn fill_table(db: &mut dyn Db, shape: &Shape, rows: usize) -> Result<Result<(), Reason>, DbError> {
    let mut count = rows_of(db, &shape.table)?;
    while count < rows {
        match insert(db, shape, count)? {
            Ok(()) => {
                let now = rows_of(db, &shape.table)?;
                if now <= count {
                    // A trigger or a rule put it elsewhere.
                    return Ok(if count > 0 { Ok(()) } else { Err("rows that are inserted do not stay".to_owned()) });
                }
                count = now;
            }
            // One row proves what all of them do; a table may not take more, as one for a single row of settings.
            Err(_) if count > 0 => return Ok(Ok(())),
            Err(reason) => return Ok(Err(reason)),
        }
    }
    Ok(Ok(()))
}

/// Inserts one row; the answer is what stood against the first try.
fn insert(db: &mut dyn Db, shape: &Shape, count: usize) -> Result<Result<(), Reason>, DbError> {
    let engine = db.engine();
    let mut references = Vec::new();
    for reference in &shape.references {
        let parents = match exists(db, &reference.table)? {
            Some(parents) => parents,
            None => return Ok(Err(format!("it refers to `{}`, which is not read", reference.table))),
        };
        references.push((reference, parents));
    }
    let mut first = None;
    for attempt in 0..TRIES {
        let number = count * TRIES + attempt + 1;
        let mut names = Vec::new();
        let mut values = Vec::new();
        for (position, column) in shape.columns.iter().enumerate() {
            let referring = references.iter().find(|(each, _)| each.columns.contains(&column.name));
            let value = match referring {
                Some((reference, parents)) => match referred(engine, reference, *parents, column, number) {
                    Ok(value) => Some(value),
                    Err(reason) => return Ok(Err(reason)),
                },
                None => match chosen(engine, column, number, attempt, position) {
                    Ok(value) => value,
                    Err(reason) => return Ok(Err(reason)),
                },
            };
            if let Some(value) = value {
                names.push(quoted(engine, &column.name));
                values.push(value);
            }
        }
        let table = shape.table.sql(engine);
        let sql = match (names.is_empty(), engine) {
            (true, Engine::Postgres | Engine::Sqlite) => format!("INSERT INTO {table} DEFAULT VALUES"),
            _ => format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", ")),
        };
        match db.batch(&sql) {
            Ok(()) => return Ok(Ok(())),
            Err(error) if error.kind == DbErrorKind::Lost => return Err(error),
            Err(error) => {
                first.get_or_insert(error.message);
            }
        }
    }
    Ok(Err(format!("no generated row is accepted: {}", first.unwrap_or_default())))
}

/// The value of a column that nothing else decides about. Later tries take what comes later, each column another.
fn chosen(
    engine: Engine,
    column: &Column,
    number: usize,
    attempt: usize,
    position: usize,
) -> Result<Option<String>, Reason> {
    if column.counts {
        return Ok(None);
    }
    // No two columns of a row hold the same, so that one that is copied from the wrong one is found out.
    let candidates = candidates(engine, column, number + position);
    let at = match (attempt, column.checks.is_empty()) {
        (0, _) | (_, true) => 0,
        (_, false) => (attempt + position * usize::from(attempt > 4)) % candidates.len().max(1),
    };
    match candidates.into_iter().nth(at) {
        Some(value) => Ok(value),
        None => Err(format!("no value is known for `{}` of type `{}`", column.name, column.type_text)),
    }
}

/// The value of a column of a foreign key: out of a row that is there.
fn referred(
    engine: Engine,
    reference: &Reference,
    parents: usize,
    column: &Column,
    number: usize,
) -> Result<String, Reason> {
    if parents == 0 {
        return if column.nullable {
            Ok("NULL".to_owned())
        } else {
            Err(format!("it refers to `{}`, which has no rows", reference.table))
        };
    }
    let at = reference.columns.iter().position(|each| *each == column.name).unwrap_or(0);
    let quote = |name: &String| quoted(engine, name);
    let target = reference.target.get(at).map(quote).unwrap_or_default();
    let order: Vec<String> = reference.target.iter().map(quote).collect();
    // Within another query, since MySQL does not read from the table that it writes to.
    Ok(format!(
        "(SELECT p.{target} FROM (SELECT {target} FROM {} ORDER BY {} LIMIT 1 OFFSET {}) p)",
        reference.table.sql(engine),
        order.join(", "),
        number % parents
    ))
}

/// How many rows a table has that is referred to; none when there is no such table to be read.
fn exists(db: &mut dyn Db, table: &TableName) -> Result<Option<usize>, DbError> {
    match rows_of(db, table) {
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind == DbErrorKind::Lost => Err(error),
        Err(_) => Ok(None),
    }
}

fn rows_of(db: &mut dyn Db, table: &TableName) -> Result<usize, DbError> {
    let sql = format!("SELECT count(*) FROM {}", table.sql(db.engine()));
    Ok(scalar(db, &Stmt::new(sql))?.as_int().and_then(|count| usize::try_from(count).ok()).unwrap_or(0))
}
