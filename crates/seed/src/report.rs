//! What seeding did. Laying it out is the command line's.

use std::fmt;

use serde::Serialize;

use crate::guard::UserTable;
use crate::read::Skipped;
use crate::reconcile::plan::{Counts, SeedPlan};
use crate::verify::Verified;

/// What was done, table by table.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SeedReport {
    /// The tables in the order in which they were written.
    pub tables: Vec<TableReport>,
    /// The expectations that were checked.
    pub expectations: Vec<Verified>,
    /// Documents and records that were left out because they do not fit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
    /// Whether anything was written. A repetition of unchanged files writes nothing.
    pub wrote: bool,
    /// The number of the run in the ledger, when something was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<i64>,
    /// The tables of user data before and after, when something was written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_data: Vec<UserTable>,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableReport {
    /// The name.
    pub table: String,
    /// Its rows by what happened to them: of the plan, confirmed by reading them back before the commit.
    #[serde(flatten)]
    pub counts: Counts,
}

impl SeedReport {
    pub(crate) fn new(plan: &SeedPlan, wrote: bool, expectations: Vec<Verified>) -> Self {
        let tables = plan.tables.iter().map(|table| TableReport { table: table.table.clone(), counts: table.counts() });
        let bulk =
            plan.bulk.iter().map(|table| TableReport { table: table.table.clone(), counts: table.counts.common() });
        let (tables, skipped) = (tables.chain(bulk).collect(), plan.skipped.clone());
        Self { tables, expectations, skipped, wrote, run: None, user_data: Vec::new() }
    }
}

/// The rows in one phrase: `1204 rows created, 3 updated, 12 unchanged`.
impl fmt::Display for SeedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = |count: fn(&Counts) -> usize| self.tables.iter().map(|table| count(&table.counts)).sum::<usize>();
        write!(
            f,
            "{} rows created, {} updated, {} unchanged",
            sum(|c| c.create),
            sum(|c| c.update),
            sum(|c| c.unchanged)
        )?;
        match sum(|c| c.prune) {
            0 => {}
            pruned => write!(f, ", {pruned} pruned")?,
        }
        match sum(|c| c.edited) {
            0 => {}
            edited => write!(f, ", {edited} kept as edited in the database")?,
        }
        match self.skipped.len() {
            0 => Ok(()),
            skipped => write!(f, ", {skipped} skipped because they do not fit"),
        }
    }
}
