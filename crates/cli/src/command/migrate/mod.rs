//! `plimsoll migrate`: migrations alone, without seeding or releasing. One file a subcommand; here is what they share.

mod adopt;
mod down;
mod drift;
mod hazards;
mod inventory;
mod lint;
mod new;
mod plan;
mod redo;
mod squash;
mod status;
mod up;
mod verify;

use std::fmt::Display;

use plimsoll_core::Exit;
use plimsoll_core::db::{DatabaseUrl, Db};
use plimsoll_core::lock::DeployLock;
use plimsoll_core::project::{Migrations, Project};
use plimsoll_migrate::{ApplyOptions, History, MigratePlan, MigrationSet, PlanOptions, Retry, ScratchPlace};
use serde::Serialize;

use super::{Context, tool};
use crate::args::{Answer, Format, Migrate};
use crate::error::CliError;

pub(super) use hazards::Hazards;

pub(super) fn run(args: &Migrate, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    match args {
        Migrate::Status(environment) => status::run(environment, context),
        Migrate::New(args) => new::run(args, context),
        Migrate::Plan(environment) => plan::run(environment, context),
        Migrate::Lint(args) => lint::run(args, context),
        Migrate::Up(up) => up::run(up, context),
        Migrate::Down(down) => down::run(down, context),
        Migrate::Redo(redo) => redo::run(redo, context),
        Migrate::Adopt(arguments) => adopt::run(arguments, context),
        Migrate::Verify(arguments) => verify::run(arguments, context),
        Migrate::Inventory(arguments) => inventory::run(arguments, context),
        Migrate::Drift(arguments) => drift::run(arguments, context),
        Migrate::Squash(arguments) => squash::run(arguments, context),
    }
}

/// What the migrations of a deployment threaten; nothing in a database that nobody works with yet.
pub(super) fn hazards(
    db: &mut dyn Db,
    project: &Project,
    set: Option<&MigrationSet>,
    plan: Option<&MigratePlan>,
) -> Result<Hazards, CliError> {
    let plan = plan.filter(|plan| plan.applied > 0);
    match (set, &project.migrations, plan) {
        (Some(set), Some(settings), Some(plan)) => hazards::hazards(db, set, settings, plan),
        _ => Ok(Hazards::default()),
    }
}

fn load(project: &Project) -> Result<(MigrationSet, &Migrations), CliError> {
    let settings = project
        .migrations
        .as_ref()
        .ok_or(CliError::Undeclared { what: "migrations", place: "`[migrations]` in `plimsoll.toml`" })?;
    let set = MigrationSet::load(&settings.path)?;
    plimsoll_migrate::check_prisma_provider(&set, project.engine()).map_err(plimsoll_migrate::MigrateError::from)?;
    Ok((set, settings))
}

/// Where scratch databases are made: beside the real one, unless another server is named.
fn scratch(project: &Project, url: Option<&str>, context: &mut Context<'_, '_>) -> Result<ScratchPlace, CliError> {
    // Before anything is said about it: it may hold a password.
    url.into_iter().for_each(|url| context.terminal.know_too(url));
    let parse = |text: &str| DatabaseUrl::parse(text, &context.surroundings.current_dir);
    let server = url.map(parse).transpose()?;
    if let Some(server) = server.as_ref().filter(|server| server.engine() != project.engine()) {
        return Err(CliError::ScratchEngine { scratch: server.engine(), real: project.engine() });
    }
    Ok(ScratchPlace { folder: project.state_dir().join("scratch"), server })
}

fn make(db: &mut dyn Db, set: &MigrationSet, settings: &Migrations) -> Result<MigratePlan, CliError> {
    let options = PlanOptions { allow_out_of_order: settings.allow_out_of_order };
    Ok(plimsoll_migrate::plan(set, &History::observe(db, set)?, &options)?)
}

/// How a project's migrations are applied and taken back outside of deployments.
fn options(settings: &Migrations, statement_happened: Option<Answer>, lock: &DeployLock) -> ApplyOptions {
    ApplyOptions {
        deployment: None,
        lock_timeout: settings.lock_timeout,
        retry: Retry::times(settings.lock_retries),
        statement_happened: statement_happened.map(|answer| answer == Answer::Yes),
        tool: tool(),
        fence: Some(lock.fence()),
    }
}

fn show(plan: &(impl Display + Serialize), context: &mut Context<'_, '_>) {
    match context.terminal.format {
        Format::Text => context.terminal.result(&plan.to_string()),
        Format::Json => context.terminal.json(plan),
    }
}
