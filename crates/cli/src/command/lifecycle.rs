//! `plimsoll lifecycle triggers`: shows, makes and removes the triggers of immutable rows. Their SQL is `plimsoll_seed`'s.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, Db, connect};
use plimsoll_core::lock::Fence;
use plimsoll_seed::{Seeds, TableTriggers, install_triggers, plan_triggers, remove_triggers};

use super::{Context, seed};
use crate::args::{Format, Lifecycle, LifecycleTriggers};
use crate::error::CliError;

pub(super) fn run(args: &Lifecycle, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    match args {
        Lifecycle::Triggers(args) => triggers(args, context),
    }
}

fn triggers(args: &LifecycleTriggers, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.apply.environment)?;
    let seeds = seed::load(&project)?;
    let planned = {
        let mut db = connect(&project.database, Access::Read)?;
        plimsoll_deploy::check_environment(db.as_mut(), &project)?;
        plan_triggers(db.as_mut(), &seeds)?
    };
    if planned.is_empty() {
        return Err(CliError::Undeclared {
            what: "life cycle with immutable states",
            place: "`immutable` in a `[[lifecycle]]` of a dataset",
        });
    }
    if args.sql {
        let statements = planned.iter().flat_map(|table| &table.install);
        statements.for_each(|statement| context.terminal.result(&format!("{statement};\n")));
        return Ok(Exit::Ok);
    }
    if !args.install && !args.remove {
        show(&planned, context);
        return Ok(Exit::Ok);
    }
    let (lock, mut db) = context.locked(&project, &args.apply, "lifecycle triggers")?;
    let done = work(db.as_mut(), &seeds, args.install, &lock.fence())?;
    show(&done, context);
    Ok(Exit::Ok)
}

/// Under the lock: what is there is looked at again, before and after.
fn work(db: &mut dyn Db, seeds: &Seeds, install: bool, fence: &Fence) -> Result<Vec<TableTriggers>, CliError> {
    let planned = plan_triggers(db, seeds)?;
    if install {
        install_triggers(db, &planned, Some(fence))?
    } else {
        remove_triggers(db, &planned, Some(fence))?
    }
    Ok(plan_triggers(db, seeds)?)
}

fn show(tables: &[TableTriggers], context: &mut Context<'_, '_>) {
    match context.terminal.format {
        Format::Text => tables.iter().for_each(|table| context.terminal.result(&table.to_string())),
        Format::Json => context.terminal.json(&tables),
    }
}
