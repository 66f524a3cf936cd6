//! One statement that reads, in a transaction that cannot write, with every value as the database has it. Laying the answer out
//! is the command line's, and so is cutting text into statements.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use serde::Serialize;

use super::snapshot::reading;
use super::words::{ESCAPES, words};
use crate::db::{Access, DatabaseUrl, Db, DbError, DbErrorKind, DynRow, Engine, Stmt, Value, connect};
use crate::{Coded, ErrorCode};

/// How statements begin whose answer can be read from another statement.
const SELECTS: [&str; 4] = ["SELECT", "WITH", "VALUES", "TABLE"];

/// How others begin that change nothing.
const LOOKS: [&str; 5] = ["EXPLAIN", "SHOW", "DESCRIBE", "DESC", "PRAGMA"];

/// SQLite's pragmas that only tell.
const PRAGMAS: [&str; 13] = [
    "COMPILE_OPTIONS",
    "DATABASE_LIST",
    "FOREIGN_KEY_CHECK",
    "FOREIGN_KEY_LIST",
    "FREELIST_COUNT",
    "FUNCTION_LIST",
    "INDEX_INFO",
    "INDEX_LIST",
    "INDEX_XINFO",
    "INTEGRITY_CHECK",
    "TABLE_INFO",
    "TABLE_LIST",
    "TABLE_XINFO",
];

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// One statement, without an end mark.
    pub sql: Stmt,
    /// Most rows that are answered.
    pub limit: usize,
    /// How long the server may work at it.
    pub timeout: Duration,
}

/// What was answered.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Answer {
    /// The names of the columns; empty where nothing tells them, as for some statements without rows.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// Whether there are more rows than the limit.
    pub more: bool,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// As every engine has it.
    Plain(Value),
    /// A JSON document.
    Json(serde_json::Value),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The statement is not one that only reads.
    #[error("only what reads is run here, and this begins with `{word}`")]
    Begins {
        /// Its first word.
        word: String,
    },
    /// The statement would write a file of the server.
    #[error("only what reads is run here, and this would write a file of the server")]
    WritesFile,
    /// The statement has a comment that the server runs, `/*! .. */`.
    #[error("only what reads is run here, and nobody looks into comments that the server runs: leave `/*!` away")]
    RunsComment,
    /// The database refused, because the statement would write.
    #[error("the statement would write, which the database refused")]
    Writes(#[source] DbError),
    /// It took too long.
    #[error("there was no answer within {} s", after.as_secs_f64())]
    Timeout {
        /// What was allowed.
        after: Duration,
    },
    /// The database refused.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Coded for QueryError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Begins { .. } | Self::WritesFile | Self::RunsComment | Self::Writes(_) => ErrorCode::QueryWrites,
            Self::Timeout { .. } => ErrorCode::QueryTimeout,
            Self::Database(error) => error.code(),
        }
    }
}

/// Asks a database. What would write is refused by the database itself, whose session and transaction are read-only; what a
/// function does outside of the database (ending sessions, writing files of the server) is not, and depends on the account.
///
/// On SQLite, which cannot be told to stop, the work at a query that took too long goes on in a thread until it ends.
///
/// # Errors
/// See [`QueryError`].
pub fn query(url: &DatabaseUrl, query: &Query) -> Result<Answer, QueryError> {
    permitted(url.engine(), &query.sql.text())?;
    match url.engine() {
        Engine::Postgres | Engine::Mysql => ask(url, query),
        Engine::Sqlite => {
            let (sender, receiver) = channel();
            let (url, asked) = (url.clone(), query.clone());
            std::thread::spawn(move || drop(sender.send(ask(&url, &asked))));
            match receiver.recv_timeout(query.timeout) {
                Ok(answer) => answer,
                Err(RecvTimeoutError::Timeout) => Err(QueryError::Timeout { after: query.timeout }),
                Err(RecvTimeoutError::Disconnected) => {
                    Err(DbError::new(Engine::Sqlite, DbErrorKind::Lost, "the query ended without an answer").into())
                }
            }
        }
    }
}

/// What the database would let pass although it changes something: settings, sessions, files.
fn permitted(engine: Engine, sql: &str) -> Result<(), QueryError> {
    let upper = sql.to_ascii_uppercase();
    let mut bare = upper.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let first = bare.next().unwrap_or_default();
    let begins = upper.trim_start_matches(|c: char| c.is_whitespace() || c == '(').starts_with(first);
    let mut pragma = || bare.next().is_some_and(|name| PRAGMAS.contains(&name)) && !upper.contains('=');
    let fine = SELECTS.contains(&first) || LOOKS.contains(&first) && (first != "PRAGMA" || pragma());
    if first.is_empty() || !begins || !fine {
        let word = sql.split_whitespace().next().unwrap_or_default();
        return Err(QueryError::Begins { word: word.to_owned() });
    }
    match engine {
        Engine::Sqlite | Engine::Postgres => Ok(()),
        Engine::Mysql => reads_only(sql),
    }
}

/// MySQL writes files of the server in transactions that are read-only. However it may read the quotes, no such words are left.
fn reads_only(sql: &str) -> Result<(), QueryError> {
    for escapes in ESCAPES {
        let Some(words) = words(sql, escapes) else { return Err(QueryError::RunsComment) };
        if words.windows(2).any(|pair| pair[0] == "INTO" && matches!(pair[1].as_str(), "OUTFILE" | "DUMPFILE")) {
            return Err(QueryError::WritesFile);
        }
    }
    Ok(())
}

fn ask(url: &DatabaseUrl, query: &Query) -> Result<Answer, QueryError> {
    let mut db = connect(url, Access::Read)?;
    let asked = limits(db.as_mut(), query).and_then(|()| {
        reading(db.as_mut(), |db| match db.engine() {
            Engine::Postgres => postgres(db, query),
            Engine::Sqlite => sqlite(db, query),
            Engine::Mysql => mysql(db, query),
        })
    });
    asked.map_err(|error| match error.symptom() {
        Some(ErrorCode::DatabaseReadOnly) => QueryError::Writes(error),
        Some(ErrorCode::StatementTimeout) => QueryError::Timeout { after: query.timeout },
        // PostgreSQL says so of `WITH gone AS (DELETE ..)`, because the query is asked for inside of another.
        _ if error.message.contains("data-modifying statement must be at the top level") => QueryError::Writes(error),
        _ => QueryError::Database(error),
    })
}

/// MariaDB and MySQL have the limit of time under different names; only one of them is known to each.
fn limits(db: &mut dyn Db, query: &Query) -> Result<(), DbError> {
    let millis = query.timeout.as_millis().max(1);
    if db.engine() != Engine::Mysql {
        return Ok(());
    }
    let seconds = query.timeout.as_secs_f64().max(0.001);
    db.batch(&format!("SET SESSION max_statement_time = {seconds}"))
        .or_else(|_| db.batch(&format!("SET SESSION max_execution_time = {millis}")))?;
    db.batch(&format!("SET SESSION sql_select_limit = {}", query.limit.saturating_add(1)))
}

/// Every column is read as text, since diesel reads only some types; its own type comes along.
fn postgres(db: &mut dyn Db, query: &Query) -> Result<Answer, DbError> {
    db.batch(&format!("SET LOCAL statement_timeout = {}", query.timeout.as_millis().max(1)))?;
    if !selects(&query.sql) {
        return Ok(plain(db.rows(&query.sql)?, Vec::new(), query.limit));
    }
    let columns = names(db, &query.sql)?;
    if columns.is_empty() {
        return Ok(plain(db.rows(&query.sql)?, columns, query.limit));
    }
    let aliases: Vec<String> = (0..columns.len()).map(|index| format!("c{index}")).collect();
    let read: Vec<String> = aliases.iter().map(|name| format!("q.{name}::text, pg_typeof(q.{name})::text")).collect();
    let most = query.limit.saturating_add(1);
    let stmt = Stmt::new(format!("SELECT {} FROM (\n", read.join(", ")))
        .append(query.sql.clone())
        .sql(format!("\n) AS q({}) LIMIT {most}", aliases.join(", ")));
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for row in db.rows(&stmt)? {
        let values: Vec<Value> = row.into_values().collect();
        rows.push(values.chunks(2).map(|pair| typed(&pair[0], pair[1].as_str().unwrap_or_default())).collect());
    }
    Ok(cut(columns, rows, query.limit))
}

fn sqlite(db: &mut dyn Db, query: &Query) -> Result<Answer, DbError> {
    if !selects(&query.sql) {
        return Ok(plain(db.rows(&query.sql)?, Vec::new(), query.limit));
    }
    let most = query.limit.saturating_add(1);
    let stmt = Stmt::new("SELECT * FROM (\n").append(query.sql.clone()).sql(format!("\n) LIMIT {most}"));
    let rows = db.rows(&stmt)?;
    let columns = if rows.is_empty() { names(db, &query.sql)? } else { Vec::new() };
    Ok(plain(rows, columns, query.limit))
}

/// The limit is the session's.
fn mysql(db: &mut dyn Db, query: &Query) -> Result<Answer, DbError> {
    let rows = db.rows(&query.sql)?;
    // Two columns of one name cannot be asked for in this way.
    let columns =
        if rows.is_empty() && selects(&query.sql) { names(db, &query.sql).unwrap_or_default() } else { Vec::new() };
    Ok(plain(rows, columns, query.limit))
}

/// The names of a query's columns, without running it: a row is made of nothing beside it.
fn names(db: &mut dyn Db, sql: &Stmt) -> Result<Vec<String>, DbError> {
    let stmt = Stmt::new("SELECT q.* FROM (SELECT 1 AS one) AS o LEFT JOIN (\n").append(sql.clone());
    let rows = db.rows(&stmt.sql("\n) AS q ON 1 = 0"))?;
    Ok(rows.first().map(|row| row.names().map(str::to_owned).collect()).unwrap_or_default())
}

fn plain(rows: Vec<DynRow>, columns: Vec<String>, limit: usize) -> Answer {
    let columns = rows.first().map(|row| row.names().map(str::to_owned).collect()).unwrap_or(columns);
    let rows = rows.into_iter().map(|row| row.into_values().map(Cell::Plain).collect()).collect();
    cut(columns, rows, limit)
}

fn cut(columns: Vec<String>, mut rows: Vec<Vec<Cell>>, limit: usize) -> Answer {
    let more = rows.len() > limit;
    rows.truncate(limit);
    Answer { columns, rows, more }
}

/// A value of PostgreSQL from its text.
fn typed(value: &Value, kind: &str) -> Cell {
    let Some(text) = value.as_str() else { return Cell::Plain(Value::Null) };
    let read = match kind {
        "boolean" => Some(Value::Bool(text == "true" || text == "t")),
        "smallint" | "integer" | "bigint" | "oid" => text.parse().ok().map(Value::Int),
        "real" | "double precision" => text.parse().ok().map(Value::Float),
        "bytea" => text.strip_prefix("\\x").and_then(bytes).map(Value::Bytes),
        "json" | "jsonb" => return serde_json::from_str(text).map_or_else(|_| Cell::Plain(value.clone()), Cell::Json),
        _ => None,
    };
    Cell::Plain(read.unwrap_or_else(|| value.clone()))
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}

fn selects(sql: &Stmt) -> bool {
    let sql = sql.text();
    let start = sql.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    let word: String = start.chars().take_while(|c| c.is_alphanumeric()).collect();
    SELECTS.contains(&word.to_ascii_uppercase().as_str())
}

impl Serialize for Cell {
    /// Bytes are text in hexadecimal digits after `\x`, as PostgreSQL writes them.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Json(document) => document.serialize(serializer),
            Self::Plain(Value::Null) => serializer.serialize_none(),
            Self::Plain(Value::Bool(flag)) => serializer.serialize_bool(*flag),
            Self::Plain(Value::Int(number)) => serializer.serialize_i64(*number),
            Self::Plain(Value::Float(number)) => serializer.serialize_f64(*number),
            Self::Plain(Value::Text(text)) => serializer.serialize_str(text),
            Self::Plain(Value::Bytes(bytes)) => serializer.serialize_str(&hexadecimal(bytes)),
        }
    }
}

impl Cell {
    /// The value as text; `None` is NULL.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Json(document) => Some(document.to_string()),
            Self::Plain(Value::Null) => None,
            Self::Plain(Value::Bool(flag)) => Some(flag.to_string()),
            Self::Plain(Value::Int(number)) => Some(number.to_string()),
            Self::Plain(Value::Float(number)) => Some(number.to_string()),
            Self::Plain(Value::Text(text)) => Some(text.clone()),
            Self::Plain(Value::Bytes(bytes)) => Some(hexadecimal(bytes)),
        }
    }

    /// Whether it is a number, which people like to see at the right.
    #[must_use]
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Plain(Value::Int(_) | Value::Float(_)))
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold("\\x".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_statements_that_read_are_let_through() {
        for fine in [
            "SELECT 1",
            " ( select 1 ) union select 2",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "values (1)",
            "EXPLAIN SELECT 1",
            "SHOW TABLES",
            "PRAGMA table_info('domain')",
            "SELECT 'INTO OUTFILE'",
            "SELECT 1 /* INTO OUTFILE '/tmp/x' */",
        ] {
            permitted(Engine::Mysql, fine).unwrap_or_else(|error| panic!("{fine}: {error}"));
        }
        for wrong in [
            "INSERT INTO t VALUES (1)",
            "update t set a = 1",
            "CALL everything()",
            "SET GLOBAL read_only = 0",
            "KILL 7",
            "COPY t TO PROGRAM 'rm'",
            "DO $$ BEGIN END $$",
            "PRAGMA journal_mode = DELETE",
            "PRAGMA wal_checkpoint",
            "PRAGMA query_only(0)",
            "/*! INSERT INTO t VALUES (1) */",
            "SELECT 1 INTO OUTFILE '/tmp/x'",
            "SELECT 1 INTO/**/OUTFILE '/tmp/x'",
            "SELECT 1 INTO -- a\nDUMPFILE '/tmp/x'",
            "SELECT 1 /*!INTO OUTFILE '/tmp/x'*/",
            r"SELECT 'a\' INTO OUTFILE '/tmp/x' -- '",
            "",
        ] {
            assert!(permitted(Engine::Mysql, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn values_of_postgresql_get_their_types_back() {
        let read = |text: &str, kind: &str| serde_json::to_string(&typed(&Value::from(text), kind)).expect("JSON");
        assert_eq!(read("9007199254740993", "bigint"), "9007199254740993");
        assert_eq!(read("12.50", "numeric"), "\"12.50\"");
        assert_eq!(read("true", "boolean"), "true");
        assert_eq!(read("{\"a\": null}", "jsonb"), "{\"a\":null}");
        assert_eq!(read("\\x00ff", "bytea"), "\"\\\\x00ff\"");
        assert_eq!(read("NaN", "double precision"), "null");
        assert_eq!(typed(&Value::Null, "text"), Cell::Plain(Value::Null));
    }
}
