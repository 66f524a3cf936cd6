//! Keeps what a script sets in the session from leaking: taken before, put back after. What scripts do is not looked at.

use std::time::Duration;

use plimsoll_core::db::{Db, DbError, Engine, Stmt, Value, dialect, quoted};

/// What pg_dump and people set at the head of their scripts. The role comes first: it decides who may set the rest.
const POSTGRES: &[&str] = &[
    "session_authorization",
    "role",
    "search_path",
    "lock_timeout",
    "statement_timeout",
    "idle_in_transaction_session_timeout",
    "client_encoding",
    "client_min_messages",
    "standard_conforming_strings",
    "check_function_bodies",
    "row_security",
    "xmloption",
    "default_tablespace",
    "default_table_access_method",
    "session_replication_role",
    "TimeZone",
];

const MYSQL: &[&str] = &[
    "sql_mode",
    "foreign_key_checks",
    "unique_checks",
    "autocommit",
    "time_zone",
    "lock_wait_timeout",
    "character_set_client",
    "character_set_connection",
    "character_set_results",
    "collation_connection",
];

const SQLITE: &[&str] =
    &["foreign_keys", "busy_timeout", "legacy_alter_table", "recursive_triggers", "ignore_check_constraints"];

/// The settings of a session, as they were.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    engine: Engine,
    settings: Vec<(&'static str, Value)>,
    /// MySQL's current database.
    database: Value,
}

/// Takes the settings.
pub(crate) fn capture(db: &mut dyn Db) -> Result<Session, DbError> {
    let engine = db.engine();
    let mut session = Session { engine, settings: Vec::new(), database: Value::Null };
    match engine {
        Engine::Sqlite => {
            for name in SQLITE {
                let value = plimsoll_core::db::scalar(db, &Stmt::new(format!("PRAGMA {name}")))?;
                session.settings.push((name, value));
            }
        }
        Engine::Postgres => {
            let columns: Vec<_> = POSTGRES.iter().map(|name| format!("current_setting('{name}', true)")).collect();
            take(db, POSTGRES, &columns, &mut session)?;
        }
        Engine::Mysql => {
            let columns: Vec<_> = MYSQL.iter().map(|name| format!("CAST(@@SESSION.{name} AS CHAR)")).collect();
            take(db, MYSQL, &columns, &mut session)?;
            session.database = plimsoll_core::db::scalar(db, &Stmt::new("SELECT DATABASE()"))?;
        }
    }
    Ok(session)
}

/// Puts back what differs. Inside of a transaction this counts from there on, as in the rest of the session.
pub(crate) fn restore(db: &mut dyn Db, session: &Session) -> Result<(), DbError> {
    let now = capture(db)?;
    if let Some(database) = session.database.as_str().filter(|_| session.database != now.database) {
        db.batch(&format!("USE {}", quoted(session.engine, database)))?;
    }
    let differs =
        |(name, value): &&(&'static str, Value)| !value.is_null() && !now.settings.contains(&(*name, value.clone()));
    for (name, value) in session.settings.iter().filter(differs) {
        match session.engine {
            Engine::Sqlite => db.batch(&format!("PRAGMA {name} = {}", value.as_int().unwrap_or(0)))?,
            Engine::Postgres => {
                db.rows(&Stmt::new(format!("SELECT set_config('{name}', ")).bind(value.clone()).sql(", false)"))
                    .map(drop)?;
            }
            Engine::Mysql => {
                let text = match (value.as_str(), value.as_int()) {
                    (Some(text), None) => dialect::literal(Engine::Mysql, text),
                    (_, number) => number.unwrap_or(0).to_string(),
                };
                db.batch(&format!("SET SESSION {name} = {text}"))?;
            }
        }
    }
    Ok(())
}

/// Lets no statement wait longer than this for a lock. On PostgreSQL inside of a transaction it ends with that.
pub(crate) fn limit_lock_wait(db: &mut dyn Db, timeout: Duration, in_transaction: bool) -> Result<(), DbError> {
    let millis = timeout.as_millis().max(1);
    match db.engine() {
        Engine::Sqlite => db.batch(&format!("PRAGMA busy_timeout = {millis}")),
        Engine::Postgres if in_transaction => db.batch(&format!("SET LOCAL lock_timeout = {millis}")),
        Engine::Postgres => db.batch(&format!("SET lock_timeout = {millis}")),
        // Whole seconds, and for metadata locks, which are what DDL waits for.
        Engine::Mysql => db.batch(&format!("SET SESSION lock_wait_timeout = {}", millis.div_ceil(1000))),
    }
}

fn take(db: &mut dyn Db, names: &[&'static str], columns: &[String], session: &mut Session) -> Result<(), DbError> {
    let row = db.rows(&Stmt::new(format!("SELECT {}", columns.join(", "))))?.into_iter().next().unwrap_or_default();
    session.settings = names.iter().copied().zip(row.into_values()).collect();
    Ok(())
}
