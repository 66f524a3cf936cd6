//! `migrate lint`: judges migrations before they run. The rules are `plimsoll_migrate`'s, how findings look is the reporter's.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, Db, DbError, Engine, Stmt, connect, scalar};
use plimsoll_core::project::Migrations;
use plimsoll_migrate::{History, Judged, LintOptions, LintReport, MigrateError, Rule, lint, status};

use super::load;
use crate::args::{Format, MigrateLint};
use crate::command::Context;
use crate::error::CliError;
use crate::reporter;

pub(super) fn run(args: &MigrateLint, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.environment)?;
    let (set, settings) = load(&project)?;
    // A misspelled rule is told before anything is waited for.
    let mut options = options(settings)?;
    if !args.all {
        let mut db = connect(&project.database, Access::Read)?;
        let status = status(&set, &History::read(db.as_mut())?);
        let pending = status.migrations.into_iter().filter(|migration| migration.state.is_to_apply());
        let versions = pending.map(|migration| migration.version).collect();
        options.judged = Judged::Only(versions);
        options.server_version = Some(server_version(db.as_mut())?);
    }
    let report = lint(&set, project.engine(), &options)?;
    match context.terminal.format {
        Format::Text => {
            let text = reporter::lint::text(&report, &project.root, context.terminal.colour_out);
            context.terminal.result(&text);
        }
        Format::Json => context.terminal.json(&report),
    }
    Ok(exit(&report, args.allow_unclassified))
}

fn exit(report: &LintReport, allow_unclassified: bool) -> Exit {
    if report.has_errors() {
        Exit::CheckFailed
    } else if report.has_unclassified() && !allow_unclassified {
        Exit::CouldNotMeasure
    } else {
        Exit::Ok
    }
}

/// The project's settings, for all migrations and a server that is not known.
pub(super) fn options(settings: &Migrations) -> Result<LintOptions, MigrateError> {
    let rules = |names: &[String]| names.iter().map(|name| Rule::parse(name)).collect::<Result<Vec<_>, _>>();
    let lint = &settings.lint;
    Ok(LintOptions {
        judged: Judged::All,
        server_version: None,
        allow: rules(&lint.allow)?,
        warn: rules(&lint.warn)?,
        opt_in: rules(&lint.opt_in)?,
    })
}

pub(super) fn server_version(db: &mut dyn Db) -> Result<String, DbError> {
    let sql = match db.engine() {
        Engine::Sqlite => "SELECT sqlite_version()",
        Engine::Postgres | Engine::Mysql => "SELECT version()",
    };
    Ok(scalar(db, &Stmt::new(sql))?.as_str().unwrap_or_default().to_owned())
}
