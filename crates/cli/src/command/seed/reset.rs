//! `plimsoll seed reset`: removes what datasets created, once the environment's name was typed. The order is `plimsoll_seed`'s.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, Catalog, connect};
use plimsoll_core::project::Project;
use plimsoll_seed::{ResetOptions, ResetPlan, apply_reset, plan_reset};

use super::{Context, run_options, user_data};
use crate::args::{Apply, Format, SeedReset};
use crate::error::CliError;

pub(super) fn run(args: &SeedReset, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.apply.environment)?;
    // Where they cannot be read, nobody knows which rows stay, and nothing is removed.
    let seeds = plimsoll_deploy::load_seeds(&project)?;
    let options = ResetOptions {
        datasets: args.dataset.clone(),
        discard_edits: args.discard_edits,
        user_data: user_data(&project),
        lifecycles: seeds.map(|seeds| seeds.lifecycles().clone()).unwrap_or_default(),
        emptied: Vec::new(),
    };
    let plan = {
        let mut db = connect(&project.database, Access::Read)?;
        plimsoll_deploy::check_environment(db.as_mut(), &project)?;
        let catalog = Catalog::read(db.as_mut())?;
        plan_reset(db.as_mut(), &catalog, &options)?
    };
    show(&plan, context);
    plan.require_free()?;
    if !args.dry_run && !plan.is_empty() {
        context.confirm_removal(&project, args.apply.yes)?;
        carry_out(&project, &plan, &options, &args.apply, context)?;
    }
    Ok(Exit::Ok)
}

/// Shows what is removed.
pub(super) fn show(plan: &ResetPlan, context: &mut Context<'_, '_>) {
    match context.terminal.format {
        Format::Text => context.terminal.result(&plan.to_string()),
        Format::Json => context.terminal.json(plan),
    }
}

/// Removes what a plan says, once somebody has agreed to it.
pub(super) fn carry_out(
    project: &Project,
    plan: &ResetPlan,
    options: &ResetOptions,
    apply: &Apply,
    context: &mut Context<'_, '_>,
) -> Result<(), CliError> {
    let agreed = Apply { yes: true, ..apply.clone() };
    let (lock, mut db) = context.locked(project, &agreed, "seed reset")?;
    let report = apply_reset(db.as_mut(), plan, options, &run_options(&lock, context))?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&format!("{report}\n")),
        Format::Json => context.terminal.json(&report),
    }
    Ok(())
}
