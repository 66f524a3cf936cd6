//! PostgreSQL through diesel: sessions, binds and reads. Nothing outside `db` knows this backend.

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::deserialize::{self, FromSql};
use diesel::pg::{Pg, PgConnection};
use diesel::query_builder::AstPass;
use diesel::sql_types::{BigInt, Binary, Bool, Double, Float, Integer, SmallInt, Text};
use diesel::{Connection, QueryResult, RunQueryDsl};
use diesel_migrations::MigrationHarness;

use super::pooled::Pooled;
use super::row::ReadValue;
use super::stmt::BindValue;
use super::{Access, BulkRows, Db, DbError, DynRow, Engine, Stmt, Value};
use crate::{Redactor, Secret};

const ENGINE: Engine = Engine::Postgres;

/// The first user-defined type id: enums and domains arrive as their text.
const FIRST_USER_TYPE: u32 = 16_384;

/// How often connecting is tried while a busy pooler lends the parts of diesel's first statements to different sessions.
const POOLER_TRIES: u32 = 5;

pub(super) fn connect(
    url: &str,
    search_path: Option<&str>,
    access: Access,
    pooled: bool,
) -> Result<Box<dyn Db>, DbError> {
    if pooled {
        return Ok(Box::new(Pooled::new(open(url, search_path)?, access)));
    }
    match access {
        Access::Write => Ok(Box::new(open(url, search_path)?)),
        Access::Read => match open(&read_only(url), search_path) {
            Ok(conn) => Ok(Box::new(conn)),
            // Poolers refuse settings that would stay with a session which serves others next.
            Err(error) if error.message.contains("startup parameter") => {
                Ok(Box::new(Pooled::new(open(url, search_path)?, access)))
            }
            Err(error) => Err(error),
        },
    }
}

fn open(url: &str, search_path: Option<&str>) -> Result<PgConnection, DbError> {
    let redactor = Redactor::new([&Secret::new(url)]);
    let mut tries = 0;
    let mut conn = loop {
        match PgConnection::establish(url) {
            Ok(conn) => break conn,
            Err(error) if tries < POOLER_TRIES && error.to_string().contains("prepared statement") => tries += 1,
            Err(error) => return Err(DbError::connecting(ENGINE, &error, &redactor)),
        }
    };
    // A notice is not an error, and libpq would print it past every reporter. Since PostgreSQL 14: a killed deployer's statement
    // ends within a second, and with it its lock. Older: no such setting.
    // Whatever the server or the role prefers, values are spelled in the one way that is understood here. In which order the
    // numbers of a date are read stays as it is: the scripts of people mean the same as with any other client.
    let mut settings = "SET client_min_messages = warning; SET application_name = 'plimsoll'; \
        SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET extra_float_digits = 1; \
        SELECT CASE WHEN current_setting('server_version_num')::int >= 140000 \
        THEN set_config('client_connection_check_interval', '1s', false) END"
        .to_owned();
    if let Some(schema) = search_path {
        let schema = super::dialect::literal(ENGINE, &super::quoted(ENGINE, schema));
        settings.push_str(&format!("; SELECT set_config('search_path', {schema}, false)"));
    }
    conn.batch_execute(&settings).map_err(failed)?;
    Ok(conn)
}

/// Asks for a session that cannot write from its beginning on: a statement behind a pooler would set it for somebody else.
fn read_only(url: &str) -> String {
    const OPTION: &str = "-c%20default_transaction_read_only%3Don";
    match url.split_once("options=") {
        Some((before, after)) => format!("{before}options={OPTION}%20{after}"),
        None => format!("{url}{}options={OPTION}", if url.contains('?') { '&' } else { '?' }),
    }
}

impl Db for PgConnection {
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
        super::copy::load(self, table, columns, rows)
    }

    fn begin(&mut self) -> Result<(), DbError> {
        AnsiTransactionManager::begin_transaction(self).map_err(failed)
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

impl BindValue for Pg {
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

impl ReadValue for Pg {
    fn read(raw: Self::RawValue<'_>) -> deserialize::Result<Value> {
        // The ids of built-in types are part of PostgreSQL's protocol (pg_type.dat) and never change.
        Ok(match raw.get_oid().get() {
            16 => Value::Bool(FromSql::<Bool, Self>::from_sql(raw)?),
            20 => Value::Int(FromSql::<BigInt, Self>::from_sql(raw)?),
            21 => Value::Int(i64::from(<i16 as FromSql<SmallInt, Self>>::from_sql(raw)?)),
            23 => Value::Int(i64::from(<i32 as FromSql<Integer, Self>>::from_sql(raw)?)),
            700 => Value::Float(f64::from(<f32 as FromSql<Float, Self>>::from_sql(raw)?)),
            701 => Value::Float(FromSql::<Double, Self>::from_sql(raw)?),
            18 | 19 | 25 | 114 | 705 | 1042 | 1043 => Value::Text(FromSql::<Text, Self>::from_sql(raw)?),
            17 => Value::Bytes(FromSql::<Binary, Self>::from_sql(raw)?),
            oid if oid >= FIRST_USER_TYPE => Value::Text(FromSql::<Text, Self>::from_sql(raw)?),
            oid => return Err(format!("a column of type id {oid} has to be cast to text in the query").into()),
        })
    }
}

fn failed(error: diesel::result::Error) -> DbError {
    DbError::running(ENGINE, error)
}
