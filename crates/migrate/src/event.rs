//! What happens while migrations are applied or taken back, as typed events. Showing them is the caller's.

use std::time::Duration;

/// Something that happened. Every reporter matches all of them, so none can be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MigrateEvent {
    /// A migration begins.
    Started {
        /// Its version.
        version: String,
        /// Its name.
        name: String,
        /// Its place among the plan's migrations, from 1.
        number: usize,
        /// How many migrations the plan has.
        of: usize,
        /// How many statements it has.
        statements: usize,
        /// Whether it is applied as a whole or not at all.
        transactional: bool,
    },
    /// An interrupted migration goes on where it stopped.
    Resumed {
        /// Its version.
        version: String,
        /// How many statements had been applied.
        done: usize,
        /// How many statements it has.
        total: usize,
    },
    /// A statement was run.
    StatementDone {
        /// The migration's version.
        version: String,
        /// The statement, from 1.
        number: usize,
        /// How many statements the migration has.
        total: usize,
    },
    /// The statement that an earlier run was killed in turned out to have been applied.
    AlreadyLanded {
        /// The migration's version.
        version: String,
        /// The statement, from 1.
        number: usize,
        /// What in the database says so.
        evidence: String,
    },
    /// Somebody else holds what a statement needs; it is tried again.
    Retrying {
        /// The migration's version.
        version: String,
        /// The statement, from 1; none when it was the bookkeeping around it.
        number: Option<usize>,
        /// Which try comes next, the first one counted as 1.
        attempt: u32,
        /// How many there will be at most.
        of: u32,
        /// How long until then.
        wait: Duration,
        /// What the engine said.
        message: String,
    },
    /// The server still works on a statement for a run that is dead; this one waits until that ends, either way.
    StillRunning {
        /// The migration's version.
        version: String,
        /// The statement, from 1.
        number: usize,
    },
    /// An index that an earlier concurrent build left unusable was dropped, to be built again.
    InvalidIndexDropped {
        /// The migration's version.
        version: String,
        /// The index.
        index: String,
    },
    /// A migration is applied and recorded.
    Finished {
        /// Its version.
        version: String,
        /// How long it took.
        duration: Duration,
    },
    /// A migration begins to be taken back.
    Reverting {
        /// Its version.
        version: String,
        /// Its name.
        name: String,
        /// Its place among the plan's migrations, from 1.
        number: usize,
        /// How many migrations the plan has.
        of: usize,
        /// How many statements its down script has.
        statements: usize,
        /// Whether it is taken back as a whole or not at all.
        transactional: bool,
    },
    /// A migration is taken back and no longer recorded.
    Reverted {
        /// Its version.
        version: String,
        /// How long it took.
        duration: Duration,
    },
    /// A migration failed; the error that follows says everything.
    Failed {
        /// Its version.
        version: String,
        /// The failing statement, from 1, when it was a statement.
        number: Option<usize>,
        /// What the engine said.
        message: String,
    },
}
