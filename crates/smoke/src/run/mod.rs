//! Runs the checks of a plan in order and writes the report. What one check does is `run/session.rs`'s.

mod capture;
pub(crate) mod retry;
mod session;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use minijinja::Value as Name;
use plimsoll_core::db::DatabaseUrl;
use plimsoll_core::{Redactor, Secret, template};

use crate::error::SmokeError;
use crate::event::Event;
use crate::http;
use crate::masking::Masking;
use crate::model::{Check, Phase};
use crate::plan::{PlannedCheck, SmokePlan};
use crate::probe::Marks;
use crate::report::{CheckReport, Counts, RevisionTally, SkipReason, SmokeReport, Verdict};
use crate::revision::{Revision, millis};
use session::Session;

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
    /// connections, timeouts and 502, 503, 504. Zero for one attempt only.
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
    /// Ends the run at the first check that failed or could not be measured.
    pub stop_at_first: bool,
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
        }
    }
}

/// Sends the checks of a plan. Connections are kept between requests of safe methods; all others have their own.
///
/// Failed checks are in the report, not in the error: see [`SmokeReport::into_result`].
///
/// # Errors
/// When no request can be made at all.
pub fn run(
    plan: &SmokePlan,
    target: &Target,
    options: &Options,
    on_event: &mut dyn FnMut(&Event),
) -> Result<SmokeReport, SmokeError> {
    let http = http::open(&target.base_url, &options.addresses)?;
    let mut masking = Masking::new(&options.redactor);
    if let Some(password) = http.base.password() {
        masking.learn(Secret::new(password));
    }
    let tally = target.revision.as_ref().map(|revision| RevisionTally {
        expected: revision.expected.clone(),
        named: 0,
        other: 0,
        silent: 0,
    });
    let mut session = Session {
        http,
        target,
        options,
        env: template::environment(),
        names: names(options),
        masking,
        tally,
        started: Instant::now(),
        marks: Marks::default(),
    };
    session.open_suites(plan);
    session.mark_logs(plan);
    on_event(&Event::RunStarted { checks: plan.checks.len() + plan.cleanup.len() });
    let (mut reports, mut unmet, mut stopped_at) = (Vec::new(), BTreeSet::new(), None);
    for (index, planned) in plan.checks.iter().chain(&plan.cleanup).enumerate() {
        let number = index + 1;
        let name = &planned.check.name;
        let report = match skip_reason(planned, &unmet, stopped_at.as_ref()) {
            // What cleans up runs as far as its names have values, whatever happened.
            Some(SkipReason::StoppedAt(_)) if planned.check.phase == Phase::Cleanup => {
                on_event(&Event::CheckStarted { number, name: name.clone() });
                session.check(&planned.check, on_event)
            }
            Some(reason) => skipped(&planned.check, reason),
            None => {
                on_event(&Event::CheckStarted { number, name: name.clone() });
                session.check(&planned.check, on_event)
            }
        };
        if !matches!(report.verdict, Verdict::Pass | Verdict::Flaky | Verdict::Warn) {
            unmet.insert(name.clone());
        }
        if options.stop_at_first && stopped_at.is_none() && matches!(report.verdict, Verdict::Fail | Verdict::Error) {
            stopped_at = Some(name.clone());
        }
        on_event(&Event::CheckFinished { number, report: Box::new(report.clone()) });
        reports.push(report);
    }
    let counts = Counts::of(&reports);
    on_event(&Event::RunFinished { counts });
    Ok(SmokeReport {
        target: http::shown_base(&session.http.base).to_string(),
        revision: session.tally,
        counts,
        duration_ms: millis(session.started.elapsed()),
        checks: reports,
    })
}

fn skip_reason(planned: &PlannedCheck, unmet: &BTreeSet<String>, stopped_at: Option<&String>) -> Option<SkipReason> {
    let needed = planned.after.iter().find(|before| unmet.contains(*before));
    stopped_at.cloned().map(SkipReason::StoppedAt).or_else(|| needed.cloned().map(SkipReason::Needs))
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
    CheckReport {
        name: check.name.clone(),
        location: check.location.clone(),
        verdict: Verdict::Error,
        request: check.probe.describe(),
        attempts: 0,
        answer_ms: None,
        status: None,
        findings: Vec::new(),
        unmeasured: None,
        skipped: None,
        first_attempt: None,
        stopped_on: None,
        answer: None,
        curl: None,
    }
}
