//! What a database can answer with, sorted into the few kinds that callers treat differently.

use diesel::result::{ConnectionError, DatabaseErrorKind, Error as DieselError};

use super::Engine;
use super::refusal::{self, Refusal};
use crate::{Coded, ErrorCode, Redactor};

/// The kinds of database errors that callers treat differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DbErrorKind {
    /// The engine's backend is not in this binary.
    BackendMissing,
    /// No connection could be made.
    Unreachable,
    /// The connection ended in the middle.
    Lost,
    /// The ledger was written by a newer Plimsoll.
    LedgerNewer,
    /// Another deployment took the lock over, so that this one must not write any more.
    LeaseLost,
    /// Somebody else held what the statement needed for too long, or both waited for each other. Trying again may succeed.
    Busy,
    /// A unique constraint was violated.
    Unique,
    /// A foreign key was violated.
    ForeignKey,
    /// A column that needs a value has none.
    NotNull,
    /// A CHECK was violated.
    Check,
    /// A value does not fit its column: too long, out of range, of another type.
    Unfit,
    /// Any other refusal: syntax, missing objects, what a trigger raised.
    Refused,
}

/// An error of the database, or on the way to it. Its text holds no secrets of the URL.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct DbError {
    /// The engine that was asked.
    pub engine: Engine,
    /// What kind of error.
    pub kind: DbErrorKind,
    /// What the engine said.
    pub message: String,
    /// The engine's own further explanation.
    pub detail: Option<String>,
    /// The constraint that was violated, where the engine names it; on SQLite the columns of a unique one.
    pub constraint: Option<String>,
    /// The column it is about, where the engine names it.
    pub column: Option<String>,
    /// Where in the statement's text, in characters from 1, when the engine says so (PostgreSQL).
    pub position: Option<usize>,
}

impl DbError {
    /// An error of this tool's own making.
    #[must_use]
    pub fn new(engine: Engine, kind: DbErrorKind, message: impl Into<String>) -> Self {
        Self { engine, kind, message: message.into(), detail: None, constraint: None, column: None, position: None }
    }

    pub(super) fn connecting(engine: Engine, error: &ConnectionError, redactor: &Redactor) -> Self {
        let text = error.to_string();
        let first = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
        Self::new(engine, DbErrorKind::Unreachable, redactor.redact(&first).into_owned())
    }

    pub(super) fn running(engine: Engine, error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(kind, info) => {
                let message = info.message().trim().to_owned();
                let told = refusal::told(engine, &message);
                let kind = match kind {
                    DatabaseErrorKind::UniqueViolation => DbErrorKind::Unique,
                    DatabaseErrorKind::ForeignKeyViolation => DbErrorKind::ForeignKey,
                    DatabaseErrorKind::ClosedConnection => DbErrorKind::Lost,
                    _ if is_lost(&message) => DbErrorKind::Lost,
                    _ if is_busy(engine, &message) => DbErrorKind::Busy,
                    DatabaseErrorKind::NotNullViolation => DbErrorKind::NotNull,
                    DatabaseErrorKind::CheckViolation => DbErrorKind::Check,
                    _ => match told.kind {
                        Some(Refusal::NotNull) => DbErrorKind::NotNull,
                        Some(Refusal::Check) => DbErrorKind::Check,
                        Some(Refusal::Unfit) => DbErrorKind::Unfit,
                        None => DbErrorKind::Refused,
                    },
                };
                let constraint = info.constraint_name().map(str::to_owned).or(told.constraint);
                let column = info.column_name().map(str::to_owned).or(told.column);
                let position = info.statement_position().and_then(|at| usize::try_from(at).ok());
                let detail = info.details().or(info.hint()).map(str::to_owned);
                Self { engine, kind, message, detail, constraint, column, position }
            }
            other => Self::new(engine, DbErrorKind::Refused, other.to_string()),
        }
    }
}

impl Coded for DbError {
    fn code(&self) -> ErrorCode {
        if let Some(symptom) = self.symptom() {
            return symptom;
        }
        match self.kind {
            DbErrorKind::BackendMissing => ErrorCode::BackendMissing,
            DbErrorKind::Unreachable => ErrorCode::DatabaseUnreachable,
            DbErrorKind::Lost => ErrorCode::DatabaseLost,
            DbErrorKind::LedgerNewer => ErrorCode::LedgerNewer,
            DbErrorKind::LeaseLost => ErrorCode::LeaseLost,
            DbErrorKind::Busy
            | DbErrorKind::Unique
            | DbErrorKind::ForeignKey
            | DbErrorKind::NotNull
            | DbErrorKind::Check
            | DbErrorKind::Unfit
            | DbErrorKind::Refused => ErrorCode::Statement,
        }
    }
}

/// libpq and the MySQL client report a dead server as an ordinary error with one of these texts.
fn is_lost(message: &str) -> bool {
    [
        "server closed the connection",
        "terminating connection",
        "Lost connection",
        "server has gone away",
        "no connection to the server",
    ]
    .iter()
    .any(|text| message.contains(text))
}

/// diesel hands over no SQLSTATE: locks that could not be had are known by these texts alone.
fn is_busy(engine: Engine, message: &str) -> bool {
    let texts: &[&str] = match engine {
        Engine::Sqlite => &["database is locked", "database table is locked", "database schema is locked"],
        Engine::Postgres => &["canceling statement due to lock timeout", "deadlock detected"],
        Engine::Mysql => &["Lock wait timeout exceeded", "Deadlock found when trying to get lock"],
    };
    texts.iter().any(|text| message.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_locks_that_could_not_be_had_are_busy() {
        for (engine, message) in [
            (Engine::Sqlite, "database is locked"),
            (Engine::Postgres, "canceling statement due to lock timeout"),
            (Engine::Mysql, "Deadlock found when trying to get lock; try restarting transaction"),
        ] {
            assert!(is_busy(engine, message), "{message}");
        }
        assert!(!is_busy(Engine::Postgres, "canceling statement due to statement timeout"));
        assert!(!is_busy(Engine::Mysql, "Table 'd.deadlock' doesn't exist"));
    }
}
