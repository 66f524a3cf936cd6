//! What can go wrong with migrations, with codes and places in files. Remedies and hints are the command line's.

use plimsoll_core::db::{DbError, DbErrorKind};
use plimsoll_core::lock::LockError;
use plimsoll_core::{Coded, ErrorCode, Location};

use crate::replay::ReplayError;
use crate::report::MigrateReport;
use crate::revert::RevertFailure;
use crate::squash::SquashError;

/// Any failure of this crate.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// Something is wrong with one file, or between the files and the database.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// Several such things, all found in one go.
    #[error("{} problems with the migrations", .0.len())]
    Problems(Vec<Problem>),
    /// The database refused to be read.
    #[error("cannot read the history of migrations")]
    History(#[source] DbError),
    /// The database could not be opened, or made ready for its first migration.
    #[error("cannot open the database to migrate it")]
    Open(#[source] DbError),
    /// The deployment lock was not obtained.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The database refused to record what is adopted.
    #[error("cannot record the adopted migrations")]
    Adopt(#[source] DbError),
    /// Applying stopped.
    #[error(transparent)]
    Failed(Box<Failure>),
    /// Taking back stopped.
    #[error(transparent)]
    RevertFailed(Box<RevertFailure>),
    /// Replaying in a scratch database came to no end, so that nothing can be said about the schema.
    #[error(transparent)]
    Replay(Box<ReplayError>),
    /// Folding migrations into one stopped; nothing was changed.
    #[error(transparent)]
    Squash(Box<SquashError>),
    /// The database does not have the migration that a service needs.
    #[error("the service needs migration {required}, the newest one applied is {}", newest.as_deref().unwrap_or("none"))]
    SchemaBehind {
        /// The version that was asked for.
        required: String,
        /// The highest version applied, when there is any.
        newest: Option<String>,
    },
    /// PostgreSQL's migrations cannot be judged without a parser of its grammar.
    #[error("this binary has no parser for PostgreSQL: it was built without the feature `squawk`")]
    LinterMissing,
    /// A setting names a rule that does not exist.
    #[error("`[migrations.lint]` names `{name}`, which is no rule{}", near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default())]
    RuleUnknown {
        /// As written.
        name: String,
        /// The nearest one.
        near: Option<&'static str>,
    },
}

/// One thing that is wrong with the migrations, found before anything was written.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// What kind of problem.
    pub kind: ProblemKind,
    /// What is wrong, naming the file or migration, and what to do about it.
    pub message: String,
    /// Where, when it is in a file.
    pub location: Option<Location>,
    /// The system's own error, for files that cannot be read.
    #[source]
    pub source: Option<std::io::Error>,
}

/// The kinds of [`Problem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// A file or folder cannot be read.
    Unreadable,
    /// The folder is missing or holds no migration.
    Empty,
    /// The folder mixes layouts, or holds something that fits none.
    Layout,
    /// Two migrations have the same version.
    Duplicate,
    /// A file's SQL cannot be split, or cannot be run by a server.
    Sql,
    /// An applied migration has no file any more.
    Missing,
    /// An applied migration was edited.
    Changed,
    /// A pending migration comes before an applied one.
    OutOfOrder,
    /// The server does not have an extension that a pending migration creates.
    Extension,
    /// The files or the database are no longer what the plan was made from.
    Stale,
    /// A migration is half applied or half taken back, and has to be finished first.
    Unfinished,
    /// A migration to take back has no down script.
    Irreversible,
    /// Taking a migration back would lose data.
    Loses,
    /// A migration to go back to is not applied.
    NotApplied,
    /// No other tool left a history that could be adopted.
    ForeignNone,
    /// Several tools left a history, and none of them was chosen.
    ForeignSeveral,
    /// A file is not what another tool applied.
    ForeignChanged,
    /// A migration failed or was interrupted under another tool.
    ForeignUnfinished,
    /// A migration cannot be replayed in a scratch database.
    Unreplayable,
    /// Only some of the migrations that a baseline replaces are applied.
    HalfReplaced,
}

/// Applying stopped at a migration. Carries the report of everything that was done before.
#[derive(Debug, thiserror::Error)]
#[error("migration `{name}` failed{}: {kept}", at(*.statement_number, *.statements))]
pub struct Failure {
    /// The migration's version.
    pub version: String,
    /// The migration's name.
    pub name: String,
    /// The failing statement, counted from 1; none when the bookkeeping around it failed.
    pub statement_number: Option<usize>,
    /// How many statements the migration has.
    pub statements: usize,
    /// The first lines of the failing statement.
    pub excerpt: Option<String>,
    /// The failing statement's place in the file; on PostgreSQL the exact character.
    pub location: Option<Location>,
    /// What of this migration is in the database now.
    pub kept: Kept,
    /// What was applied before, and what was not reached.
    pub report: MigrateReport,
    /// What the engine said.
    #[source]
    pub cause: DbError,
}

/// What a failed migration left in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Kept {
    /// Nothing at all.
    #[error("nothing of it was kept")]
    Nothing,
    /// The statements before the failing one, which the next run will not repeat.
    #[error("{0} of its statements {are} applied, the next run continues from there", are = if *.0 == 1 { "is" } else { "are" })]
    Statements(usize),
    /// The connection or the bookkeeping failed, so that this could not be found out. The next run will.
    #[error("the next run finds out what of it was kept")]
    Unknown,
    /// An earlier run was killed in this statement, and nothing in the database tells whether it happened.
    #[error("whether this statement happened has to be told by a person")]
    Undecided,
}

impl Problem {
    pub(crate) fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), location: None, source: None }
    }

    pub(crate) fn at(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    pub(crate) fn unreadable(path: &std::path::Path, source: std::io::Error) -> Self {
        let mut problem = Self::new(ProblemKind::Unreadable, format!("cannot read `{}`", path.display()));
        problem.source = Some(source);
        problem
    }
}

impl MigrateError {
    /// One problem as itself, several as a list.
    pub(crate) fn of(mut problems: Vec<Problem>) -> Self {
        match (problems.len(), problems.pop()) {
            (1, Some(only)) => Self::Problem(only),
            (_, last) => {
                problems.extend(last);
                Self::Problems(problems)
            }
        }
    }
}

impl Coded for Problem {
    fn code(&self) -> ErrorCode {
        match self.kind {
            ProblemKind::Unreadable => ErrorCode::FileUnreadable,
            ProblemKind::Empty => ErrorCode::MigrationsEmpty,
            ProblemKind::Layout => ErrorCode::MigrationsLayout,
            ProblemKind::Duplicate => ErrorCode::MigrationsDuplicate,
            ProblemKind::Sql => ErrorCode::MigrationUnreadable,
            ProblemKind::Missing => ErrorCode::MigrationMissing,
            ProblemKind::Changed => ErrorCode::MigrationChanged,
            ProblemKind::OutOfOrder => ErrorCode::MigrationOutOfOrder,
            ProblemKind::Extension => ErrorCode::ExtensionMissing,
            ProblemKind::Stale => ErrorCode::PlanStale,
            ProblemKind::Unfinished => ErrorCode::MigrationUnfinished,
            ProblemKind::Irreversible => ErrorCode::MigrationIrreversible,
            ProblemKind::Loses => ErrorCode::RevertLoses,
            ProblemKind::NotApplied => ErrorCode::MigrationNotApplied,
            ProblemKind::ForeignNone => ErrorCode::AdoptNothing,
            ProblemKind::ForeignSeveral => ErrorCode::AdoptAmbiguous,
            ProblemKind::ForeignChanged => ErrorCode::AdoptChanged,
            ProblemKind::ForeignUnfinished => ErrorCode::AdoptUnfinished,
            ProblemKind::Unreplayable => ErrorCode::CannotReplay,
            ProblemKind::HalfReplaced => ErrorCode::BaselineHalfApplied,
        }
    }

    fn location(&self) -> Option<&Location> {
        self.location.as_ref()
    }
}

impl Coded for Failure {
    fn code(&self) -> ErrorCode {
        match self.kept {
            _ if self.cause.kind == DbErrorKind::LeaseLost => ErrorCode::LeaseLost,
            Kept::Nothing => ErrorCode::MigrationFailed,
            Kept::Unknown if self.cause.kind == DbErrorKind::Lost => ErrorCode::DatabaseLost,
            Kept::Undecided => ErrorCode::MigrationUndecided,
            Kept::Statements(_) | Kept::Unknown => ErrorCode::MigrationPartial,
        }
    }

    fn location(&self) -> Option<&Location> {
        self.location.as_ref()
    }
}

impl Coded for MigrateError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Problem(problem) => problem.code(),
            // The first one decides, as it would have alone.
            Self::Problems(problems) => problems.first().map_or(ErrorCode::MigrationsLayout, Coded::code),
            Self::History(error) | Self::Open(error) | Self::Adopt(error) => error.code(),
            Self::Lock(error) => error.code(),
            Self::Failed(failure) => failure.code(),
            Self::RevertFailed(failure) => failure.code(),
            Self::Replay(error) => error.code(),
            Self::Squash(error) => error.code(),
            Self::SchemaBehind { .. } => ErrorCode::SchemaBehind,
            Self::LinterMissing => ErrorCode::LinterMissing,
            Self::RuleUnknown { .. } => ErrorCode::InvalidValue,
        }
    }

    fn location(&self) -> Option<&Location> {
        match self {
            Self::Problem(problem) => problem.location(),
            Self::Failed(failure) => failure.location(),
            Self::RevertFailed(failure) => failure.location(),
            Self::Replay(error) => error.location(),
            Self::Squash(error) => error.location(),
            Self::Problems(_)
            | Self::History(_)
            | Self::Open(_)
            | Self::Lock(_)
            | Self::Adopt(_)
            | Self::SchemaBehind { .. }
            | Self::LinterMissing
            | Self::RuleUnknown { .. } => None,
        }
    }

    fn parts(&self) -> Vec<&dyn Coded> {
        match self {
            Self::Problems(problems) => problems.iter().map(|problem| problem as &dyn Coded).collect(),
            Self::Problem(_)
            | Self::History(_)
            | Self::Open(_)
            | Self::Lock(_)
            | Self::Adopt(_)
            | Self::Failed(_)
            | Self::RevertFailed(_)
            | Self::Replay(_)
            | Self::Squash(_)
            | Self::SchemaBehind { .. }
            | Self::LinterMissing
            | Self::RuleUnknown { .. } => Vec::new(),
        }
    }
}

fn at(number: Option<usize>, statements: usize) -> String {
    number.map_or_else(String::new, |number| format!(" at statement {number} of {statements}"))
}
