//! Keeps what a script sets, locks or makes in the session from leaking: taken before, put back after. Rows and tables that
//! it means to leave are not looked at.

use std::time::Duration;

use plimsoll_core::db::{Db, DbError, Engine, Stmt, Value, dialect, quoted, scalar};
use plimsoll_core::lock;

use crate::lexer::TokenKind;
use crate::split::Statement;

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
    "innodb_lock_wait_timeout",
    "character_set_client",
    "character_set_connection",
    "character_set_results",
    "collation_connection",
];

const SQLITE: &[&str] =
    &["foreign_keys", "busy_timeout", "legacy_alter_table", "recursive_triggers", "ignore_check_constraints"];

/// How a session was before a run, and how every script of the run finds it.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    original: Settings,
    base: Settings,
    /// Whether it says of itself that it works under the deployment lock.
    marked: bool,
}

/// The settings of a session, as they were.
#[derive(Debug, Clone, PartialEq)]
struct Settings {
    engine: Engine,
    values: Vec<(&'static str, Value)>,
    /// MySQL's current database.
    database: Value,
}

impl Session {
    /// Takes the settings, and lets no statement wait longer than this for a lock.
    pub(crate) fn begin(db: &mut dyn Db, lock_timeout: Option<Duration>) -> Result<Self, DbError> {
        let (original, marked) = (capture(db)?, lock::is_marked(db)?);
        let Some(timeout) = lock_timeout else { return Ok(Self { base: original.clone(), original, marked }) };
        limit_lock_wait(db, timeout)?;
        Ok(Self { base: capture(db)?, original, marked })
    }

    /// Puts the settings back as they were before the run.
    pub(crate) fn end(&self, db: &mut dyn Db) -> Result<(), DbError> {
        put_back(db, &self.original)
    }
}

/// Puts back what a script changed, when it holds anything that could: most do not, and this costs a round trip.
pub(crate) fn restore_after(db: &mut dyn Db, session: &Session, script: &[Statement]) -> Result<(), DbError> {
    if may_change(db.engine(), script) { tidy(db, session, script) } else { Ok(()) }
}

/// As [`restore_after`], inside of the script's transaction, for the entries that follow in it.
pub(crate) fn restore_inside(db: &mut dyn Db, session: &Session, script: &[Statement]) -> Result<(), DbError> {
    if may_change(db.engine(), script) { put_back(db, &session.base) } else { Ok(()) }
}

/// Ends what a script left in the session, and puts the settings back. Not for inside of a transaction.
pub(crate) fn tidy(db: &mut dyn Db, session: &Session, script: &[Statement]) -> Result<(), DbError> {
    match db.engine() {
        Engine::Postgres => {
            db.batch("SELECT pg_advisory_unlock_all(); UNLISTEN *; DISCARD TEMP")?;
        }
        Engine::Mysql => {
            db.batch("UNLOCK TABLES")?;
            // Unknown to servers from before 2020, which then keep what the script locked until the connection ends.
            drop(db.rows(&Stmt::new("SELECT RELEASE_ALL_LOCKS()")));
            for table in script.iter().filter_map(temporary_table) {
                db.batch(&format!("DROP TEMPORARY TABLE IF EXISTS {table}"))?;
            }
        }
        Engine::Sqlite => {
            let left = "SELECT type, name FROM sqlite_temp_schema WHERE type IN ('table', 'view')";
            for row in db.rows(&Stmt::new(left))? {
                db.batch(&format!("DROP {} temp.{}", row.text(0), quoted(Engine::Sqlite, row.text(1))))?;
            }
            let attached = "SELECT name FROM pragma_database_list WHERE name NOT IN ('main', 'temp')";
            for row in db.rows(&Stmt::new(attached))? {
                db.batch(&format!("DETACH {}", quoted(Engine::Sqlite, row.text(0))))?;
            }
        }
    }
    if session.marked {
        // The mark is a lock like those that a script leaves, and has ended with them.
        lock::mark_working(db)?;
    }
    put_back(db, &session.base)
}

/// Whether a script throws away the prepared statements of the whole session.
pub(crate) fn forgets_prepared(script: &[Statement]) -> bool {
    script.iter().any(|statement| matches!(first(&statement.words()), "DISCARD" | "DEALLOCATE"))
}

/// Whether a script may change the session: everything may that is not known not to.
pub(crate) fn may_change(engine: Engine, script: &[Statement]) -> bool {
    let harmless = [
        "CREATE", "ALTER", "DROP", "COMMENT", "GRANT", "REVOKE", "INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE",
        "TRUNCATE", "REINDEX", "VACUUM", "ANALYZE", "RENAME", "REFRESH",
    ];
    script.iter().any(|statement| {
        let words = statement.words();
        let calls = |word: &String| {
            matches!(word.as_str(), "SET_CONFIG" | "GET_LOCK" | "TEMP" | "TEMPORARY") || word.contains("ADVISORY")
        };
        // On MySQL comments may hold assignments.
        let assigns = engine == Engine::Mysql && statement.tokens.iter().any(|token| statement.text_of(token) == ":=");
        !harmless.contains(&first(&words)) || assigns || words.iter().any(calls)
    })
}

/// The temporary table that a statement makes, as written.
fn temporary_table(statement: &Statement) -> Option<&str> {
    let words = statement.words();
    let makes = first(&words) == "CREATE" && words.iter().take(4).any(|word| word == "TEMPORARY");
    let skipped = ["CREATE", "OR", "REPLACE", "TEMPORARY", "TABLE", "IF", "NOT", "EXISTS"];
    let name = statement.tokens.iter().find(|token| {
        let text = statement.text_of(token);
        token.kind == TokenKind::Quoted || !skipped.contains(&text.to_ascii_uppercase().as_str())
    });
    name.filter(|_| makes).map(|name| statement.text_of(name))
}

fn first(words: &[String]) -> &str {
    words.first().map_or("", String::as_str)
}

fn capture(db: &mut dyn Db) -> Result<Settings, DbError> {
    let engine = db.engine();
    let mut settings = Settings { engine, values: Vec::new(), database: Value::Null };
    match engine {
        Engine::Sqlite => {
            for name in SQLITE {
                settings.values.push((name, scalar(db, &Stmt::new(format!("PRAGMA {name}")))?));
            }
        }
        Engine::Postgres => {
            let columns: Vec<_> = POSTGRES.iter().map(|name| format!("current_setting('{name}', true)")).collect();
            settings.values = POSTGRES.iter().copied().zip(row(db, &columns)?).collect();
        }
        Engine::Mysql => {
            let mut columns: Vec<_> = MYSQL.iter().map(|name| format!("CAST(@@SESSION.{name} AS CHAR)")).collect();
            columns.push("DATABASE()".to_owned());
            let mut values = row(db, &columns)?;
            settings.database = values.pop().unwrap_or(Value::Null);
            settings.values = MYSQL.iter().copied().zip(values).collect();
        }
    }
    Ok(settings)
}

/// Puts back what differs. Inside of a transaction this counts from there on, as in the rest of the session.
fn put_back(db: &mut dyn Db, settings: &Settings) -> Result<(), DbError> {
    let now = capture(db)?;
    if let Some(database) = settings.database.as_str().filter(|_| settings.database != now.database) {
        db.batch(&format!("USE {}", quoted(settings.engine, database)))?;
    }
    let differs =
        |(name, value): &&(&'static str, Value)| !value.is_null() && !now.values.contains(&(*name, value.clone()));
    for (name, value) in settings.values.iter().filter(differs) {
        match settings.engine {
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

fn limit_lock_wait(db: &mut dyn Db, timeout: Duration) -> Result<(), DbError> {
    let millis = timeout.as_millis().max(1);
    match db.engine() {
        Engine::Sqlite => db.batch(&format!("PRAGMA busy_timeout = {millis}")),
        Engine::Postgres => db.batch(&format!("SET lock_timeout = {millis}")),
        // Whole seconds: for metadata locks, which are what DDL waits for, and for rows.
        Engine::Mysql => {
            let seconds = millis.div_ceil(1000);
            db.batch(&format!(
                "SET SESSION lock_wait_timeout = {seconds}, SESSION innodb_lock_wait_timeout = {seconds}"
            ))
        }
    }
}

fn row(db: &mut dyn Db, columns: &[String]) -> Result<Vec<Value>, DbError> {
    let rows = db.rows(&Stmt::new(format!("SELECT {}", columns.join(", "))))?;
    Ok(rows.into_iter().next().unwrap_or_default().into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::split;

    fn script(engine: Engine, sql: &str) -> Vec<Statement> {
        split(engine, "m.sql".as_ref(), sql).expect("splits")
    }

    #[test]
    fn only_scripts_that_cannot_change_the_session_are_left_alone() {
        for sql in ["CREATE TABLE a (b INT); INSERT INTO a VALUES (1); UPDATE a SET b = 2", "DROP INDEX CONCURRENTLY i"]
        {
            assert!(!may_change(Engine::Postgres, &script(Engine::Postgres, sql)), "{sql}");
        }
        for sql in [
            "SET ROLE x",
            "SELECT 1",
            "DO $$ BEGIN END $$",
            "INSERT INTO a SELECT pg_advisory_lock(1)",
            "CREATE TEMP TABLE a (b INT)",
        ] {
            assert!(may_change(Engine::Postgres, &script(Engine::Postgres, sql)), "{sql}");
        }
    }

    #[test]
    fn temporary_tables_are_found_by_the_name_they_were_given() {
        let name = |sql: &str| temporary_table(&script(Engine::Mysql, sql)[0]).map(str::to_owned);
        assert_eq!(name("CREATE TEMPORARY TABLE IF NOT EXISTS `t x` (a INT)").as_deref(), Some("`t x`"));
        assert_eq!(name("CREATE TABLE t (a INT)"), None);
    }
}
