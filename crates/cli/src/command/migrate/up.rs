//! `migrate up`: applies what is pending, under the deployment lock. How is `plimsoll_migrate`'s.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, connect};
use plimsoll_deploy::DeployEvent;

use super::{load, make, options, show};
use crate::args::{Format, MigrateUp};
use crate::command::Context;
use crate::error::CliError;
use crate::reporter::Reporter;

pub(super) fn run(up: &MigrateUp, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let apply = &up.apply;
    let project = context.project(&apply.environment)?;
    let (set, settings) = load(&project)?;
    let plan = {
        let mut db = connect(&project.database, Access::Read)?;
        plimsoll_deploy::check_environment(db.as_mut(), &project)?;
        make(db.as_mut(), &set, settings)?
    };
    show(&plan, context);
    if plan.steps.is_empty() {
        return Ok(Exit::Ok);
    }
    let (lock, mut db) = context.locked(&project, apply, "migrate")?;
    // Under the lock again: another deployment may have been faster.
    let plan = make(db.as_mut(), &set, settings)?;
    db.ensure_diesel_history()?;
    let options = options(settings, up.statement_happened, &lock);
    let mut reporter = Reporter::new(context.terminal);
    let terminal = &mut *context.terminal;
    let done = plimsoll_migrate::apply(db.as_mut(), &set, &plan, &options, &mut |event| {
        reporter.event(terminal, &DeployEvent::Migrate(event));
    });
    reporter.end(context.terminal);
    let report = done?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&format!("{}\n", plimsoll_deploy::applied(report.applied.len()))),
        Format::Json => context.terminal.json(&report),
    }
    Ok(Exit::Ok)
}
