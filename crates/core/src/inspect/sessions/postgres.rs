//! Sessions of PostgreSQL, from `pg_stat_activity` and `pg_locks`. What is shown of them is `show`'s.

use super::{Session, Sessions, one_line};
use crate::db::{Db, DbError, Stmt, scalar};
use crate::lock;

/// Autovacuum can be in the way as well; other workers belong to a session that is listed.
const SESSIONS: &str = "SELECT a.pid, coalesce(a.usename::text, ''), coalesce(a.application_name, ''), \
    coalesce(host(a.client_addr) || ':' || a.client_port, 'this server'), coalesce(a.state, a.backend_type, ''), \
    extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.state_change))::bigint, \
    left(coalesce(a.query, ''), 400), a.backend_start::text \
    FROM pg_stat_activity a WHERE a.backend_type IN ('client backend', 'autovacuum worker') \
    AND a.datname = current_database() AND a.pid <> pg_backend_pid()";

/// Who waits for a row waits for the transaction that changed it; the tuple it holds meanwhile says of which table.
const WAITS: &str = "SELECT l.pid, l.locktype, l.mode, coalesce(l.relation, t.relation)::regclass::text, \
    array_to_string(pg_blocking_pids(l.pid), ',') \
    FROM pg_locks l LEFT JOIN pg_locks t ON t.pid = l.pid AND t.locktype = 'tuple' AND t.granted \
    AND l.locktype = 'transactionid' \
    WHERE NOT l.granted AND (l.database IS NULL OR l.database = 0 \
    OR l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))";

/// Rolls back by name, because no session has it any more.
const PREPARED: &str = "SELECT gid FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared";

pub(super) fn read(db: &mut dyn Db) -> Result<Sessions, DbError> {
    let deploying = lock::sessions(db)?;
    // Before the sessions: who waits by then has begun what it waits in.
    let waits = db.rows(&Stmt::new(WAITS))?;
    let mut sessions: Vec<Session> = db
        .rows(&Stmt::new(SESSIONS))?
        .iter()
        .map(|row| {
            let id = row.int(0);
            Session {
                id,
                user: row.text(1).to_owned(),
                application: row.text(2).to_owned(),
                client: row.text(3).to_owned(),
                state: row.text(4).to_owned(),
                seconds: row.at(5).as_int(),
                statement: one_line(row.text(6)),
                deploys: deploying.contains(&id),
                begun: row.text(7).to_owned(),
                ..Session::default()
            }
        })
        .collect();
    for row in &waits {
        if let Some(session) = sessions.iter_mut().find(|session| session.id == row.int(0)) {
            session.waits_for = Some(waited_for(row.text(1), row.text(2), row.at(3).as_str()));
            session.blocked_by.extend(row.text(4).split(',').filter_map(|pid| pid.parse::<i64>().ok()));
            session.blocked_by.sort_unstable();
            // A session that waits for several workers of one session waits for it once.
            session.blocked_by.dedup();
        }
    }
    let mut notes = Vec::new();
    if sessions.iter().any(|session| session.blocked_by.contains(&0)) {
        for row in db.rows(&Stmt::new(PREPARED))? {
            notes.push(format!(
                "transaction `{}` was prepared and belongs to no session: ROLLBACK PREPARED ends it",
                row.text(0)
            ));
        }
    }
    let hidden = sessions.iter().any(|session| session.statement == "<insufficient privilege>");
    if hidden {
        notes
            .push("the account may not see what other accounts' sessions run: grant it `pg_read_all_stats`".to_owned());
    }
    Ok(Sessions { sessions, notes })
}

pub(super) fn end(db: &mut dyn Db, session: &Session) -> Result<bool, DbError> {
    let stmt = Stmt::new("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ")
        .bind(session.id)
        .sql(" AND backend_start::text = ")
        .bind(session.begun.as_str());
    Ok(scalar(db, &stmt)?.as_int() == Some(1))
}

pub(super) fn is_there(db: &mut dyn Db, session: &Session) -> Result<bool, DbError> {
    let stmt = Stmt::new("SELECT count(*) FROM pg_stat_activity WHERE pid = ")
        .bind(session.id)
        .sql(" AND backend_start::text = ")
        .bind(session.begun.as_str());
    Ok(scalar(db, &stmt)?.as_int() != Some(0))
}

fn waited_for(kind: &str, mode: &str, table: Option<&str>) -> String {
    match (kind, table) {
        ("transactionid" | "tuple", Some(table)) => format!("a row of {table}"),
        ("transactionid" | "virtualxid", None) => "the end of a transaction".to_owned(),
        ("advisory", _) => format!("an advisory lock ({mode})"),
        (_, Some(table)) => format!("{mode} on {table}"),
        (kind, None) => format!("{mode} on {kind}"),
    }
}
