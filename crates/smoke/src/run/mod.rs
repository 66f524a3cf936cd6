//! Runs the checks of a plan and writes the report. The way through it is `run/flow.rs`'s, what one check does `run/session.rs`'s.

mod capture;
mod clock;
mod flow;
mod journal;
pub(crate) mod retry;
mod schedule;
mod session;
mod takeback;
mod targets;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use minijinja::Value as Name;
use plimsoll_core::db::DatabaseUrl;
use plimsoll_core::{Location, Redactor, template};

use crate::error::SmokeError;
use crate::event::Event;
use crate::http;
use crate::masking::Masking;
use crate::model::Check;
use crate::plan::SmokePlan;
use crate::probe::Marks;
use crate::report::{CheckReport, Counts, SkipReason, SmokeReport, Verdict};
use crate::revision::{Revision, millis};
use crate::tally::RevisionTally;
use clock::Clock;
use flow::Flow;
use journal::{Journal, Leftover};
use session::Session;
use targets::Targets;

/// What is measured.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where the service is: `http` or `https`, with or without a path. A password in it is never shown.
    pub base_url: String,
    /// The revision that must give every answer, when that is known.
    pub revision: Option<Revision>,
}

/// How a run behaves. Not `Debug`: `names` hold secrets in clear.
#[derive(Clone)]
pub struct Options {
    /// The values of the names in templates, before the first capture.
    pub names: BTreeMap<String, Name>,
    /// What must not be shown.
    pub redactor: Redactor,
    /// The longest time to connect.
    pub connect_timeout: Duration,
    /// The longest time for one request, from connecting to the last byte.
    pub timeout: Duration,
    /// The longest time for the whole run.
    pub deadline: Option<Duration>,
    /// How long checks without a `retry` of their own wait for a service that is starting: refused or lost
    /// connections, timeouts and 429, 502, 503, 504. Zero for one attempt only. Another run is waited for as long, while
    /// it uses the journal.
    pub patience: Duration,
    /// The largest body that is read, in bytes.
    pub body_limit: usize,
    /// The addresses of the target's name; those that the machine finds when there are none.
    pub addresses: Vec<IpAddr>,
    /// The folder of the project, in which files that checks name are looked for.
    pub root: Option<PathBuf>,
    /// The database that `sql` asks unless it names another.
    pub database: Option<DatabaseUrl>,
    /// Where programs are looked for, as `PATH` has it: all that commands inherit.
    pub search_path: Option<String>,
    /// Begins no other check after the first one that failed or could not be measured. What cleans up runs.
    pub stop_at_first: bool,
    /// How many checks run beside each other, where their order is free.
    pub jobs: usize,
    /// Where what has to be taken back is written down, for the next run to do it when this one is killed. The file is
    /// readable by its owner alone, and secrets are not written. It stands for one system, whose address may change:
    /// what it holds is taken back where the next run goes.
    pub journal: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            names: BTreeMap::new(),
            redactor: Redactor::default(),
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(10),
            deadline: None,
            patience: Duration::ZERO,
            body_limit: 10 << 20,
            addresses: Vec::new(),
            root: None,
            database: None,
            search_path: None,
            stop_at_first: false,
            jobs: 1,
            journal: None,
        }
    }
}

/// Sends the checks of a plan. Connections are kept between requests of safe methods; all others have their own, and every
/// request of a check that is held against an expected revision.
///
/// What checks have made is taken back at the end, the last first; what an earlier run has left in the journal, before
/// anything else.
///
/// Failed checks are in the report, not in the error: see [`SmokeReport::into_result`].
///
/// # Errors
/// When no request can be made at all, or the journal cannot be used.
pub fn run(
    plan: &SmokePlan,
    target: &Target,
    options: &Options,
    on_event: &mut dyn FnMut(&Event),
) -> Result<SmokeReport, SmokeError> {
    let http = http::open(&target.base_url, &options.addresses)?;
    let masking = Masking::of(&options.redactor, &http);
    let tally = target.revision.as_ref().map(|revision| RevisionTally {
        expected: revision.expected.clone(),
        named: 0,
        other: 0,
        silent: 0,
    });
    let (env, names) = (template::environment(), names(options));
    let shown = http::shown_base(&http.base).to_string();
    let (journal, leftovers) = journal(plan, options, &env, &names, &shown)?;
    let targets = Targets::new(http, plan, &env, &names, options.root.as_deref(), &masking);
    let mut session = Session {
        targets,
        target,
        options,
        env,
        names: RwLock::new(names),
        masking,
        tally: Mutex::new(tally),
        clock: Clock::new(plan),
        journal,
        marks: Marks::default(),
    };
    session.mark_logs(plan);
    let cleanups = plan.checks.iter().filter(|planned| planned.check.cleanup.is_some()).count();
    let checks = leftovers.len() + plan.checks.len() + cleanups + plan.cleanup.len();
    let mut told = |event: &Event| on_event(&session.masking.event(event));
    told(&Event::RunStarted { checks });
    if let Some(journal) = options.journal.as_ref().filter(|_| !leftovers.is_empty()) {
        told(&Event::LeftoversFound { number: leftovers.len(), journal: journal.clone() });
    }
    let reports = Flow::new(&session, plan, &mut told).run(&leftovers);
    if let Some(journal) = &session.journal {
        // A file that cannot be emptied says itself that everything in it is over.
        journal.finish().ok();
    }
    let counts = Counts::of(&reports);
    told(&Event::RunFinished { counts });
    let revision = session.tally.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let duration_ms = millis(session.clock.started.elapsed());
    Ok(session.masking.report(SmokeReport { target: shown, revision, counts, duration_ms, checks: reports }))
}

/// The journal of the run, where one is wanted and anything has to be taken back, with what it holds.
fn journal(
    plan: &SmokePlan,
    options: &Options,
    env: &minijinja::Environment<'_>,
    names: &BTreeMap<String, Name>,
    target: &str,
) -> Result<(Option<Journal>, Vec<Leftover>), SmokeError> {
    let Some(path) = &options.journal else { return Ok((None, Vec::new())) };
    let takes_back = plan.checks.iter().any(|planned| !takeback::before(planned, plan).is_empty());
    let run = names.get("run_id").map(ToString::to_string).unwrap_or_default();
    // Only a run that has something to take back itself needs the journal, and waits for it.
    let wait = (takes_back && !plan.read_only).then_some(options.patience);
    let opened = journal::open(path, wait, (&run, target), takeback::wanted(plan, env));
    let opened = opened.map_err(|problem| SmokeError::Journal { path: path.clone(), problem })?;
    Ok(opened.map_or((None, Vec::new()), |(journal, leftovers)| (Some(journal), leftovers)))
}

fn skipped(check: &Check, reason: SkipReason) -> CheckReport {
    CheckReport { verdict: Verdict::Skip, skipped: Some(reason), ..blank(check) }
}

/// The names of the caller, and those that every run has.
fn names(options: &Options) -> BTreeMap<String, Name> {
    let mut names = options.names.clone();
    names.entry("run_id".to_owned()).or_insert_with(|| Name::from(session::random_id()));
    names
}

fn blank(check: &Check) -> CheckReport {
    nothing_known(check.name.clone(), check.location.clone(), check.probe.describe())
}

fn nothing_known(name: String, location: Location, request: String) -> CheckReport {
    CheckReport {
        name,
        location,
        verdict: Verdict::Error,
        request,
        attempts: 0,
        answer_ms: None,
        status: None,
        findings: Vec::new(),
        unmeasured: None,
        skipped: None,
        first_attempt: None,
        stopped_on: None,
        answer: None,
        output: None,
        curl: None,
        advice: None,
    }
}
