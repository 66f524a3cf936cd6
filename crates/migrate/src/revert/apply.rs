//! Takes migrations back, the last applied first, and stops at the first failure. The deployment lock is the caller's.

use std::time::Instant;

use plimsoll_core::db::Db;
use serde::{Deserialize, Serialize};

use super::failure::{RevertFailure, RevertKept};
use super::plan::{RevertOptions, RevertPlan, RevertStep, plan as make, script};
use crate::apply::{ApplyOptions, Fault, InRun, Work, millis, run_script, stopped};
use crate::checksum;
use crate::error::{Kept, MigrateError, Problem, ProblemKind};
use crate::event::MigrateEvent;
use crate::history::{History, RecordState};
use crate::journal::{Direction, Whole};
use crate::plan::MigrateStep;
use crate::source::{Migration, MigrationSet};
use crate::split::{Statement, split};
use crate::status::known_versions;

/// What taking back did; also carried by the error when it stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevertReport {
    /// The migrations taken back, in order.
    pub reverted: Vec<RevertedMigration>,
    /// The versions that were planned and not taken back; empty after success. The failed one is the first.
    pub not_reverted: Vec<String>,
    /// How long all of it took.
    pub duration_ms: u64,
}

/// One migration that was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevertedMigration {
    /// The version.
    pub version: String,
    /// The name.
    pub name: String,
    /// How many statements its down script has.
    pub statements: usize,
    /// How many of them an earlier, interrupted run had done.
    pub resumed_from: Option<usize>,
    /// How long it took in this run.
    pub duration_ms: u64,
}

/// A down script, and what is known about its migration.
struct Prepared {
    script: Migration,
    statements: Vec<Statement>,
    whole: Whole,
}

/// Takes migrations back. The caller holds the deployment lock, and has made sure of the ledger and of diesel's history table.
///
/// A transactional down script takes effect together with the removal of the migration from both histories or not at all. Any
/// other is journalled statement by statement, so that the next run continues where this one ends, however it ends. Until its
/// last statement is done, a migration counts as applied for diesel, and the ledger says that it is being taken back.
///
/// # Errors
/// [`ProblemKind::Stale`] when files or history moved since planning, with nothing done; [`MigrateError::RevertFailed`] with
/// the report of what was done otherwise.
pub fn apply(
    db: &mut dyn Db,
    set: &MigrationSet,
    plan: &RevertPlan,
    options: &ApplyOptions,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<RevertReport, MigrateError> {
    let begun = Instant::now();
    let history = History::read(db)?;
    let downs = still_as_planned(set, &history, plan)?;
    if downs.is_empty() {
        return Ok(RevertReport::default());
    }
    let scripts = downs.iter().map(|down| down.statements.as_slice());
    let in_run = InRun::begin(db, options, scripts).map_err(MigrateError::History)?;
    let outcome = each(db, plan, &downs, (&in_run, options), begun, on_event);
    // What is taken back is recorded; a connection that cannot be tidied up fails its next user, and says so there.
    drop(in_run.end(db));
    outcome
}

fn each(
    db: &mut dyn Db,
    plan: &RevertPlan,
    downs: &[Prepared],
    (in_run, options): (&InRun, &ApplyOptions),
    begun: Instant,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<RevertReport, MigrateError> {
    let mut report = RevertReport {
        not_reverted: plan.steps.iter().map(|step| step.version.clone()).collect(),
        ..RevertReport::default()
    };
    for (index, (step, down)) in plan.steps.iter().zip(downs).enumerate() {
        on_event(&MigrateEvent::Reverting {
            version: step.version.clone(),
            name: step.name.clone(),
            number: index + 1,
            of: plan.steps.len(),
            statements: step.statements,
            transactional: step.transactional,
        });
        let started = Instant::now();
        let outcome = take_back(db, down, step, (in_run, options), on_event);
        report.duration_ms = millis(begun.elapsed());
        if let Err(mut failure) = outcome {
            failure.report = report;
            on_event(&MigrateEvent::Failed {
                version: step.version.clone(),
                number: failure.statement_number,
                message: failure.cause.message.clone(),
            });
            return Err(MigrateError::RevertFailed(failure));
        }
        let duration = started.elapsed();
        report.not_reverted.remove(0);
        report.reverted.push(RevertedMigration {
            version: step.version.clone(),
            name: step.name.clone(),
            statements: step.statements,
            resumed_from: step.resume_from,
            duration_ms: millis(duration),
        });
        on_event(&MigrateEvent::Reverted { version: step.version.clone(), duration });
    }
    report.duration_ms = millis(begun.elapsed());
    Ok(report)
}

/// Runs one down script; a failure comes without its report.
fn take_back(
    db: &mut dyn Db,
    down: &Prepared,
    step: &RevertStep,
    (in_run, options): (&InRun, &ApplyOptions),
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<(), Box<RevertFailure>> {
    let journalled = MigrateStep {
        version: step.version.clone(),
        name: step.name.clone(),
        kind: down.script.kind,
        file: step.file.clone(),
        // The ledger's row stays that of the migration.
        checksum: down.script.checksum.clone(),
        statements: step.statements,
        transactional: step.transactional,
        reversible: true,
        out_of_order: false,
        resume_from: step.resume_from,
    };
    let checksums = checksum::running(&down.statements);
    let work = Work {
        migration: &down.script,
        step: &journalled,
        statements: &down.statements,
        checksums: &checksums,
        options,
        in_run,
        direction: Direction::Down(&down.whole),
        started: Instant::now(),
    };
    run_script(db, &work, on_event).map_err(|fault| Box::new(failure(&work, fault)))
}

/// Finds the down scripts of the plan, unless they or the history moved since.
fn still_as_planned(set: &MigrationSet, history: &History, plan: &RevertPlan) -> Result<Vec<Prepared>, MigrateError> {
    let options = RevertOptions { target: plan.target.clone(), allow_lossy: plan.allow_lossy };
    if !make(set, history, &options).is_ok_and(|again| again == *plan) {
        let message = "the files or the applied migrations are no longer what the plan was made from";
        return Err(MigrateError::Problem(Problem::new(ProblemKind::Stale, message)));
    }
    let known = known_versions(set, history);
    let planned = plan.steps.iter().filter_map(|step| Some((step, *known.get(step.version.as_str())?)));
    planned.map(|(step, migration)| Ok(prepare(history, &step.version, migration)?)).collect()
}

/// `version` is the one under which the database knows the migration.
fn prepare(history: &History, version: &str, migration: &Migration) -> Result<Prepared, Problem> {
    let (script, statements) = script(history.engine, migration)?;
    let record = history.record(version);
    let whole = match record.filter(|record| record.state == RecordState::Applied) {
        Some(record) => {
            Whole { recorded: true, statements: record.statements, checksum: record.checksum_lexical.clone() }
        }
        None => {
            // The file may have been edited since the migration was applied.
            let applied = record.and_then(|record| record.script.as_deref()).unwrap_or(&migration.sql);
            let up = split(history.engine, &migration.file, applied)?;
            Whole { recorded: record.is_some(), statements: up.len(), checksum: checksum::lexical(&up) }
        }
    };
    Ok(Prepared { script, statements, whole })
}

fn failure(work: &Work<'_>, fault: Fault) -> RevertFailure {
    let stopped = stopped(work, fault);
    RevertFailure {
        version: work.step.version.clone(),
        name: work.step.name.clone(),
        statement_number: stopped.statement_number,
        statements: work.statements.len(),
        excerpt: stopped.excerpt,
        location: stopped.location,
        kept: match stopped.kept {
            Kept::Nothing => RevertKept::Nothing,
            Kept::Statements(done) => RevertKept::Statements(done),
            Kept::Unknown => RevertKept::Unknown,
            Kept::Undecided => RevertKept::Undecided,
        },
        report: RevertReport::default(),
        cause: stopped.cause,
    }
}
