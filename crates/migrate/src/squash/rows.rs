//! The rows of a scratch database as statements that put them in again, and as digests that can be compared. The engine itself
//! writes the literals.

use std::cmp::Ordering;

use plimsoll_core::db::{Db, DbError, Engine, Stmt, quoted};
use plimsoll_core::template::sha256_hex;
use serde::{Deserialize, Serialize};

use crate::schema::{Object, ObjectKind, Schema};

/// The statements of a baseline, in order, without semicolons at their ends.
#[derive(Debug, Default)]
pub(super) struct Statements(pub(super) Vec<String>);

/// The rows of a table, compared by a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRows {
    /// The table, with its schema where it has one.
    pub table: String,
    /// How many rows.
    pub rows: usize,
    /// The SHA-256 of all of them.
    pub digest: String,
}

/// How many rows one statement puts in.
const AT_ONCE: usize = 100;

/// The rows of all tables as `INSERT`s and as digests.
pub(super) fn read(db: &mut dyn Db, schema: &Schema) -> Result<(Vec<String>, Vec<TableRows>), DbError> {
    let mut inserts = Vec::new();
    let mut tables = Vec::new();
    for table in schema.objects.values().filter(|object| object.key.kind == ObjectKind::Table) {
        let (columns, always) = columns(schema, table);
        if columns.is_empty() {
            continue;
        }
        let rows = rows(db, table, &columns)?;
        let shown =
            table.key.schema.as_deref().map(|schema| format!("{schema}.")).unwrap_or_default() + &table.key.name;
        tables.push(TableRows { table: shown, rows: rows.len(), digest: sha256_hex(rows.join("\n").as_bytes()) });
        let names: Vec<String> = columns.iter().map(|column| quoted(schema.engine, &column.key.name)).collect();
        let overriding = if always { " OVERRIDING SYSTEM VALUE" } else { "" };
        for rows in rows.chunks(AT_ONCE) {
            let rows = rows.iter().map(|row| format!("    ({row})")).collect::<Vec<_>>().join(",\n");
            let (table, names) = (qualified(schema.engine, table), names.join(", "));
            inserts.push(format!("INSERT INTO {table} ({names}){overriding} VALUES\n{rows}"));
        }
    }
    Ok((inserts, tables))
}

/// How far sequences and keys that count by themselves have come, as the statements that say so.
pub(super) fn counters(db: &mut dyn Db, schema: &Schema) -> Result<Vec<String>, DbError> {
    let literal = |text: &str| plimsoll_core::db::dialect::literal(schema.engine, text);
    let mut statements = Vec::new();
    match schema.engine {
        Engine::Postgres => {
            let sql = "SELECT format('%I.%I', schemaname, sequencename), last_value::text FROM pg_sequences \
                       WHERE last_value IS NOT NULL AND schemaname NOT IN ('plimsoll') ORDER BY 1";
            for row in db.rows(&Stmt::new(sql))? {
                statements.push(format!("SELECT pg_catalog.setval({}, {}, true)", literal(row.text(0)), row.text(1)));
            }
        }
        Engine::Mysql => {
            for sequence in schema.objects.values().filter(|object| object.key.kind == ObjectKind::Sequence) {
                let name = quoted(Engine::Mysql, &sequence.key.name);
                let sql = format!("SELECT CAST(next_not_cached_value AS CHAR) FROM {name}");
                for row in db.rows(&Stmt::new(sql))? {
                    if Some(row.text(0)) != sequence.attribute("start") {
                        statements.push(format!("ALTER SEQUENCE {name} RESTART {}", row.text(0)));
                    }
                }
            }
        }
        Engine::Sqlite => {
            let exists = "SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'";
            if plimsoll_core::db::scalar(db, &Stmt::new(exists))?.as_int() == Some(0) {
                return Ok(statements);
            }
            let sql = "SELECT name, CAST(seq AS TEXT) FROM sqlite_sequence WHERE name NOT LIKE 'plimsoll\\_%' ESCAPE '\\' ORDER BY 1";
            for row in db.rows(&Stmt::new(sql))? {
                let name = literal(row.text(0));
                statements.push(format!("DELETE FROM sqlite_sequence WHERE name = {name}"));
                statements.push(format!("INSERT INTO sqlite_sequence (name, seq) VALUES ({name}, {})", row.text(1)));
            }
        }
    }
    Ok(statements)
}

/// The columns that can be written, in order, and whether one of them has to be told that it may be.
fn columns<'a>(schema: &'a Schema, table: &Object) -> (Vec<&'a Object>, bool) {
    let key = &table.key;
    let mut columns: Vec<&Object> = schema
        .objects
        .values()
        .filter(|object| object.key.kind == ObjectKind::Column && object.key.schema == key.schema)
        .filter(|object| object.key.table.as_ref() == Some(&key.name) && object.attribute("generated").is_none())
        .collect();
    columns.sort_by_key(|column| column.attribute("position").and_then(|text| text.parse::<u32>().ok()));
    let always = columns.iter().any(|column| column.attribute("identity") == Some("always"));
    (columns, always)
}

/// Rows as lists of literals, in an order of their own.
fn rows(db: &mut dyn Db, table: &Object, columns: &[&Object]) -> Result<Vec<String>, DbError> {
    let engine = db.engine();
    let select: Vec<String> = columns.iter().map(|column| literal_of(engine, column)).collect();
    // What partitions hold is read from them.
    let only = if engine == Engine::Postgres { "ONLY " } else { "" };
    let sql = format!("SELECT {} FROM {only}{}", select.join(", "), qualified(engine, table));
    let read = db.rows(&Stmt::new(sql))?;
    let mut rows: Vec<Vec<String>> =
        read.iter().map(|row| (0..columns.len()).map(|at| row.text(at).to_owned()).collect()).collect();
    rows.sort_by(|one, other| {
        one.iter()
            .zip(other)
            .map(|(one, other)| by_number(one, other))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    });
    Ok(rows.into_iter().map(|row| row.join(", ")).collect())
}

/// The expression that writes a column as a literal.
fn literal_of(engine: Engine, column: &Object) -> String {
    let name = quoted(engine, &column.key.name);
    match engine {
        Engine::Postgres => format!("quote_nullable({name}::text)"),
        Engine::Sqlite => format!("quote({name})"),
        Engine::Mysql => {
            let kind = column.attribute("type").unwrap_or_default();
            let is_binary = ["binary", "blob", "bit", "geometry", "point", "linestring", "polygon", "geom"];
            match is_binary.iter().any(|word| kind.contains(word)) {
                true => {
                    format!("IF({name} IS NULL, 'NULL', IF(LENGTH({name}) = 0, '''''', CONCAT('0x', HEX({name}))))")
                }
                false => format!("QUOTE({name})"),
            }
        }
    }
}

fn by_number(one: &str, other: &str) -> Ordering {
    let number = |text: &str| text.trim_matches('\'').parse::<f64>().ok();
    match (number(one), number(other)) {
        (Some(a), Some(b)) => a.total_cmp(&b).then_with(|| one.cmp(other)),
        _ => one.cmp(other),
    }
}

fn qualified(engine: Engine, table: &Object) -> String {
    let name = quoted(engine, &table.key.name);
    table.key.schema.as_deref().map_or_else(|| name.clone(), |schema| format!("{}.{name}", quoted(engine, schema)))
}
