//! The servers' own session locks, tried and never waited for: the deployment's, and the mark of a session that works under it.
//! Which of them can be trusted is `mode`'s.

use crate::db::{Db, DbError, Engine, Stmt, scalar};

/// `plimsoll` in hexadecimal digits of ASCII, as PostgreSQL's advisory key; advisory locks are per database there.
const ADVISORY_KEY: i64 = 0x706c_696d_736f_6c6c;

/// The key of sessions that work under the lock: they outlive a killed client until their statement ends.
const WORKING_KEY: i64 = ADVISORY_KEY + 1;

/// The lock's name on MySQL, as an expression: names are global to the server there, and at most 64 characters.
const MYSQL_NAME: &str = "CONCAT('plimsoll:', LEFT(SHA2(DATABASE(), 256), 40))";

/// As [`WORKING_KEY`].
const MYSQL_WORKING: &str = "CONCAT('plimsoll:work:', LEFT(SHA2(DATABASE(), 256), 40))";

/// A session that goes on with a statement of a client that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Working {
    pub(super) session: i64,
    pub(super) statement: String,
}

/// Takes the server's session lock without waiting.
pub(super) fn try_take(db: &mut dyn Db) -> Result<bool, DbError> {
    let stmt = match db.engine() {
        Engine::Postgres => Stmt::new(format!("SELECT pg_try_advisory_lock({ADVISORY_KEY})")),
        Engine::Mysql => Stmt::new(format!("SELECT GET_LOCK({MYSQL_NAME}, 0)")),
        Engine::Sqlite => return Ok(true),
    };
    Ok(scalar(db, &stmt)?.as_int() == Some(1))
}

/// Gives the session lock back. The server would end the session a little after the client.
pub(super) fn give_back(db: &mut dyn Db) -> Result<(), DbError> {
    match db.engine() {
        Engine::Postgres => db.batch(&format!("SELECT pg_advisory_unlock({ADVISORY_KEY})")),
        Engine::Mysql => db.batch(&format!("DO RELEASE_LOCK({MYSQL_NAME})")),
        Engine::Sqlite => Ok(()),
    }
}

/// The sessions that hold the lock or work under it.
///
/// # Errors
/// Whatever the engine refuses.
pub fn sessions(db: &mut dyn Db) -> Result<Vec<i64>, DbError> {
    let stmt = match db.engine() {
        Engine::Sqlite => return Ok(Vec::new()),
        Engine::Postgres => Stmt::new(format!(
            "SELECT DISTINCT l.pid FROM pg_locks l WHERE ({}) OR ({})",
            advisory(ADVISORY_KEY),
            advisory(WORKING_KEY)
        )),
        Engine::Mysql => {
            Stmt::new(format!("SELECT IS_USED_LOCK({MYSQL_NAME}) UNION SELECT IS_USED_LOCK({MYSQL_WORKING})"))
        }
    };
    Ok(db.rows(&stmt)?.iter().filter_map(|row| row.at(0).as_int()).collect())
}

/// The session that holds the lock.
pub(super) fn holding(db: &mut dyn Db) -> Result<Option<i64>, DbError> {
    let stmt = match db.engine() {
        Engine::Sqlite => return Ok(None),
        Engine::Postgres => Stmt::new(format!("SELECT l.pid FROM pg_locks l WHERE {}", advisory(ADVISORY_KEY))),
        Engine::Mysql => Stmt::new(format!("SELECT IS_USED_LOCK({MYSQL_NAME})")),
    };
    Ok(scalar(db, &stmt)?.as_int())
}

/// Looks at the server's list of locks: trying the lock would refuse it to somebody who wants it in the same moment.
pub(super) fn is_held(db: &mut dyn Db) -> Result<bool, DbError> {
    let stmt = match db.engine() {
        Engine::Postgres => Stmt::new(format!("SELECT count(*) FROM pg_locks l WHERE {}", advisory(ADVISORY_KEY))),
        Engine::Mysql => Stmt::new(format!("SELECT IS_USED_LOCK({MYSQL_NAME}) IS NOT NULL")),
        Engine::Sqlite => return Ok(false),
    };
    Ok(scalar(db, &stmt)?.as_int() != Some(0))
}

/// Marks a session as one that works under the lock, as [`super::DeployLock::connect`] does: once more when its session has
/// let go of its locks. A second one of the same holder is not marked on MySQL.
///
/// # Errors
/// Whatever the engine refuses.
pub fn mark_working(db: &mut dyn Db) -> Result<(), DbError> {
    match db.engine() {
        Engine::Postgres => db.batch(&format!("SELECT pg_try_advisory_lock_shared({WORKING_KEY})")),
        Engine::Mysql => db.batch(&format!("DO GET_LOCK({MYSQL_WORKING}, 0)")),
        Engine::Sqlite => Ok(()),
    }
}

/// Whether this very session is marked.
///
/// # Errors
/// Whatever the engine refuses.
pub fn is_marked(db: &mut dyn Db) -> Result<bool, DbError> {
    let stmt = match db.engine() {
        Engine::Sqlite => return Ok(false),
        Engine::Postgres => Stmt::new(format!(
            "SELECT count(*) FROM pg_locks l WHERE l.pid = pg_backend_pid() AND {}",
            advisory(WORKING_KEY)
        )),
        Engine::Mysql => Stmt::new(format!("SELECT IS_USED_LOCK({MYSQL_WORKING}) <=> CONNECTION_ID()")),
    };
    Ok(scalar(db, &stmt)?.as_int().is_some_and(|found| found > 0))
}

/// A marked session that runs a statement right now. Whoever holds the lock and finds one looks at a killed client's.
pub(super) fn still_working(db: &mut dyn Db) -> Result<Option<Working>, DbError> {
    let stmt = match db.engine() {
        Engine::Sqlite => return Ok(None),
        Engine::Postgres => Stmt::new(format!(
            "SELECT a.pid, left(coalesce(a.query, ''), 200) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
             WHERE a.state <> 'idle' AND a.pid <> pg_backend_pid() AND {} LIMIT 1",
            advisory(WORKING_KEY)
        )),
        Engine::Mysql => Stmt::new(format!(
            "SELECT ID, LEFT(COALESCE(INFO, ''), 200) FROM information_schema.PROCESSLIST \
             WHERE COMMAND <> 'Sleep' AND ID = IS_USED_LOCK({MYSQL_WORKING})"
        )),
    };
    let row = db.rows(&stmt)?.into_iter().next();
    Ok(row.map(|row| {
        let statement = row.text(1).split_whitespace().collect::<Vec<_>>().join(" ");
        Working { session: row.int(0), statement }
    }))
}

fn advisory(key: i64) -> String {
    format!(
        "l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted \
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND (l.classid::bigint << 32) + l.objid::bigint = {key}"
    )
}
