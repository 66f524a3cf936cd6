//! `migrate adopt`: records what another tool applied, under the deployment lock. What is proven is `plimsoll_migrate`'s.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, Db, connect};
use plimsoll_migrate::adopt::{AdoptPlan, Evidence, apply, choose, detect, observe, plan};
use plimsoll_migrate::{History, MigrationSet};

use super::load;
use crate::args::{Format, MigrateAdopt};
use crate::command::Context;
use crate::error::CliError;

pub(super) fn run(arguments: &MigrateAdopt, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&arguments.apply.environment)?;
    let (set, _) = load(&project)?;
    let planned = {
        let mut db = connect(&project.database, Access::Read)?;
        plimsoll_deploy::check_environment(db.as_mut(), &project)?;
        make(db.as_mut(), &set, arguments)?
    };
    let text = context.terminal.format == Format::Text;
    if text {
        context.terminal.result(&planned.to_string());
    }
    if arguments.dry_run {
        if !text {
            context.terminal.json(&planned);
        }
        return Ok(Exit::Ok);
    }
    let nothing_to_do = planned.to_record().next().is_none();
    let report = if nothing_to_do {
        planned.report()
    } else {
        let (_lock, mut db) = context.locked(&project, &arguments.apply, "migrate adopt")?;
        // Under the lock again: another deployment, or the other tool, may have been faster.
        let planned = make(db.as_mut(), &set, arguments)?;
        db.ensure_diesel_history()?;
        apply(db.as_mut(), &set, &planned)?
    };
    if text {
        context.terminal.result(&format!("{report}\n"));
    } else {
        context.terminal.json(&planned);
        context.terminal.json(&report);
    }
    Ok(Exit::Ok)
}

fn make(db: &mut dyn Db, set: &MigrationSet, arguments: &MigrateAdopt) -> Result<AdoptPlan, CliError> {
    let found = detect(db)?;
    let foreign = observe(db, choose(&found, arguments.from)?)?;
    Ok(plan(set, &History::read(db)?, &foreign, &Evidence::read(set)?)?)
}
