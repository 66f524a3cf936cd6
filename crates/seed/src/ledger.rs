//! The seeder's rows in the ledger: what was last applied to each row. The ledger's tables themselves are core's.

use std::collections::{BTreeMap, HashMap};

use plimsoll_core::db::{Db, DbError, Stmt, Value, dialect};
use plimsoll_core::ledger::{self, LedgerTable};
use serde_json::{Map, Value as Json};

use crate::read::Seeds;

/// An entry to be written.
pub(crate) struct Entry {
    pub(crate) row_key: String,
    pub(crate) key: String,
    pub(crate) applied: Map<String, Json>,
    pub(crate) dataset: String,
    pub(crate) source: String,
}

/// Rows per statement: seven binds each, far below every limit.
const CHUNK: usize = 500;

/// By table and row key: the column values that were last applied.
pub(crate) type Bases = BTreeMap<String, HashMap<String, Map<String, Json>>>;

/// What was last applied to the rows of the declared tables.
pub(crate) fn bases(db: &mut dyn Db, seeds: &Seeds) -> Result<Bases, DbError> {
    let mut bases = Bases::new();
    if seeds.tables.is_empty() || !ledger::exists(db)? {
        return Ok(bases);
    }
    let mut stmt = Stmt::new(format!(
        "SELECT table_name, row_key, applied FROM {} WHERE table_name IN (",
        ledger::table(db.engine(), LedgerTable::SeedRow)
    ));
    list(&mut stmt, seeds.tables.iter().map(|table| table.name.as_str()));
    for row in db.rows(&stmt)? {
        // An entry that is not an object is as good as none: the row is adopted again.
        let applied = serde_json::from_str(row.text(2)).unwrap_or_default();
        bases.entry(row.text(0).to_owned()).or_default().insert(row.text(1).to_owned(), applied);
    }
    Ok(bases)
}

/// Writes entries of one table, replacing those that exist.
pub(crate) fn write(db: &mut dyn Db, table: &str, entries: &[Entry], deployment: Option<i64>) -> Result<(), DbError> {
    let name = ledger::table(db.engine(), LedgerTable::SeedRow);
    let size = CHUNK.min(dialect::max_binds(db.engine()) / 7);
    for chunk in entries.chunks(size) {
        // Every engine spells its upsert differently; deleting and inserting in a transaction is the same to all.
        let mut delete =
            Stmt::new(format!("DELETE FROM {name} WHERE table_name = ")).bind(table).sql(" AND row_key IN (");
        list(&mut delete, chunk.iter().map(|entry| entry.row_key.as_str()));
        db.execute(&delete)?;
        let mut insert = Stmt::new(format!(
            "INSERT INTO {name} (table_name, row_key, key_json, applied, dataset, source, deployment) VALUES "
        ));
        for (index, entry) in chunk.iter().enumerate() {
            insert.push(if index == 0 { "(" } else { ", (" });
            let applied = serde_json::to_string(&entry.applied).unwrap_or_default();
            for text in [table, &entry.row_key, &entry.key, &applied, &entry.dataset, &entry.source] {
                insert.push_bind(text);
                insert.push(", ");
            }
            insert.push_bind(deployment.map_or(Value::Null, Value::Int));
            insert.push(")");
        }
        db.execute(&insert)?;
    }
    Ok(())
}

/// Binds separated by commas, and the closing parenthesis.
fn list<'a>(stmt: &mut Stmt, values: impl Iterator<Item = &'a str>) {
    for (index, value) in values.enumerate() {
        if index > 0 {
            stmt.push(", ");
        }
        stmt.push_bind(value);
    }
    stmt.push(")");
}
