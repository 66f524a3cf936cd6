//! Why a deployment could not be planned or failed. Remedies are the command line's.

use plimsoll_core::db::DbError;
use plimsoll_core::lock::LockError;
use plimsoll_core::{Coded, ErrorCode, Exit, Location};
use plimsoll_migrate::MigrateError;
use plimsoll_seed::SeedError;
use plimsoll_smoke::{SmokeError, SmokeFailed};

use crate::release::ReleaseError;
use crate::report::{DeployReport, Outcome};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The database could not be reached or refused.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The lock is held or lost.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The migrations.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The seeds.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The files of the smoke checks.
    #[error(transparent)]
    Checks(#[from] plimsoll_smoke::Problems),
    /// The smoke checks could not start.
    #[error(transparent)]
    SmokeStart(#[from] SmokeError),
    /// The smoke checks did not pass.
    #[error(transparent)]
    Smoke(#[from] SmokeFailed),
    /// A release.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// The target moved between the plan and now.
    #[error("the plan is stale: {} changed since it was made", moved.join(" and "))]
    PlanStale {
        /// What moved.
        moved: Vec<String>,
    },
    /// The database belongs to another environment.
    #[error("the database belongs to environment `{stamped}`, not to `{environment}`")]
    OtherEnvironment {
        /// The environment in the database.
        stamped: String,
        /// The environment that was asked for.
        environment: String,
    },
    /// Nothing has been released, or it was stopped.
    #[error("nothing serves in environment `{environment}`")]
    NothingReleased {
        /// The environment.
        environment: String,
    },
}

/// A deployment that could not be planned, or failed.
#[derive(Debug, thiserror::Error)]
#[error("{}", headline(cause, report.as_deref()))]
pub struct DeployError {
    /// What went wrong.
    #[source]
    pub cause: Cause,
    /// What had been done and was undone; none when nothing was begun.
    pub report: Option<Box<DeployReport>>,
}

impl DeployError {
    /// What the process should exit with: how the deployment ended says more than what went wrong.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.report.as_ref().map(|report| report.outcome) {
            Some(Outcome::RolledBack) => Exit::RolledBack,
            Some(Outcome::Failed) => Exit::NeedsPerson,
            Some(Outcome::Unchanged | Outcome::Succeeded) | None => match self.cause.code().exit() {
                // Nothing was begun, so a check that failed rolled nothing back.
                Exit::RolledBack => Exit::CheckFailed,
                exit => exit,
            },
        }
    }
}

impl<E: Into<Cause>> From<E> for DeployError {
    fn from(cause: E) -> Self {
        Self { cause: cause.into(), report: None }
    }
}

impl Cause {
    fn coded(&self) -> Option<&dyn Coded> {
        match self {
            Self::Database(error) => Some(error),
            Self::Lock(error) => Some(error),
            Self::Migrate(error) => Some(error),
            Self::Seed(error) => Some(error),
            Self::Checks(error) => Some(error),
            Self::SmokeStart(error) => Some(error),
            Self::Smoke(error) => Some(error),
            Self::Release(error) => Some(error),
            Self::PlanStale { .. } | Self::OtherEnvironment { .. } | Self::NothingReleased { .. } => None,
        }
    }
}

impl Coded for Cause {
    fn code(&self) -> ErrorCode {
        match self {
            Self::PlanStale { .. } => ErrorCode::PlanStale,
            Self::OtherEnvironment { .. } => ErrorCode::EnvironmentMismatch,
            Self::NothingReleased { .. } => ErrorCode::NothingReleased,
            other => other.coded().map_or(ErrorCode::DeployStuck, Coded::code),
        }
    }

    fn location(&self) -> Option<&Location> {
        self.coded()?.location()
    }

    fn parts(&self) -> Vec<&dyn Coded> {
        self.coded().map(Coded::parts).unwrap_or_default()
    }
}

impl Coded for DeployError {
    fn code(&self) -> ErrorCode {
        self.cause.code()
    }

    fn location(&self) -> Option<&Location> {
        self.cause.location()
    }

    fn parts(&self) -> Vec<&dyn Coded> {
        self.cause.parts()
    }
}

fn headline(cause: &Cause, report: Option<&DeployReport>) -> String {
    match report.and_then(|report| Some((report.deployment?, report.outcome))) {
        Some((number, Outcome::RolledBack)) => format!("deployment {number} failed and was rolled back"),
        Some((number, _)) => format!("deployment {number} failed and needs attention"),
        None => cause.to_string(),
    }
}
