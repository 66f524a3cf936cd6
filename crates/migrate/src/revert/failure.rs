//! How taking back stops half way, with codes and places in files. What is found before anything ran is `Problem`'s.

use plimsoll_core::db::{DbError, DbErrorKind};
use plimsoll_core::{Coded, ErrorCode, Location};

use super::apply::RevertReport;

/// Taking back stopped at a migration. Carries the report of everything that was done before.
#[derive(Debug, thiserror::Error)]
#[error("taking back migration `{name}` failed{}: {kept}", at(*.statement_number, *.statements))]
pub struct RevertFailure {
    /// The migration's version.
    pub version: String,
    /// The migration's name.
    pub name: String,
    /// The failing statement of the down script, counted from 1; none when the bookkeeping around it failed.
    pub statement_number: Option<usize>,
    /// How many statements the down script has.
    pub statements: usize,
    /// The first lines of the failing statement.
    pub excerpt: Option<String>,
    /// The failing statement's place in the down script; on PostgreSQL the exact character.
    pub location: Option<Location>,
    /// What of the down script took effect.
    pub kept: RevertKept,
    /// What was taken back before, and what was not reached.
    pub report: RevertReport,
    /// What the engine said.
    #[source]
    pub cause: DbError,
}

/// What of a down script that failed took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RevertKept {
    /// Nothing at all.
    #[error("the migration is applied as before")]
    Nothing,
    /// The statements before the failing one, which the next run will not repeat.
    #[error("{0} of its statements {are} done, the next `migrate down` continues from there", are = if *.0 == 1 { "is" } else { "are" })]
    Statements(usize),
    /// The connection or the bookkeeping failed, so that this could not be found out. The next run will.
    #[error("the next `migrate down` finds out how far it came")]
    Unknown,
    /// An earlier run was killed in this statement, and nothing in the database tells whether it happened.
    #[error("whether this statement happened has to be told by a person")]
    Undecided,
}

impl Coded for RevertFailure {
    fn code(&self) -> ErrorCode {
        match self.kept {
            _ if self.cause.kind == DbErrorKind::LeaseLost => ErrorCode::LeaseLost,
            RevertKept::Nothing => ErrorCode::MigrationFailed,
            RevertKept::Unknown if self.cause.kind == DbErrorKind::Lost => ErrorCode::DatabaseLost,
            RevertKept::Undecided => ErrorCode::MigrationUndecided,
            RevertKept::Statements(_) | RevertKept::Unknown => ErrorCode::MigrationPartial,
        }
    }

    fn location(&self) -> Option<&Location> {
        self.location.as_ref()
    }
}

fn at(number: Option<usize>, statements: usize) -> String {
    number.map_or_else(String::new, |number| format!(" at statement {number} of {statements}"))
}
