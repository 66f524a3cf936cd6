//! The server's sessions of runs that were killed: a server goes on with a statement after its client is gone. What came of
//! the statement is `reconcile`'s.

use std::time::Duration;

use plimsoll_core::db::{Db, DbError, Engine, Stmt, scalar};

/// How often is looked whether a session is gone.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What names this session among all that the server has had.
pub(super) fn session(db: &mut dyn Db) -> Result<Option<String>, DbError> {
    let sql = match db.engine() {
        // It dies with its process.
        Engine::Sqlite => return Ok(None),
        Engine::Postgres => {
            "SELECT pid || ' ' || extract(epoch FROM backend_start) FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        }
        Engine::Mysql => "SELECT CAST(CONNECTION_ID() AS CHAR)",
    };
    Ok(scalar(db, &Stmt::new(sql))?.as_str().map(str::to_owned))
}

/// Waits until a killed run's session does nothing any more. `waiting` is called once, when it has to.
pub(super) fn await_end(db: &mut dyn Db, session: &str, mut waiting: impl FnMut()) -> Result<(), DbError> {
    let mut told = false;
    while is_busy(db, session)? {
        if !told {
            waiting();
            told = true;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

/// A session that idles since long belongs to a pooler. One that has only just begun to idle may have been sent something.
fn is_busy(db: &mut dyn Db, session: &str) -> Result<bool, DbError> {
    let stmt = match db.engine() {
        Engine::Sqlite => return Ok(false),
        Engine::Postgres => Stmt::new(
            "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() \
             AND (state <> 'idle' OR state_change > clock_timestamp() - interval '1 second') \
             AND pid || ' ' || extract(epoch FROM backend_start) = ",
        )
        .bind(session),
        // The numbers begin anew with the server, so that only the same database counts.
        Engine::Mysql => Stmt::new(
            "SELECT count(*) FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND DB = DATABASE() \
             AND (COMMAND <> 'Sleep' OR TIME < 1) AND CAST(ID AS CHAR) = ",
        )
        .bind(session),
    };
    Ok(scalar(db, &stmt)?.as_int().unwrap_or(0) > 0)
}
