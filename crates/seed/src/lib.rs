//! Loads, plans, applies and verifies declared data. Never prints, and reads neither environment nor working directory.
#![doc = include_str!("../README.md")]

mod apply;
mod error;
mod event;
mod ledger;
mod map;
mod read;
mod reconcile;
mod report;
mod service;
mod staged;
mod stream;
mod value;
mod verify;

pub use apply::{ApplyOptions, apply};
pub use error::{DocumentPlace, Problem, SeedError};
pub use event::SeedEvent;
pub use read::{SeedOptions, Seeds, load, load_only};
pub use reconcile::observe::{Observation, observe};
pub use reconcile::plan::{ColumnChange, Counts, Outcome, Pending, RowAction, RowPlan, SeedPlan, TablePlan, plan};
pub use reconcile::show::Shown;
pub use report::{SeedReport, TableReport};
pub use service::{Seeded, ServiceError, ServiceOptions, look, seed};
pub use stream::RowSource;
pub use verify::{Expectation, Verified, verify};
