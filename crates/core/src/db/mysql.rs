//! MySQL and MariaDB through diesel: sessions, binds and reads. Nothing outside `db` knows this backend.

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::deserialize::{self, FromSql};
use diesel::mysql::data_types::MysqlTime;
use diesel::mysql::{Mysql, MysqlConnection, MysqlType};
use diesel::query_builder::AstPass;
use diesel::sql_types::{BigInt, Binary, Bool, Date, Double, Float, Nullable, Text, Time, Timestamp, Unsigned};
use diesel::{Connection, QueryResult, RunQueryDsl};
use diesel_migrations::MigrationHarness;

use super::row::ReadValue;
use super::stmt::{BindNull, BindValue};
use super::{Access, BulkRows, Db, DbError, DynRow, Engine, Stmt, Value};
use crate::{Redactor, Secret};

const ENGINE: Engine = Engine::Mysql;

/// Without a strict mode MySQL cuts text and turns wrong numbers into 0 without a word.
const SESSION: &str = "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE'); \
     SET SESSION time_zone = '+00:00'; SET SESSION foreign_key_checks = 1; SET SESSION unique_checks = 1";

/// Rows per INSERT of a bulk load.
const BULK_ROWS: usize = 1_000;

pub(super) fn connect(url: &str, access: Access) -> Result<Box<dyn Db>, DbError> {
    let redactor = Redactor::new([&Secret::new(url)]);
    let mut conn = MysqlConnection::establish(url).map_err(|error| DbError::connecting(ENGINE, &error, &redactor))?;
    conn.batch_execute(SESSION).map_err(failed)?;
    if matches!(access, Access::Read) {
        conn.batch_execute("SET SESSION TRANSACTION READ ONLY").map_err(failed)?;
    }
    Ok(Box::new(conn))
}

impl Db for MysqlConnection {
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
        let target = (table, columns);
        super::bulk::insert(ENGINE, target, BULK_ROWS, rows, &mut |insert| {
            RunQueryDsl::execute(insert, self).map(drop).map_err(failed)
        })
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

impl BindValue for Mysql {
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

impl BindNull for Mysql {
    fn bind_null(out: &mut AstPass<'_, '_, Self>) -> QueryResult<()> {
        out.push_bind_param::<Nullable<Text>, Option<String>>(&None)
    }
}

impl ReadValue for Mysql {
    fn read(raw: Self::RawValue<'_>) -> deserialize::Result<Value> {
        Ok(match raw.value_type() {
            MysqlType::Tiny
            | MysqlType::Short
            | MysqlType::Long
            | MysqlType::LongLong
            | MysqlType::UnsignedTiny
            | MysqlType::UnsignedShort
            | MysqlType::UnsignedLong => Value::Int(FromSql::<BigInt, Self>::from_sql(raw)?),
            MysqlType::UnsignedLongLong => unsigned(FromSql::<Unsigned<BigInt>, Self>::from_sql(raw)?),
            MysqlType::Float => Value::Float(f64::from(<f32 as FromSql<Float, Self>>::from_sql(raw)?)),
            MysqlType::Double => Value::Float(FromSql::<Double, Self>::from_sql(raw)?),
            MysqlType::Enum | MysqlType::Set => Value::Text(FromSql::<Text, Self>::from_sql(raw)?),
            // BINARY and VARBINARY say that they are strings.
            MysqlType::Blob | MysqlType::String => blob(FromSql::<Binary, Self>::from_sql(raw)?),
            MysqlType::Date => date(&<MysqlTime as FromSql<Date, Self>>::from_sql(raw)?),
            MysqlType::Time => time(&<MysqlTime as FromSql<Time, Self>>::from_sql(raw)?),
            MysqlType::DateTime | MysqlType::Timestamp => {
                moment(&<MysqlTime as FromSql<Timestamp, Self>>::from_sql(raw)?)
            }
            // Digits in ASCII.
            MysqlType::Numeric => blob(raw.as_bytes().to_vec()),
            MysqlType::Bit => Value::Bytes(raw.as_bytes().to_vec()),
            other => return Err(format!("a column of type {other:?} has to be cast to CHAR in the query").into()),
        })
    }
}

/// Ids are unsigned in many schemas and stay far below the limit; what is above it travels as text, like decimals.
fn unsigned(number: u64) -> Value {
    i64::try_from(number).map_or_else(|_| Value::Text(number.to_string()), Value::Int)
}

fn date(at: &MysqlTime) -> Value {
    Value::Text(format!("{:04}-{:02}-{:02}", at.year, at.month, at.day))
}

/// Of any number of hours, as the client of the server writes it.
fn time(at: &MysqlTime) -> Value {
    let sign = if at.neg { "-" } else { "" };
    let hours = at.day * 24 + at.hour;
    Value::Text(format!("{sign}{hours:02}:{:02}:{:02}{}", at.minute, at.second, fraction(at)))
}

fn moment(at: &MysqlTime) -> Value {
    let (hour, minute, second) = (at.hour, at.minute, at.second);
    let day = format!("{:04}-{:02}-{:02}", at.year, at.month, at.day);
    Value::Text(format!("{day} {hour:02}:{minute:02}:{second:02}{}", fraction(at)))
}

fn fraction(at: &MysqlTime) -> String {
    if at.second_part == 0 { String::new() } else { format!(".{:06}", at.second_part) }
}

/// information_schema answers some text columns as blobs; bytes that are text are given as text.
fn blob(bytes: Vec<u8>) -> Value {
    match String::from_utf8(bytes) {
        Ok(text) => Value::Text(text),
        Err(error) => Value::Bytes(error.into_bytes()),
    }
}

fn failed(error: diesel::result::Error) -> DbError {
    DbError::running(ENGINE, error)
}
