//! Taking migrations back: what that would do and lose, and doing it. Applying them is `plan`'s and `apply`'s.

mod apply;
mod cursor;
mod effect;
mod failure;
mod loss;
pub(crate) mod order;
mod plan;
mod redo;

pub use apply::{RevertReport, RevertedMigration, apply};
pub use failure::{RevertFailure, RevertKept};
pub use loss::Loss;
pub use plan::{RevertOptions, RevertPlan, RevertStep, RevertTarget, plan};
pub use redo::{RedoPlan, plan_redo};
