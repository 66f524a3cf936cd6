//! Sends the checks of a plan in order and writes the report. What to send, expect and repeat is decided by its neighbours.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use minijinja::{Environment, Value as Name};
use plimsoll_core::project::RevisionSource;
use plimsoll_core::{Redactor, Secret, template};
use serde_json::Value;

use crate::assertion::{self, Body};
use crate::client::{self, Answer, Http, Limits};
use crate::error::SmokeError;
use crate::event::Event;
use crate::masking::Masking;
use crate::matcher;
use crate::model::{Check, Expectation, Level};
use crate::plan::{PlannedCheck, SmokePlan};
use crate::problem::template_text;
use crate::report::{
    CheckReport, Counts, Finding, Part, RevisionTally, SkipReason, SmokeReport, Unmeasured, UnmeasuredKind, Verdict,
};
use crate::request;
use crate::retry::{self, Failure, Patience};
use crate::revision::{self, Revision, millis};

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
            stop_at_first: false,
        }
    }
}

/// Sends the checks of a plan, each request on a connection of its own.
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
    let follow = plan.checks.iter().any(|planned| planned.check.request.follow_redirects);
    let http = client::open(&target.base_url, options.connect_timeout, follow)?;
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
        names: options.names.clone(),
        masking,
        tally,
        started: Instant::now(),
    };
    on_event(&Event::RunStarted { checks: plan.checks.len() });
    let (mut reports, mut unmet, mut stopped_at) = (Vec::new(), BTreeSet::new(), None);
    for (index, planned) in plan.checks.iter().enumerate() {
        let number = index + 1;
        let name = &planned.check.name;
        let report = match skip_reason(planned, &unmet, stopped_at.as_ref()) {
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
        target: request::shown_base(&session.http.base).to_string(),
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

fn blank(check: &Check) -> CheckReport {
    CheckReport {
        name: check.name.clone(),
        location: check.location.clone(),
        verdict: Verdict::Error,
        request: format!("{} {}", check.request.method.as_str(), check.request.path),
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

fn is_met(expectation: &Expectation, json: &Value) -> bool {
    matcher::hold(&expectation.is, matcher::find(&expectation.of, json).as_ref()).is_ok()
}

/// What a run carries from check to check.
struct Session<'a> {
    http: Http,
    target: &'a Target,
    options: &'a Options,
    env: Environment<'static>,
    names: BTreeMap<String, Name>,
    masking: Masking<'a>,
    tally: Option<RevisionTally>,
    started: Instant,
}

/// A check with its templates filled in, which stay the same over all attempts.
struct Ready {
    request: request::Prepared,
    expect: crate::model::Expect,
    stop_on: Vec<Expectation>,
}

impl Session<'_> {
    fn check(&mut self, check: &Check, on_event: &mut dyn FnMut(&Event)) -> CheckReport {
        let mut report = blank(check);
        let ready = match self.ready(check) {
            Ok(ready) => ready,
            Err(what) => return CheckReport { unmeasured: Some(what), ..report },
        };
        report.request = format!("{} {}", ready.request.method.as_str(), ready.request.shown_url);
        let patience =
            check.retry.as_ref().map_or(Patience { duration: self.options.patience, for_answers: false }, |retry| {
                Patience { duration: Duration::from_millis(retry.for_ms), for_answers: true }
            });
        let started = Instant::now();
        loop {
            let Some(total) = self.time_left() else {
                // What the last attempt found stays; without one nothing is known.
                if report.attempts == 0 {
                    report.unmeasured = Some(Unmeasured { kind: UnmeasuredKind::OutOfTime, detail: String::new() });
                }
                break;
            };
            report.attempts += 1;
            let failure = self.attempt(check, &ready, total, &mut report);
            let Some(failure) = failure.filter(|_| report.stopped_on.is_none()) else { break };
            let why = report.summary().unwrap_or_default();
            if report.attempts == 1 {
                report.first_attempt = Some(why.clone());
            }
            let method = ready.request.method;
            let Some(delay) = retry::next_delay(failure, method, patience, report.attempts, started.elapsed()) else {
                break;
            };
            let next_in_ms = millis(delay);
            on_event(&Event::AttemptFailed { name: check.name.clone(), attempt: report.attempts, why, next_in_ms });
            thread::sleep(self.until_deadline(delay));
        }
        if report.attempts <= 1 {
            report.first_attempt = None;
        }
        report.verdict = match (&report.unmeasured, report.findings.is_empty()) {
            (Some(_), _) => Verdict::Error,
            (None, false) if check.level == Level::Warn => Verdict::Warn,
            (None, false) => Verdict::Fail,
            (None, true) if report.attempts > 1 => Verdict::Flaky,
            (None, true) => Verdict::Pass,
        };
        if !matches!(report.verdict, Verdict::Pass | Verdict::Flaky) {
            report.curl = Some(ready.request.curl);
        }
        report
    }

    fn ready(&self, check: &Check) -> Result<Ready, Unmeasured> {
        let names = Name::from_pairs(self.names.clone());
        let request = request::prepare(&self.env, &check.request, &self.http.base, &names, &self.masking)?;
        let wrong = |error: minijinja::Error| Unmeasured {
            kind: UnmeasuredKind::NotPrepared,
            detail: self.masking.apply(&template_text(&error)),
        };
        let expect = assertion::render(&self.env, &check.expect, &names).map_err(wrong)?;
        let stop_on = check.retry.as_ref().map(|retry| retry.stop_on.as_slice()).unwrap_or_default();
        let stop_on = matcher::render_all(&self.env, stop_on, &names).map_err(wrong)?;
        Ok(Ready { request, expect, stop_on })
    }

    /// Sends once and puts what came into the report. `None` when everything was as expected.
    fn attempt(&mut self, check: &Check, ready: &Ready, total: Duration, report: &mut CheckReport) -> Option<Failure> {
        (report.findings, report.unmeasured, report.answer) = (Vec::new(), None, None);
        (report.status, report.answer_ms) = (None, None);
        let limits = Limits { total, body_bytes: self.options.body_limit };
        let answer = match client::send(&self.http, &ready.request, limits) {
            Ok(answer) => answer,
            Err(error) => {
                let Unmeasured { kind, detail } = error.what;
                report.unmeasured = Some(Unmeasured { kind, detail: self.masking.apply(&detail) });
                return Some(Failure::Unmeasured { kind, bytes_sent: error.bytes_sent });
            }
        };
        report.status = Some(answer.status);
        report.answer_ms = Some(millis(answer.elapsed));
        let json = assertion::parse_json(&answer.body);
        // First, so that a secret in this very answer is masked in everything said about it.
        let not_captured = json.as_ref().map_or_else(|_| Vec::new(), |json| self.capture(check, json));
        let mut findings: Vec<Finding> = self.judge_revision(check, &answer).into_iter().collect();
        let wants_json = !ready.expect.json.is_empty() || !check.capture.is_empty();
        let body = Body { json: json.as_ref(), wants_json };
        findings.extend(assertion::judge(&ready.expect, &answer, &body, &self.http.base, &self.masking));
        findings.extend(not_captured);
        if let (Ok(json), false) = (&json, findings.is_empty()) {
            report.stopped_on = ready.stop_on.iter().find(|stop| is_met(stop, json)).map(|stop| {
                let text = format!("{} is {}", stop.of, matcher::describe(&stop.is));
                self.masking.apply(&text)
            });
        }
        if findings.is_empty() {
            return None;
        }
        report.findings = findings;
        let text = String::from_utf8_lossy(&answer.body);
        report.answer = (!text.trim().is_empty()).then(|| self.masking.excerpt(&text, 300));
        Some(Failure::Unexpected { status: answer.status })
    }

    fn judge_revision(&mut self, check: &Check, answer: &Answer) -> Option<Finding> {
        if check.any_revision {
            return None;
        }
        let (revision, tally) = self.target.revision.as_ref().zip(self.tally.as_mut())?;
        let actual = match (revision::named_by(&revision.source, answer), &revision.source) {
            (Some(named), _) if named == revision.expected => {
                tally.named += 1;
                return None;
            }
            (Some(named), _) => {
                tally.other += 1;
                format!("`{named}`")
            }
            (None, RevisionSource::Header(name)) => {
                tally.silent += 1;
                format!("none in header {name}")
            }
            (None, RevisionSource::Json(_)) => {
                tally.silent += 1;
                return None;
            }
        };
        let expected = format!("`{}`", revision.expected);
        Some(assertion::finding(Part::Revision, "", &expected, &actual, &self.masking))
    }

    /// Keeps what later checks need, also from an answer that only warns. What is not there is a finding.
    fn capture(&mut self, check: &Check, json: &Value) -> Vec<Finding> {
        let mut findings = Vec::new();
        for capture in &check.capture {
            let Some(value) = matcher::find(&capture.path, json) else {
                let (of, at) = (&capture.name, format!("a value at {}", capture.path));
                findings.push(assertion::finding(Part::Capture, of, &at, "nothing", &self.masking));
                continue;
            };
            if capture.secret {
                self.masking.learn_all(&value);
            }
            self.names.insert(capture.name.clone(), Name::from(minijinja::value::Serde(&value)));
        }
        findings
    }

    /// The time one request may take, or `None` when that of the whole run is used up.
    fn time_left(&self) -> Option<Duration> {
        let Some(deadline) = self.options.deadline else { return Some(self.options.timeout) };
        let left = deadline.checked_sub(self.started.elapsed()).filter(|left| !left.is_zero())?;
        Some(left.min(self.options.timeout))
    }

    fn until_deadline(&self, delay: Duration) -> Duration {
        match self.options.deadline {
            Some(deadline) => delay.min(deadline.saturating_sub(self.started.elapsed())),
            None => delay,
        }
    }
}
