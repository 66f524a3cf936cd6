//! `migrate down`: takes migrations back, under the deployment lock. How, and what is lost, is `plimsoll_migrate`'s.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, Db, connect};
use plimsoll_migrate::revert::{self, RevertOptions, RevertPlan, RevertReport, RevertTarget};
use plimsoll_migrate::{ApplyOptions, History, MigrateError, MigrateEvent, MigrationSet};

use super::{load, options, show};
use crate::args::{Down, Format};
use crate::command::Context;
use crate::error::CliError;
use crate::reporter::Reporter;

pub(super) fn run(down: &Down, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&down.apply.environment)?;
    let (set, settings) = load(&project)?;
    let target = match &down.to {
        Some(version) => RevertTarget::To(version.clone()),
        None => RevertTarget::Steps(down.steps.get()),
    };
    let wanted = RevertOptions { target, allow_lossy: down.lose_data };
    let plan = {
        let mut db = connect(&project.database, Access::Read)?;
        plimsoll_deploy::check_environment(db.as_mut(), &project)?;
        revert::plan(&set, &History::read(db.as_mut())?, &wanted)?
    };
    show(&plan, context);
    if plan.steps.is_empty() {
        return Ok(Exit::Ok);
    }
    // What was shown is what may be taken back: if the database moved until the lock was held, this refuses.
    let (lock, mut db) = context.locked(&project, &down.apply, "migrate down")?;
    db.ensure_diesel_history()?;
    let options = options(settings, down.statement_happened, &lock);
    take_back(db.as_mut(), &set, &plan, &options, context)?;
    Ok(Exit::Ok)
}

/// Takes back what a plan says, and says what was taken back.
pub(super) fn take_back(
    db: &mut dyn Db,
    set: &MigrationSet,
    plan: &RevertPlan,
    options: &ApplyOptions,
    context: &mut Context<'_, '_>,
) -> Result<(), CliError> {
    let report = reported(context, |on_event| revert::apply(db, set, plan, options, on_event))?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&format!("{}\n", taken_back(&report))),
        Format::Json => context.terminal.json(&report),
    }
    Ok(())
}

/// Shows the events of what is done to migrations.
pub(super) fn reported<T>(
    context: &mut Context<'_, '_>,
    work: impl FnOnce(&mut dyn FnMut(&MigrateEvent)) -> Result<T, MigrateError>,
) -> Result<T, MigrateError> {
    let mut reporter = Reporter::new(context.terminal);
    let terminal = &mut *context.terminal;
    let done = work(&mut |event| reporter.event(terminal, &plimsoll_deploy::DeployEvent::Migrate(event)));
    reporter.end(context.terminal);
    done
}

fn taken_back(report: &RevertReport) -> String {
    let count = report.reverted.len();
    format!("{count} {} taken back", if count == 1 { "migration" } else { "migrations" })
}
