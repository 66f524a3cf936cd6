//! The servers the tests run on: databases made, dropped and swept through an administrator's connection. Which
//! servers there are is told by the command that runs the tests.

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use plimsoll_core::db::{Access, DatabaseUrl, Db, DynRow, Engine, Stmt, connect, quoted};
use rustix::process::{Pid, test_kill_process};

const PREFIX: &str = "plimsoll_test_";

/// A server that the tests have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    Postgres,
    Mysql,
    /// PostgreSQL with pgvector.
    Vector,
}

impl Server {
    pub(crate) const ALL: [Self; 3] = [Self::Postgres, Self::Mysql, Self::Vector];

    /// The one for an engine; none for SQLite, which needs none.
    pub(crate) fn of(engine: Engine) -> Option<Self> {
        match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(Self::Postgres),
            Engine::Mysql => Some(Self::Mysql),
        }
    }
}

/// A new, empty database; its name.
pub(crate) fn create(server: Server) -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    sweep_once(server);
    let mut db = admin(server);
    let engine = db.engine();
    let name = format!("{PREFIX}{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
    let charset = if engine == Engine::Mysql { " CHARACTER SET utf8mb4" } else { "" };
    db.batch(&format!("CREATE DATABASE {}{charset}", quoted(engine, &name))).expect("the database is made");
    name
}

/// Drops a database, whoever is still connected to it.
pub(crate) fn drop_database(db: &mut dyn Db, name: &str) {
    let engine = db.engine();
    let force = if engine == Engine::Postgres { " WITH (FORCE)" } else { "" };
    if engine == Engine::Mysql {
        // An open transaction elsewhere would keep the tables locked.
        kill_sessions(db, name);
        drop(db.batch("SET SESSION lock_wait_timeout = 20"));
    }
    // A database that stays is swept by the next run; a second panic would hide the test's own.
    drop(db.batch(&format!("DROP DATABASE IF EXISTS {}{force}", quoted(engine, name))));
}

/// Ends every session of a database except the one that asks. Gives how many there were.
pub(crate) fn kill_sessions(db: &mut dyn Db, name: &str) -> usize {
    let stmt = match db.engine() {
        Engine::Postgres => {
            Stmt::new("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = ").bind(name)
        }
        _ => {
            Stmt::new("SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND DB = ").bind(name)
        }
    };
    let sessions: Vec<i64> = rows(db, &stmt).iter().map(|row| row.int(0)).collect();
    sessions.iter().for_each(|session| kill(db, *session));
    sessions.len()
}

/// Ends one session, as an administrator or a network would.
pub(crate) fn kill(db: &mut dyn Db, session: i64) {
    match db.engine() {
        Engine::Postgres => drop(rows(db, &Stmt::new(format!("SELECT pg_terminate_backend({session})")))),
        _ => {
            let killed = db.batch(&format!("KILL {session}"));
            // One that is gone by itself is as good.
            assert!(killed.as_ref().err().is_none_or(|error| error.message.contains("Unknown thread")), "{killed:?}");
        }
    }
}

/// An administrator's connection.
pub(crate) fn admin(server: Server) -> Box<dyn Db> {
    let url = DatabaseUrl::parse(&admin_url(server), "/".as_ref()).expect("a good URL of the test server");
    connect(&url, Access::Write).expect("the test server answers")
}

/// The URL of a database on the server.
pub(crate) fn url(server: Server, name: &str) -> String {
    let admin = admin_url(server);
    let (server, rest) = admin.rsplit_once('/').expect("the URL names a database");
    let query = rest.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
    format!("{server}/{name}{query}")
}

fn admin_url(server: Server) -> String {
    let variable = match server {
        Server::Postgres => "PLIMSOLL_TEST_POSTGRES",
        Server::Mysql => "PLIMSOLL_TEST_MARIADB",
        Server::Vector => "PLIMSOLL_TEST_VECTOR",
    };
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run the tests with `cargo xtask test`"))
}

/// What killed runs left behind, once per process and server.
fn sweep_once(server: Server) {
    static POSTGRES: Once = Once::new();
    static MYSQL: Once = Once::new();
    static VECTOR: Once = Once::new();
    let once = match server {
        Server::Postgres => &POSTGRES,
        Server::Mysql => &MYSQL,
        Server::Vector => &VECTOR,
    };
    once.call_once(|| {
        let mut db = admin(server);
        let sql = match db.engine() {
            Engine::Postgres => "SELECT datname::text FROM pg_database",
            _ => "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA",
        };
        let names: Vec<String> = rows(&mut *db, &Stmt::new(sql)).iter().map(|row| row.text(0).to_owned()).collect();
        for name in names.iter().filter(|name| owner(name).is_some_and(is_dead)) {
            drop_database(&mut *db, name);
        }
    });
}

fn owner(name: &str) -> Option<i32> {
    name.strip_prefix(PREFIX)?.split_once('_')?.0.parse().ok()
}

fn is_dead(pid: i32) -> bool {
    Pid::from_raw(pid).is_none_or(|pid| test_kill_process(pid).is_err_and(|error| error == rustix::io::Errno::SRCH))
}

fn rows(db: &mut dyn Db, stmt: &Stmt) -> Vec<DynRow> {
    db.rows(stmt).expect("the administrator may ask")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_databases_of_dead_processes_are_swept() {
        let own = format!("{PREFIX}{}_7", std::process::id());
        assert_eq!(owner(&own).map(is_dead), Some(false));
        // Above the largest pid that a kernel gives.
        assert_eq!(owner(&format!("{PREFIX}2000000000_0")).map(is_dead), Some(true));
        assert_eq!(owner("production"), None);
        assert_eq!(owner("plimsoll_test_by_hand"), None);
    }
}
