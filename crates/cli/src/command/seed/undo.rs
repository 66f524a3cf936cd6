//! `plimsoll seed undo`: takes a run back, under the deployment lock. What that means for each row is `plimsoll_seed`'s.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, Catalog, connect};
use plimsoll_seed::{Seeds, UndoOptions, apply_undo, plan_undo};

use super::{Context, run_options, user_data};
use crate::args::{Format, SeedUndo};
use crate::error::CliError;

pub(super) fn run(args: &SeedUndo, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.apply.environment)?;
    // Datasets that cannot be read keep nobody from taking back what they did: the ledger knows most secrets by itself, and rows
    // that stay as they are by their audit.
    let seeds = plimsoll_deploy::load_seeds(&project).ok().flatten();
    let options = UndoOptions {
        run: args.run,
        user_data: user_data(&project),
        secret: seeds.as_ref().map(Seeds::secret_columns).unwrap_or_default(),
        lifecycles: seeds.map(|seeds| seeds.lifecycles().clone()).unwrap_or_default(),
    };
    let plan = {
        let mut db = connect(&project.database, Access::Read)?;
        plimsoll_deploy::check_environment(db.as_mut(), &project)?;
        let catalog = Catalog::read(db.as_mut())?;
        plan_undo(db.as_mut(), &catalog, &options)?
    };
    match context.terminal.format {
        Format::Text => context.terminal.result(&plan.to_string()),
        Format::Json => context.terminal.json(&plan),
    }
    if args.dry_run {
        return Ok(if plan.blocked.is_empty() { Exit::Ok } else { Exit::GateRefused });
    }
    // What was shown is what is done: if the database moved until the lock was held, this refuses.
    plan.require_free()?;
    let (lock, mut db) = context.locked(&project, &args.apply, "seed undo")?;
    let report = apply_undo(db.as_mut(), &plan, &options, &run_options(&lock, context))?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&format!("{report}\n")),
        Format::Json => context.terminal.json(&report),
    }
    Ok(Exit::Ok)
}
