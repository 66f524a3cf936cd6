//! The seeder's entries in the ledger: what was last applied to each row, by which dataset and run. Runs are `runs`'s.

use std::collections::{BTreeMap, HashMap};

use plimsoll_core::db::{Db, DbError, DynRow, Stmt, Value, dialect};
use plimsoll_core::ledger::{self, LedgerTable};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::read::Seeds;

/// What the ledger knows about a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) row_key: String,
    /// The natural key, canonical, references by theirs.
    pub(crate) key: String,
    pub(crate) applied: Map<String, Json>,
    pub(crate) dataset: String,
    pub(crate) source: String,
    pub(crate) deployment: Option<i64>,
    /// Nothing in entries of older formats: as good as adopted.
    pub(crate) origin: Option<Origin>,
    /// The run that wrote the entry.
    pub(crate) run: Option<i64>,
}

/// How a row came to be a dataset's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Origin {
    /// Seeding created it.
    Created,
    /// It was there before.
    Adopted,
}

/// Rows per statement: nine binds each, far below every limit.
const CHUNK: usize = 500;

/// By table and row key.
pub(crate) type Entries = BTreeMap<String, HashMap<String, Entry>>;

impl Entry {
    /// Whether the row is there because seeding created it.
    pub(crate) fn created(&self) -> bool {
        self.origin == Some(Origin::Created)
    }
}

impl Origin {
    fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Adopted => "adopted",
        }
    }
}

/// What the ledger knows about the rows of the declared tables.
pub(crate) fn entries(db: &mut dyn Db, seeds: &Seeds) -> Result<Entries, DbError> {
    let tables: Vec<&str> = seeds.tables.iter().map(|table| table.name.as_str()).collect();
    if tables.is_empty() { Ok(Entries::new()) } else { of_tables(db, Some(&tables)) }
}

/// What the ledger knows about the rows of these tables, or of all.
pub(crate) fn of_tables(db: &mut dyn Db, tables: Option<&[&str]>) -> Result<Entries, DbError> {
    let mut entries = Entries::new();
    if !ledger::exists(db)? {
        return Ok(entries);
    }
    // A ledger of an older format lacks the newer columns, and planning does not upgrade it.
    let mut stmt = Stmt::new(format!("SELECT l.* FROM {} l", ledger::table(db.engine(), LedgerTable::SeedRow)));
    if let Some(tables) = tables {
        stmt.push(" WHERE l.table_name IN (");
        list(&mut stmt, tables.iter().copied());
    }
    for row in db.rows(&stmt)? {
        let table = text(&row, "table_name");
        let entry = entry(&row);
        entries.entry(table).or_default().insert(entry.row_key.clone(), entry);
    }
    Ok(entries)
}

/// Writes entries of one table, replacing those that exist.
pub(crate) fn write(db: &mut dyn Db, table: &str, entries: &[Entry]) -> Result<(), DbError> {
    let name = ledger::table(db.engine(), LedgerTable::SeedRow);
    let size = CHUNK.min(dialect::max_binds(db.engine()) / 9);
    for chunk in entries.chunks(size) {
        // Every engine spells its upsert differently; deleting and inserting in a transaction is the same to all.
        remove(db, table, chunk.iter().map(|entry| entry.row_key.as_str()))?;
        let mut insert = Stmt::new(format!(
            "INSERT INTO {name} (table_name, row_key, key_json, applied, dataset, source, origin, deployment, run) VALUES "
        ));
        for (index, entry) in chunk.iter().enumerate() {
            insert.push(if index == 0 { "(" } else { ", (" });
            let applied = serde_json::to_string(&entry.applied).unwrap_or_default();
            for text in [table, &entry.row_key, &entry.key, &applied, &entry.dataset, &entry.source] {
                insert.push_bind(text);
                insert.push(", ");
            }
            insert.push_bind(entry.origin.map(Origin::as_str));
            for number in [entry.deployment, entry.run] {
                insert.push(", ");
                insert.push_bind(number.map_or(Value::Null, Value::Int));
            }
            insert.push(")");
        }
        db.execute(&insert)?;
    }
    Ok(())
}

/// Removes entries of one table.
pub(crate) fn remove<'a>(db: &mut dyn Db, table: &str, keys: impl Iterator<Item = &'a str>) -> Result<(), DbError> {
    let name = ledger::table(db.engine(), LedgerTable::SeedRow);
    let keys: Vec<&str> = keys.collect();
    for chunk in keys.chunks(CHUNK) {
        let mut delete =
            Stmt::new(format!("DELETE FROM {name} WHERE table_name = ")).bind(table).sql(" AND row_key IN (");
        list(&mut delete, chunk.iter().copied());
        db.execute(&delete)?;
    }
    Ok(())
}

/// Replaces some of the values that were last applied to a row, and leaves everything else about it.
pub(crate) fn amend(db: &mut dyn Db, table: &str, row_key: &str, values: &Map<String, Json>) -> Result<(), DbError> {
    let name = ledger::table(db.engine(), LedgerTable::SeedRow);
    let of_row = |stmt: Stmt| stmt.sql(" WHERE table_name = ").bind(table).sql(" AND row_key = ").bind(row_key);
    let known = db.rows(&of_row(Stmt::new(format!("SELECT applied FROM {name}"))))?;
    let mut applied: Map<String, Json> =
        known.first().and_then(|row| serde_json::from_str(row.text(0)).ok()).unwrap_or_default();
    applied.extend(values.clone());
    let applied = serde_json::to_string(&applied).unwrap_or_default();
    db.execute(&of_row(Stmt::new(format!("UPDATE {name} SET applied = ")).bind(applied.as_str())))?;
    Ok(())
}

/// Removes entries of any tables.
pub(crate) fn remove_all<'a>(
    db: &mut dyn Db,
    entries: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<(), DbError> {
    let mut tables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    entries.for_each(|(table, key)| tables.entry(table).or_default().push(key));
    tables.into_iter().try_for_each(|(table, keys)| remove(db, table, keys.into_iter()))
}

/// Binds separated by commas, and the closing parenthesis.
pub(crate) fn list<'a>(stmt: &mut Stmt, values: impl Iterator<Item = &'a str>) {
    for (index, value) in values.enumerate() {
        if index > 0 {
            stmt.push(", ");
        }
        stmt.push_bind(value);
    }
    stmt.push(")");
}

fn entry(row: &DynRow) -> Entry {
    Entry {
        row_key: text(row, "row_key"),
        key: text(row, "key_json"),
        // An entry that is not an object is as good as none: the row is adopted again.
        applied: serde_json::from_str(row.get("applied").as_str().unwrap_or_default()).unwrap_or_default(),
        dataset: text(row, "dataset"),
        source: text(row, "source"),
        deployment: row.get("deployment").as_int(),
        origin: match row.get("origin").as_str() {
            Some("created") => Some(Origin::Created),
            Some("adopted") => Some(Origin::Adopted),
            _ => None,
        },
        run: row.get("run").as_int(),
    }
}

fn text(row: &DynRow, column: &str) -> String {
    row.get(column).as_str().unwrap_or_default().to_owned()
}
