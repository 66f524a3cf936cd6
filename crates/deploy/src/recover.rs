//! Deployments that were killed: noticed, closed in the ledger, and what they left running stopped. Finishing the work is a new plan's.

use plimsoll_core::db::{Access, Db, connect};
use plimsoll_core::ledger::{self, DeploymentState, StepState};
use plimsoll_core::project::Project;

use crate::error::Cause;
use crate::event::DeployEvent;
use crate::load::Loaded;
use crate::release;
use crate::report::Interrupted;

/// Whether a killed deployment, or a candidate it left running, waits to be cleared up.
pub(crate) fn is_needed(project: &Project, loaded: &Loaded) -> Result<bool, Cause> {
    for each in &loaded.releases {
        if release::has_candidate(each)? {
            return Ok(true);
        }
    }
    let mut db = connect(&project.database, Access::Read)?;
    Ok(ledger::exists(db.as_mut())? && !ledger::running(db.as_mut())?.is_empty())
}

/// Closes killed deployments. The caller holds the lock, so whatever still says `running` is dead.
pub(crate) fn close(
    db: &mut dyn Db,
    project: &Project,
    loaded: &Loaded,
    on_event: &mut dyn FnMut(&DeployEvent<'_>),
) -> Result<Vec<Interrupted>, Cause> {
    let mut stopped = Vec::new();
    for each in &loaded.releases {
        let ended = release::recover(each)?;
        stopped.extend(ended.into_iter().map(|what| format!("{}: {what}", each.name)));
    }
    let mut found = Vec::new();
    for deployment in ledger::running(db)? {
        let steps = ledger::steps(db, deployment.number)?;
        let words = steps.iter().map(|step| {
            let state = match step.state {
                StepState::Intent => "begun, not finished",
                StepState::Done => "done",
                StepState::Failed => "failed",
                StepState::Undone => "undone",
            };
            format!("{}: {state}", step.name)
        });
        let interrupted = Interrupted {
            deployment: deployment.number,
            started_at: deployment.started_at,
            actor: deployment.actor,
            steps: words.collect(),
            stopped: std::mem::take(&mut stopped),
        };
        let summary = format!("found interrupted and closed by the next deployment of {}", project.environment);
        ledger::finish(db, deployment.number, DeploymentState::Interrupted, &summary)?;
        on_event(&DeployEvent::Recovered(&interrupted));
        found.push(interrupted);
    }
    Ok(found)
}
