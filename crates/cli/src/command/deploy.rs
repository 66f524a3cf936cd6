//! `plimsoll deploy`: shows the plan, asks where asking is due, applies it and says what was done.

use std::path::Path;

use plimsoll_core::Exit;
use plimsoll_deploy::{Cause, DeployError, DeployOptions, DeployPlan, SmokeOptions};

use super::{Context, plan};
use crate::args::{Deploy, Format};
use crate::error::CliError;
use crate::reporter::{Reporter, human, json};

pub(super) fn run(args: &Deploy, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.environment)?;
    let commit = context.commit(&args.environment, &project);
    let smoke = SmokeOptions { allow_mutate: args.allow_mutate, ..SmokeOptions::default() };
    let loaded = plimsoll_deploy::load(&project, &commit, &smoke)?;
    let (plan, hazards) = plan::observe(&project, &loaded, args.allow_mutate)?;
    if let Some(file) = &args.plan {
        let moved = plan.differences(&read_plan(file)?);
        if !moved.is_empty() {
            return Err(DeployError::from(Cause::PlanStale { moved }).into());
        }
    }
    match context.terminal.format {
        Format::Text => context.terminal.result(&format!("{plan}{}\n", hazards.part())),
        Format::Json => context.terminal.json(&json::plan(&plan, &hazards)),
    }
    if !plan.is_empty() {
        context.confirm(&project, args.yes)?;
    }
    let exactly = args.plan.is_some() || project.protected;
    let options = DeployOptions { exactly, ..context.options(args.lock_wait) };
    let mut reporter = Reporter::new(context.terminal);
    let terminal = &mut *context.terminal;
    let done = plimsoll_deploy::deploy(&project, &loaded, &plan, &options, &mut |event| {
        reporter.event(terminal, event);
    });
    reporter.end(context.terminal);
    let report = done?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&human::deployed(&report, &context.global.program)),
        Format::Json => context.terminal.json(&json::report(&report)),
    }
    Ok(context.end(plan.skipped()))
}

fn read_plan(file: &Path) -> Result<DeployPlan, CliError> {
    let text = std::fs::read_to_string(file).map_err(|source| CliError::File { path: file.to_owned(), source })?;
    serde_json::from_str(&text).map_err(|source| CliError::SavedPlan { path: file.to_owned(), source })
}
