//! The tables that were streamed into a database, as if their sources had no rows any more: what is removed to start over.
//! Comparing and deleting is the rest of the folder's.

use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_core::Location;
use plimsoll_core::db::{Db, Stmt};
use plimsoll_core::ledger::{self, LedgerTable};
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

/// What the ledger says was streamed, with sources that are empty: planned and applied like any other seeds, it removes
/// the rows that seeding created. None when there is nothing of the kind.
///
/// # Errors
/// [`SeedError::Database`].
pub fn emptied(db: &mut dyn Db, user_data: &[String]) -> Result<Option<Seeds>, SeedError> {
    let since = ledger::meta(db, "format")?.and_then(|format| format.parse::<i64>().ok());
    if since.is_none_or(|format| format < base::SINCE) {
        return Ok(None);
    }
    let parts = ledger::table(db.engine(), LedgerTable::SeedPart);
    let names = db.rows(&Stmt::new(format!("SELECT DISTINCT table_name FROM {parts} ORDER BY table_name")))?;
    let mut bulk = Vec::new();
    for name in names {
        let name = name.text(0).to_owned();
        let Some(header) = base::known(db, &name)?.header.filter(|header| header.rows > 0) else { continue };
        let columns = header.columns.iter().map(|column| Arc::from(column.as_str())).collect();
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
