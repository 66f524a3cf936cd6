//! `plimsoll seed`: the seeds alone, on a schema that is there. One file a subcommand; here is what they share.

mod apply;
mod plan;
mod verify;

use plimsoll_core::Exit;
use plimsoll_core::db::{Catalog, Db};
use plimsoll_core::project::Project;
use plimsoll_seed::{SeedPlan, Seeds};

use super::Context;
use crate::args::{Format, Seed};
use crate::error::CliError;

pub(super) fn run(args: &Seed, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    match args {
        Seed::Plan(environment) => plan::run(environment, context),
        Seed::Apply(args) => apply::run(args, context),
        Seed::Verify(args) => verify::run(args, context),
    }
}

fn load(project: &Project) -> Result<Seeds, CliError> {
    plimsoll_deploy::load_seeds(project)?.ok_or(CliError::Undeclared { what: "seeds" })
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
