#![doc = include_str!("../README.md")]
//! Responsible for the order of a deployment and its undoing; what a step does is the business of the crate it calls.

mod error;
mod event;
mod journal;
mod load;
mod operate;
mod pipeline;
mod plan;
mod plan_text;
mod prove;
mod recover;
mod release;
mod report;

pub use error::{Cause, DeployError};
pub use event::DeployEvent;
pub use load::{
    Loaded, check_environment, declared_releases, expectations, load, load_checks, load_migrations, load_releases,
    load_seeds, observe_and_plan, plan_on,
};
pub use operate::{ReleaseStatus, Status, history, status, stop};
pub use pipeline::{DeployOptions, deploy};
pub use plan::{DeployPlan, FORMAT, PlannedRelease, ReleaseAction};
pub use prove::{SmokeOptions, Target, smoke, target};
pub use release::{Release, ReleaseError};
pub use report::{DeployReport, Interrupted, Outcome, ServingNow, applied};
