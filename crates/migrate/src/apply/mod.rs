//! Applies a plan, migration by migration, and stops at the first failure. The deployment lock is the caller's.

mod alone;
mod build;
mod effect;
mod fault;
mod inflight;
mod manner;
mod observe;
mod rebuild;
mod reconcile;
mod retry;
mod stepwise;
mod together;
mod transactional;

use std::time::{Duration, Instant};

use plimsoll_core::Location;
use plimsoll_core::db::{Db, DbError};
use plimsoll_core::lock::Fence;

use crate::checksum;
use crate::error::{Failure, Kept, MigrateError, Problem, ProblemKind};
use crate::event::MigrateEvent;
use crate::history::History;
use crate::journal::{self, Direction, Journal};
use crate::plan::{MigratePlan, MigrateStep};
use crate::report::{AppliedMigration, MigrateReport};
use crate::session::{self, Session};
use crate::source::{Migration, MigrationSet};
use crate::split::{Statement, split};
use crate::status::known_versions;

pub(crate) use fault::Fault;
pub use retry::Retry;
use together::Together;

/// How to apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApplyOptions {
    /// The deployment this belongs to, for the ledger.
    pub deployment: Option<i64>,
    /// How long a statement may wait for a lock; the engine's own limit when none is given.
    pub lock_timeout: Option<Duration>,
    /// How often and how patiently to try again what did not get its lock.
    pub retry: Retry,
    /// Whether the statement that an earlier run was killed in happened, as told by a person who looked. Only asked for where
    /// the database does not tell: see [`Kept::Undecided`].
    pub statement_happened: Option<bool>,
    /// Who applies, for the ledger, such as `plimsoll 0.1.0`.
    pub tool: String,
    /// What proves that the caller still holds the deployment lock: asked for in every transaction that records progress.
    pub fence: Option<Fence>,
}

/// What one script is run with: a migration, or the way back from it.
pub(crate) struct Work<'a> {
    pub(crate) migration: &'a Migration,
    pub(crate) step: &'a MigrateStep,
    pub(crate) statements: &'a [Statement],
    pub(crate) checksums: &'a [String],
    pub(crate) options: &'a ApplyOptions,
    pub(crate) in_run: &'a InRun,
    pub(crate) direction: Direction<'a>,
    pub(crate) started: Instant,
}

/// What the scripts of one run have in common: the session, and whether none of them throws prepared statements away.
pub(crate) struct InRun {
    session: Session,
    cached: bool,
}

impl InRun {
    /// Begins a run of scripts.
    pub(crate) fn begin<'a>(
        db: &mut dyn Db,
        options: &ApplyOptions,
        scripts: impl IntoIterator<Item = &'a [Statement]>,
    ) -> Result<Self, DbError> {
        let cached = !scripts.into_iter().any(session::forgets_prepared);
        Ok(Self { session: Session::begin(db, options.lock_timeout)?, cached })
    }

    /// Leaves the session as it was before the run.
    pub(crate) fn end(&self, db: &mut dyn Db) -> Result<(), DbError> {
        self.session.end(db)
    }
}

/// Where and why a script stopped, in terms of its file.
pub(crate) struct Stopped {
    /// From 1.
    pub(crate) statement_number: Option<usize>,
    pub(crate) excerpt: Option<String>,
    pub(crate) location: Option<Location>,
    pub(crate) kept: Kept,
    pub(crate) cause: DbError,
}

impl Work<'_> {
    fn journal(&self) -> Journal<'_> {
        let ApplyOptions { deployment, tool, fence, .. } = self.options;
        Journal {
            step: self.step,
            checksums: self.checksums,
            deployment: *deployment,
            tool,
            fence: fence.as_ref(),
            direction: self.direction,
            cached: self.in_run.cached,
            script: &self.migration.sql,
        }
    }

    fn done_event(&self, index: usize) -> MigrateEvent {
        MigrateEvent::StatementDone {
            version: self.step.version.clone(),
            number: index + 1,
            total: self.statements.len(),
        }
    }
}

/// Applies a plan. The caller holds the deployment lock, and has made sure of the ledger and of diesel's history table.
///
/// A transactional migration is there with its entries in the history or not at all. Any other is journalled statement by
/// statement, so that the next run continues where this one ends, however it ends.
///
/// # Errors
/// [`ProblemKind::Stale`] when files or history moved since planning, with nothing done; [`MigrateError::Failed`] with the
/// report of what was done otherwise.
pub fn apply(
    db: &mut dyn Db,
    set: &MigrationSet,
    plan: &MigratePlan,
    options: &ApplyOptions,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<MigrateReport, MigrateError> {
    let begun = Instant::now();
    let history = History::read(db)?;
    let migrations = still_as_planned(set, &history, plan)?;
    if migrations.is_empty() {
        return Ok(MigrateReport::default());
    }
    let scripts = migrations.iter().map(|(_, statements)| statements.as_slice());
    let in_run = InRun::begin(db, options, scripts).map_err(MigrateError::History)?;
    let outcome = each(db, plan, &migrations, (&in_run, options), begun, on_event);
    // What is applied is recorded; a connection that cannot be tidied up fails its next user, and says so there.
    drop(in_run.end(db));
    outcome
}

fn each(
    db: &mut dyn Db,
    plan: &MigratePlan,
    migrations: &[(&Migration, Vec<Statement>)],
    (in_run, options): (&InRun, &ApplyOptions),
    begun: Instant,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<MigrateReport, MigrateError> {
    let mut report = MigrateReport {
        not_applied: plan.steps.iter().map(|step| step.version.clone()).collect(),
        ..MigrateReport::default()
    };
    let checksums: Vec<Vec<String>> = migrations.iter().map(|(_, statements)| checksum::running(statements)).collect();
    let work = |index: usize| Work {
        migration: migrations[index].0,
        step: &plan.steps[index],
        statements: &migrations[index].1,
        checksums: &checksums[index],
        options,
        in_run,
        direction: Direction::Up,
        started: Instant::now(),
    };
    let started = |index: usize| {
        let step = &plan.steps[index];
        MigrateEvent::Started {
            version: step.version.clone(),
            name: step.name.clone(),
            number: index + 1,
            of: plan.steps.len(),
            statements: step.statements,
            transactional: step.transactional,
        }
    };
    let mut index = 0;
    // What was refused together goes one by one.
    let mut alone_before = 0;
    let mut made = Vec::new();
    while index < plan.steps.len() {
        on_event(&started(index));
        let last = if index < alone_before { index + 1 } else { (index + together::MOST).min(plan.steps.len()) };
        let works: Vec<Work<'_>> = (index..last).map(work).collect();
        let begun_now = Instant::now();
        let together = if index < alone_before { Ok(Together::NotForIt) } else { together::run(db, &works, &mut made) };
        let (outcome, alone) = match together {
            Ok(Together::Applied(done)) => (Ok(done), false),
            Err(fault) => (Err(fault), false),
            Ok(other) => {
                if other == Together::Refused {
                    alone_before = last;
                }
                // It may drop, rename or replace any of them.
                made.clear();
                (run_script(db, &works[0], on_event).map(|()| 1), true)
            }
        };
        report.duration_ms = millis(begun.elapsed());
        let done = match outcome {
            Ok(done) => done,
            Err(fault) => {
                let failure = failure(&works[0], fault, report);
                on_event(&MigrateEvent::Failed {
                    version: plan.steps[index].version.clone(),
                    number: failure.statement_number,
                    message: failure.cause.message.clone(),
                });
                return Err(MigrateError::Failed(Box::new(failure)));
            }
        };
        // Of several at once only the sum is known here; the ledger has the time of each.
        let duration = begun_now.elapsed() / u32::try_from(done).unwrap_or(1);
        for (offset, work) in works[..done].iter().enumerate() {
            if offset > 0 {
                on_event(&started(index + offset));
            }
            if !alone {
                (0..work.statements.len()).for_each(|each| on_event(&work.done_event(each)));
            }
            let step = work.step;
            report.not_applied.remove(0);
            report.applied.push(AppliedMigration {
                version: step.version.clone(),
                name: step.name.clone(),
                statements: step.statements,
                resumed_from: step.resume_from,
                duration_ms: millis(duration),
            });
            on_event(&MigrateEvent::Finished { version: step.version.clone(), duration });
        }
        index += done;
    }
    report.duration_ms = millis(begun.elapsed());
    Ok(report)
}

/// Finds the files of the plan, unless they or the history moved since.
fn still_as_planned<'a>(
    set: &'a MigrationSet,
    history: &History,
    plan: &MigratePlan,
) -> Result<Vec<(&'a Migration, Vec<Statement>)>, MigrateError> {
    let stale = |message: String| MigrateError::Problem(Problem::new(ProblemKind::Stale, message));
    if plan.engine != history.engine {
        return Err(stale(format!("the plan was made for {}, the database is {}", plan.engine, history.engine)));
    }
    let known = known_versions(set, history);
    let mut found = Vec::new();
    for step in &plan.steps {
        let migration = known.get(step.version.as_str()).copied();
        let Some(migration) = migration.filter(|migration| migration.checksum == step.checksum) else {
            return Err(stale(format!("`{}` is not what it was when the plan was made", step.file)));
        };
        let done = history.interrupted(&step.version).map(|record| record.statements_done);
        if history.applied.contains(&step.version) || done != step.resume_from {
            return Err(stale(format!(
                "migration `{}` was applied by somebody else since the plan was made",
                step.name
            )));
        }
        found.push((migration, split(history.engine, &migration.file, &migration.sql)?));
    }
    Ok(found)
}

/// Runs a script as its step says: as a whole or not at all, or statement by statement. What an earlier run was killed in is
/// never passed over: the file may have been edited since, so that it would go into a transaction by now.
pub(crate) fn run_script(
    db: &mut dyn Db,
    work: &Work<'_>,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<(), Fault> {
    let begun = work.step.resume_from.is_some();
    let unknown = |cause| Fault::from(cause).kept(Kept::Unknown);
    let in_flight = begun && journal::intent(db, &work.step.version).map_err(unknown)?.is_some();
    match work.step.transactional && !in_flight {
        true => transactional::run(db, work, on_event),
        false => stepwise::run(db, work, on_event),
    }
}

/// Finds the place of a fault.
pub(crate) fn stopped(work: &Work<'_>, fault: Fault) -> Stopped {
    let Fault { statement, kept, cause, .. } = fault;
    let failing = statement.and_then(|index| work.statements.get(index));
    let location = failing.map(|statement| {
        let offset = cause.position.map_or(0, |position| byte_of(&statement.text, position));
        Location::of_offset(&work.migration.file, &work.migration.sql, statement.offset + offset)
    });
    Stopped {
        statement_number: failing.and(statement).map(|index| index + 1),
        excerpt: failing.map(|statement| excerpt(&statement.text)),
        location: location.or_else(|| Some(Location::start_of(&work.migration.file))),
        kept: if fault::tells_nothing(&cause) { Kept::Unknown } else { kept },
        cause,
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn failure(work: &Work<'_>, fault: Fault, report: MigrateReport) -> Failure {
    let Stopped { statement_number, excerpt, location, kept, cause } = stopped(work, fault);
    Failure {
        version: work.step.version.clone(),
        name: work.step.name.clone(),
        statement_number,
        statements: work.statements.len(),
        excerpt,
        location,
        kept,
        report,
        cause,
    }
}

/// The byte of a character counted from 1, as PostgreSQL tells places.
fn byte_of(text: &str, position: usize) -> usize {
    text.char_indices().nth(position.saturating_sub(1)).map_or(text.len(), |(byte, _)| byte)
}

/// Enough of a statement to recognise it.
fn excerpt(text: &str) -> String {
    const LINES: usize = 5;
    const WIDTH: usize = 160;
    let mut lines: Vec<String> = text.lines().take(LINES).map(|line| line.chars().take(WIDTH).collect()).collect();
    if text.lines().nth(LINES).is_some() {
        lines.push("..".to_owned());
    }
    lines.join("\n")
}
