//! What applying did, as plain data. Turning it into text or JSON files is the caller's.

use serde::{Deserialize, Serialize};

/// What an apply did; also carried by the error when it stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrateReport {
    /// The migrations applied, in order.
    pub applied: Vec<AppliedMigration>,
    /// The versions that were planned and not applied; empty after success. The failed one is the first.
    pub not_applied: Vec<String>,
    /// How long all of it took.
    pub duration_ms: u64,
}

/// One migration that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedMigration {
    /// The version.
    pub version: String,
    /// The name.
    pub name: String,
    /// How many statements it has.
    pub statements: usize,
    /// How many of them an earlier, interrupted run had applied.
    pub resumed_from: Option<usize>,
    /// How long it took in this run.
    pub duration_ms: u64,
}
