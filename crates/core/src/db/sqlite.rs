//! SQLite through diesel: sessions, binds and reads. Nothing outside `db` knows this backend.

use std::path::Path;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::deserialize::{self, FromSql};
use diesel::query_builder::AstPass;
use diesel::sql_types::{BigInt, Binary, Bool, Double, Nullable, Text};
use diesel::sqlite::{Sqlite, SqliteConnection, SqliteType};
use diesel::{Connection, QueryResult, RunQueryDsl};
use diesel_migrations::MigrationHarness;

use super::row::ReadValue;
use super::stmt::{BindNull, BindValue};
use super::{Access, BulkRows, Db, DbError, DbErrorKind, DynRow, Engine, Stmt, Value};
use crate::Redactor;

const ENGINE: Engine = Engine::Sqlite;

mod hash {
    diesel::define_sql_function! {
        /// A hash of 64 bits, for fingerprints of tables: SQLite has none of its own.
        fn plimsoll_hash(text: diesel::sql_types::Text) -> diesel::sql_types::BigInt;
    }
}

/// Waiting writers poll for this long; deployments never overlap, so only the service can be in the way.
const SESSION: &str = "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL;";

/// Rows per INSERT of a bulk load: more bring nothing without a network in between.
const BULK_ROWS: usize = 100;

pub(super) fn connect(path: &Path, access: Access) -> Result<Box<dyn Db>, DbError> {
    let target = match access {
        // SQLite would create the file; a database that is only looked at stays missing, and is empty.
        Access::Read if !path.exists() => ":memory:".to_owned(),
        Access::Read => path_text(path)?,
        Access::Write => {
            if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                std::fs::create_dir_all(parent).map_err(|error| {
                    DbError::new(
                        ENGINE,
                        DbErrorKind::Unreachable,
                        format!("cannot create `{}`: {error}", parent.display()),
                    )
                })?;
            }
            path_text(path)?
        }
    };
    let mut conn = SqliteConnection::establish(&target)
        .map_err(|error| DbError::connecting(ENGINE, &error, &Redactor::default()))?;
    hash::plimsoll_hash_utils::register_impl(&mut conn, |text: String| hash_of(&text)).map_err(failed)?;
    conn.batch_execute(SESSION).map_err(|error| unreachable_file(path, error))?;
    if matches!(access, Access::Write) {
        // WAL lets the running service read while a deployment writes.
        conn.batch_execute("PRAGMA journal_mode = WAL;").map_err(|error| unreachable_file(path, error))?;
    }
    if matches!(access, Access::Read) {
        conn.batch_execute("PRAGMA query_only = ON;").map_err(|error| unreachable_file(path, error))?;
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

    fn bulk_load(&mut self, table: &str, columns: &[&str], rows: &mut dyn BulkRows) -> Result<u64, DbError> {
        // One transaction for all of it. It takes no lock on the file unless the table is one of the file's.
        let alone = !self.is_broken();
        if alone {
            self.batch("BEGIN")?;
        }
        let target = (table, columns);
        let loaded = super::bulk::insert(ENGINE, target, BULK_ROWS, rows, &mut |insert| {
            RunQueryDsl::execute(insert, self).map(drop).map_err(failed)
        });
        if alone {
            self.batch(if loaded.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        }
        loaded
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

    fn is_broken(&mut self) -> bool {
        !matches!(AnsiTransactionManager::transaction_manager_status_mut(self).transaction_depth(), Ok(None))
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

impl BindNull for Sqlite {
    fn bind_null(out: &mut AstPass<'_, '_, Self>) -> QueryResult<()> {
        out.push_bind_param::<Nullable<Text>, Option<String>>(&None)
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

/// The first 64 bits of the text's SHA-256.
fn hash_of(text: &str) -> i64 {
    let digits = crate::template::sha256_hex(text.as_bytes());
    u64::from_str_radix(&digits[..16], 16).unwrap_or_default().cast_signed()
}

fn failed(error: diesel::result::Error) -> DbError {
    DbError::running(ENGINE, error)
}

fn unreachable_file(path: &Path, error: diesel::result::Error) -> DbError {
    let cause = DbError::running(ENGINE, error).message;
    DbError::new(
        ENGINE,
        DbErrorKind::Unreachable,
        format!("cannot use `{}` as a SQLite database: {cause}", path.display()),
    )
}

fn path_text(path: &Path) -> Result<String, DbError> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        DbError::new(ENGINE, DbErrorKind::Unreachable, format!("`{}` is not valid UTF-8", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Access, DatabaseUrl, connect};

    fn url(dir: &tempfile::TempDir) -> DatabaseUrl {
        DatabaseUrl::parse("sqlite:data/a.db", dir.path()).expect("a good URL")
    }

    fn is_empty(dir: &tempfile::TempDir) -> bool {
        std::fs::read_dir(dir.path()).expect("the folder is there").next().is_none()
    }

    #[test]
    fn every_kind_of_value_comes_back_as_it_went_in() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut db = connect(&url(&dir), Access::Write).expect("opens");
        db.batch("CREATE TABLE t (n ANY, b BOOLEAN, i INTEGER, f REAL, s TEXT, x BLOB)").expect("runs");
        let text = "it's \"quoted\" \u{1f6a2}\n; -- ?";
        let mut insert = Stmt::new("INSERT INTO t VALUES (");
        for value in [Value::Null, Value::Bool(true), Value::Int(i64::MIN), Value::Float(-0.1), Value::from(text)] {
            insert = insert.bind(value).sql(", ");
        }
        let affected = db.execute(&insert.bind(Value::Bytes(vec![0, 159, 146, 150])).sql(")")).expect("inserts");
        assert_eq!(affected, 1);
        let rows = db.rows(&Stmt::new("SELECT n, b, i, f, s, x, count(*) AS total FROM t").cached()).expect("reads");
        assert_eq!(
            (rows[0].get("total"), rows[0].get("absent"), rows[0].at(9)),
            (&Value::Int(1), &Value::Null, &Value::Null)
        );
        let values: Vec<Value> = rows.into_iter().flat_map(DynRow::into_values).take(6).collect();
        let expected = [
            Value::Null,
            // SQLite has no booleans.
            Value::Int(1),
            Value::Int(i64::MIN),
            Value::Float(-0.1),
            Value::from(text),
            Value::Bytes(vec![0, 159, 146, 150]),
        ];
        assert_eq!(values, expected);
    }

    #[test]
    fn an_empty_text_and_empty_bytes_are_not_null() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut db = connect(&url(&dir), Access::Write).expect("opens");
        let select = Stmt::new("SELECT ").bind("").sql(", ").bind(Value::Bytes(Vec::new()));
        let values: Vec<Value> = db.rows(&select).expect("reads").into_iter().flat_map(DynRow::into_values).collect();
        assert_eq!(values, [Value::from(""), Value::Bytes(Vec::new())]);
    }

    #[test]
    fn looking_at_a_missing_file_creates_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut db = connect(&url(&dir), Access::Read).expect("an empty database");
        assert!(db.rows(&Stmt::new("SELECT name FROM sqlite_schema")).expect("asks").is_empty());
        assert!(is_empty(&dir));
    }

    #[test]
    fn writing_makes_the_file_and_its_folder() {
        let dir = tempfile::tempdir().expect("a folder");
        connect(&url(&dir), Access::Write).expect("opens");
        assert!(dir.path().join("data/a.db").is_file());
    }

    #[test]
    fn a_file_that_is_no_database_is_told_at_once() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("data")).expect("makes it");
        std::fs::write(dir.path().join("data/a.db"), "this is a letter, not a database".repeat(40)).expect("writes");
        for access in [Access::Read, Access::Write] {
            let Err(error) = connect(&url(&dir), access) else { panic!("it is no database") };
            assert_eq!(error.kind, DbErrorKind::Unreachable, "{error}");
            assert!(error.message.contains("file is not a database"), "{error}");
        }
    }

    #[test]
    fn foreign_keys_are_enforced_and_errors_say_their_kind() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut db = connect(&url(&dir), Access::Write).expect("opens");
        db.batch("CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p INTEGER REFERENCES p(id))").expect("runs");
        let orphan = db.execute(&Stmt::new("INSERT INTO c VALUES (1)")).expect_err("there is no parent");
        let missing = db.batch("SELECT * FROM nowhere").expect_err("there is no such table");
        assert_eq!((orphan.kind, missing.kind), (DbErrorKind::ForeignKey, DbErrorKind::Refused));
        assert!(missing.message.contains("nowhere"), "{missing}");
    }
}
