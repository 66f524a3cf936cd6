//! `plimsoll seed`: the seeds alone, on a schema that is there.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, Catalog, Db, connect};
use plimsoll_deploy::DeployEvent;
use plimsoll_seed::{ApplyOptions, SeedPlan, Seeds};

use super::Context;
use crate::args::{Apply, Environment, Format, Seed};
use crate::error::CliError;
use crate::reporter::Reporter;

pub(super) fn run(args: &Seed, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    match args {
        Seed::Plan(environment) => plan(environment, context),
        Seed::Apply(apply) => write(apply, context),
        Seed::Verify(environment) => verify(environment, context),
    }
}

fn plan(environment: &Environment, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(environment)?;
    let seeds = plimsoll_deploy::load_seeds(&project)?.ok_or(CliError::Undeclared { what: "seeds" })?;
    let mut db = connect(&project.database, Access::Read)?;
    let plan = make(db.as_mut(), &seeds)?;
    show(&plan, context);
    Ok(Exit::Ok)
}

fn write(apply: &Apply, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&apply.environment)?;
    let seeds = plimsoll_deploy::load_seeds(&project)?.ok_or(CliError::Undeclared { what: "seeds" })?;
    let expectations = plimsoll_deploy::expectations(&project);
    let plan = {
        let mut db = connect(&project.database, Access::Read)?;
        plimsoll_deploy::check_environment(db.as_mut(), &project)?;
        let plan = make(db.as_mut(), &seeds)?;
        // Before the lock, which would make a database only to refuse.
        plan.require_schema()?;
        plan
    };
    show(&plan, context);
    if plan.is_empty() {
        return Ok(Exit::Ok);
    }
    let (_lock, mut db) = context.locked(&project, apply, "seed")?;
    // Under the lock again: another deployment may have been faster.
    let plan = make(db.as_mut(), &seeds)?;
    let options = ApplyOptions { deployment: None, expectations };
    let mut reporter = Reporter::new(context.terminal);
    let terminal = &mut *context.terminal;
    let done = plimsoll_seed::apply(db.as_mut(), &seeds, &plan, &options, &mut |event| {
        reporter.event(terminal, &DeployEvent::Seed(event));
    });
    reporter.end();
    let report = done?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&format!("{report}\n")),
        Format::Json => context.terminal.json(&report),
    }
    Ok(Exit::Ok)
}

fn verify(environment: &Environment, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(environment)?;
    let expectations = plimsoll_deploy::expectations(&project);
    let mut db = connect(&project.database, Access::Read)?;
    plimsoll_seed::verify(db.as_mut(), &expectations).map_err(CliError::Unmet)?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&hold(expectations.len())),
        Format::Json => context.terminal.json(&serde_json::json!({ "expectations": expectations.len(), "hold": true })),
    }
    Ok(Exit::Ok)
}

fn hold(expectations: usize) -> String {
    if expectations == 1 { "1 expectation holds\n".to_owned() } else { format!("{expectations} expectations hold\n") }
}

fn make(db: &mut dyn Db, seeds: &Seeds) -> Result<SeedPlan, CliError> {
    let catalog = Catalog::read(db)?;
    let observation = plimsoll_seed::observe(db, seeds, &catalog)?;
    Ok(plimsoll_seed::plan(seeds, &observation)?)
}

fn show(plan: &SeedPlan, context: &mut Context<'_, '_>) {
    match context.terminal.format {
        Format::Text => context.terminal.result(&plan.to_string()),
        Format::Json => context.terminal.json(plan),
    }
}
