//! The object-safe connection every crate works with, and transactions over it. The three implementations sit beside it.

use super::{BulkRows, DbError, DynRow, Engine, Stmt, Value};

/// One open connection to a database, whatever its engine.
pub trait Db: Send {
    /// The engine behind it.
    fn engine(&self) -> Engine;

    /// Runs SQL text as it is, without binds. One statement at a time unless the engine takes several.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    fn batch(&mut self, sql: &str) -> Result<(), DbError>;

    /// Runs a statement; the number of affected rows is the engine's own, and differs between engines for upserts.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    fn execute(&mut self, stmt: &Stmt) -> Result<usize, DbError>;

    /// Runs a query and gives all rows.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    fn rows(&mut self, stmt: &Stmt) -> Result<Vec<DynRow>, DbError>;

    /// Loads rows into a table in the quickest way that any client may use: COPY on PostgreSQL, large INSERTs elsewhere. How many
    /// there were. Outside of a transaction, what was loaded before an error may stay.
    ///
    /// # Errors
    /// Whatever the engine refuses, and the error of `rows`.
    fn bulk_load(&mut self, table: &str, columns: &[&str], rows: &mut dyn BulkRows) -> Result<u64, DbError>;

    /// Opens a transaction. SQLite takes the write lock at once, so two writers cannot deadlock later.
    ///
    /// # Errors
    /// When the engine refuses, or one is open already.
    fn begin(&mut self) -> Result<(), DbError>;

    /// Commits the open transaction.
    ///
    /// # Errors
    /// When the engine refuses; deferred constraints are checked here.
    fn commit(&mut self) -> Result<(), DbError>;

    /// Rolls the open transaction back.
    ///
    /// # Errors
    /// When the connection is gone, which has the same effect.
    fn rollback(&mut self) -> Result<(), DbError>;

    /// Whether statements outside of a transaction meet the same session of the server every time, with its temporary tables.
    fn keeps_session(&self) -> bool {
        true
    }

    /// Whether the connection must not be used again: a transaction is still open that nobody will end.
    fn is_broken(&mut self) -> bool;

    /// Creates diesel's own history table exactly as `diesel migration` does, when it is not there yet.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    fn ensure_diesel_history(&mut self) -> Result<(), DbError>;

    /// The versions in diesel's own history table, read by diesel.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    fn diesel_history(&mut self) -> Result<Vec<String>, DbError>;
}

/// The first value of the first row, NULL when there is no row.
///
/// # Errors
/// Whatever the engine refuses.
pub fn scalar(db: &mut dyn Db, stmt: &Stmt) -> Result<Value, DbError> {
    Ok(db.rows(stmt)?.into_iter().next().and_then(|row| row.into_values().next()).unwrap_or(Value::Null))
}

/// Runs `work` in a transaction: committed when it succeeds, rolled back when it fails.
///
/// # Errors
/// The error of `work`, or of the transaction itself.
pub fn transaction<T, E: From<DbError>>(
    db: &mut dyn Db,
    work: impl FnOnce(&mut dyn Db) -> Result<T, E>,
) -> Result<T, E> {
    db.begin()?;
    match work(db) {
        Ok(value) => match db.commit() {
            Ok(()) => Ok(value),
            Err(error) => {
                // A commit refused by a deferred constraint leaves SQLite inside the transaction.
                drop(db.rollback());
                Err(error.into())
            }
        },
        Err(error) => {
            // The work's own error says more than a failed rollback would, and a lost connection rolls back by itself.
            drop(db.rollback());
            Err(error)
        }
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::db::{Access, DatabaseUrl, DbErrorKind, connect};

    fn open(dir: &tempfile::TempDir) -> Box<dyn Db> {
        let url = DatabaseUrl::parse("sqlite:a.db", dir.path()).expect("a good URL");
        connect(&url, Access::Write).expect("opens")
    }

    fn count(db: &mut dyn Db) -> Option<i64> {
        scalar(db, &Stmt::new("SELECT count(*) FROM child")).expect("counts").as_int()
    }

    fn with_tables(dir: &tempfile::TempDir) -> Box<dyn Db> {
        let mut db = open(dir);
        db.batch(
            "CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (id INTEGER PRIMARY KEY, \
             parent INTEGER REFERENCES parent(id) DEFERRABLE INITIALLY DEFERRED)",
        )
        .expect("runs");
        db
    }

    #[test]
    fn work_that_succeeds_is_committed_for_other_connections() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut db = with_tables(&dir);
        let done =
            transaction(db.as_mut(), |db| db.execute(&Stmt::new("INSERT INTO child VALUES (1, NULL), (2, NULL)")));
        assert_eq!(done.expect("commits"), 2);
        assert_eq!(count(open(&dir).as_mut()), Some(2));
    }

    #[test]
    fn work_that_fails_leaves_nothing_and_its_own_error() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut db = with_tables(&dir);
        let error = transaction(db.as_mut(), |db| {
            db.execute(&Stmt::new("INSERT INTO child VALUES (1, NULL)"))?;
            db.execute(&Stmt::new("INSERT INTO child VALUES (1, NULL)"))
        })
        .expect_err("the key is taken");
        assert_eq!(error.kind, DbErrorKind::Unique, "{error}");
        assert_eq!(count(db.as_mut()), Some(0));
    }

    #[test]
    fn a_refused_commit_leaves_nothing_and_a_connection_that_works() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut db = with_tables(&dir);
        let orphan = Stmt::new("INSERT INTO child VALUES (1, 99)");
        let error = transaction(db.as_mut(), |db| db.execute(&orphan)).expect_err("nobody is 99");
        assert_eq!(error.kind, DbErrorKind::ForeignKey, "{error}");
        assert_eq!(count(db.as_mut()), Some(0));
        let again: Result<(), DbError> = transaction(db.as_mut(), |db| db.batch("INSERT INTO child VALUES (1, NULL)"));
        again.expect("the connection is out of the failed transaction");
        assert_eq!(count(db.as_mut()), Some(1));
    }

    #[test]
    fn a_writer_inside_a_transaction_is_not_seen_before_it_commits() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut writer = with_tables(&dir);
        let mut reader = open(&dir);
        writer.begin().expect("begins");
        writer.batch("INSERT INTO child VALUES (1, NULL)").expect("writes");
        assert_eq!(count(reader.as_mut()), Some(0));
        writer.commit().expect("commits");
        assert_eq!(count(reader.as_mut()), Some(1));
    }

    #[test]
    fn a_query_without_rows_has_no_scalar() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut db = with_tables(&dir);
        assert_eq!(scalar(db.as_mut(), &Stmt::new("SELECT id FROM child")).expect("asks"), Value::Null);
    }
}
