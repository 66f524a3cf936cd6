//! `plimsoll seed runs`: what wrote seeded rows. Taking one back is `undo`'s.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, connect};
use plimsoll_seed::Run;

use super::Context;
use crate::args::{Format, SeedRuns};
use crate::error::CliError;

pub(super) fn run(args: &SeedRuns, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.environment)?;
    let mut db = connect(&project.database, Access::Read)?;
    let runs = plimsoll_seed::runs(db.as_mut(), args.limit)?;
    match context.terminal.format {
        Format::Json => context.terminal.json(&runs),
        Format::Text if runs.is_empty() => context.terminal.result("no runs yet\n"),
        Format::Text => {
            let lines: String = runs.iter().map(line).collect();
            context.terminal.result(&lines);
        }
    }
    Ok(Exit::Ok)
}

fn line(run: &Run) -> String {
    let Run { number, kind, started_at, actor, .. } = run;
    let mut line = format!("{number:>5}  {started_at}  {:<10}  {actor}  ", kind.as_str());
    line.push_str(run.summary.as_deref().unwrap_or_default());
    if let Some(deployment) = run.deployment {
        line.push_str(&format!(", deployment {deployment}"));
    }
    if let Some(by) = run.undone_by {
        line.push_str(&format!(" (taken back by run {by})"));
    }
    line.trim_end().to_owned() + "\n"
}
