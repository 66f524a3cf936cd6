//! What happens while rows are written, for progress. How it looks is the reporter's.

use crate::verify::Verified;

/// One thing that happened. Reporters match it exhaustively, so a new event cannot be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeedEvent {
    /// The plan was confirmed inside the transaction; writing starts.
    Started {
        /// Rows to create.
        create: usize,
        /// Rows to update.
        update: usize,
    },
    /// A table's rows begin to be written; not told of tables of which nothing is.
    TableStarted {
        /// The table.
        table: String,
        /// How many rows are to be written.
        rows: usize,
    },
    /// Some more of them were written.
    Progress {
        /// The table.
        table: String,
        /// How many rows by now.
        done: usize,
    },
    /// A table's rows were written; nothing is committed yet.
    TableDone {
        /// The table.
        table: String,
        /// Rows created.
        created: usize,
        /// Rows updated.
        updated: usize,
    },
    /// All declared rows were read back and are as the files say.
    ReadBack {
        /// How many.
        rows: usize,
    },
    /// An expectation was checked.
    Expected(Verified),
    /// The transaction was committed.
    Committed,
    /// Nothing was to be written, so no transaction was opened.
    NothingToDo,
}
