//! Everything a command can end with, as one type with an exit code. How it is shown is `terminal`'s, the advice `catalogue`'s.

use std::path::PathBuf;

use plimsoll_core::db::{DbError, Engine, UrlError};
use plimsoll_core::inspect::QueryError;
use plimsoll_core::lock::LockError;
use plimsoll_core::project::ProjectError;
use plimsoll_core::{Coded, ErrorCode, Exit, Location};
use plimsoll_deploy::{Cause, DeployError, DeployReport};
use plimsoll_migrate::MigrateError;
use plimsoll_seed::SeedError;
use plimsoll_smoke::{SmokeError, SmokeFailed};

/// What a command ended with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The project.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// A deployment, or planning one.
    #[error(transparent)]
    Deploy(#[from] DeployError),
    /// What one of the rooms answered, where there is no deployment around it.
    #[error(transparent)]
    Room(Cause),
    /// A file of the command line cannot be read or written.
    #[error("cannot use `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A saved plan is not one.
    #[error("`{}` is no saved plan", path.display())]
    SavedPlan {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A protected environment was not confirmed.
    #[error("environment `{environment}` is protected and was not confirmed")]
    NotConfirmed {
        /// The environment.
        environment: String,
    },
    /// Removing rows was not confirmed.
    #[error("removing rows from `{environment}` was not confirmed")]
    RemovalNotConfirmed {
        /// The environment.
        environment: String,
    },
    /// Something the project does not have.
    #[error("the project declares no {what} ({place})")]
    Undeclared {
        /// What: `migrations`.
        what: &'static str,
        /// What would declare it, and where.
        place: &'static str,
    },
    /// A database URL of the command line is none.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// Scratch databases on another engine would prove nothing.
    #[error("`--scratch` names a {scratch} server, the environment's database is {real}")]
    ScratchEngine {
        /// The engine of the command line's URL.
        scratch: Engine,
        /// The environment's.
        real: Engine,
    },
    /// The schema is not what the migrations make.
    #[error("the schema of `{environment}` has {count} {differences} from what its migrations make", differences = if *count == 1 { "difference" } else { "differences" })]
    Drift {
        /// The environment.
        environment: String,
        /// How many differences.
        count: usize,
    },
    /// The data is not what it should be.
    #[error("{failed} {} of the data failed{}", if *failed == 1 { "check" } else { "checks" }, if *unknown == 0 { String::new() } else { format!(", {unknown} could not be made") })]
    Unhealthy {
        /// How many checks failed.
        failed: usize,
        /// How many could not be made.
        unknown: usize,
    },
    /// Nothing failed, and something could not be checked.
    #[error("{unknown} {} of the data could not be made", if *unknown == 1 { "check" } else { "checks" })]
    Unverified {
        /// How many.
        unknown: usize,
    },
    /// The audit, or a row behind its back, was changed.
    #[error("the audit of `{environment}` does not hold: {count} {findings}", findings = if *count == 1 { "finding" } else { "findings" })]
    AuditBroken {
        /// The environment.
        environment: String,
        /// How many findings.
        count: usize,
    },
    /// SQL was asked for that is not proven.
    #[error("the SQL was not proven, so none is given")]
    DriftUnproven,
    /// A query, which never writes.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// One statement was expected.
    #[error("one statement is asked at a time, and there are {count}")]
    NotOneStatement {
        /// How many there are.
        count: usize,
    },
    /// A table that the database does not have.
    #[error("there is no table `{table}`{}", near.as_ref().map(|near| format!(", did you mean `{near}`?")).unwrap_or_default())]
    UnknownTable {
        /// As typed.
        table: String,
        /// The nearest one.
        near: Option<String>,
    },
    /// A session that is not there.
    #[error("there is no session `{id}`")]
    UnknownSession {
        /// As typed.
        id: String,
    },
    /// Nobody confirmed that a session may be ended.
    #[error("`{id}` was not confirmed and goes on")]
    SessionKept {
        /// As typed.
        id: String,
    },
    /// A session that was told to end is still there.
    #[error("session {id} is still there")]
    SessionEnding {
        /// Its number.
        id: i64,
    },
    /// What has a SQLite file open is a process, and nobody's to end but its owner's.
    #[error("process {pid} is not a session of a server: `kill {pid}` ends it")]
    Process {
        /// Its number.
        pid: i64,
    },
    /// An error code that does not exist.
    #[error("unknown error code `{code}`{}", near.as_ref().map(|near| format!(", did you mean `{near}`?")).unwrap_or_default())]
    UnknownCode {
        /// As typed.
        code: String,
        /// The nearest one.
        near: Option<&'static str>,
    },
}

impl CliError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Deploy(error) => error.exit(),
            other => other.code().exit(),
        }
    }

    /// The report of what had been done, when a deployment had begun.
    pub(crate) fn report(&self) -> Option<&DeployReport> {
        match self {
            Self::Deploy(error) => error.report.as_deref(),
            _ => None,
        }
    }

    fn coded(&self) -> Option<&dyn Coded> {
        match self {
            Self::Project(error) => Some(error),
            Self::Deploy(error) => Some(error),
            Self::Room(error) => Some(error),
            Self::Url(error) => Some(error),
            Self::Query(error) => Some(error),
            Self::File { .. }
            | Self::ScratchEngine { .. }
            | Self::Drift { .. }
            | Self::DriftUnproven
            | Self::Unhealthy { .. }
            | Self::Unverified { .. }
            | Self::AuditBroken { .. }
            | Self::SavedPlan { .. }
            | Self::NotConfirmed { .. }
            | Self::RemovalNotConfirmed { .. }
            | Self::Undeclared { .. }
            | Self::NotOneStatement { .. }
            | Self::UnknownTable { .. }
            | Self::UnknownSession { .. }
            | Self::SessionKept { .. }
            | Self::SessionEnding { .. }
            | Self::Process { .. }
            | Self::UnknownCode { .. } => None,
        }
    }
}

macro_rules! rooms {
    ($($error:ty),*) => {
        $(impl From<$error> for CliError {
            fn from(error: $error) -> Self {
                Self::Room(error.into())
            }
        })*
    };
}

rooms!(DbError, LockError, MigrateError, SeedError, SmokeError, SmokeFailed);

impl Coded for CliError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::File { .. } => ErrorCode::FileUnreadable,
            Self::NotConfirmed { .. } | Self::RemovalNotConfirmed { .. } => ErrorCode::NotConfirmed,
            Self::Drift { .. } => ErrorCode::DriftFound,
            Self::UnknownTable { .. } => ErrorCode::TableUnknown,
            Self::UnknownSession { .. } => ErrorCode::SessionUnknown,
            Self::SessionKept { .. } | Self::Process { .. } => ErrorCode::SessionKept,
            Self::SessionEnding { .. } => ErrorCode::SessionEnding,
            Self::DriftUnproven => ErrorCode::DriftUnproven,
            Self::Unhealthy { .. } => ErrorCode::VerifyFailed,
            Self::Unverified { .. } => ErrorCode::VerifyUnmeasured,
            Self::AuditBroken { .. } => ErrorCode::AuditBroken,
            other => other.coded().map_or(ErrorCode::InvalidValue, Coded::code),
        }
    }

    fn location(&self) -> Option<&Location> {
        self.coded()?.location()
    }

    fn parts(&self) -> Vec<&dyn Coded> {
        self.coded().map(Coded::parts).unwrap_or_default()
    }
}
