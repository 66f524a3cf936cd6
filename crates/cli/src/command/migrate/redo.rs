//! `migrate redo`: takes migrations back and applies them again, under one lock. What each half does is `plimsoll_migrate`'s.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, connect};
use plimsoll_migrate::History;
use plimsoll_migrate::revert::{self, RevertOptions, RevertTarget};

use super::down::{reported, take_back};
use super::{load, options, show};
use crate::args::{Format, Redo};
use crate::command::Context;
use crate::error::CliError;

pub(super) fn run(redo: &Redo, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&redo.apply.environment)?;
    let (set, settings) = load(&project)?;
    let wanted = RevertOptions { target: RevertTarget::Steps(redo.steps.get()), allow_lossy: redo.lose_data };
    let plan = {
        let mut db = connect(&project.database, Access::Read)?;
        plimsoll_deploy::check_environment(db.as_mut(), &project)?;
        revert::plan_redo(&set, &History::read(db.as_mut())?, &wanted)?
    };
    show(&plan, context);
    if plan.down.steps.is_empty() {
        return Ok(Exit::Ok);
    }
    let (lock, mut db) = context.locked(&project, &redo.apply, "migrate redo")?;
    db.ensure_diesel_history()?;
    let options = options(settings, None, &lock);
    take_back(db.as_mut(), &set, &plan.down, &options, context)?;
    let report =
        reported(context, |on_event| plimsoll_migrate::apply(db.as_mut(), &set, &plan.up, &options, on_event))?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&format!("{}\n", plimsoll_deploy::applied(report.applied.len()))),
        Format::Json => context.terminal.json(&report),
    }
    Ok(Exit::Ok)
}
