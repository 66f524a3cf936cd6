//! `plimsoll plan`: shows what a deployment would do, or saves it. Writes nothing to the target.

use plimsoll_core::Exit;

use super::{Context, migrate};
use crate::args::{Format, Plan};
use crate::error::CliError;
use crate::reporter::json;

pub(super) fn run(args: &Plan, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.environment)?;
    let commit = context.commit(&args.environment, &project);
    let loaded = plimsoll_deploy::load(&project, &commit)?;
    let plan = plimsoll_deploy::observe_and_plan(&project, &loaded)?;
    match context.terminal.format {
        Format::Text => {
            let hazards = migrate::hazards(&project, plan.migrations.as_ref())?;
            context.terminal.result(&format!("{plan}{hazards}"));
        }
        Format::Json => context.terminal.json(&json::plan(&plan)),
    }
    if let Some(file) = &args.output {
        let text = serde_json::to_string_pretty(&plan).unwrap_or_default();
        // A saved plan is compared value by value: masking a secret in it would make it stale.
        std::fs::write(file, text + "\n").map_err(|source| CliError::File { path: file.clone(), source })?;
        let program = &context.global.program;
        context.terminal.say(&format!(
            "saved: {program} deploy {} --plan {}",
            args.environment.environment,
            file.display()
        ));
    }
    let end = context.end(plan.skipped());
    Ok(if end == Exit::Ok && args.check && !plan.is_empty() { Exit::ChangesPending } else { end })
}
