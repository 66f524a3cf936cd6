//! `migrate up`: applies what is pending, under the deployment lock. How is `plimsoll_migrate`'s.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, connect};
use plimsoll_deploy::DeployEvent;
use plimsoll_migrate::ApplyOptions;

use super::{load, make, show};
use crate::args::{Apply, Format};
use crate::command::{Context, tool};
use crate::error::CliError;
use crate::reporter::Reporter;

pub(super) fn run(apply: &Apply, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
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
    let fence = Some(lock.fence());
    let options = ApplyOptions { deployment: None, lock_timeout: settings.lock_timeout, tool: tool(), fence };
    let mut reporter = Reporter::new(context.terminal);
    let terminal = &mut *context.terminal;
    let done = plimsoll_migrate::apply(db.as_mut(), &set, &plan, &options, &mut |event| {
        reporter.event(terminal, &DeployEvent::Migrate(event));
    });
    reporter.end();
    let report = done?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&format!("{}\n", plimsoll_deploy::applied(report.applied.len()))),
        Format::Json => context.terminal.json(&report),
    }
    Ok(Exit::Ok)
}
