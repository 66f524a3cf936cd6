//! Loads, plans, applies and verifies declared data. Never prints, and reads neither environment nor working directory.
#![doc = include_str!("../README.md")]

mod apply;
mod diff;
mod document;
mod error;
mod event;
mod expression;
mod ledger;
mod load;
mod lookup;
mod mapping;
mod model;
mod observe;
mod order;
mod plan;
mod report;
mod show;
mod source;
mod stage;
mod value;
mod verify;
mod write;

pub use apply::{ApplyOptions, apply};
pub use error::{DocumentPlace, Problem, SeedError};
pub use event::SeedEvent;
pub use load::{SeedOptions, Seeds, load};
pub use observe::{Observation, observe};
pub use plan::{ColumnChange, Counts, Outcome, Pending, RowAction, RowPlan, SeedPlan, TablePlan, plan};
pub use report::{SeedReport, TableReport};
pub use show::Shown;
pub use verify::{Expectation, Verified, verify};
