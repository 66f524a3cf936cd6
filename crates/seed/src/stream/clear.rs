//! The tables that were streamed into a database, as if their sources had no rows any more: what is removed to start over.
//! Comparing and deleting is the rest of the folder's.

use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_core::Location;
use plimsoll_core::db::{Catalog, Db, Stmt};
use plimsoll_core::ledger::{self, LedgerTable};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::error::SeedError;
use crate::read::Seeds;
use crate::read::model::{EditPolicy, Mode};
use crate::stream::{BulkTable, RowSource, base};

/// A source that had rows once.
#[derive(Debug)]
struct Emptied {
    columns: Vec<Arc<str>>,
    is_text: bool,
}

/// Rows of a table that were streamed, as far as the ledger knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamedRows {
    /// The table.
    pub table: String,
    /// How many rows its source had when it was applied last.
    pub rows: u64,
}

/// What the ledger says was streamed, of some datasets or of all when none is named.
pub(crate) fn streamed(db: &mut dyn Db, datasets: &[String]) -> Result<Vec<StreamedRows>, SeedError> {
    let mut streamed = Vec::new();
    for (table, dataset) in names(db)? {
        if datasets.is_empty() || datasets.contains(&dataset) {
            let header = base::header(db, &table)?.filter(|header| header.rows > 0);
            streamed.extend(header.map(|header| StreamedRows { table, rows: header.rows }));
        }
    }
    Ok(streamed)
}

/// What the ledger says was streamed, with sources that are empty: planned and applied like any other seeds, it removes
/// the rows that seeding created. None when there is nothing of the kind. Tables and columns that are gone since are left out;
/// so are tables whose rows cannot be told any more, because a column of their key is gone.
///
/// # Errors
/// [`SeedError::Database`].
pub fn emptied(db: &mut dyn Db, catalog: &Catalog, user_data: &[String]) -> Result<Option<Seeds>, SeedError> {
    let mut bulk = Vec::new();
    for (name, _) in names(db)? {
        let Some(header) = base::header(db, &name)?.filter(|header| header.rows > 0) else { continue };
        let Some(table) = catalog.tables.get(&name) else { continue };
        let known = |column: &&String| table.column(column).is_some_and(|column| !column.generated);
        if !header.key.iter().all(|column| known(&column)) {
            continue;
        }
        let columns = header.columns.iter().filter(known).map(|column| Arc::from(column.as_str())).collect();
        let source = Arc::new(Emptied { columns, is_text: header.is_text });
        bulk.push(BulkTable {
            key: header.key,
            dataset: 0,
            at: source.place(0),
            source,
            mode: Mode::Sync,
            on_edit: EditPolicy::default(),
            name,
        });
    }
    Ok((!bulk.is_empty()).then(|| Seeds::streamed(bulk, user_data.to_vec())))
}

/// The tables of which there are parts, and their datasets.
fn names(db: &mut dyn Db) -> Result<Vec<(String, String)>, SeedError> {
    let since = ledger::meta(db, "format")?.and_then(|format| format.parse::<i64>().ok());
    if since.is_none_or(|format| format < base::SINCE) {
        return Ok(Vec::new());
    }
    let parts = ledger::table(db.engine(), LedgerTable::SeedPart);
    let stmt = format!("SELECT table_name, max(dataset) FROM {parts} GROUP BY table_name ORDER BY table_name");
    let names = db.rows(&Stmt::new(stmt))?;
    Ok(names.iter().map(|row| (row.text(0).to_owned(), row.text(1).to_owned())).collect())
}

impl RowSource for Emptied {
    fn columns(&self) -> &[Arc<str>] {
        &self.columns
    }

    fn expected(&self) -> Option<u64> {
        Some(0)
    }

    fn each(&self, _visit: &mut dyn FnMut(&[Json]) -> Result<(), SeedError>) -> Result<(), SeedError> {
        Ok(())
    }

    fn is_text(&self) -> bool {
        self.is_text
    }

    fn header(&self) -> Location {
        self.place(0)
    }

    fn place(&self, _row: u64) -> Location {
        Location { file: PathBuf::from("the ledger"), line: 1, column: 1 }
    }

    fn fingerprint(&self) -> Result<String, SeedError> {
        Ok("emptied".to_owned())
    }
}
