//! Loading very many rows into a table, and temporary tables to load them into. What is done with the rows is the caller's.

#[cfg(any(feature = "sqlite", feature = "mysql"))]
use diesel::QueryResult;
#[cfg(any(feature = "sqlite", feature = "mysql"))]
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

#[cfg(any(feature = "sqlite", feature = "mysql"))]
use super::stmt::BindNull;
use super::{Db, DbError, Engine, Stmt, Value, scalar};

/// Rows that are given one after the other, never held together.
pub trait BulkRows {
    /// Gives every row, one value for each column. Stops at the first error, also one of `put`.
    ///
    /// # Errors
    /// Whatever `put` gives, and the giver's own.
    fn each(&mut self, put: &mut dyn FnMut(&[Value]) -> Result<(), DbError>) -> Result<(), DbError>;
}

/// Runs statements that make or drop temporary tables, also in a session that is only for looking: nothing that anybody else can
/// see is written. Outside of a transaction the tables stay until the session ends.
///
/// # Errors
/// Whatever the engine refuses.
pub fn temporary(db: &mut dyn Db, statements: &[String]) -> Result<(), DbError> {
    // A transaction that is open says itself what may be done in it.
    let alone = !db.is_broken();
    match db.engine() {
        Engine::Sqlite => writing(db, &mut |db| statements.iter().try_for_each(|sql| db.batch(sql))),
        Engine::Postgres | Engine::Mysql if alone => {
            if db.engine() == Engine::Mysql {
                // Without locks on the rows that a statement makes a table of.
                db.batch("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")?;
            }
            db.batch("START TRANSACTION READ WRITE")?;
            let made = statements.iter().try_for_each(|sql| db.batch(sql));
            let ended = db.batch(if made.is_ok() { "COMMIT" } else { "ROLLBACK" });
            made.and(ended)
        }
        Engine::Postgres | Engine::Mysql => statements.iter().try_for_each(|sql| db.batch(sql)),
    }
}

/// Runs `work`, which writes to temporary tables only. On SQLite a session that is only for looking could not write to those either.
///
/// # Errors
/// Those of `work`, and whatever the engine refuses.
pub fn writing(db: &mut dyn Db, work: &mut dyn FnMut(&mut dyn Db) -> Result<(), DbError>) -> Result<(), DbError> {
    let looking = db.engine() == Engine::Sqlite && scalar(db, &Stmt::new("PRAGMA query_only"))?.as_int() == Some(1);
    if !looking {
        return work(db);
    }
    db.batch("PRAGMA query_only = OFF")?;
    let done = work(db);
    let closed = db.batch("PRAGMA query_only = ON");
    done.and(closed)
}

/// Lets a session that was opened for looking write from now on: what it has staged would be lost to another one.
///
/// # Errors
/// Whatever the engine refuses.
pub fn allow_writing(db: &mut dyn Db) -> Result<(), DbError> {
    match db.engine() {
        Engine::Sqlite => db.batch("PRAGMA query_only = OFF; PRAGMA journal_mode = WAL"),
        Engine::Postgres => db.batch("SET default_transaction_read_only = off"),
        Engine::Mysql => db.batch("SET SESSION TRANSACTION READ WRITE"),
    }
}

/// `INSERT INTO table (columns) VALUES (..), (..)` with the same text for every full batch, so that it is prepared once.
#[cfg(any(feature = "sqlite", feature = "mysql"))]
pub(super) struct BulkInsert<'a> {
    head: &'a str,
    columns: usize,
    values: &'a [Value],
    full: bool,
}

/// A batch of this size is inserted whatever its number of rows: servers take a statement up to a limit only, which is 16 MiB for
/// MariaDB and may be less.
#[cfg(any(feature = "sqlite", feature = "mysql"))]
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Collects rows into batches and inserts them; how many there were.
#[cfg(any(feature = "sqlite", feature = "mysql"))]
pub(super) fn insert(
    engine: Engine,
    target: (&str, &[&str]),
    batch: usize,
    rows: &mut dyn BulkRows,
    run: &mut dyn FnMut(BulkInsert<'_>) -> Result<(), DbError>,
) -> Result<u64, DbError> {
    let (table, columns) = target;
    let list: Vec<String> = columns.iter().map(|column| super::quoted(engine, column)).collect();
    let head = format!("INSERT INTO {} ({}) VALUES ", super::quoted(engine, table), list.join(", "));
    let width = columns.len().max(1);
    let full = batch.min(super::dialect::max_binds(engine) / width).max(1) * width;
    // The places are used again and again: texts keep what they have allocated.
    let mut values: Vec<Value> = vec![Value::Null; full];
    let (mut filled, mut bytes, mut count) = (0, 0, 0);
    let mut insert =
        |values: &[Value]| run(BulkInsert { head: &head, columns: width, values, full: values.len() == full });
    rows.each(&mut |row| {
        let more: usize = row.iter().map(size).sum();
        if filled > 0 && bytes + more > MOST_BYTES {
            insert(&values[..filled])?;
            (filled, bytes) = (0, 0);
        }
        for (slot, value) in values[filled..].iter_mut().zip(row) {
            assign(slot, value);
        }
        filled += width;
        bytes += more;
        count += 1;
        if filled == full {
            insert(&values)?;
            (filled, bytes) = (0, 0);
        }
        Ok(())
    })?;
    if filled > 0 {
        insert(&values[..filled])?;
    }
    Ok(count)
}

/// About how many bytes of a statement a value takes.
#[cfg(any(feature = "sqlite", feature = "mysql"))]
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => 8,
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
    }
}

#[cfg(any(feature = "sqlite", feature = "mysql"))]
fn assign(slot: &mut Value, value: &Value) {
    match (slot, value) {
        (Value::Text(kept), Value::Text(text)) => text.clone_into(kept),
        (Value::Bytes(kept), Value::Bytes(bytes)) => bytes.clone_into(kept),
        (slot, value) => *slot = value.clone(),
    }
}

#[cfg(any(feature = "sqlite", feature = "mysql"))]
impl<DB: BindNull> QueryFragment<DB> for BulkInsert<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if !self.full {
            // Batches of every number of rows would be kept, each with its own text.
            out.unsafe_to_cache_prepared();
        }
        out.push_sql(self.head);
        for (index, value) in self.values.iter().enumerate() {
            out.push_sql(match (index % self.columns, index) {
                (0, 0) => "(",
                (0, _) => "), (",
                _ => ", ",
            });
            match value {
                // Not the keyword: every pattern of NULLs would be another statement.
                Value::Null => DB::bind_null(&mut out)?,
                value => DB::bind(value, &mut out)?,
            }
        }
        out.push_sql(")");
        Ok(())
    }
}

#[cfg(any(feature = "sqlite", feature = "mysql"))]
impl QueryId for BulkInsert<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

#[cfg(any(feature = "sqlite", feature = "mysql"))]
impl Query for BulkInsert<'_> {
    type SqlType = diesel::sql_types::Untyped;
}

#[cfg(any(feature = "sqlite", feature = "mysql"))]
impl<Conn> diesel::RunQueryDsl<Conn> for BulkInsert<'_> {}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::db::{Access, DatabaseUrl, connect};

    struct Numbers(i64);

    impl BulkRows for Numbers {
        fn each(&mut self, put: &mut dyn FnMut(&[Value]) -> Result<(), DbError>) -> Result<(), DbError> {
            (0..self.0).try_for_each(|number| {
                let text = if number % 3 == 0 { Value::Null } else { Value::Text(format!("it's {number}")) };
                put(&[Value::Int(number), text])
            })
        }
    }

    #[test]
    fn every_row_arrives_once_whatever_the_batches() {
        let dir = tempfile::tempdir().expect("a folder");
        let url = DatabaseUrl::parse("sqlite:a.db", dir.path()).expect("a good URL");
        let mut db = connect(&url, Access::Write).expect("opens");
        for count in [0, 1, 99, 100, 101, 1_000] {
            db.batch("CREATE TEMP TABLE t (n INTEGER, s TEXT)").expect("runs");
            assert_eq!(db.bulk_load("t", &["n", "s"], &mut Numbers(count)).expect("loads"), count.unsigned_abs());
            let row = db.rows(&Stmt::new("SELECT count(*), count(s), max(s) FROM t")).expect("reads").remove(0);
            assert_eq!((row.int(0), row.int(1)), (count, count - (count + 2) / 3), "{count}");
            db.batch("DROP TABLE t").expect("runs");
        }
    }

    #[test]
    fn a_session_for_looking_makes_temporary_tables_and_still_writes_nothing_else() {
        let dir = tempfile::tempdir().expect("a folder");
        let url = DatabaseUrl::parse("sqlite:a.db", dir.path()).expect("a good URL");
        connect(&url, Access::Write).expect("opens").batch("CREATE TABLE kept (n INTEGER)").expect("runs");
        let mut db = connect(&url, Access::Read).expect("opens");
        temporary(db.as_mut(), &["CREATE TEMP TABLE t (n INTEGER)".to_owned()]).expect("is made");
        writing(db.as_mut(), &mut |db| db.bulk_load("t", &["n", "s"][..1], &mut One).map(drop)).expect("is loaded");
        assert_eq!(scalar(db.as_mut(), &Stmt::new("SELECT n FROM t")).expect("reads"), Value::Int(7));
        for refused in ["INSERT INTO kept VALUES (1)", "CREATE TABLE other (n INTEGER)", "INSERT INTO t VALUES (1)"] {
            db.batch(refused).expect_err(refused);
        }
    }

    struct One;

    impl BulkRows for One {
        fn each(&mut self, put: &mut dyn FnMut(&[Value]) -> Result<(), DbError>) -> Result<(), DbError> {
            put(&[Value::Int(7)])
        }
    }
}
