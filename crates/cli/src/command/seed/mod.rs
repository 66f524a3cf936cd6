//! `plimsoll seed`: the seeds alone, on a schema that is there. One file a subcommand; here is what they share.

mod apply;
mod fresh;
mod plan;
pub(super) mod promote;
mod pull;
mod reset;
mod runs;
mod undo;
mod verify;

use plimsoll_core::Exit;
use plimsoll_core::db::{Catalog, Db};
use plimsoll_core::lock::DeployLock;
use plimsoll_core::project::Project;
use plimsoll_seed::{RunOptions, SeedPlan, Seeds};

use super::{Context, tool};
use crate::args::{Format, Seed};
use crate::error::CliError;
use crate::inputs::actor;

pub(super) fn run(args: &Seed, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    match args {
        Seed::Plan(args) => plan::run(args, context),
        Seed::Apply(args) => apply::run(args, context),
        Seed::Runs(args) => runs::run(args, context),
        Seed::Undo(args) => undo::run(args, context),
        Seed::Reset(args) => reset::run(args, context),
        Seed::Pull(args) => pull::run(args, context),
        Seed::Verify(args) => verify::run(args, context),
        Seed::Promote(args) => promote::run(args, context),
    }
}

pub(super) fn load(project: &Project) -> Result<Seeds, CliError> {
    plimsoll_deploy::load_seeds(project)?
        .ok_or(CliError::Undeclared { what: "seeds", place: "`[seed]` in `plimsoll.toml`" })
}

fn make(db: &mut dyn Db, seeds: &Seeds) -> Result<SeedPlan, CliError> {
    let catalog = Catalog::read(db)?;
    let observation = plimsoll_seed::observe(db, seeds, &catalog)?;
    Ok(plimsoll_seed::plan(seeds, &observation)?)
}

/// Who writes, for the ledger.
fn run_options(lock: &DeployLock, context: &Context<'_, '_>) -> RunOptions {
    RunOptions { actor: actor(context.surroundings), tool: tool(), deployment: None, fence: Some(lock.fence()) }
}

/// The tables that the project declares as user data.
fn user_data(project: &Project) -> Vec<String> {
    project.seed.as_ref().map(|seed| seed.user_data.clone()).unwrap_or_default()
}

/// Shows a plan. Where datasets have titles, people read what is done step by step before they read about rows.
fn show(project: &Project, seeds: &Seeds, plan: &SeedPlan, context: &mut Context<'_, '_>) {
    match context.terminal.format {
        Format::Text if seeds.titles().iter().any(Option::is_some) => {
            let steps = plimsoll_seed::steps(seeds, plan, project.expect.len());
            context.terminal.result(&format!("{steps}\n{plan}"));
        }
        Format::Text => context.terminal.result(&plan.to_string()),
        Format::Json => context.terminal.json(plan),
    }
}
