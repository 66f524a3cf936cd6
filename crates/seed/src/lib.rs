//! Loads, plans, applies and verifies declared data. Never prints, and reads neither environment nor working directory.
#![doc = include_str!("../README.md")]

mod apply;
mod constraint;
mod error;
mod event;
mod generate;
mod guard;
mod ledger;
mod lifecycle;
mod map;
mod parallel;
mod pull;
mod read;
mod reconcile;
mod report;
mod runs;
mod service;
mod staged;
mod steps;
mod stream;
mod undo;
mod value;
mod verify;

pub use apply::{ApplyOptions, apply};
pub use error::{DocumentPlace, Problem, RefusedRow, SeedError};
pub use event::SeedEvent;
pub use guard::{Fingerprint, UserDataVerdict, UserTable};
pub use lifecycle::audit::{AuditEntry, AuditHead, list_audit};
pub use lifecycle::back::record_deleted;
pub use lifecycle::plan::{RowChange, RowSteps, may_change};
pub use lifecycle::step::{StepPlan, StepRequest, StepTo, apply_step, plan_step};
pub use lifecycle::trigger::{TableTriggers, TriggerState, install_triggers, plan_triggers, remove_triggers};
pub use lifecycle::verify::{AuditFinding, AuditReport, verify_audit};
pub use lifecycle::{Lifecycles, Transition};
pub use pull::{
    FileChange, FollowedColumn, PullOptions, PullPlan, PullReport, PulledColumn, RefusedColumn, Splice, StreamedEdits,
    Undeclared, plan_pull, pull,
};
pub use read::{SeedOptions, SeedSource, Seeds, SkipReason, Skipped, SourceRecord, load, load_only, load_with};
pub use reconcile::fresh::require_fresh;
pub use reconcile::observe::{Observation, observe, observe_declared};
pub use reconcile::plan::{
    ColumnChange, Counts, Outcome, Pending, RowAction, RowPlan, SeedPlan, TablePlan, plan, plan_before_migrations,
};
pub use reconcile::show::Shown;
pub use report::{SeedReport, TableReport};
pub use runs::{Run, RunKind, RunOptions, runs};
pub use service::{Seeded, ServiceError, ServiceOptions, look, seed};
pub use steps::{Step, StepTable, Steps, steps};
pub use stream::{BulkCounts, BulkPlan, RowSource, StreamedRows, emptied};
pub use undo::{
    Blocked, ResetOptions, ResetPlan, ResetReport, ResetRow, Restored, UndoAction, UndoOptions, UndoPlan, UndoReport,
    UndoStep, apply_emptied, apply_reset, apply_undo, plan_reset, plan_undo,
};
pub use value::RowKey;
pub use value::secret::SecretColumns;
pub use verify::{Expectation, Finding, Rule, TableDigest, Verdict, Verified, VerifyReport, digests, inspect, verify};
