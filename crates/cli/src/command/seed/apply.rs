//! `plimsoll seed apply`: writes what the plan says, under the deployment lock.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, connect};
use plimsoll_deploy::DeployEvent;
use plimsoll_seed::ApplyOptions;

use super::{Context, load, make, show};
use crate::args::{Apply, Format};
use crate::error::CliError;
use crate::reporter::Reporter;

pub(super) fn run(apply: &Apply, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&apply.environment)?;
    let seeds = load(&project)?;
    let expectations = plimsoll_deploy::expectations(&project);
    let plan = {
        let mut db = connect(&project.database, Access::Read)?;
        plimsoll_deploy::check_environment(db.as_mut(), &project)?;
        let plan = make(db.as_mut(), &seeds)?;
        // Before the lock, which would make a database only to refuse.
        plan.require_schema()?;
        plan
    };
    show(&plan, context);
    if plan.is_empty() {
        return Ok(Exit::Ok);
    }
    let (_lock, mut db) = context.locked(&project, apply, "seed")?;
    // Under the lock again: another deployment may have been faster.
    let plan = make(db.as_mut(), &seeds)?;
    let options = ApplyOptions { deployment: None, expectations };
    let mut reporter = Reporter::new(context.terminal);
    let terminal = &mut *context.terminal;
    let done = plimsoll_seed::apply(db.as_mut(), &seeds, &plan, &options, &mut |event| {
        reporter.event(terminal, &DeployEvent::Seed(event));
    });
    reporter.end(context.terminal);
    let report = done?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&format!("{report}\n")),
        Format::Json => context.terminal.json(&report),
    }
    Ok(Exit::Ok)
}
