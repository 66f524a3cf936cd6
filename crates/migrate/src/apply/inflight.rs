//! The server's sessions of runs that were killed: a server goes on with a statement after its client is gone. What came of
//! the statement is `reconcile`'s.

use std::time::Duration;

use plimsoll_core::db::{Db, DbError, Engine, Stmt, scalar};

/// How often is looked whether a session is gone.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Between a session's number and the start of its server.
const SINCE: char = '@';

/// The two readings that make a start are rounded to seconds, one after the other; a clock may be set a little besides.
const START_TOLERANCE: u64 = 5;

/// What names this session among all that the server has had.
pub(super) fn session(db: &mut dyn Db) -> Result<Option<String>, DbError> {
    let sql = match db.engine() {
        // It dies with its process.
        Engine::Sqlite => return Ok(None),
        Engine::Postgres => {
            "SELECT pid || ' ' || extract(epoch FROM backend_start) FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        }
        Engine::Mysql => {
            let id = scalar(db, &Stmt::new("SELECT CONNECTION_ID()"))?.as_int().unwrap_or(0);
            return Ok(Some(format!("{id}{SINCE}{}", server_start(db)?)));
        }
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
        Engine::Mysql => {
            let (id, since) = session.split_once(SINCE).unwrap_or((session, ""));
            // The numbers begin anew with the server. Earlier releases did not write down since when it runs.
            if let Ok(since) = since.parse::<i64>()
                && since.abs_diff(server_start(db)?) > START_TOLERANCE
            {
                return Ok(false);
            }
            Stmt::new(
                "SELECT count(*) FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND DB = DATABASE() \
                 AND (COMMAND <> 'Sleep' OR TIME < 1) AND CAST(ID AS CHAR) = ",
            )
            .bind(id)
        }
    };
    Ok(scalar(db, &stmt)?.as_int().unwrap_or(0) > 0)
}

/// When the server was started, in seconds of its own clock since 1970. MySQL only tells for how long it runs.
fn server_start(db: &mut dyn Db) -> Result<i64, DbError> {
    let uptime = db.rows(&Stmt::new("SHOW GLOBAL STATUS LIKE 'Uptime'"))?;
    let uptime = uptime.first().and_then(|row| row.at(1).as_int()).unwrap_or(0);
    let now = scalar(db, &Stmt::new("SELECT UNIX_TIMESTAMP()"))?.as_int().unwrap_or(0);
    Ok(now - uptime)
}
