//! A PostgreSQL connection behind a transaction pooler, which may give every transaction to another session of the server: what
//! belongs together runs in one transaction. Finding out that there is a pooler is left to others.

use diesel::Connection;
use diesel::connection::{AnsiTransactionManager, CacheSize, TransactionManager};
use diesel::pg::PgConnection;

use super::{Access, BulkRows, Db, DbError, DynRow, Engine, Stmt};

/// The connection. A statement of its own is one request, which a pooler gives to one session; what follows it may go to
/// another one, and so may the session's settings that it counts on. In a transaction all of it is together.
pub(super) struct Pooled {
    conn: PgConnection,
    read_only: bool,
}

impl Pooled {
    pub(super) fn new(mut conn: PgConnection, access: Access) -> Self {
        // A statement prepared under a name is not there in the next session.
        conn.set_prepared_statement_cache_size(CacheSize::Disabled);
        Self { conn, read_only: matches!(access, Access::Read) }
    }

    fn is_idle(&mut self) -> bool {
        matches!(AnsiTransactionManager::transaction_manager_status_mut(&mut self.conn).transaction_depth(), Ok(None))
    }

    fn together<T>(&mut self, work: impl FnOnce(&mut PgConnection) -> Result<T, DbError>) -> Result<T, DbError> {
        if !self.is_idle() {
            return work(&mut self.conn);
        }
        self.begin()?;
        match work(&mut self.conn) {
            Ok(value) => self.commit().map(|()| value),
            Err(error) => {
                drop(self.rollback());
                Err(error)
            }
        }
    }
}

impl Db for Pooled {
    fn engine(&self) -> Engine {
        self.conn.engine()
    }

    fn batch(&mut self, sql: &str) -> Result<(), DbError> {
        // One message, one session; and some statements bear no transaction around them.
        if self.read_only { self.together(|conn| conn.batch(sql)) } else { self.conn.batch(sql) }
    }

    fn execute(&mut self, stmt: &Stmt) -> Result<usize, DbError> {
        self.together(|conn| Db::execute(conn, stmt))
    }

    fn rows(&mut self, stmt: &Stmt) -> Result<Vec<DynRow>, DbError> {
        self.together(|conn| conn.rows(stmt))
    }

    fn bulk_load(&mut self, table: &str, columns: &[&str], rows: &mut dyn BulkRows) -> Result<u64, DbError> {
        self.together(|conn| conn.bulk_load(table, columns, rows))
    }

    fn begin(&mut self) -> Result<(), DbError> {
        if self.read_only {
            let begin = AnsiTransactionManager::begin_transaction_sql(&mut self.conn, "BEGIN TRANSACTION READ ONLY");
            return begin.map_err(|error| DbError::running(Engine::Postgres, error));
        }
        Db::begin(&mut self.conn)
    }

    fn commit(&mut self) -> Result<(), DbError> {
        Db::commit(&mut self.conn)
    }

    fn rollback(&mut self) -> Result<(), DbError> {
        Db::rollback(&mut self.conn)
    }

    fn keeps_session(&self) -> bool {
        false
    }

    fn is_broken(&mut self) -> bool {
        self.conn.is_broken()
    }

    fn ensure_diesel_history(&mut self) -> Result<(), DbError> {
        self.together(Db::ensure_diesel_history)
    }

    fn diesel_history(&mut self) -> Result<Vec<String>, DbError> {
        self.together(Db::diesel_history)
    }
}
