//! A connection that reaches a chosen moment: before its n-th request that writes something happens, such as the end of the
//! process. What happens, and what must survive it, is the tests'.

use plimsoll_core::db::{BulkRows, Db, DbError, DynRow, Engine, Stmt};

/// A connection that counts what it is asked to write. A kill before a question leaves what a kill before the next write does,
/// and so does one before a transaction begins.
pub struct Counted<'a> {
    inner: Box<dyn Db>,
    asked: usize,
    at: usize,
    moment: Box<dyn FnMut() + Send + 'a>,
}

impl<'a> Counted<'a> {
    /// Calls `moment` right before writing request number `at`, the first one being 1.
    #[must_use]
    pub fn new(inner: Box<dyn Db>, at: usize, moment: impl FnMut() + Send + 'a) -> Self {
        Self { inner, asked: 0, at, moment: Box::new(moment) }
    }

    /// How many writing requests there were.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.asked
    }

    fn next(&mut self) -> &mut dyn Db {
        self.asked += 1;
        if self.asked == self.at {
            (self.moment)();
        }
        &mut *self.inner
    }
}

impl Db for Counted<'_> {
    fn engine(&self) -> Engine {
        self.inner.engine()
    }

    fn batch(&mut self, sql: &str) -> Result<(), DbError> {
        self.next().batch(sql)
    }

    fn execute(&mut self, stmt: &Stmt) -> Result<usize, DbError> {
        self.next().execute(stmt)
    }

    fn rows(&mut self, stmt: &Stmt) -> Result<Vec<DynRow>, DbError> {
        self.inner.rows(stmt)
    }

    fn bulk_load(&mut self, table: &str, columns: &[&str], rows: &mut dyn BulkRows) -> Result<u64, DbError> {
        self.next().bulk_load(table, columns, rows)
    }

    fn keeps_session(&self) -> bool {
        self.inner.keeps_session()
    }

    fn begin(&mut self) -> Result<(), DbError> {
        self.inner.begin()
    }

    fn commit(&mut self) -> Result<(), DbError> {
        self.next().commit()
    }

    fn rollback(&mut self) -> Result<(), DbError> {
        self.next().rollback()
    }

    fn is_broken(&mut self) -> bool {
        self.inner.is_broken()
    }

    fn ensure_diesel_history(&mut self) -> Result<(), DbError> {
        self.next().ensure_diesel_history()
    }

    fn diesel_history(&mut self) -> Result<Vec<String>, DbError> {
        self.inner.diesel_history()
    }
}

/// Ends this process as `kill -9` does.
pub fn die() {
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).expect("may kill itself");
}
