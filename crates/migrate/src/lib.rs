//! Responsible for schema history, from files to reports; locking and choosing the database are left to the caller.
//!
#![doc = include_str!("../README.md")]

pub mod adopt;
mod apply;
mod check;
mod checksum;
mod classify;
mod diff;
pub mod drift;
mod error;
mod event;
mod extensions;
mod history;
pub mod inventory;
mod journal;
mod lexer;
mod lint;
mod operation;
mod plan;
mod replay;
mod report;
pub mod revert;
mod schema;
mod service;
mod session;
mod source;
mod split;
pub mod squash;
mod status;
pub mod verify;

pub use apply::{ApplyOptions, Retry, apply};
pub use check::{SchemaState, check_schema};
pub use checksum::{Checksums, checksums};
pub use diff::Edit;
pub use error::{Failure, Kept, MigrateError, Problem, ProblemKind};
pub use event::MigrateEvent;
pub use extensions::{AvailableExtension, Extensions};
pub use history::{History, Record, RecordState};
pub use lint::{Accepted, Finding, Grade, Judged, LintOptions, LintReport, Rule, RuleInfo, Unclassified, lint};
pub use plan::{MigratePlan, MigrateStep, PlanOptions, plan};
pub use replay::{ReplayError, Replayed, ScratchPlace, replay};
pub use report::{AppliedMigration, MigrateReport};
pub use schema::{
    AttributeChange, Cannot, Change, Ddl, DdlStep, Difference, Object, ObjectKey, ObjectKind, ReadOptions, Schema,
    compare,
};
pub use service::{MigrateOptions, migrate};
pub use source::{Down, Layout, Migration, MigrationKind, MigrationSet, Verify, check_prisma_provider, create_next};
pub use split::{Statement, split};
pub use status::{MigrationState, MigrationStatus, Note, Overall, Status, status};
