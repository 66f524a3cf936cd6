//! `plimsoll seed pull`: edits made in the database go back into the files. Finding and proving them is the library's.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, connect};
use plimsoll_seed::{PullOptions, PullPlan, SeedError, SeedOptions, plan_pull, pull};

use super::{Context, run_options};
use crate::args::{Format, SeedPull};
use crate::error::CliError;
use crate::reporter::diff;

pub(super) fn run(args: &SeedPull, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.apply.environment)?;
    let options = SeedOptions::of(&project)
        .ok_or(CliError::Undeclared { what: "seeds", place: "`[seed]` in `plimsoll.toml`" })?;
    let wanted =
        PullOptions { table: args.table.clone(), row: args.row.clone(), follow: args.follow, undeclared: args.new };
    let plan = {
        let mut db = connect(&project.database, Access::Read)?;
        plimsoll_deploy::check_environment(db.as_mut(), &project)?;
        plan_pull(db.as_mut(), &options, &wanted)?
    };
    show(&plan, context);
    let exit = if plan.is_complete() { Exit::Ok } else { Exit::CheckFailed };
    if args.dry_run || plan.is_empty() {
        return Ok(exit);
    }
    let (lock, mut db) = context.locked(&project, &args.apply, "seed pull")?;
    // Under the lock again: what was shown is what is written.
    let fresh = plan_pull(db.as_mut(), &options, &wanted)?;
    if fresh.columns != plan.columns || fresh.files != plan.files {
        return Err(SeedError::PlanStale { moved: moved(&plan, &fresh) }.into());
    }
    let report = pull(db.as_mut(), &options.root, &plan, &run_options(&lock, context))?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&format!("{report}\n")),
        Format::Json => context.terminal.json(&report),
    }
    Ok(exit)
}

fn show(plan: &PullPlan, context: &mut Context<'_, '_>) {
    match context.terminal.format {
        Format::Text => {
            let colour = context.terminal.colour_out;
            context.terminal.result(&format!("{}{}", diff::text(&plan.diff(), colour), plan.summary()));
        }
        Format::Json => context.terminal.json(plan),
    }
}

/// The files that would be changed differently now.
fn moved(plan: &PullPlan, fresh: &PullPlan) -> Vec<String> {
    let all = plan.files.iter().chain(&fresh.files);
    let mut moved: Vec<String> = all
        .filter(|file| !(plan.files.contains(file) && fresh.files.contains(file)))
        .map(|file| file.file.display().to_string())
        .collect();
    moved.sort();
    moved.dedup();
    moved
}
