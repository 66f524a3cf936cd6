//! A digest of what a database holds of the declared rows, the same on every engine that holds the same. Comparing digests is
//! the reader's.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::read::Seeds;
use crate::reconcile::observe::{LiveRow, Observation, Resolved};
use crate::staged::{Cell, StagedRow};
use crate::value::{canonical_text, hash, neutral};

/// The declared rows of one table as a database holds them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableDigest {
    /// The table.
    pub table: String,
    /// How many of the declared rows are there.
    pub rows: usize,
    /// How many are not.
    pub missing: usize,
    /// The SHA-256 over the declared columns of the rows that are there. References count by natural keys, ids that a database
    /// gave by itself do not count.
    pub digest: String,
}

/// The digests of all declared tables, in the order in which they are written.
#[must_use]
pub fn digests(seeds: &Seeds, observation: &Observation) -> Vec<TableDigest> {
    let tables = seeds.tables.iter().zip(&observation.tables).enumerate();
    tables
        .map(|(index, (staged, state))| {
            let mut lines = Vec::with_capacity(staged.rows.len());
            for (row, live) in staged.rows.iter().zip(&state.live) {
                if let Some(live) = live {
                    lines.push(line(seeds, observation, index, row, live));
                }
            }
            lines.sort();
            TableDigest {
                table: staged.name.clone(),
                rows: lines.len(),
                missing: staged.rows.len() - lines.len(),
                digest: hash(&lines.join("\n")),
            }
        })
        .collect()
}

impl fmt::Display for TableDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = if self.missing > 0 { format!(", {} missing", self.missing) } else { String::new() };
        write!(f, "{}  {} ({} rows{missing})", self.digest, self.table, self.rows)
    }
}

/// A row as one text: its key as declared, then its columns by name in a form that no engine has a say in.
fn line(seeds: &Seeds, observation: &Observation, table: usize, row: &StagedRow, live: &LiveRow) -> String {
    let state = &observation.tables[table];
    let key = &seeds.tables[table].key;
    let mut columns: Vec<(String, Json)> = row
        .columns
        .iter()
        // The row was found by its key, so that the database's own spelling of it says nothing.
        .filter(|(name, _)| !key.iter().any(|key| **key == **name))
        .map(|(name, cell)| {
            let held = live.values.get(name).unwrap_or(&Json::Null);
            (name.to_string(), encoded(seeds, observation, state.column(name), cell, held))
        })
        .collect();
    columns.sort_by(|a, b| a.0.cmp(&b.0));
    let columns: Vec<Json> =
        columns.into_iter().map(|(name, value)| Json::Array(vec![Json::String(name), value])).collect();
    canonical_text(&Json::Array(vec![row.symbol.json(), Json::Array(columns)]))
}

fn encoded(
    seeds: &Seeds,
    observation: &Observation,
    column: Option<&plimsoll_core::db::Column>,
    cell: &Cell,
    held: &Json,
) -> Json {
    let Some(column) = column else { return Json::Null };
    match cell {
        // An id means another row on every database; what it stands for is the same.
        Cell::Ref(reference) => match observation.resolve(seeds, *reference) {
            Resolved::Id(id) if neutral(column, &id, None) == neutral(column, held, None) => {
                seeds.references.all[*reference].symbol.clone()
            }
            _ => neutral(column, held, None),
        },
        Cell::Value(_) | Cell::Part(_) => neutral(column, held, cell.value()),
    }
}
