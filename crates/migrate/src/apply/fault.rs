//! How a migration stops inside of this crate, before it becomes an error with files and reports in `apply`.

use plimsoll_core::db::{DbError, DbErrorKind};

use crate::error::Kept;

/// What stopped a migration, and where.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The failing statement, from 0; none when the bookkeeping failed.
    pub(super) statement: Option<usize>,
    /// Whether something of the statement may be there all the same, from this run or an earlier one.
    pub(super) undecided: bool,
    pub(super) kept: Kept,
    pub(super) cause: DbError,
}

/// Whether the journal can or may not be written any more: the connection is gone, or somebody else works on the migration.
pub(super) fn tells_nothing(cause: &DbError) -> bool {
    matches!(cause.kind, DbErrorKind::Lost | DbErrorKind::LeaseLost)
}

impl Fault {
    pub(super) fn at(index: usize) -> impl FnOnce(DbError) -> Self {
        move |cause| Self { statement: Some(index), ..Self::from(cause) }
    }

    pub(super) fn kept(mut self, kept: Kept) -> Self {
        self.kept = kept;
        self
    }

    pub(super) fn undecided(mut self) -> Self {
        self.undecided = true;
        self
    }
}

impl From<DbError> for Fault {
    fn from(cause: DbError) -> Self {
        Self { statement: None, undecided: false, kept: Kept::Nothing, cause }
    }
}
