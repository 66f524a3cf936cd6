//! What was last applied to a table of very many rows, in compressed parts of the ledger. Joining it with the rest is `diff`'s.

mod part;

use std::hash::Hasher;

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{BulkRows, Db, DbError, Stmt, Value, temporary, writing};
use plimsoll_core::ledger::{self, LedgerTable};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::error::SeedError;
use crate::ledger as entries;
use crate::stream::BulkTable;
use crate::stream::file::one;
use crate::stream::sql::{self, ADOPTED, ROW, Shape};
use crate::stream::stage::{Writer, count, writers};
use crate::value::{canonical, canonical_text, fingerprint};

/// The number of the part that describes the others.
const HEADER: i64 = -1;

/// The number of the part that says which rows were there before.
const ADOPTED_ROWS: i64 = -2;

/// Rows in a part.
const ROWS: u64 = 10_000;

/// Bytes in a part before it is compressed, so that rows of documents make smaller ones.
const BYTES: usize = 4 << 20;

/// The first format of the ledger that has parts.
pub(super) const SINCE: i64 = 3;

/// What was applied, in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) fingerprint: String,
    pub(super) columns: Vec<String>,
    pub(super) key: Vec<String>,
    pub(super) rows: u64,
    /// Whether the values were texts as somebody typed them.
    pub(super) is_text: bool,
}

/// A row whose base is not what the source said when it was applied last.
#[derive(Debug, Clone)]
pub(super) struct Exception {
    /// The key, as canonical JSON.
    pub(super) key: String,
    pub(super) applied: Map<String, Json>,
    pub(super) adopted: bool,
}

/// What the ledger knows about a table.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) header: Option<Header>,
    pub(super) exceptions: Vec<Exception>,
}

/// Where the base of a row is to be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing was applied before.
    None,
    /// The rows of the source are the base, but for those in the table.
    Source,
    /// In the table; rows that are not there have none.
    Table,
}

/// The base of a table's rows.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub(super) kind: Kind,
    /// The temporary table, when there is one.
    pub(super) table: Option<String>,
    /// Which columns the base knows.
    pub(super) columns: Vec<bool>,
}

/// Reads what the ledger has in short: the header and the exceptions.
pub(super) fn known(db: &mut dyn Db, table: &str) -> Result<Known, SeedError> {
    let format = ledger::meta(db, "format")?.and_then(|format| format.parse::<i64>().ok());
    if format.is_none_or(|format| format < SINCE) {
        return Ok(Known::default());
    }
    let header = header(db, table)?;
    let entries = entries::of_tables(db, Some(&[table]))?.remove(table).unwrap_or_default();
    let exceptions = entries.into_values().map(|entry| Exception {
        adopted: !entry.created(),
        key: entry.key,
        applied: entry.applied,
    });
    let mut exceptions: Vec<Exception> = exceptions.collect();
    exceptions.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(Known { header, exceptions })
}

/// What was applied to a table, in short. The ledger has to be of a format that has parts.
pub(super) fn header(db: &mut dyn Db, table: &str) -> Result<Option<Header>, SeedError> {
    Ok(content(db, table, HEADER)?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// Finds the base of a table's rows, staging as little of it as will do.
pub(super) fn stage(
    db: &mut dyn Db,
    table: &BulkTable,
    index: usize,
    shape: &Shape,
    known: &Known,
) -> Result<Base, SeedError> {
    let header = known.header.as_ref().filter(|header| header.key == table.key);
    let knows = |column: &str| header.is_none_or(|header| header.columns.iter().any(|known| known == column));
    let columns: Vec<bool> = shape.columns.iter().map(|column| knows(&column.name)).collect();
    let kind = match header {
        // The same rows may have come to be written in more columns.
        Some(header) if header.fingerprint == table.source.fingerprint()? && !columns.contains(&false) => Kind::Source,
        Some(_) => Kind::Table,
        // Rows that were applied one by one before the table was declared as a very large one.
        None if known.header.is_none() && !known.exceptions.is_empty() => Kind::Table,
        None => Kind::None,
    };
    if kind == Kind::None || (kind == Kind::Source && known.exceptions.is_empty()) {
        return Ok(Base { kind, table: None, columns });
    }
    let parts = header.filter(|_| kind == Kind::Table);
    let mut exceptions = SipHasher13::new();
    for exception in &known.exceptions {
        exceptions.write(format!("{} {:?} {}\n", exception.key, exception.applied, exception.adopted).as_bytes());
    }
    let adopted = if parts.is_some() { adopted(db, &table.name)? } else { Vec::new() };
    exceptions.write(format!("{adopted:?}").as_bytes());
    let (parts_of, exceptions) = (parts.map(|header| &header.fingerprint), exceptions.finish128().as_u128());
    let name = format!("plimsoll_b{index}_{}", fingerprint(&format!("{parts_of:?}\n{exceptions:032x}\n{shape:?}")));
    if count(db, &name)?.is_none() {
        let engine = db.engine();
        temporary(db, &[sql::create(engine, &name, shape, &[ADOPTED], true)])?;
        if let Err(error) = fill(db, &name, shape, parts.map(|header| (header, adopted.as_slice())), known) {
            drop(temporary(db, &[sql::drop_table(engine, &name)]));
            return Err(error);
        }
    }
    Ok(Base { kind, table: Some(name), columns })
}

/// Loads the rows of a base: of the parts, with the rows that were there before, and the exceptions.
fn fill(
    db: &mut dyn Db,
    name: &str,
    shape: &Shape,
    parts: Option<(&Header, &[std::ops::Range<u64>])>,
    known: &Known,
) -> Result<(), SeedError> {
    let mut left: std::collections::BTreeMap<&str, &Exception> =
        known.exceptions.iter().map(|exception| (exception.key.as_str(), exception)).collect();
    let mut next = 0;
    let typed = writers(shape, false);
    if let Some((header, adopted)) = parts {
        let written = writers(shape, header.is_text);
        let mut number = 0;
        while let Some(bytes) = content(db, &shape.table, number)? {
            let mut rows = Vec::new();
            let told = part::decode(&bytes, header.columns.len(), &mut |row| {
                let mut values = values(&written, |name| {
                    header.columns.iter().position(|column| column == name).map(|position| &row[position])
                });
                let mut was_there = is_in(adopted, next);
                if !left.is_empty()
                    && let Some(exception) = left.remove(key(shape, |name| named(header, row, name)).as_str())
                {
                    values = of_exception(&typed, exception);
                    was_there = exception.adopted;
                }
                values.insert(0, Value::Int(i64::try_from(next).unwrap_or(i64::MAX)));
                values.push(Value::Int(i64::from(was_there)));
                rows.push(values);
                next += 1;
            });
            if !told {
                return Err(damaged(&shape.table));
            }
            load(db, name, shape, rows)?;
            number += 1;
        }
    }
    let rows = left.into_values().map(|exception| {
        let mut values = of_exception(&typed, exception);
        values.insert(0, Value::Int(i64::try_from(next).unwrap_or(i64::MAX)));
        values.push(Value::Int(i64::from(exception.adopted)));
        next += 1;
        values
    });
    let rows = rows.collect();
    load(db, name, shape, rows)?;
    Ok(())
}

/// Which rows were there before anybody seeded them, by their numbers in the source that was applied last, in order.
pub(super) fn adopted(db: &mut dyn Db, table: &str) -> Result<Vec<std::ops::Range<u64>>, SeedError> {
    Ok(content(db, table, ADOPTED_ROWS)?.map(|bytes| part::ranges(&bytes)).unwrap_or_default())
}

/// Whether a number is in one of some ranges in order.
pub(super) fn is_in(ranges: &[std::ops::Range<u64>], number: u64) -> bool {
    ranges.get(ranges.partition_point(|range| range.end <= number)).is_some_and(|range| range.contains(&number))
}

fn named<'a>(header: &Header, row: &'a [Json], name: &str) -> Option<&'a Json> {
    header.columns.iter().position(|column| column == name).and_then(|position| row.get(position))
}

fn of_exception(writers: &[Writer<'_>], exception: &Exception) -> Vec<Value> {
    values(writers, |name| exception.applied.get(name))
}

/// A row as it is staged. What does not fit its column any more is NULL: it will count as edited, and be kept.
fn values<'v>(writers: &[Writer<'_>], of: impl Fn(&str) -> Option<&'v Json>) -> Vec<Value> {
    let value = |writer: &Writer<'_>| {
        let mut value = Value::Null;
        let told = of(writer.name()).map_or(Ok(()), |json| writer.write(json, &mut value));
        if told.is_err() { Value::Null } else { value }
    };
    writers.iter().map(value).collect()
}

/// The key of a row as the ledger writes it.
pub(super) fn key<'v>(shape: &Shape, of: impl Fn(&str) -> Option<&'v Json>) -> String {
    let value = |column: &plimsoll_core::db::Column| {
        let json = of(&column.name).cloned().unwrap_or(Json::Null);
        (column.name.clone(), canonical(column, &json).unwrap_or(json))
    };
    canonical_text(&Json::Object(shape.key_columns().map(value).collect()))
}

fn load(db: &mut dyn Db, name: &str, shape: &Shape, rows: Vec<Vec<Value>>) -> Result<(), DbError> {
    let columns: Vec<&str> = std::iter::once(ROW)
        .chain(shape.columns.iter().map(|column| column.name.as_str()))
        .chain(std::iter::once(ADOPTED))
        .collect();
    let mut rows = Given(rows);
    writing(db, &mut |db| db.bulk_load(name, &columns, &mut rows).map(drop))
}

struct Given(Vec<Vec<Value>>);

impl BulkRows for Given {
    fn each(&mut self, put: &mut dyn FnMut(&[Value]) -> Result<(), DbError>) -> Result<(), DbError> {
        self.0.iter().try_for_each(|row| put(row))
    }
}

fn content(db: &mut dyn Db, table: &str, number: i64) -> Result<Option<Vec<u8>>, SeedError> {
    let parts = ledger::table(db.engine(), LedgerTable::SeedPart);
    let stmt = Stmt::new(format!("SELECT digest, content FROM {parts} WHERE table_name = "))
        .bind(table)
        .sql(" AND part = ")
        .bind(number);
    let Some(row) = db.rows(&stmt)?.into_iter().next() else { return Ok(None) };
    let digest = row.text(0).to_owned();
    let bytes = match row.into_values().nth(1) {
        Some(Value::Bytes(bytes)) => bytes,
        // MySQL gives bytes that happen to be text as text.
        Some(Value::Text(text)) => text.into_bytes(),
        _ => Vec::new(),
    };
    if part::digest(&bytes) == digest { Ok(Some(bytes)) } else { Err(damaged(table)) }
}

fn damaged(table: &str) -> SeedError {
    one(ErrorCode::SeedFailed, None, format!("the ledger's record of what was applied to `{table}` is damaged"))
}

/// Who writes, for the rows of the ledger.
pub(super) struct Author<'a> {
    pub(super) dataset: &'a str,
    pub(super) run: i64,
    pub(super) deployment: Option<i64>,
}

/// Writes the rows of a source as what was applied, in place of what was there.
pub(super) fn remember(
    db: &mut dyn Db,
    table: &BulkTable,
    adopted: &[std::ops::Range<u64>],
    author: &Author<'_>,
) -> Result<(), SeedError> {
    let parts = ledger::table(db.engine(), LedgerTable::SeedPart);
    db.execute(&Stmt::new(format!("DELETE FROM {parts} WHERE table_name = ")).bind(table.name.as_str()))?;
    let mut raw = Vec::new();
    let (mut in_part, mut number, mut total) = (0, 0, 0);
    let mut flush = |raw: &mut Vec<u8>, rows: u64| -> Result<(), SeedError> {
        let bytes = part::compress(raw);
        raw.clear();
        put(db, table, author, (number, rows), bytes)?;
        number += 1;
        Ok(())
    };
    table.source.each(&mut |row| {
        part::encode(row, &mut raw);
        in_part += 1;
        total += 1;
        if in_part == ROWS || raw.len() >= BYTES {
            flush(&mut raw, std::mem::take(&mut in_part))?;
        }
        Ok(())
    })?;
    if in_part > 0 {
        flush(&mut raw, in_part)?;
    }
    if !adopted.is_empty() {
        put(db, table, author, (ADOPTED_ROWS, 0), part::of_ranges(adopted))?;
    }
    let header = Header {
        fingerprint: table.source.fingerprint()?,
        columns: table.source.columns().iter().map(ToString::to_string).collect(),
        key: table.key.clone(),
        rows: total,
        is_text: table.source.is_text(),
    };
    put(db, table, author, (HEADER, 0), serde_json::to_vec(&header).unwrap_or_default())
}

/// Adds rows of the source that was applied last to those that were there before.
pub(super) fn adopt(
    db: &mut dyn Db,
    table: &BulkTable,
    rows: &[std::ops::Range<u64>],
    author: &Author<'_>,
) -> Result<(), SeedError> {
    let known = adopted(db, &table.name)?;
    let all = part::union(known.iter().chain(rows).cloned().collect());
    if all == known {
        return Ok(());
    }
    let parts = ledger::table(db.engine(), LedgerTable::SeedPart);
    let old = Stmt::new(format!("DELETE FROM {parts} WHERE table_name = ")).bind(table.name.as_str());
    db.execute(&old.sql(" AND part = ").bind(ADOPTED_ROWS))?;
    put(db, table, author, (ADOPTED_ROWS, 0), part::of_ranges(&all))
}

fn put(
    db: &mut dyn Db,
    table: &BulkTable,
    author: &Author<'_>,
    (part, rows): (i64, u64),
    content: Vec<u8>,
) -> Result<(), SeedError> {
    let parts = ledger::table(db.engine(), LedgerTable::SeedPart);
    let columns = "table_name, dataset, part, rows_in_part, digest, content, run";
    let mut insert = Stmt::new(format!("INSERT INTO {parts} ({columns}) VALUES (")).bind(table.name.as_str());
    insert.push(", ");
    insert.push_bind(author.dataset);
    for number in [part, i64::try_from(rows).unwrap_or(i64::MAX)] {
        insert.push(", ");
        insert.push_bind(number);
    }
    insert.push(", ");
    insert.push_bind(part::digest(&content));
    insert.push(", ");
    insert.push_bind(Value::Bytes(content));
    insert.push(", ");
    insert.push_bind(author.run);
    db.execute(&insert.sql(")"))?;
    Ok(())
}
