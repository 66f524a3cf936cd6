//! `migrate lint`: judges migrations before they run. The rules are `plimsoll_migrate`'s, how findings look is the reporter's.

use std::collections::BTreeSet;

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, Db, DbError, Engine, Stmt, connect, scalar};
use plimsoll_core::project::Migrations;
use plimsoll_migrate::{
    Grade, History, Judged, LintOptions, LintReport, MigrateError, MigratePlan, MigrationSet, Rule, lint, status,
};

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

/// One line for each migration that threatens something, beside a plan that applies it.
pub(super) fn hazards(
    db: &mut dyn Db,
    set: &MigrationSet,
    settings: &Migrations,
    plan: &MigratePlan,
) -> Result<String, CliError> {
    let versions: BTreeSet<String> = plan.steps.iter().map(|step| step.version.clone()).collect();
    if versions.is_empty() {
        return Ok(String::new());
    }
    let server_version = Some(server_version(db)?);
    let options = LintOptions { judged: Judged::Only(versions), server_version, ..options(settings)? };
    let report = match lint(set, plan.engine, &options) {
        // Judging is beside the point here: what cannot be is said, and no more.
        Err(error @ MigrateError::LinterMissing) => return Ok(format!("  ! not judged: {error}\n")),
        other => other?,
    };
    let mut text = String::new();
    for step in &plan.steps {
        let mut parts: Vec<String> = Vec::new();
        for grade in Grade::ALL.into_iter().filter(|grade| grade.is_error()) {
            let of_grade =
                |finding: &&plimsoll_migrate::Finding| finding.migration == step.name && finding.grade == grade;
            let rules: BTreeSet<&str> =
                report.findings.iter().filter(of_grade).map(|finding| finding.rule.as_str()).collect();
            if !rules.is_empty() {
                parts.push(format!("{grade}: {}", rules.into_iter().collect::<Vec<_>>().join(", ")));
            }
        }
        let unknown =
            report.unclassified.iter().filter(|unknown| unknown.migration == step.name && unknown.accepted.is_none());
        let unknown = unknown.count();
        if unknown > 0 {
            parts.push(format!("{unknown} not understood"));
        }
        if !parts.is_empty() {
            text.push_str(&format!("  ! {}  {}\n", step.name, parts.join("; ")));
        }
    }
    Ok(text)
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
fn options(settings: &Migrations) -> Result<LintOptions, MigrateError> {
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

fn server_version(db: &mut dyn Db) -> Result<String, DbError> {
    let sql = match db.engine() {
        Engine::Sqlite => "SELECT sqlite_version()",
        Engine::Postgres | Engine::Mysql => "SELECT version()",
    };
    Ok(scalar(db, &Stmt::new(sql))?.as_str().unwrap_or_default().to_owned())
}
