//! COPY on PostgreSQL: rows of columns that are known at run time only, in its text format. Opening sessions is `postgres`'s.

use std::cell::RefCell;
use std::io::Write;

use diesel::pg::{CopyTarget, Pg, PgConnection};
use diesel::query_builder::AstPass;
use diesel::{ExecuteCopyFromDsl, QueryResult, copy_from};

use super::{BulkRows, DbError, DbErrorKind, Engine, Value, quoted};

diesel::table! {
    /// Stands for whatever table is loaded: diesel wants to know one while it compiles.
    plimsoll_load (line) {
        line -> BigInt,
    }
}

/// The table and columns that are being loaded. diesel asks for them by a function without arguments.
struct Target;

thread_local! {
    static TARGET: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Bytes that are collected before they are handed over.
const BUFFER: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
enum CopyError {
    #[error("{0}")]
    Diesel(#[from] diesel::result::Error),
    #[error("{0}")]
    Given(DbError),
}

impl CopyTarget for Target {
    type Table = plimsoll_load::table;
    type SqlType = diesel::sql_types::BigInt;

    fn walk_target(mut pass: AstPass<'_, '_, Pg>) -> QueryResult<()> {
        TARGET.with_borrow(|target| pass.push_sql(target));
        Ok(())
    }
}

pub(super) fn load(
    conn: &mut PgConnection,
    table: &str,
    columns: &[&str],
    rows: &mut dyn BulkRows,
) -> Result<u64, DbError> {
    let list: Vec<String> = columns.iter().map(|column| quoted(Engine::Postgres, column)).collect();
    TARGET.set(format!("{} ({})", quoted(Engine::Postgres, table), list.join(", ")));
    let given: RefCell<Option<DbError>> = RefCell::new(None);
    let rows = RefCell::new(rows);
    let copied = copy_from(plimsoll_load::table)
        .from_raw_data(Target, |out: &mut dyn Write| -> Result<(), CopyError> {
            let mut buffer = Vec::with_capacity(BUFFER + 4096);
            let told = rows.borrow_mut().each(&mut |row| {
                encode(row, &mut buffer);
                if buffer.len() < BUFFER {
                    return Ok(());
                }
                let sent = out.write_all(&buffer).map_err(refused);
                buffer.clear();
                sent
            });
            told.and_then(|()| out.write_all(&buffer).map_err(refused)).map_err(|error| {
                // What the server answers to a broken off COPY says nothing about why.
                given.replace(Some(error));
                CopyError::Given(DbError::new(Engine::Postgres, DbErrorKind::Refused, "the rows ended early"))
            })
        })
        .execute(conn);
    match (copied, given.into_inner()) {
        (Ok(count), _) => Ok(u64::try_from(count).unwrap_or_default()),
        (Err(_), Some(error)) => Err(error),
        (Err(CopyError::Diesel(error)), None) => Err(DbError::running(Engine::Postgres, error)),
        (Err(CopyError::Given(error)), None) => Err(error),
    }
}

fn refused(error: std::io::Error) -> DbError {
    DbError::new(Engine::Postgres, DbErrorKind::Lost, error.to_string())
}

/// One line of COPY's text format.
fn encode(row: &[Value], out: &mut Vec<u8>) {
    for (position, value) in row.iter().enumerate() {
        if position > 0 {
            out.push(b'\t');
        }
        // Writing to memory does not fail.
        drop(match value {
            Value::Null => out.write_all(b"\\N"),
            Value::Bool(flag) => out.write_all(if *flag { b"t" } else { b"f" }),
            Value::Int(number) => write!(out, "{number}"),
            Value::Float(number) => write!(out, "{number:e}"),
            Value::Text(text) => {
                escape(text.as_bytes(), out);
                Ok(())
            }
            Value::Bytes(bytes) => {
                out.extend_from_slice(b"\\\\x");
                bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
            }
        });
    }
    out.push(b'\n');
}

fn escape(text: &[u8], out: &mut Vec<u8>) {
    let mut start = 0;
    for (index, byte) in text.iter().enumerate() {
        let letter = match byte {
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            _ => continue,
        };
        out.extend_from_slice(&text[start..index]);
        out.extend_from_slice(&[b'\\', letter]);
        start = index + 1;
    }
    out.extend_from_slice(&text[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_separates_and_ends_rows_is_escaped_inside_of_values() {
        let mut out = Vec::new();
        let text = Value::from("a\tb\\N\nc\r");
        encode(
            &[Value::Null, Value::Bool(true), Value::Int(-7), Value::Float(0.5), text, Value::Bytes(vec![0, 255])],
            &mut out,
        );
        assert_eq!(String::from_utf8_lossy(&out), "\\N\tt\t-7\t5e-1\ta\\tb\\\\N\\nc\\r\t\\\\x00ff\n");
    }
}
