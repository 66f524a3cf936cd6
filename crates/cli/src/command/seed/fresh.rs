//! `plimsoll seed apply --fresh`: what datasets created is removed before they are seeded again. Row by row it is `reset`'s.

use plimsoll_core::db::{Access, connect};
use plimsoll_core::project::Project;
use plimsoll_seed::{ApplyOptions, ResetOptions, SeedPlan, emptied};

use super::{Context, make, reset, run_options, user_data};
use crate::args::{Apply, Format};
use crate::error::CliError;

/// Shows what is removed, asks once, and removes it: streamed tables first, because their rows refer to others.
pub(super) fn clear(
    project: &Project,
    apply: &Apply,
    dry_run: bool,
    context: &mut Context<'_, '_>,
) -> Result<(), CliError> {
    let users = user_data(project);
    let streamed = {
        let mut db = connect(&project.database, Access::Read)?;
        plimsoll_deploy::check_environment(db.as_mut(), project)?;
        match emptied(db.as_mut(), &users)? {
            Some(seeds) => Some(make(db.as_mut(), &seeds)?),
            None => None,
        }
    };
    let mut agreed = apply.clone();
    if let Some(plan) = streamed.filter(|plan| !plan.is_empty()) {
        show(&plan, context);
        if !dry_run {
            context.confirm_removal(project, agreed.yes)?;
            agreed.yes = true;
            let (lock, mut db) = context.locked(project, &agreed, "seed fresh")?;
            if let Some(seeds) = emptied(db.as_mut(), &users)? {
                let plan = make(db.as_mut(), &seeds)?;
                let by = run_options(&lock, context);
                let options =
                    ApplyOptions { actor: by.actor, tool: by.tool, fence: by.fence, ..ApplyOptions::default() };
                plimsoll_seed::apply(db.as_mut(), &seeds, &plan, &options, &mut |_| {})?;
            }
        }
    }
    let options = ResetOptions { user_data: users, ..ResetOptions::default() };
    reset::remove(project, &options, &agreed, dry_run, context)
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
