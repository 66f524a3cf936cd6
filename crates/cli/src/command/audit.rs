//! `plimsoll audit`: checks, lists and mends the audit of rows with a life cycle. What is wrong with it is `plimsoll_seed`'s to find.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, connect};
use plimsoll_seed::{AuditEntry, StepRequest, StepTo, list_audit, verify_audit};

use super::{Context, seed};
use crate::args::{Audit, AuditAccept, AuditList, AuditVerify, Format};
use crate::error::CliError;

pub(super) fn run(args: &Audit, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    match args {
        Audit::Verify(args) => verify(args, context),
        Audit::List(args) => list(args, context),
        Audit::Accept(args) => accept(args, context),
    }
}

fn verify(args: &AuditVerify, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.environment)?;
    let seeds = seed::load(&project)?;
    if !seeds.has_lifecycles() {
        return Err(CliError::Undeclared { what: "life cycle", place: "`[[lifecycle]]` in a dataset" });
    }
    let mut db = connect(&project.database, Access::Read)?;
    plimsoll_deploy::check_environment(db.as_mut(), &project)?;
    let report = verify_audit(db.as_mut(), &seeds, args.head.as_ref())?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&report.to_string()),
        Format::Json => context.terminal.json(&report),
    }
    if report.holds() {
        return Ok(Exit::Ok);
    }
    Err(CliError::AuditBroken { environment: project.environment.clone(), count: report.findings.len() })
}

fn list(args: &AuditList, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.environment)?;
    let mut db = connect(&project.database, Access::Read)?;
    let entries = list_audit(db.as_mut(), args.table.as_deref(), args.row.as_deref(), args.limit)?;
    match context.terminal.format {
        Format::Json => context.terminal.json(&entries),
        Format::Text if entries.is_empty() => context.terminal.result("no entry yet\n"),
        Format::Text => entries.iter().for_each(|entry| context.terminal.result(&format!("{}\n", line(entry)))),
    }
    Ok(Exit::Ok)
}

fn accept(args: &AuditAccept, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let request = StepRequest { table: args.table.clone(), row: args.row.clone(), to: StepTo::AsFound };
    seed::promote::step(&args.apply, &request, Some(&args.note), context)
}

fn line(entry: &AuditEntry) -> String {
    let note = entry.note.as_ref().map(|note| format!("  ({note})")).unwrap_or_default();
    format!("{:>5}  {}  {}  {}  {}{note}", entry.number, entry.at, entry.actor, entry.named(), entry.shown())
}
