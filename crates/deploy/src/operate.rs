//! Looking after what was deployed: stop it, say what serves, list the deployments. Changing it is the pipeline's.

use std::time::Duration;

use plimsoll_core::db::{Access, connect};
use plimsoll_core::ledger::{self, Deployment, Serving};
use plimsoll_core::lock::{self, Holder, LockError};
use plimsoll_core::project::Project;
use serde::Serialize;

use crate::error::{Cause, DeployError};
use crate::pipeline::DeployOptions;
use crate::release::{self, Release};

/// How an environment stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The releases and whether each one's process is alive.
    pub releases: Vec<ReleaseStatus>,
    /// The last deployment.
    pub last: Option<Deployment>,
    /// Who holds the lock now.
    pub lock: Option<String>,
}

/// How one release stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleaseStatus {
    /// What the ledger says serves.
    pub serving: Serving,
    /// Whether its process is alive here.
    pub alive: bool,
}

/// Stops the processes of an environment and records that nothing serves; gives what was stopped.
///
/// # Errors
/// [`Cause::NothingReleased`] when nothing runs and nothing is recorded, and whatever the lock or database refuse.
pub fn stop(project: &Project, releases: &[Release], options: &DeployOptions) -> Result<Vec<String>, DeployError> {
    let recorded = {
        let mut db = connect(&project.database, Access::Read)?;
        if ledger::exists(db.as_mut())? { ledger::serving(db.as_mut(), &project.environment)? } else { Vec::new() }
    };
    let mut stopped = Vec::new();
    if recorded.is_empty() {
        // Not taken, which would make a ledger; but what a running deployment tries is not ended under its hands.
        if let Some(holder) = lock::holder(&project.database)? {
            return Err(LockError::Held { holder: Some(holder) }.into());
        }
        for each in releases {
            stopped.extend(release::stop(each)?.into_iter().map(|what| format!("{}: {what}", each.name)));
        }
        if stopped.is_empty() {
            return Err(Cause::NothingReleased { environment: project.environment.clone() }.into());
        }
        return Ok(stopped);
    }
    let holder = Holder::new(&options.actor, &format!("stop {}", project.environment));
    let lock = lock::acquire(&project.database, &holder, options.lock_wait.max(Duration::from_secs(1)))?;
    let mut db = lock.connect()?;
    for each in releases {
        stopped.extend(release::stop(each)?.into_iter().map(|what| format!("{}: {what}", each.name)));
    }
    for serving in &recorded {
        ledger::clear_serving(db.as_mut(), &project.environment, &serving.release)?;
    }
    Ok(stopped)
}

/// Looks at an environment. Writes nothing.
///
/// # Errors
/// Whatever the database or the lock refuse.
pub fn status(project: &Project, known: &[Release]) -> Result<Status, DeployError> {
    let mut db = connect(&project.database, Access::Read)?;
    if !ledger::exists(db.as_mut())? {
        return Ok(Status { releases: Vec::new(), last: None, lock: None });
    }
    let mut releases = Vec::new();
    for serving in ledger::serving(db.as_mut(), &project.environment)? {
        let here = known.iter().find(|release| release.name == serving.release);
        let alive = here.and_then(release::serving).is_some_and(|revision| revision == serving.revision);
        releases.push(ReleaseStatus { serving, alive });
    }
    let lock = lock::holder_on(&project.database, db.as_mut())?.map(|holder| holder.to_string());
    Ok(Status { releases, last: ledger::latest(db.as_mut())?, lock })
}

/// The last deployments, newest first. Writes nothing.
///
/// # Errors
/// Whatever the database refuses.
pub fn history(project: &Project, limit: u32) -> Result<Vec<Deployment>, DeployError> {
    let mut db = connect(&project.database, Access::Read)?;
    Ok(if ledger::exists(db.as_mut())? { ledger::recent(db.as_mut(), limit)? } else { Vec::new() })
}
