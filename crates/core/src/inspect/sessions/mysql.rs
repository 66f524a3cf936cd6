//! Sessions of MySQL and MariaDB, from the list of processes and whatever the server has about locks: row locks are in different
//! places of the two, and metadata locks only where performance_schema is on. What is shown of them is `show`'s.

use std::time::Duration;

use super::{Session, Sessions, one_line};
use crate::db::{Db, DbError, Stmt, scalar};
use crate::lock;

/// A little longer than InnoDB's copy of its own transactions is good for.
const STALE: Duration = Duration::from_millis(120);

const SESSIONS: &str = "SELECT ID, USER, HOST, COMMAND, TIME, COALESCE(STATE, ''), LEFT(COALESCE(INFO, ''), 400), \
    DB <=> DATABASE() FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID()";

const TRANSACTIONS: &str = "SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX";

/// MariaDB, and MySQL up to 5.7.
const ROW_WAITS: &str = "SELECT r.trx_mysql_thread_id, b.trx_mysql_thread_id, l.lock_table \
    FROM information_schema.INNODB_LOCK_WAITS w \
    JOIN information_schema.INNODB_TRX r ON r.trx_id = w.requesting_trx_id \
    JOIN information_schema.INNODB_TRX b ON b.trx_id = w.blocking_trx_id \
    LEFT JOIN information_schema.INNODB_LOCKS l ON l.lock_id = w.requested_lock_id";

/// MySQL 8.
const ROW_WAITS_OF_MYSQL_8: &str = "SELECT r.PROCESSLIST_ID, b.PROCESSLIST_ID, \
    CONCAT(l.OBJECT_SCHEMA, '.', l.OBJECT_NAME) FROM performance_schema.data_lock_waits w \
    JOIN performance_schema.threads r ON r.THREAD_ID = w.REQUESTING_THREAD_ID \
    JOIN performance_schema.threads b ON b.THREAD_ID = w.BLOCKING_THREAD_ID \
    LEFT JOIN performance_schema.data_locks l ON l.ENGINE_LOCK_ID = w.REQUESTING_ENGINE_LOCK_ID";

const METADATA_WAITS: &str = "SELECT r.PROCESSLIST_ID, b.PROCESSLIST_ID, CONCAT(w.OBJECT_SCHEMA, '.', w.OBJECT_NAME) \
    FROM performance_schema.metadata_locks w JOIN performance_schema.metadata_locks g \
    ON g.OBJECT_TYPE = w.OBJECT_TYPE AND g.OBJECT_SCHEMA = w.OBJECT_SCHEMA AND g.OBJECT_NAME = w.OBJECT_NAME \
    AND g.LOCK_STATUS = 'GRANTED' AND g.OWNER_THREAD_ID <> w.OWNER_THREAD_ID \
    JOIN performance_schema.threads r ON r.THREAD_ID = w.OWNER_THREAD_ID \
    JOIN performance_schema.threads b ON b.THREAD_ID = g.OWNER_THREAD_ID WHERE w.LOCK_STATUS = 'PENDING'";

pub(super) fn read(db: &mut dyn Db) -> Result<Sessions, DbError> {
    let deploying = lock::sessions(db)?;
    let mut notes = Vec::new();
    // InnoDB keeps what it tells about locks until nobody has asked for a tenth of a second.
    std::thread::sleep(STALE);
    let transactions: Vec<i64> = match db.rows(&Stmt::new(TRANSACTIONS)) {
        Ok(rows) => rows.iter().map(|row| row.int(0)).collect(),
        Err(error) if error.message.contains("PROCESS privilege") => {
            notes.push("the account sees its own sessions only: grant it PROCESS".to_owned());
            Vec::new()
        }
        Err(error) => return Err(error),
    };
    let mut waits = row_waits(db);
    waits.extend(metadata_waits(db));
    // After what they wait for: who waits by then has begun what it waits in.
    let rows = db.rows(&Stmt::new(SESSIONS))?;
    let ours: Vec<i64> = rows.iter().filter(|row| row.int(7) == 1).map(|row| row.int(0)).collect();
    let mut sessions: Vec<Session> = rows
        .iter()
        .map(|row| {
            let id = row.int(0);
            Session {
                id,
                user: row.text(1).to_owned(),
                client: row.text(2).to_owned(),
                state: row.text(3).to_owned(),
                seconds: row.at(4).as_int(),
                statement: one_line(row.text(6)),
                waits_for: waited_for(row.text(5)),
                deploys: deploying.contains(&id),
                ..Session::default()
            }
        })
        .collect();
    for session in sessions.iter_mut().filter(|session| transactions.contains(&session.id)) {
        if session.state == "Sleep" {
            "idle in transaction".clone_into(&mut session.state);
        }
    }
    for (waiter, blocker, table) in waits {
        let Some(session) = sessions.iter_mut().find(|session| session.id == waiter) else { continue };
        if !session.blocked_by.contains(&blocker) {
            session.blocked_by.push(blocker);
        }
        if let Some(table) = table {
            let what = session.waits_for.take().unwrap_or_else(|| "a row".to_owned());
            let table = table.replace('`', "");
            session.waits_for = Some(if what.ends_with(&table) { what } else { format!("{what} of {table}") });
        }
    }
    guess(&mut sessions, &transactions, &ours, &mut notes);
    let involved: Vec<i64> = sessions.iter().flat_map(|session| session.blocked_by.clone()).collect();
    sessions.retain(|session| ours.contains(&session.id) || involved.contains(&session.id));
    Ok(Sessions { sessions, notes })
}

pub(super) fn end(db: &mut dyn Db, session: &Session) -> Result<bool, DbError> {
    match db.batch(&format!("KILL CONNECTION {}", session.id)) {
        Ok(()) => Ok(true),
        Err(error) if error.message.contains("Unknown thread id") => Ok(false),
        Err(error) => Err(error),
    }
}

pub(super) fn is_there(db: &mut dyn Db, session: &Session) -> Result<bool, DbError> {
    let stmt = Stmt::new("SELECT count(*) FROM information_schema.PROCESSLIST WHERE ID = ").bind(session.id);
    Ok(scalar(db, &stmt)?.as_int() != Some(0))
}

/// Waiter, blocker, table.
type Wait = (i64, i64, Option<String>);

/// Only one of the two places is there; a server without either has no row locks that could be told of.
fn row_waits(db: &mut dyn Db) -> Vec<Wait> {
    let rows = db.rows(&Stmt::new(ROW_WAITS)).or_else(|_| db.rows(&Stmt::new(ROW_WAITS_OF_MYSQL_8)));
    pairs(rows)
}

/// Empty where performance_schema is off or does not record them.
fn metadata_waits(db: &mut dyn Db) -> Vec<Wait> {
    pairs(db.rows(&Stmt::new(METADATA_WAITS)))
}

fn pairs(rows: Result<Vec<crate::db::DynRow>, DbError>) -> Vec<Wait> {
    let wait = |row: &crate::db::DynRow| (row.int(0), row.int(1), row.at(2).as_str().map(str::to_owned));
    rows.unwrap_or_default().iter().map(wait).collect()
}

/// Where the server keeps to itself who has a metadata lock, open transactions are what can have one.
fn guess(sessions: &mut [Session], transactions: &[i64], ours: &[i64], notes: &mut Vec<String>) {
    let waits = |session: &Session| session.waits_for.as_deref().is_some_and(|what| what.contains("metadata lock"));
    let suspects: Vec<i64> = sessions
        .iter()
        .filter(|session| transactions.contains(&session.id) && ours.contains(&session.id) && !waits(session))
        .map(|session| session.id)
        .collect();
    let mut guessed = false;
    for session in sessions.iter_mut().filter(|session| waits(session) && session.blocked_by.is_empty()) {
        session.blocked_by.clone_from(&suspects);
        session.guessed = true;
        guessed = true;
    }
    if guessed {
        notes.push("the server does not tell who has a metadata lock (performance_schema is off): shown is who has a transaction open".to_owned());
    }
}

fn waited_for(state: &str) -> Option<String> {
    let lower = state.to_lowercase();
    let what = lower.strip_prefix("waiting for ")?;
    lower.contains("lock").then(|| format!("a {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_states_about_locks_are_waiting() {
        assert_eq!(waited_for("Waiting for table metadata lock").as_deref(), Some("a table metadata lock"));
        assert_eq!(waited_for("Waiting for next activation"), None);
        assert_eq!(waited_for("Sending data"), None);
    }
}
