//! `plimsoll plan`: shows what a deployment would do, or saves it. Writes nothing to the target.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, connect};
use plimsoll_core::project::Project;
use plimsoll_deploy::{DeployError, DeployPlan, Loaded, SmokeOptions};

use super::Context;
use super::migrate::{self, Hazards};
use crate::args::{Format, Plan};
use crate::error::CliError;
use crate::reporter::json;

pub(super) fn run(args: &Plan, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.environment)?;
    let commit = context.commit(&args.environment, &project);
    // Nothing is run here, so nothing has to be allowed: the plan names the same checks either way, and says which of
    // them are skipped.
    let smoke = SmokeOptions { allow_mutate: true, ..SmokeOptions::default() };
    let loaded = plimsoll_deploy::load(&project, &commit, &smoke)?;
    let (plan, hazards) = observe(&project, &loaded, false)?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&format!("{plan}{}", hazards.part())),
        Format::Json => context.terminal.json(&json::plan(&plan, &hazards)),
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

/// Looks at the target once: for the plan, and for what its migrations threaten.
pub(super) fn observe(
    project: &Project,
    loaded: &Loaded,
    allow_mutate: bool,
) -> Result<(DeployPlan, Hazards), CliError> {
    let mut db = connect(&project.database, Access::Read).map_err(DeployError::from)?;
    let mut plan = plimsoll_deploy::plan_on(db.as_mut(), project, loaded)?;
    if project.protected && !allow_mutate {
        plan.skipped_checks = loaded.changing_checks();
    }
    let hazards = migrate::hazards(db.as_mut(), project, loaded.migrations(), plan.migrations.as_ref())?;
    Ok((plan, hazards))
}
