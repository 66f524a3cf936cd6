//! `plimsoll seed apply`: writes what the plan says, under the deployment lock.

use std::path::Path;

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, Catalog, connect};
use plimsoll_deploy::DeployEvent;
use plimsoll_seed::{ApplyOptions, SeedError, SeedPlan, Seeds};

use super::{Context, fresh, load, make, run_options, show};
use crate::args::{Format, SeedApply};
use crate::error::CliError;
use crate::reporter::Reporter;

pub(super) fn run(args: &SeedApply, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project_with(&args.apply.environment, args.top_up)?;
    let seeds = load(&project)?;
    let mut agreed = args.agreed();
    let mut db = connect(&project.database, Access::Read)?;
    plimsoll_deploy::check_environment(db.as_mut(), &project)?;
    if args.fresh {
        // Nothing is removed for rows that could not be written.
        let catalog = Catalog::read(db.as_mut())?;
        plimsoll_seed::require_fresh(&seeds, &plimsoll_seed::observe(db.as_mut(), &seeds, &catalog)?)?;
        let asked = fresh::clear(&project, seeds.lifecycles(), &agreed, args.dry_run, context)?;
        if args.dry_run {
            context.terminal.say(&format!("then {} are seeded", declared(&seeds)));
            return Ok(context.end(seeds.skipped()));
        }
        // Who agreed to remove the rows agreed to what takes their place. Where there were none, nobody was asked.
        agreed.yes |= asked;
    }
    let expectations = plimsoll_deploy::expectations(&project);
    let plan = make(db.as_mut(), &seeds)?;
    // Before the lock, which would make a database only to refuse.
    plan.require_schema()?;
    // Millions of rows are not staged twice.
    let session = (!plan.bulk.is_empty()).then_some(db);
    let saved = args.plan.as_deref().map(read_plan).transpose()?;
    if let Some(saved) = &saved {
        let moved = saved.differences(&plan);
        if !moved.is_empty() {
            return Err(SeedError::PlanStale { moved }.into());
        }
    }
    show(&project, &seeds, &plan, context);
    if plan.is_empty() || args.dry_run {
        return Ok(context.end(&plan.skipped));
    }
    let (lock, mut db) = context.locked_with(&project, &agreed, "seed", session)?;
    // Under the lock again: another deployment may have been faster. A saved plan is done as it is, or not at all.
    let plan = match saved {
        Some(saved) => saved,
        None => make(db.as_mut(), &seeds)?,
    };
    let by = run_options(&lock, context);
    let options = ApplyOptions {
        deployment: None,
        expectations,
        actor: by.actor,
        tool: by.tool,
        fence: by.fence,
        exact: args.plan.is_some(),
    };
    let mut reporter = Reporter::new(context.terminal);
    let terminal = &mut *context.terminal;
    let done = plimsoll_seed::apply(db.as_mut(), &seeds, &plan, &options, &mut |event| {
        reporter.event(terminal, &DeployEvent::Seed(event));
    });
    reporter.end(context.terminal);
    let report = done?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&format!("{report}\n")),
        Format::Json => context.terminal.json(&report),
    }
    Ok(context.end(&report.skipped))
}

/// How many rows are declared, and which tables are streamed where only reading them would tell.
fn declared(seeds: &Seeds) -> String {
    let rows: u64 = seeds.tables().map(|(_, rows)| rows as u64).sum();
    let streamed: u64 = seeds.streamed_rows().filter_map(|(_, rows)| rows).sum();
    let unknown: Vec<&str> = seeds.streamed_rows().filter(|(_, rows)| rows.is_none()).map(|(table, _)| table).collect();
    let and = if unknown.is_empty() { String::new() } else { format!(" and the files of {}", unknown.join(", ")) };
    format!("{} declared rows{and}", rows + streamed)
}

fn read_plan(file: &Path) -> Result<SeedPlan, CliError> {
    let text = std::fs::read_to_string(file).map_err(|source| CliError::File { path: file.to_owned(), source })?;
    serde_json::from_str(&text).map_err(|source| CliError::SavedPlan { path: file.to_owned(), source })
}
