//! The deployment: steps in order, each journaled before and after, and undone when the proof fails. What to do is the plan's.

use std::time::{Duration, Instant};

use plimsoll_core::db::{Access, Db, DbError, connect};
use plimsoll_core::ledger::{self, DeploymentState, NewDeployment, Serving};
use plimsoll_core::lock::{self, DeployLock, Holder};
use plimsoll_core::project::Project;
use plimsoll_migrate::MigrateError;
use plimsoll_smoke::Revision;

use crate::error::{Cause, DeployError};
use crate::event::DeployEvent;
use crate::journal::Journal;
use crate::load::{Loaded, plan_on};
use crate::plan::{DeployPlan, ReleaseAction};
use crate::prove::{self, Target};
use crate::recover;
use crate::release::{self, Candidate, Promoted, Release, Restored};
use crate::report::{DeployReport, Outcome, ServingNow, applied};

/// Who deploys, with what, and how patiently.
#[derive(Debug, Clone)]
pub struct DeployOptions {
    /// `user@host`.
    pub actor: String,
    /// The tool and its version: `plimsoll 0.1.0`.
    pub tool: String,
    /// How long to wait for the lock of another deployment.
    pub lock_wait: Duration,
    /// Whether the plan must be done exactly, because a person saved or confirmed it. Otherwise what another deployment
    /// did while this one waited for its lock is planned around.
    pub exactly: bool,
}

/// Does what the plan says: migrates, seeds, starts and proves the new revisions, switches to them and records it.
///
/// An empty plan is only proven, and nothing is written. A killed deployment that is found is closed first, and named
/// in the report.
///
/// # Errors
/// [`DeployError`]; once something was begun it carries the report of what was done, undone and left.
pub fn deploy(
    project: &Project,
    loaded: &Loaded,
    plan: &DeployPlan,
    options: &DeployOptions,
    on_event: &mut dyn FnMut(&DeployEvent<'_>),
) -> Result<DeployReport, DeployError> {
    let started = Instant::now();
    if plan.is_empty() && !recover::is_needed(project, loaded)? {
        return unchanged(project, loaded, plan, started, on_event);
    }
    let holder = Holder::new(&options.actor, &format!("deploy {}", project.environment));
    let lock = lock::acquire(&project.database, &holder, options.lock_wait)?;
    let mut db = lock.connect()?;
    let interrupted = recover::close(db.as_mut(), project, loaded, on_event)?;
    let fresh = plan_on(db.as_mut(), project, loaded)?;
    let moved = fresh.differences(plan);
    if !moved.is_empty() && options.exactly {
        return Err(Cause::PlanStale { moved }.into());
    }
    // What a killed deployment left behind was stopped just now; that is no reason to start all over.
    if !moved.is_empty() && interrupted.is_empty() {
        if options.lock_wait.is_zero() {
            return Err(Cause::PlanStale { moved }.into());
        }
        on_event(&DeployEvent::Replanned { moved: &moved });
        if fresh.is_empty() {
            drop(lock);
            return unchanged(project, loaded, &fresh, started, on_event);
        }
    }
    on_event(&DeployEvent::Locked);
    let plan = &fresh;
    ledger::set_meta_once(db.as_mut(), "environment", &project.environment)?;
    let number = ledger::start(
        db.as_mut(),
        &NewDeployment {
            environment: &project.environment,
            revision: plan.revision(),
            plan_digest: &plan.digest(),
            actor: &options.actor,
            tool: &options.tool,
        },
    )?;
    on_event(&DeployEvent::Started { deployment: number });
    let mut report = DeployReport {
        deployment: Some(number),
        project: project.name.clone(),
        environment: project.environment.clone(),
        revision: plan.revision().to_owned(),
        outcome: Outcome::Succeeded,
        interrupted,
        migrate: None,
        seed: None,
        smoke: None,
        serving: Vec::new(),
        undone: Vec::new(),
        not_undone: Vec::new(),
        duration_ms: 0,
    };
    let mut run = Run {
        project,
        loaded,
        plan,
        options,
        lock,
        journal: Journal::new(number),
        candidates: Vec::new(),
        promoted: Vec::new(),
        restored: None,
        report: &mut report,
        on_event,
    };
    let result = run.steps(db.as_mut());
    let failed = result.err().inspect(|cause| run.undo(cause));
    drop(run);
    if failed.is_some() {
        // What a later run finds out by itself when the connection is the very thing that failed.
        drop(record_what_serves(db.as_mut(), project, loaded, number));
    }
    report.duration_ms = millis(started);
    let (state, summary) = (state_of(report.outcome), report.summary());
    let recorded = ledger::finish(db.as_mut(), number, state, &project.redactor().redact(&summary));
    match (failed, recorded) {
        (Some(cause), _) => Err(DeployError { cause, report: Some(Box::new(report)) }),
        (None, Err(error)) => Err(DeployError { cause: error.into(), report: Some(Box::new(report)) }),
        (None, Ok(())) => Ok(report),
    }
}

/// One deployment on its way.
struct Run<'a> {
    project: &'a Project,
    loaded: &'a Loaded,
    plan: &'a DeployPlan,
    options: &'a DeployOptions,
    lock: DeployLock,
    journal: Journal,
    candidates: Vec<(&'a Release, Candidate)>,
    promoted: Vec<(&'a Release, Promoted)>,
    /// What became of the previous revision when a switch failed.
    restored: Option<(&'a Release, Restored)>,
    report: &'a mut DeployReport,
    on_event: &'a mut dyn FnMut(&DeployEvent<'_>),
}

impl Run<'_> {
    fn steps(&mut self, db: &mut dyn Db) -> Result<(), Cause> {
        self.migrate(db)?;
        self.seed(db)?;
        self.start(db)?;
        self.smoke(db)?;
        self.switch(db)
    }

    /// Runs one step between its two entries in the journal.
    fn step<T>(
        &mut self,
        db: &mut dyn Db,
        name: &str,
        work: impl FnOnce(&mut Self, &mut dyn Db) -> Result<(T, String), Cause>,
    ) -> Result<T, Cause> {
        self.lock.check()?;
        self.journal.intend(db, name)?;
        (self.on_event)(&DeployEvent::StepStarted { step: name });
        match work(self, db) {
            Ok((value, detail)) => {
                self.journal.done(db, name, &detail)?;
                (self.on_event)(&DeployEvent::StepDone { step: name, detail: &detail });
                Ok(value)
            }
            Err(cause) => {
                // The cause is what counts; a lost connection could not be told it anyway.
                drop(self.journal.failed(db, name, &self.project.redactor().redact(&cause.to_string())));
                (self.on_event)(&DeployEvent::StepFailed { step: name });
                Err(cause)
            }
        }
    }

    fn migrate(&mut self, db: &mut dyn Db) -> Result<(), Cause> {
        let (Some(set), Some(plan)) = (&self.loaded.migrations, &self.plan.migrations) else { return Ok(()) };
        if plan.steps.is_empty() {
            return Ok(());
        }
        self.step(db, "migrate", |run, db| {
            let options = plimsoll_migrate::ApplyOptions {
                deployment: Some(run.journal.deployment()),
                lock_timeout: run.project.migrations.as_ref().and_then(|settings| settings.lock_timeout),
                retry: plimsoll_migrate::Retry::times(
                    run.project.migrations.as_ref().and_then(|settings| settings.lock_retries),
                ),
                tool: run.options.tool.clone(),
                fence: Some(run.lock.fence()),
                ..plimsoll_migrate::ApplyOptions::default()
            };
            db.ensure_diesel_history()?;
            let on_event = &mut *run.on_event;
            let applied = plimsoll_migrate::apply(db, set, plan, &options, &mut |event| {
                on_event(&DeployEvent::Migrate(event));
            });
            let applied = applied.inspect_err(|error| {
                if let MigrateError::Failed(failure) = error {
                    run.report.migrate = Some(failure.report.clone());
                }
            })?;
            let detail = self::applied(applied.applied.len());
            run.report.migrate = Some(applied);
            Ok(((), detail))
        })
    }

    fn seed(&mut self, db: &mut dyn Db) -> Result<(), Cause> {
        let (Some(seeds), Some(plan)) = (&self.loaded.seeds, &self.plan.seed) else {
            return prove::expectations(db, self.loaded);
        };
        if plan.is_empty() {
            return prove::expectations(db, self.loaded);
        }
        self.step(db, "seed", |run, db| {
            let options = plimsoll_seed::ApplyOptions {
                deployment: Some(run.journal.deployment()),
                actor: run.options.actor.clone(),
                expectations: run.loaded.expectations.clone(),
                tool: run.options.tool.clone(),
                fence: Some(run.lock.fence()),
                exact: false,
            };
            let on_event = &mut *run.on_event;
            let seeded = plimsoll_seed::apply(db, seeds, plan, &options, &mut |event| {
                on_event(&DeployEvent::Seed(event));
            })?;
            let detail = seeded.to_string();
            run.report.seed = Some(seeded);
            Ok(((), detail))
        })
    }

    /// Starts each revision that has to be released on a port of its own.
    fn start(&mut self, db: &mut dyn Db) -> Result<(), Cause> {
        for (release, planned) in self.loaded.releases.iter().zip(&self.plan.releases) {
            if planned.action == ReleaseAction::Keep {
                continue;
            }
            self.step(db, &format!("start {}", release.name), |run, _| {
                let revision = run.revision(release);
                let candidate = release::start_candidate(release, &revision, &run.project.redactor())?;
                let detail = format!("revision {} answers at {}", release.revision, candidate.address);
                run.candidates.push((release, candidate));
                Ok(((), detail))
            })?;
        }
        Ok(())
    }

    fn smoke(&mut self, db: &mut dyn Db) -> Result<(), Cause> {
        let Some(checks) = &self.loaded.checks else { return Ok(()) };
        let Some(first) = self.loaded.releases.first() else {
            let Some(base_url) = self.project.base_url.clone() else { return Ok(()) };
            return self.check(db, checks, Target { base_url, revision: None });
        };
        let candidate = self.candidates.iter().find(|(release, _)| release.name == first.name);
        let base_url = candidate.map_or_else(|| first.address(), |(_, candidate)| candidate.address.clone());
        let revision = Some(self.revision(first));
        self.check(db, checks, Target { base_url, revision })
    }

    fn check(&mut self, db: &mut dyn Db, checks: &plimsoll_smoke::SmokePlan, target: Target) -> Result<(), Cause> {
        self.step(db, "smoke", |run, _| {
            let on_event = &mut *run.on_event;
            let report = prove::smoke(run.project, checks, &target, &run.loaded.smoke, &mut |event| {
                on_event(&DeployEvent::Smoke(event));
            })?;
            run.report.smoke = Some(report.clone());
            let report = report.into_result()?;
            Ok(((), report.headline()))
        })
    }

    /// Switches to the proven revisions and records what serves.
    fn switch(&mut self, db: &mut dyn Db) -> Result<(), Cause> {
        while !self.candidates.is_empty() {
            let (release, candidate) = self.candidates.remove(0);
            self.step(db, &format!("switch {}", release.name), |run, db| {
                let revision = run.revision(release);
                match release::promote(release, candidate, &revision, &run.project.redactor()) {
                    Ok(promoted) => run.promoted.push((release, promoted)),
                    Err((error, restored)) => {
                        run.restored = Some((release, restored));
                        return Err(error.into());
                    }
                }
                let serving = Serving {
                    release: release.name.clone(),
                    revision: release.revision.clone(),
                    address: release.address(),
                    deployment: run.journal.deployment(),
                };
                ledger::set_serving(db, &run.project.environment, &serving)?;
                Ok(((), format!("revision {} serves at {}", release.revision, release.address())))
            })?;
        }
        self.report.serving = self.loaded.releases.iter().map(serving_now).collect();
        Ok(())
    }

    /// Undoes the releases, newest first, and says what stays.
    fn undo(&mut self, cause: &Cause) {
        self.report.outcome = if prove::needs_person(cause) { Outcome::Failed } else { Outcome::RolledBack };
        if let Some((release, restored)) = self.restored.take() {
            self.note_restored(release, &restored);
        }
        for (release, candidate) in std::mem::take(&mut self.candidates).into_iter().rev() {
            candidate.stop(release);
            self.note(format!("release {}: revision {} was stopped", release.name, release.revision));
        }
        for (release, promoted) in std::mem::take(&mut self.promoted).into_iter().rev() {
            let revision = self.revision(release);
            let restored = release::demote(release, promoted, &revision, &self.project.redactor());
            self.note_restored(release, &restored);
        }
        self.report.serving = self.loaded.releases.iter().filter_map(still_serving).collect();
        self.note_what_stays();
    }

    fn note_restored(&mut self, release: &Release, restored: &Restored) {
        let name = &release.name;
        match restored {
            Restored::Untouched => {}
            Restored::NothingBefore => {
                self.note(format!("release {name}: revision {} was stopped, nothing served before", release.revision));
            }
            Restored::Again(previous) => {
                self.note(format!(
                    "release {name}: revision {} was stopped, {previous} serves again",
                    release.revision
                ));
            }
            Restored::Failed { revision, why } => {
                self.report.outcome = Outcome::Failed;
                self.report.not_undone.push(format!(
                    "release {name}: revision {revision} could not be started again, so nothing serves: {why}"
                ));
            }
        }
    }

    fn note(&mut self, what: String) {
        (self.on_event)(&DeployEvent::Undone { what: &what });
        self.report.undone.push(what);
    }

    fn note_what_stays(&mut self) {
        if let Some(migrate) = &self.report.migrate {
            let versions: Vec<&str> = migrate.applied.iter().map(|applied| applied.version.as_str()).collect();
            if let (Some(first), Some(last)) = (versions.first(), versions.last()) {
                let range = if first == last { (*first).to_owned() } else { format!("{first} to {last}") };
                let ahead = ": the schema is ahead of the revision that serves";
                let ahead = if self.report.serving.is_empty() { "" } else { ahead };
                self.report.not_undone.push(format!("the schema: {} ({range}){ahead}", applied(versions.len())));
            }
        }
        if let Some(seed) = &self.report.seed {
            self.report.not_undone.push(format!("the rows: {seed}"));
        }
    }

    fn revision(&self, release: &Release) -> Revision {
        prove::expected(self.loaded.revision_source.as_ref(), &release.revision)
    }
}

/// Brings the record in line with the processes after an undo: a release switched before another one failed went back.
fn record_what_serves(db: &mut dyn Db, project: &Project, loaded: &Loaded, deployment: i64) -> Result<(), DbError> {
    let recorded = ledger::serving(db, &project.environment)?;
    for release in &loaded.releases {
        let known = recorded.iter().find(|serving| serving.release == release.name);
        match release::serving(release) {
            Some(revision) if known.is_none_or(|serving| serving.revision != revision) => {
                let address = release.address();
                let serving = Serving { release: release.name.clone(), revision, address, deployment };
                ledger::set_serving(db, &project.environment, &serving)?;
            }
            None if known.is_some_and(|serving| serving.deployment == deployment) => {
                ledger::clear_serving(db, &project.environment, &release.name)?;
            }
            Some(_) | None => {}
        }
    }
    Ok(())
}

/// Nothing to do: what should be true is proven again, and nothing is written.
fn unchanged(
    project: &Project,
    loaded: &Loaded,
    plan: &DeployPlan,
    started: Instant,
    on_event: &mut dyn FnMut(&DeployEvent<'_>),
) -> Result<DeployReport, DeployError> {
    let mut db = connect(&project.database, Access::Read)?;
    prove::expectations(db.as_mut(), loaded)?;
    let first = loaded.releases.first();
    let target = first.map(|release| Target {
        base_url: release.address(),
        revision: Some(prove::expected(loaded.revision_source.as_ref(), &release.revision)),
    });
    let target = target.or_else(|| Some(Target { base_url: project.base_url.clone()?, revision: None }));
    let smoke = match (&loaded.checks, target) {
        (Some(checks), Some(target)) => {
            let report = prove::smoke(project, checks, &target, &loaded.smoke, &mut |event| {
                on_event(&DeployEvent::Smoke(event));
            })?;
            Some(report.into_result()?)
        }
        _ => None,
    };
    Ok(DeployReport {
        deployment: None,
        project: project.name.clone(),
        environment: project.environment.clone(),
        revision: plan.revision().to_owned(),
        outcome: Outcome::Unchanged,
        interrupted: Vec::new(),
        migrate: None,
        seed: None,
        smoke,
        serving: loaded.releases.iter().map(serving_now).collect(),
        undone: Vec::new(),
        not_undone: Vec::new(),
        duration_ms: millis(started),
    })
}

fn serving_now(release: &Release) -> ServingNow {
    ServingNow { release: release.name.clone(), revision: release.revision.clone(), address: release.address() }
}

/// What serves after a failure: what served before, if anything.
fn still_serving(release: &Release) -> Option<ServingNow> {
    let revision = release::serving(release)?;
    Some(ServingNow { release: release.name.clone(), revision, address: release.address() })
}

fn state_of(outcome: Outcome) -> DeploymentState {
    match outcome {
        Outcome::Unchanged | Outcome::Succeeded => DeploymentState::Succeeded,
        Outcome::RolledBack => DeploymentState::RolledBack,
        Outcome::Failed => DeploymentState::Failed,
    }
}

fn millis(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}
