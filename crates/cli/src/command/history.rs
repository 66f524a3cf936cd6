//! `plimsoll history`: the last deployments from the ledger.

use plimsoll_core::Exit;
use plimsoll_core::ledger::DeploymentState;

use super::Context;
use crate::args::{Format, History};
use crate::error::CliError;

pub(super) fn run(args: &History, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.environment)?;
    let deployments = plimsoll_deploy::history(&project, args.limit)?;
    if context.terminal.format == Format::Json {
        context.terminal.json(&deployments);
        return Ok(Exit::Ok);
    }
    if deployments.is_empty() {
        context.terminal.result("no deployment yet\n");
    }
    for each in &deployments {
        let summary = each.summary.as_deref().unwrap_or("");
        let line = format!(
            "{:>4}  {:<11}  {}  {}  {}  {summary}",
            each.number,
            state(each.state),
            each.started_at,
            each.revision,
            each.actor
        );
        context.terminal.result(&format!("{}\n", line.trim_end()));
    }
    Ok(Exit::Ok)
}

/// A state in words.
pub(super) fn state(state: DeploymentState) -> &'static str {
    match state {
        DeploymentState::Running => "running",
        DeploymentState::Succeeded => "succeeded",
        DeploymentState::RolledBack => "rolled back",
        DeploymentState::Failed => "failed",
        DeploymentState::Interrupted => "interrupted",
    }
}
