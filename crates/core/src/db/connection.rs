//! The object-safe connection every crate works with, and transactions over it. The three implementations sit beside it.

use super::{DbError, DynRow, Engine, Stmt, Value};

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
