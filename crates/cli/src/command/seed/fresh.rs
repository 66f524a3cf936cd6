//! `plimsoll seed apply --fresh`: what datasets created is removed before they are seeded again. Row by row it is `reset`'s.

use plimsoll_core::db::{Access, Catalog, connect};
use plimsoll_core::project::Project;
use plimsoll_seed::{ApplyOptions, Lifecycles, ResetOptions, SeedPlan, apply_emptied, emptied, plan_reset};

use super::{Context, make, reset, run_options, user_data};
use crate::args::{Apply, Format};
use crate::error::CliError;

/// Shows what is removed, asks once, and removes it: streamed tables first, because their rows refer to others. Nothing is begun
/// that would be refused later; whether the new rows could be written, the caller knows. Whether anybody was asked: not where there is nothing to remove.
pub(super) fn clear(
    project: &Project,
    lifecycles: &Lifecycles,
    apply: &Apply,
    dry_run: bool,
    context: &mut Context<'_, '_>,
) -> Result<bool, CliError> {
    let mut options =
        ResetOptions { user_data: user_data(project), lifecycles: lifecycles.clone(), ..ResetOptions::default() };
    let (streamed, rest) = {
        let mut db = connect(&project.database, Access::Read)?;
        plimsoll_deploy::check_environment(db.as_mut(), project)?;
        let catalog = Catalog::read(db.as_mut())?;
        let streamed = match emptied(db.as_mut(), &catalog, &options.user_data)? {
            Some(seeds) => Some(make(db.as_mut(), &seeds)?).filter(|plan| !plan.is_empty()),
            None => None,
        };
        options.emptied = streamed.iter().flat_map(|plan| &plan.bulk).map(|table| table.table.clone()).collect();
        let rest = plan_reset(db.as_mut(), &catalog, &options)?;
        (streamed, rest)
    };
    if let Some(plan) = &streamed {
        show(plan, context);
    }
    reset::show(&rest, context);
    rest.require_free()?;
    if dry_run || (streamed.is_none() && rest.is_empty()) {
        return Ok(false);
    }
    context.confirm_removal(project, apply.yes)?;
    let Some(_) = streamed else {
        reset::carry_out(project, &rest, &options, apply, context)?;
        return Ok(true);
    };
    let rest = {
        let agreed = Apply { yes: true, ..apply.clone() };
        let (lock, mut db) = context.locked(project, &agreed, "seed fresh")?;
        let catalog = Catalog::read(db.as_mut())?;
        if let Some(seeds) = emptied(db.as_mut(), &catalog, &options.user_data)? {
            let plan = make(db.as_mut(), &seeds)?;
            let by = run_options(&lock, context);
            let by = ApplyOptions { actor: by.actor, tool: by.tool, fence: by.fence, ..ApplyOptions::default() };
            apply_emptied(db.as_mut(), &seeds, &plan, &by, &options)?;
        }
        options.emptied.clear();
        plan_reset(db.as_mut(), &catalog, &options)?
    };
    if !rest.is_empty() {
        reset::carry_out(project, &rest, &options, apply, context)?;
    }
    Ok(true)
}

fn show(plan: &SeedPlan, context: &mut Context<'_, '_>) {
    match context.terminal.format {
        Format::Json => context.terminal.json(plan),
        Format::Text => {
            let mut text = String::new();
            for table in &plan.bulk {
                text.push_str(&format!("  - {} of {}", table.counts.remove, table.table));
                if table.counts.spared > 0 {
                    text.push_str(&format!(", {} kept as edited", table.counts.spared));
                }
                text.push('\n');
            }
            context.terminal.result(&text);
        }
    }
}
