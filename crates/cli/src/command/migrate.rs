//! `plimsoll migrate`: migrations alone, without seeding or releasing.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, Db, connect};
use plimsoll_core::project::{Migrations, Project};
use plimsoll_deploy::DeployEvent;
use plimsoll_migrate::{ApplyOptions, History, MigratePlan, MigrationSet, MigrationState, PlanOptions};

use super::{Context, tool};
use crate::args::{Apply, Environment, Format, Migrate};
use crate::error::CliError;
use crate::reporter::Reporter;

pub(super) fn run(args: &Migrate, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    match args {
        Migrate::Status(environment) => status(environment, context),
        Migrate::Plan(environment) => plan(environment, context),
        Migrate::Up(apply) => up(apply, context),
    }
}

fn status(environment: &Environment, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(environment)?;
    let (set, _) = load(&project)?;
    let mut db = connect(&project.database, Access::Read)?;
    let status = plimsoll_migrate::status(&set, &History::read(db.as_mut())?);
    if context.terminal.format == Format::Json {
        context.terminal.json(&status);
    } else {
        for each in &status.migrations {
            let state = match each.state {
                MigrationState::Applied => "applied",
                MigrationState::Pending => "pending",
                MigrationState::Missing => "missing",
                MigrationState::Changed => "changed",
                MigrationState::OutOfOrder => "out of order",
                MigrationState::Interrupted => "interrupted",
            };
            let when = each.applied_at.as_deref().unwrap_or("");
            let line = format!("{state:<12}  {}  {}  {when}", each.version, each.name);
            context.terminal.result(&format!("{}\n", line.trim_end()));
        }
        for note in &status.notes {
            context.terminal.result(&format!("note: {note}\n"));
        }
    }
    let open = status.migrations.iter().any(|each| each.state != MigrationState::Applied);
    Ok(if open { Exit::ChangesPending } else { Exit::Ok })
}

fn plan(environment: &Environment, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(environment)?;
    let (set, settings) = load(&project)?;
    let mut db = connect(&project.database, Access::Read)?;
    let plan = make(db.as_mut(), &set, settings)?;
    show(&plan, context);
    Ok(Exit::Ok)
}

fn up(apply: &Apply, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&apply.environment)?;
    let (set, settings) = load(&project)?;
    let plan = {
        let mut db = connect(&project.database, Access::Read)?;
        plimsoll_deploy::check_environment(db.as_mut(), &project)?;
        make(db.as_mut(), &set, settings)?
    };
    show(&plan, context);
    if plan.steps.is_empty() {
        return Ok(Exit::Ok);
    }
    let (_lock, mut db) = context.locked(&project, apply, "migrate")?;
    // Under the lock again: another deployment may have been faster.
    let plan = make(db.as_mut(), &set, settings)?;
    db.ensure_diesel_history()?;
    let options = ApplyOptions { deployment: None, lock_timeout: settings.lock_timeout, tool: tool() };
    let mut reporter = Reporter::new(context.terminal);
    let terminal = &mut *context.terminal;
    let done = plimsoll_migrate::apply(db.as_mut(), &set, &plan, &options, &mut |event| {
        reporter.event(terminal, &DeployEvent::Migrate(event));
    });
    reporter.end();
    let report = done?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&format!("{}\n", plimsoll_deploy::applied(report.applied.len()))),
        Format::Json => context.terminal.json(&report),
    }
    Ok(Exit::Ok)
}

fn load(project: &Project) -> Result<(MigrationSet, &Migrations), CliError> {
    let settings = project.migrations.as_ref().ok_or(CliError::Undeclared { what: "migrations" })?;
    let set = MigrationSet::load(&settings.path)?;
    plimsoll_migrate::check_prisma_provider(&set, project.engine()).map_err(plimsoll_migrate::MigrateError::from)?;
    Ok((set, settings))
}

fn make(db: &mut dyn Db, set: &MigrationSet, settings: &Migrations) -> Result<MigratePlan, CliError> {
    let options = PlanOptions { allow_out_of_order: settings.allow_out_of_order };
    Ok(plimsoll_migrate::plan(set, &History::read(db)?, &options)?)
}

fn show(plan: &MigratePlan, context: &mut Context<'_, '_>) {
    match context.terminal.format {
        Format::Text => context.terminal.result(&plan.to_string()),
        Format::Json => context.terminal.json(plan),
    }
}
