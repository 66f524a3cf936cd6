//! A read-only transaction in which everything that is asked shows one moment. What is asked is left to others.

use crate::db::{Db, DbError, Engine};

/// Runs `work` in a transaction that cannot write and sees the database as of one moment. Nothing stays of it.
pub(super) fn reading<T>(db: &mut dyn Db, work: impl FnOnce(&mut dyn Db) -> Result<T, DbError>) -> Result<T, DbError> {
    const LEVEL: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
    match db.engine() {
        // The connection's own `begin` would want to write.
        Engine::Sqlite => db.batch("BEGIN")?,
        Engine::Postgres => {
            db.begin()?;
            db.batch(LEVEL)?;
        }
        Engine::Mysql => {
            db.batch(LEVEL)?;
            db.begin()?;
        }
    }
    let done = work(db);
    let ended = match db.engine() {
        Engine::Sqlite => db.batch("ROLLBACK"),
        Engine::Postgres | Engine::Mysql => db.rollback(),
    };
    // The work's own error says more than that of a rollback, and nothing was written either way.
    let value = done?;
    ended.map(|()| value)
}
