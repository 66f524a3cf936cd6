//! Loads, plans, applies and verifies declared data. Never prints, and reads neither environment nor working directory.
#![doc = include_str!("../README.md")]

mod apply;
mod error;
mod event;
mod guard;
mod ledger;
mod map;
mod read;
mod reconcile;
mod report;
mod runs;
mod staged;
mod stream;
mod undo;
mod value;
mod verify;

pub use apply::{ApplyOptions, apply};
pub use error::{DocumentPlace, Problem, SeedError};
pub use event::SeedEvent;
pub use guard::{Fingerprint, UserDataVerdict, UserTable};
pub use read::{SeedOptions, SeedSource, Seeds, SkipReason, Skipped, SourceRecord, load, load_with};
pub use reconcile::observe::{Observation, observe};
pub use reconcile::plan::{ColumnChange, Counts, Outcome, Pending, RowAction, RowPlan, SeedPlan, TablePlan, plan};
pub use reconcile::show::Shown;
pub use report::{SeedReport, TableReport};
pub use runs::{Run, RunKind, RunOptions, runs};
pub use stream::RowSource;
pub use undo::{
    Blocked, ResetOptions, ResetPlan, ResetReport, ResetRow, Restored, UndoAction, UndoOptions, UndoPlan, UndoReport,
    UndoStep, apply_reset, apply_undo, plan_reset, plan_undo,
};
pub use verify::{Expectation, Verified, verify};
