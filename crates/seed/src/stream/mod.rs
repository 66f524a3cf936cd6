//! Tables of very many rows: read one row after the other, and compared inside the database. Small ones are `reconcile`'s.

mod base;
mod blame;
mod clear;
mod csv;
mod declare;
mod diff;
mod entries;
mod file;
mod gone;
mod lines;
mod page;
pub(crate) mod plan;
mod quick;
mod read_back;
mod record;
mod room;
mod seeds;
mod show;
mod source;
mod sql;
mod stage;
mod state;
mod steps;
mod write;

pub(crate) use blame::lost;
pub(crate) use clear::streamed;
pub use clear::{StreamedRows, emptied};
pub(crate) use declare::{BulkTable, declare};
pub use plan::{BulkCounts, BulkPlan};
pub(crate) use read_back::read_back;
pub(crate) use record::{Recorded, before, change, keeps_rows, removed};
pub use source::RowSource;
pub(crate) use state::{BulkState, observe};
pub(crate) use steps::{Step, steps};
pub(crate) use write::{Work, hold, prune, write};
