//! Mapping: runs the expressions of a block over documents and stages rows. Reading the files is `load`'s.

mod cells;
pub(crate) mod compile;
mod condition;
pub(crate) mod explain;
pub(crate) mod expression;
mod frame;
mod kept;
mod loose;
mod row;
pub(crate) mod run;
mod stage;

use crate::error::Problem;
use crate::staged::{References, StagedRow};

pub(crate) use compile::{CompiledBlock, Shared};

/// What rows are staged into.
#[derive(Default)]
pub(crate) struct Staging {
    pub(crate) rows: Vec<StagedRow>,
    /// Rows that were staged before those, in their order.
    pub(crate) earlier: Vec<Vec<StagedRow>>,
    pub(crate) references: References,
    pub(crate) problems: Vec<Problem>,
    /// Rows that were not made, because another one of their key is kept.
    pub(crate) lost: usize,
}
