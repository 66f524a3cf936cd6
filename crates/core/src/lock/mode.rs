//! Which lock can be trusted on a server: its session lock, or the lease row alone. Taking either is left to the files beside.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::db::{Access, DatabaseUrl, Db, DbError, DynRow, Engine, Stmt, connect, scalar};

/// How long a pooler is given to take a session back, round by round.
const PAUSES: [Duration; 3] = [Duration::ZERO, Duration::from_millis(4), Duration::from_millis(16)];

/// What decides who has the lock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockMode {
    /// The server's session lock (the lock file on SQLite), which ends with its session. The lease row is kept beside it.
    #[default]
    Session,
    /// The lease row alone: behind a transaction pooler, on Galera and on CockroachDB, where session locks exclude nobody.
    LeaseOnly,
}

/// What is known about a server, as far as it decides about the lock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerFacts {
    /// What `version()` answers.
    pub version: String,
    /// Galera's `wsrep_on`, where there is such a variable.
    pub wsrep_on: Option<String>,
    /// Percona XtraDB Cluster's `pxc_strict_mode`, where there is such a variable.
    pub pxc_strict_mode: Option<String>,
    /// Whether statements of one connection reach different sessions of the server.
    pub pooled: bool,
}

/// Decides about the lock of a server. A Galera cluster copies no session lock to its other nodes, and CockroachDB grants an
/// advisory lock to everybody.
#[must_use]
pub fn mode_for(facts: &ServerFacts) -> LockMode {
    let is = |value: &Option<String>, words: &[&str]| {
        value.as_deref().is_some_and(|value| words.iter().any(|word| value.eq_ignore_ascii_case(word)))
    };
    let galera = is(&facts.wsrep_on, &["ON", "1"]) || is(&facts.pxc_strict_mode, &["ENFORCING", "MASTER"]);
    let cockroach = facts.version.to_ascii_lowercase().contains("cockroach");
    if facts.pooled || galera || cockroach { LockMode::LeaseOnly } else { LockMode::Session }
}

/// Finds out what a server is. On PostgreSQL this opens a second connection for a moment.
pub(super) fn facts(db: &mut dyn Db, url: &DatabaseUrl) -> Result<ServerFacts, DbError> {
    match db.engine() {
        Engine::Sqlite => Ok(ServerFacts::default()),
        Engine::Postgres => {
            let pooled = is_pooled(db, url)?;
            let version = scalar(db, &Stmt::new("SELECT version()"))?.as_str().unwrap_or_default().to_owned();
            Ok(ServerFacts { version, pooled, ..ServerFacts::default() })
        }
        Engine::Mysql => {
            let rows = db.rows(&Stmt::new(
                "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'wsrep_on', 'pxc_strict_mode')",
            ))?;
            let find = |name: &str| rows.iter().find(|row| row.text(0) == name).map(|row| row.text(1).to_owned());
            Ok(ServerFacts {
                version: find("version").unwrap_or_default(),
                wsrep_on: find("wsrep_on"),
                pxc_strict_mode: find("pxc_strict_mode"),
                pooled: false,
            })
        }
    }
}

/// Whether a transaction pooler is in between. A quiet one gives a client the same session again and again, so a second
/// client occupies one meanwhile: two clients never share a session unless somebody lends it to both.
fn is_pooled(db: &mut dyn Db, url: &DatabaseUrl) -> Result<bool, DbError> {
    static PROBES: AtomicU64 = AtomicU64::new(0);
    if url.is_pooled() {
        return Ok(true);
    }
    let probe = format!("{}-{}", std::process::id(), PROBES.fetch_add(1, Ordering::Relaxed));
    db.batch(&format!("SELECT set_config('plimsoll.probe', '{probe}', false)"))?;
    let mut second = connect(url, Access::Write).ok();
    let answer = compare(db, second.as_deref_mut(), &probe);
    if let Some(second) = &mut second {
        drop(second.rollback());
    }
    match answer {
        // A statement that is kept prepared was prepared in one session and executed in another.
        Err(error) if error.message.contains("prepared statement") => Ok(true),
        answer => answer,
    }
}

/// A pooler may give a session back a little after its client has the answer: then the second client is lent another one, and
/// only a later round tells.
fn compare(db: &mut dyn Db, mut second: Option<&mut (dyn Db + 'static)>, probe: &str) -> Result<bool, DbError> {
    let first = session(db)?;
    if first.text(1) != probe {
        return Ok(true);
    }
    for pause in PAUSES {
        std::thread::sleep(pause);
        if session(db)? != first {
            return Ok(true);
        }
        if let Some(second) = second.as_deref_mut() {
            second.begin()?;
            let other = session(second)?;
            // The first one looks while the second one still has what it was lent.
            if other.int(0) == first.int(0) || other.text(1) == probe || session(db)? != first {
                return Ok(true);
            }
            second.rollback()?;
        }
    }
    Ok(false)
}

fn session(db: &mut dyn Db) -> Result<DynRow, DbError> {
    let stmt = Stmt::new("SELECT pg_backend_pid(), coalesce(current_setting('plimsoll.probe', true), '')");
    Ok(db.rows(&stmt)?.into_iter().next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(facts: ServerFacts) -> LockMode {
        mode_for(&facts)
    }

    fn variable(value: &str) -> Option<String> {
        Some(value.to_owned())
    }

    #[test]
    fn a_server_of_its_own_is_trusted_with_its_session_lock() {
        let version = "10.11.19-MariaDB".to_owned();
        assert_eq!(mode(ServerFacts { version, wsrep_on: variable("OFF"), ..Default::default() }), LockMode::Session);
        let version = "PostgreSQL 15.18 on x86_64-pc-linux-gnu".to_owned();
        assert_eq!(mode(ServerFacts { version, ..Default::default() }), LockMode::Session);
        assert_eq!(
            mode(ServerFacts { pxc_strict_mode: variable("DISABLED"), ..Default::default() }),
            LockMode::Session
        );
    }

    #[test]
    fn a_node_of_a_galera_cluster_has_the_lease_only() {
        for on in ["ON", "1", "on"] {
            assert_eq!(mode(ServerFacts { wsrep_on: variable(on), ..Default::default() }), LockMode::LeaseOnly);
        }
        for strict in ["ENFORCING", "MASTER"] {
            let facts = ServerFacts { pxc_strict_mode: variable(strict), ..Default::default() };
            assert_eq!(mode(facts), LockMode::LeaseOnly);
        }
    }

    #[test]
    fn cockroachdb_and_transaction_poolers_have_the_lease_only() {
        let version = "CockroachDB CCL v24.1.0 (x86_64-pc-linux-gnu)".to_owned();
        assert_eq!(mode(ServerFacts { version, ..Default::default() }), LockMode::LeaseOnly);
        assert_eq!(mode(ServerFacts { pooled: true, ..Default::default() }), LockMode::LeaseOnly);
    }
}
