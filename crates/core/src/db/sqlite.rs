//! SQLite through diesel: sessions, binds and reads. Nothing outside `db` knows this backend.

use std::path::Path;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::deserialize::{self, FromSql};
use diesel::query_builder::AstPass;
use diesel::sql_types::{BigInt, Binary, Bool, Double, Text};
use diesel::sqlite::{Sqlite, SqliteConnection, SqliteType};
use diesel::{Connection, QueryResult, RunQueryDsl};
use diesel_migrations::MigrationHarness;

use super::row::ReadValue;
use super::stmt::BindValue;
use super::{Access, Db, DbError, DbErrorKind, DynRow, Engine, Stmt, Value};
use crate::Redactor;

const ENGINE: Engine = Engine::Sqlite;

/// Waiting writers poll for this long; deployments never overlap, so only the service can be in the way.
const SESSION: &str = "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL;";

pub(super) fn connect(path: &Path, access: Access) -> Result<Box<dyn Db>, DbError> {
    let target = match access {
        // SQLite would create the file; a database that is only looked at stays missing, and is empty.
        Access::Read if !path.exists() => ":memory:".to_owned(),
        Access::Read => path_text(path)?,
        Access::Write => {
            if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                std::fs::create_dir_all(parent).map_err(|error| {
                    DbError::new(ENGINE, DbErrorKind::Unreachable, format!("cannot create `{}`: {error}", parent.display()))
                })?;
            }
            path_text(path)?
        }
    };
    let mut conn = SqliteConnection::establish(&target)
        .map_err(|error| DbError::connecting(ENGINE, &error, &Redactor::default()))?;
    conn.batch_execute(SESSION).map_err(|error| unreachable_file(path, error))?;
    if matches!(access, Access::Write) {
        // WAL lets the running service read while a deployment writes.
        conn.batch_execute("PRAGMA journal_mode = WAL;").map_err(|error| unreachable_file(path, error))?;
    }
    // The file is opened lazily: without a read, a file that is no database would only show later.
    conn.batch_execute("SELECT count(*) FROM sqlite_schema;").map_err(|error| unreachable_file(path, error))?;
    Ok(Box::new(conn))
}

impl Db for SqliteConnection {
    fn engine(&self) -> Engine {
        ENGINE
    }

    fn batch(&mut self, sql: &str) -> Result<(), DbError> {
        self.batch_execute(sql).map_err(failed)
    }

    fn execute(&mut self, stmt: &Stmt) -> Result<usize, DbError> {
        RunQueryDsl::execute(stmt.clone(), self).map_err(failed)
    }

    fn rows(&mut self, stmt: &Stmt) -> Result<Vec<DynRow>, DbError> {
        stmt.clone().load(self).map_err(failed)
    }

    fn begin(&mut self) -> Result<(), DbError> {
        AnsiTransactionManager::begin_transaction_sql(self, "BEGIN IMMEDIATE").map_err(failed)
    }

    fn commit(&mut self) -> Result<(), DbError> {
        AnsiTransactionManager::commit_transaction(self).map_err(failed)
    }

    fn rollback(&mut self) -> Result<(), DbError> {
        AnsiTransactionManager::rollback_transaction(self).map_err(failed)
    }

    fn ensure_diesel_history(&mut self) -> Result<(), DbError> {
        self.diesel_history().map(drop)
    }

    fn diesel_history(&mut self) -> Result<Vec<String>, DbError> {
        super::read_diesel_history(ENGINE, self.applied_migrations())
    }
}

impl BindValue for Sqlite {
    fn bind<'b>(value: &'b Value, out: &mut AstPass<'_, 'b, Self>) -> QueryResult<()> {
        match value {
            Value::Null => {
                out.push_sql("NULL");
                Ok(())
            }
            Value::Bool(flag) => out.push_bind_param::<Bool, _>(flag),
            Value::Int(number) => out.push_bind_param::<BigInt, _>(number),
            Value::Float(number) => out.push_bind_param::<Double, _>(number),
            Value::Text(text) => out.push_bind_param::<Text, _>(text),
            Value::Bytes(bytes) => out.push_bind_param::<Binary, _>(bytes),
        }
    }
}

impl ReadValue for Sqlite {
    fn read(raw: Self::RawValue<'_>) -> deserialize::Result<Value> {
        Ok(match raw.value_type() {
            None => Value::Null,
            Some(SqliteType::SmallInt | SqliteType::Integer | SqliteType::Long) => {
                Value::Int(FromSql::<BigInt, Self>::from_sql(raw)?)
            }
            Some(SqliteType::Float | SqliteType::Double) => Value::Float(FromSql::<Double, Self>::from_sql(raw)?),
            Some(SqliteType::Text) => Value::Text(FromSql::<Text, Self>::from_sql(raw)?),
            Some(_) => Value::Bytes(FromSql::<Binary, Self>::from_sql(raw)?),
        })
    }
}

fn failed(error: diesel::result::Error) -> DbError {
    DbError::running(ENGINE, error)
}

fn unreachable_file(path: &Path, error: diesel::result::Error) -> DbError {
    let cause = DbError::running(ENGINE, error).message;
    DbError::new(ENGINE, DbErrorKind::Unreachable, format!("cannot use `{}` as a SQLite database: {cause}", path.display()))
}

fn path_text(path: &Path) -> Result<String, DbError> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        DbError::new(ENGINE, DbErrorKind::Unreachable, format!("`{}` is not valid UTF-8", path.display()))
    })
}
