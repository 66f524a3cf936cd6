//! What is to happen to a table of very many rows, as plain data of bounded size. Pure; what it is made from is `state`'s.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::reconcile::plan::{Counts, Pending, RowPlan};
use crate::stream::state::BulkState;

/// One table with `bulk = true`: counts, a digest, and a few rows for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BulkPlan {
    /// The name.
    pub table: String,
    /// How many rows its source has.
    pub declared: u64,
    /// The rows by what happens to them.
    #[serde(flatten)]
    pub counts: BulkCounts,
    /// Whether the ledger learns what was applied; without changes to rows, that is all that is written.
    pub remembers: bool,
    /// The fingerprint of the source.
    pub fingerprint: String,
    /// A digest of which rows are created, changed, kept and removed, with the values they have now.
    pub changes: String,
    /// The first few rows that do not simply stay as they are.
    pub sample: Vec<RowPlan>,
    /// The keys of the first few rows that are removed.
    pub removed: Vec<Json>,
}

/// The rows of a very large table by what happens to them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkCounts {
    /// Created.
    pub create: u64,
    /// Updated in some columns.
    pub update: u64,
    /// Left as they are because they are as the source says, or are only ever inserted.
    pub unchanged: u64,
    /// With columns that were edited in the database and are kept, conflicts included.
    pub edited: u64,
    /// Removed, because seeding created them and the source has them no more (`mode = "sync"`).
    pub remove: u64,
    /// Not removed although the source has them no more, because they were edited in the database.
    pub spared: u64,
}

impl BulkPlan {
    pub(crate) fn of(state: &BulkState) -> Self {
        Self {
            table: state.table.clone(),
            declared: state.rows,
            counts: state.counts,
            remembers: state.remembers,
            fingerprint: state.fingerprint.clone(),
            changes: state.changes.clone(),
            sample: state.sample.clone(),
            removed: state.removed.clone(),
        }
    }

    /// Whether anything is written for the table, be it only to the ledger.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.remembers || self.counts.create + self.counts.update + self.counts.remove > 0
    }

    /// One line for the digest of the plan. With columns that are yet to come, rows may look changed before and be equal after.
    pub(crate) fn line(&self, pending: &[Pending]) -> (String, String) {
        let Self { table, fingerprint, changes, counts, .. } = self;
        let label = format!("rows of {table}");
        if pending.iter().any(|pending| pending.table == *table && pending.column.is_some()) {
            return (format!("{table}\t{fingerprint}"), label);
        }
        let BulkCounts { create, update, edited, remove, spared, .. } = counts;
        (format!("{table}\t{fingerprint}\t{create}\t{update}\t{edited}\t{remove}\t{spared}\t{changes}"), label)
    }
}

impl BulkCounts {
    /// The counts that all tables have.
    pub(crate) fn common(&self) -> Counts {
        let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        Counts {
            create: number(self.create),
            update: number(self.update),
            unchanged: number(self.unchanged),
            edited: number(self.edited),
            prune: number(self.remove),
            release: 0,
        }
    }
}
