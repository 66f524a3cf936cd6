//! `plimsoll seed plan`: what would be written, or a file that says so. Writing to the database is `apply`'s.

use std::mem::ManuallyDrop;

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, connect};

use super::{Context, load, make, show};
use crate::args::{Format, SeedPlan};
use crate::error::CliError;

pub(super) fn run(args: &SeedPlan, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project_with(&args.environment, args.top_up)?;
    // The process ends with them; taking tens of thousands of rows apart before that would only take time.
    let seeds = ManuallyDrop::new(load(&project)?);
    let mut db = connect(&project.database, Access::Read)?;
    let plan = ManuallyDrop::new(make(db.as_mut(), &seeds)?);
    show(&project, &seeds, &plan, context);
    if context.terminal.format == Format::Text && plan.counts().edited > 0 {
        let (program, name) = (&context.global.program, &project.environment);
        let line = format!("to keep these edits in the files: {program} seed pull {name} --dry-run\n");
        context.terminal.result(&line);
    }
    if let Some(file) = &args.output {
        let text = serde_json::to_string_pretty(&*plan).unwrap_or_default();
        // A saved plan is compared value by value: masking a secret in it would make it stale.
        std::fs::write(file, text + "\n").map_err(|source| CliError::File { path: file.clone(), source })?;
        let (program, environment) = (&context.global.program, &args.environment.environment);
        context.terminal.say(&format!("saved: {program} seed apply {environment} --plan {}", file.display()));
    }
    let pending = !plan.is_empty() || !plan.pending.is_empty();
    let end = context.end(&plan.skipped);
    Ok(if end == Exit::Ok && args.check && pending { Exit::ChangesPending } else { end })
}
