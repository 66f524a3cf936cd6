//! What can be wrong with seeds and with writing them, always with a place. What to do about it is the command line's to say.

use std::fmt;

use plimsoll_core::db::{DbError, DbErrorKind};
use plimsoll_core::toml_file::TomlError;
use plimsoll_core::{Coded, ErrorCode, Location};

/// One thing that is wrong, with its places.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{message}{}", document.as_ref().map(|place| format!(", for {place}")).unwrap_or_default())]
pub struct Problem {
    /// The stable code.
    pub code: ErrorCode,
    /// What is wrong, in a phrase.
    pub message: String,
    /// Where: the dataset file, or the document itself when the document is wrong.
    pub at: Option<Location>,
    /// The document a row came from, when `at` is the dataset file.
    pub document: Option<DocumentPlace>,
}

/// A place in a JSON document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentPlace {
    /// File, line and column.
    pub at: Location,
    /// The JSON pointer.
    pub pointer: String,
}

impl fmt::Display for DocumentPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", if self.pointer.is_empty() { "/" } else { &self.pointer }, self.at)
    }
}

/// Why seeds could not be loaded, planned or applied. Loading and planning collect every problem before they give up.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The files, the plan or what was written are wrong.
    #[error("{}", summary(problems))]
    Problems {
        /// All of them, at least one.
        problems: Vec<Problem>,
    },
    /// The database could not be read.
    #[error("cannot read the database")]
    Database {
        /// What it said.
        #[source]
        source: DbError,
    },
    /// A row could not be written; everything was rolled back.
    #[error("cannot write {what}")]
    Write {
        /// The row or the table.
        what: String,
        /// Where the row is declared, when the batch could tell which one it was.
        at: Option<Location>,
        /// What the database said.
        #[source]
        source: Box<DbError>,
    },
    /// Rows that the database refused; everything was rolled back.
    #[error("{}", refusals(rows))]
    Refused {
        /// All of one table that were refused, at least one.
        rows: Vec<RefusedRow>,
    },
    /// An expectation could not be checked.
    #[error("cannot count whether there are {what}")]
    Count {
        /// What is expected.
        what: String,
        /// Where it is declared.
        at: Option<Location>,
        /// What the database said.
        #[source]
        source: Box<DbError>,
    },
    /// A file could not be read again or written; those that were written before it have their content back.
    #[error("cannot change `{}`", file.display())]
    File {
        /// The file, as errors show it.
        file: std::path::PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// What would be written is not what the plan shows; nothing was written.
    #[error("the files or the database changed since the plan was made: {}", moved.join(", "))]
    PlanStale {
        /// What is different now, the first few.
        moved: Vec<String>,
    },
}

/// A row that the database refused.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {what}: {reason}")]
pub struct RefusedRow {
    /// The stable code of the reason.
    pub code: ErrorCode,
    /// The row: table and key.
    pub what: String,
    /// Why, as far as the database's error and its catalogue tell.
    pub reason: String,
    /// Where the row is declared.
    pub at: Option<Location>,
    /// What the database said.
    #[source]
    pub source: Box<DbError>,
}

impl SeedError {
    /// The collected problems, empty when a database failed.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Problems { problems } => problems,
            Self::Database { .. }
            | Self::Write { .. }
            | Self::Refused { .. }
            | Self::Count { .. }
            | Self::File { .. }
            | Self::PlanStale { .. } => &[],
        }
    }

    /// An error when there are problems.
    pub(crate) fn unless_empty(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self::Problems { problems }) }
    }
}

impl Problem {
    pub(crate) fn new(code: ErrorCode, at: Option<Location>, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), at, document: None }
    }
}

impl From<TomlError> for Problem {
    fn from(error: TomlError) -> Self {
        let mut message = error.to_string();
        if let Some(source) = std::error::Error::source(&error) {
            message = format!("{message}: {source}");
        }
        Self::new(error.code(), error.location().cloned(), message)
    }
}

impl From<DbError> for SeedError {
    fn from(source: DbError) -> Self {
        Self::Database { source }
    }
}

impl Coded for Problem {
    fn code(&self) -> ErrorCode {
        self.code
    }

    fn location(&self) -> Option<&Location> {
        self.at.as_ref()
    }
}

impl Coded for RefusedRow {
    fn code(&self) -> ErrorCode {
        self.code
    }

    fn location(&self) -> Option<&Location> {
        self.at.as_ref()
    }
}

impl Coded for SeedError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Problems { problems } => problems.first().map_or(ErrorCode::SeedFailed, |problem| problem.code),
            Self::Database { source } => source.code(),
            Self::Write { source, .. } if source.kind == DbErrorKind::Lost => ErrorCode::DatabaseLost,
            Self::Write { .. } | Self::Refused { .. } => ErrorCode::SeedFailed,
            Self::Count { source, .. } if source.kind == DbErrorKind::Lost => ErrorCode::DatabaseLost,
            Self::Count { .. } => ErrorCode::ExpectationFailed,
            Self::File { .. } => ErrorCode::FileUnwritable,
            Self::PlanStale { .. } => ErrorCode::PlanStale,
        }
    }

    fn location(&self) -> Option<&Location> {
        match self {
            Self::Problems { problems } => problems.first().and_then(|problem| problem.at.as_ref()),
            Self::Refused { rows } => rows.first().and_then(|row| row.at.as_ref()),
            Self::Write { at, .. } | Self::Count { at, .. } => at.as_ref(),
            Self::Database { .. } | Self::File { .. } | Self::PlanStale { .. } => None,
        }
    }

    fn parts(&self) -> Vec<&dyn Coded> {
        match self {
            Self::Refused { rows } => rows.iter().map(|row| row as &dyn Coded).collect(),
            other => other.problems().iter().map(|problem| problem as &dyn Coded).collect(),
        }
    }
}

fn refusals(rows: &[RefusedRow]) -> String {
    match rows {
        [] => "no row was refused".to_owned(),
        [one] => one.to_string(),
        [first, rest @ ..] => format!("{first}, and {} more rows", rest.len()),
    }
}

fn summary(problems: &[Problem]) -> String {
    match problems {
        [] => "no problem".to_owned(),
        [one] => one.to_string(),
        [first, rest @ ..] => format!("{first}, and {} more", rest.len()),
    }
}
