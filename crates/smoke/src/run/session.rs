//! One check of a run: prepared, looked at, judged, and repeated. The order of checks is `run`'s.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use chrono::Utc;
use minijinja::{Environment, Value as Name};
use plimsoll_core::project::RevisionSource;
use reqwest::Url;
use serde_json::Value;

use super::clock::Clock;
use super::journal::Journal;
use super::retry::{self, Failure, Patience};
use super::targets::Targets;
use super::{Options, Target, blank};
use crate::event::Event;
use crate::expect::http::{self as answers, Wanted, WantsJson};
use crate::expect::{self, matcher, parse_json, schema};
use crate::http::{self, Answer, Http, Limits, Prepared, Route, SendError};
use crate::masking::Masking;
use crate::model::{Check, Expect, Expectation, Level, LogProbe, Probe, RedisProbe, Resolve, Source, SqlProbe};
use crate::plan::SmokePlan;
use crate::probe::{self, Marks};
use crate::problem::template_text;
use crate::render::rendered;
use crate::report::{CheckReport, Finding, Part, Unmeasured, UnmeasuredKind, Verdict};
use crate::revision::{self, millis};
use crate::tally::RevisionTally;

/// What a run carries from check to check.
pub(super) struct Session<'a> {
    pub(super) targets: Targets<'a>,
    pub(super) target: &'a Target,
    pub(super) options: &'a Options,
    pub(super) env: Environment<'static>,
    pub(super) names: RwLock<BTreeMap<String, Name>>,
    pub(super) masking: Masking,
    pub(super) tally: Mutex<Option<RevisionTally>>,
    pub(super) clock: Clock,
    /// Where what has to be taken back is written down.
    pub(super) journal: Option<Journal>,
    /// Where the logs ended when the run began.
    pub(super) marks: Marks,
}

/// One check, with what is its own.
pub(super) struct Turn<'a> {
    pub(super) check: &'a Check,
    /// The id that it shares with what cleans up after it.
    pub(super) uuid: &'a str,
    /// The names of an earlier run, in place of this one's.
    pub(super) names: Option<&'a BTreeMap<String, Name>>,
    /// What is written down before anything is sent that has to be taken back.
    pub(super) takes_back: &'a [Check],
    /// Which of the threads that run beside each other it has.
    pub(super) lane: usize,
}

/// What came of a check.
pub(super) struct Outcome {
    pub(super) report: CheckReport,
    /// False only when it is certain that nothing was changed.
    pub(super) sent: bool,
}

/// A check with its templates filled in, which stay the same over all attempts.
struct Ready {
    what: What,
    expect: Expect,
    schema: Option<jsonschema::Validator>,
    until: Vec<Expectation>,
    abort_if: Vec<Expectation>,
    lane: usize,
}

enum What {
    Http { request: Box<Prepared>, http: Arc<Http> },
    Other(Probe),
}

/// What one look came to.
struct Looked {
    failure: Failure,
    /// What was found as JSON, when it is some.
    json: Option<Value>,
    said: Said,
}

/// What a person is shown of it when it is not as expected.
enum Said {
    /// Shown from its beginning.
    Answer(Vec<u8>),
    /// Shown from its end.
    Output(String),
}

/// How much is shown of an answer, in characters.
const SHOWN_OF_ANSWER: usize = 300;

/// How much is shown of what was written line by line, in characters.
const SHOWN_OF_OUTPUT: usize = 1_000;

/// Whether a command did not end as it should.
fn has_ended_wrong(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| matches!(finding.part, Part::Exit | Part::Error))
}

/// An id that no other run has: nothing depends on its being hard to guess.
pub(super) fn random_id() -> String {
    let number = fastrand::u128(..);
    // The bits that say that it is random, version 4 of UUIDs.
    let number = number & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let text = format!("{number:032x}");
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

fn is_met(expectation: &Expectation, json: &Value) -> bool {
    matcher::hold(&expectation.is, matcher::find(&expectation.of, json).as_ref()).is_ok()
}

/// How much a check needs JSON: for what it looks for, or because it asks for nothing else.
fn wants_json(check: &Check, ready: &Ready, request: &Prepared, answer: &Answer) -> WantsJson {
    let captures = check.capture.iter().any(|capture| matches!(capture.from, Source::Json(_)));
    let typed = ready.expect.content_type.as_ref().is_some_and(|wanted| wanted.contains("json"));
    // These have no body, whatever their type.
    let bodiless = request.method == reqwest::Method::HEAD || matches!(answer.status, 204 | 304);
    if ready.schema.is_some()
        || !ready.expect.json.is_empty()
        || !ready.until.is_empty()
        || captures
        || (typed && !bodiless)
    {
        return WantsJson::Needs;
    }
    let accepts = request.headers.iter().find(|(name, _)| name == reqwest::header::ACCEPT);
    let only_json = accepts
        .and_then(|(_, value)| value.to_str().ok())
        .is_some_and(|value| value.contains("json") && !value.contains("html") && !value.contains("*/*"));
    if only_json { WantsJson::Accepts } else { WantsJson::No }
}

/// Which addresses are asked: whatever the name means, or each of these.
fn addresses(request: &Prepared, http: &Http, limit: Duration) -> Result<Vec<Option<IpAddr>>, Unmeasured> {
    let wrong = |kind, detail| Unmeasured { kind, detail };
    match &request.resolve {
        None => Ok(vec![None]),
        Some(Resolve::Address(text)) => match text.parse() {
            Ok(address) => Ok(vec![Some(address)]),
            Err(_) => Err(wrong(UnmeasuredKind::NotPrepared, format!("`{text}` is not an IP address"))),
        },
        Some(Resolve::All) => Ok(http.addresses(limit)?.into_iter().map(Some).collect()),
    }
}

impl Session<'_> {
    /// Remembers where the logs that checks look into end.
    pub(super) fn mark_logs(&mut self, plan: &SmokePlan) {
        let Some(root) = self.options.root.as_deref() else { return };
        let names = Name::from_pairs(self.names());
        for planned in plan.checks.iter().chain(&plan.cleanup) {
            let Probe::Log(log) = &planned.check.probe else { continue };
            // What the line has is often captured first; only where it will be has to be known by now.
            let place = Probe::Log(LogProbe { contains: None, matches: None, ..log.clone() });
            if let Ok(Probe::Log(log)) = rendered(&self.env, &place, &names) {
                self.marks.set(root, &log);
            }
        }
    }

    /// The names that have a value by now.
    pub(super) fn names(&self) -> BTreeMap<String, Name> {
        self.names.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn check(&self, turn: &Turn<'_>, on_event: &mut dyn FnMut(&Event)) -> Outcome {
        let check = turn.check;
        let mut report = blank(check);
        let ready = self.ready(turn).and_then(|ready| self.write_down(turn).map(|()| ready));
        let ready = match ready {
            Ok(ready) => ready,
            Err(what) => return Outcome { report: CheckReport { unmeasured: Some(what), ..report }, sent: false },
        };
        let mut sent = false;
        report.request = match &ready.what {
            What::Http { request, .. } => format!("{} {}", request.method, request.shown_url),
            What::Other(probe) => self.masking.apply(&probe.describe()),
        };
        let patience =
            check.retry.as_ref().map_or(Patience { duration: self.options.patience, for_answers: false }, |retry| {
                Patience { duration: Duration::from_millis(retry.for_ms), for_answers: true }
            });
        let started = Instant::now();
        loop {
            let Some(total) = self.clock.left_for(check, self.options) else {
                // What the last attempt found stays; without one nothing is known.
                if report.attempts == 0 {
                    report.unmeasured = Some(Unmeasured { kind: UnmeasuredKind::OutOfTime, detail: String::new() });
                }
                break;
            };
            report.attempts += 1;
            let failure = self.attempt(check, &ready, total, &mut report);
            sent |= !matches!(
                (&ready.what, failure),
                (What::Http { .. }, Some(Failure::Unmeasured { bytes_sent: false, .. }))
            );
            let Some(failure) = failure.filter(|_| report.stopped_on.is_none()) else { break };
            let why = report.summary().unwrap_or_default();
            if report.attempts == 1 {
                report.first_attempt = Some(why.clone());
            }
            let once = matches!(&ready.what, What::Http { request, .. } if request.repeats_its_effect);
            let Some(delay) =
                retry::next_delay(failure, once, patience, report.attempts, started.elapsed(), fastrand::f64())
            else {
                break;
            };
            let next_in_ms = millis(delay);
            on_event(&Event::AttemptFailed { name: check.name.clone(), attempt: report.attempts, why, next_in_ms });
            thread::sleep(self.clock.until_deadline(check, self.options, delay));
        }
        if report.attempts <= 1 {
            report.first_attempt = None;
        }
        report.verdict = match (&report.unmeasured, report.findings.is_empty()) {
            (Some(_), _) => Verdict::Error,
            (None, false) if check.level == Level::Warn => Verdict::Warn,
            (None, false) => Verdict::Fail,
            // A line that takes its time is nothing unusual.
            (None, true) if report.attempts > 1 && !matches!(check.probe, Probe::Log(_)) => Verdict::Flaky,
            (None, true) => Verdict::Pass,
        };
        if !matches!(report.verdict, Verdict::Pass | Verdict::Flaky) {
            report.curl = match ready.what {
                What::Http { request, .. } => Some(request.curl),
                What::Other(_) => None,
            };
        }
        Outcome { report, sent }
    }

    /// Writes down what has to be taken back, so that a later run can if this one cannot.
    fn write_down(&self, turn: &Turn<'_>) -> Result<(), Unmeasured> {
        let Some(journal) = &self.journal else { return Ok(()) };
        let written = turn.takes_back.iter().try_for_each(|check| journal.made(check, turn.uuid, &self.masking));
        written.map_err(|error| Unmeasured {
            kind: UnmeasuredKind::NotPrepared,
            detail: format!("not sent, because what takes it back cannot be written down: {error}"),
        })
    }

    fn ready(&self, turn: &Turn<'_>) -> Result<Ready, Unmeasured> {
        let check = turn.check;
        let mut names = turn.names.cloned().unwrap_or_else(|| self.names());
        names.entry("uuid".to_owned()).or_insert_with(|| Name::from(turn.uuid));
        let (names, env, root) = (Name::from_pairs(names), &self.env, self.options.root.as_deref());
        let not_prepared = |detail: &str, masking: &Masking| Unmeasured {
            kind: UnmeasuredKind::NotPrepared,
            detail: masking.apply(detail),
        };
        let wrong = |error: minijinja::Error| not_prepared(&template_text(&error), &self.masking);
        let probe = rendered(env, &check.probe, &names).map_err(wrong)?;
        if let Probe::Redis(RedisProbe { url, .. }) | Probe::Sql(SqlProbe { url: Some(url), .. }) = &probe {
            self.masking.learn_url(url);
        }
        let expect = rendered(env, &check.expect, &names).map_err(wrong)?;
        let retry = check.retry.as_ref().map(|retry| rendered(env, retry, &names)).transpose().map_err(wrong)?;
        let schema = expect.schema.as_ref().map(|schema| schema::compile(schema, root)).transpose();
        let schema = schema.map_err(|error| not_prepared(&error.to_string(), &self.masking))?;
        let (until, abort_if) = retry.map(|retry| (retry.until, retry.abort_if)).unwrap_or_default();
        let what = match probe {
            Probe::Http(request) => {
                let http = self.targets.of(request.base_url.as_deref(), &self.masking)?;
                let request = http::prepare(&request, &http.base, root, &self.masking)?;
                What::Http { request: Box::new(request), http }
            }
            other => What::Other(other),
        };
        Ok(Ready { what, expect, schema, until, abort_if, lane: turn.lane })
    }

    /// Looks once and puts what came into the report. `None` when everything was as expected.
    fn attempt(&self, check: &Check, ready: &Ready, total: Duration, report: &mut CheckReport) -> Option<Failure> {
        (report.findings, report.unmeasured, report.answer, report.output) = (Vec::new(), None, None, None);
        (report.status, report.answer_ms) = (None, None);
        let looked = match &ready.what {
            What::Http { request, http } => self.ask(check, ready, (request, http), total, report),
            What::Other(probe) => self.look(check, ready, probe, total, report),
        };
        let Looked { failure, json, said } = match looked {
            Ok(looked) => looked,
            Err(failure) => return Some(failure),
        };
        if let Some(json) = &json {
            let unmet = ready.until.iter().find(|until| !is_met(until, json));
            report.findings.extend(unmet.map(|until| {
                let actual =
                    matcher::find(&until.of, json).map_or_else(|| "nothing".to_owned(), |value| value.to_string());
                expect::finding(Part::Json, &until.of, &matcher::describe(&until.is), &actual, &self.masking)
            }));
            if !report.findings.is_empty() {
                report.stopped_on = ready.abort_if.iter().find(|stop| is_met(stop, json)).map(|stop| {
                    let text = format!("{} is {}", stop.of, matcher::describe(&stop.is));
                    self.masking.apply(&text)
                });
            }
        }
        if report.findings.is_empty() {
            return None;
        }
        // Masking takes its time, so it is done for what is shown alone.
        match said {
            Said::Answer(text) if !text.trim_ascii().is_empty() => {
                report.answer = Some(self.masking.excerpt(&String::from_utf8_lossy(&text), SHOWN_OF_ANSWER));
            }
            Said::Output(text) if !text.trim().is_empty() => {
                report.output = Some(self.masking.ending(&text, SHOWN_OF_OUTPUT));
            }
            Said::Answer(_) | Said::Output(_) => {}
        }
        Some(failure)
    }

    /// One request and its answer.
    fn ask(
        &self,
        check: &Check,
        ready: &Ready,
        (request, http): (&Prepared, &Http),
        total: Duration,
        report: &mut CheckReport,
    ) -> Result<Looked, Failure> {
        let unmeasured = |what: Unmeasured, bytes_sent, report: &mut CheckReport, masking: &Masking| {
            let Unmeasured { kind, detail } = what;
            report.unmeasured = Some(Unmeasured { kind, detail: masking.apply(&detail) });
            Failure::Unmeasured { kind, bytes_sent }
        };
        let limits = Limits {
            connect: request.timeouts.connect_ms.map_or(self.options.connect_timeout, Duration::from_millis),
            first_byte: request.timeouts.first_byte_ms.map(Duration::from_millis),
            total: request.timeouts.total_ms.map_or(total, |millis| Duration::from_millis(millis).min(total)),
            body_bytes: request.body_limit.unwrap_or(self.options.body_limit as u64),
        };
        let addresses = addresses(request, http, limits.connect.min(limits.total));
        let addresses = addresses.map_err(|what| unmeasured(what, false, report, &self.masking))?;
        let several = addresses.len() > 1;
        // A kept connection stays with one instance, and would tell nothing about the others.
        let fresh = several || self.is_held_to_a_revision(check);
        let (mut first, mut body) = (None, Vec::new());
        for address in addresses {
            let route = Route { suite: &check.suite, address, fresh, lane: ready.lane };
            let from = address.filter(|_| several);
            let answer = match http.send(request, limits, route) {
                Ok(answer) => answer,
                Err(error) => {
                    let SendError { mut what, bytes_sent } = error;
                    if let Some(from) = from {
                        what.detail = format!("{from}: {}", what.detail);
                    }
                    return Err(unmeasured(what, bytes_sent || first.is_some(), report, &self.masking));
                }
            };
            let seen = self.answered((check, ready, request, &http.base), &answer, from, first.is_none(), report);
            first = first.or(Some(seen));
            body = answer.body;
            if !report.findings.is_empty() {
                break;
            }
        }
        let (failure, json) = first.ok_or(Failure::NotAsExpected)?;
        Ok(Looked { failure, json, said: Said::Answer(body) })
    }

    /// Holds one answer against what is expected. Values are captured from the first.
    fn answered(
        &self,
        (check, ready, request, base): (&Check, &Ready, &Prepared, &Url),
        answer: &Answer,
        from: Option<IpAddr>,
        is_first: bool,
        report: &mut CheckReport,
    ) -> (Failure, Option<Value>) {
        report.status = Some(answer.status);
        report.answer_ms = Some(millis(answer.elapsed));
        let json = parse_json(&answer.body);
        let text = String::from_utf8_lossy(&answer.body);
        // First, so that a secret in this very answer is masked in everything said about it.
        let not_captured = match is_first {
            true => self.capture(check, json.as_ref().ok(), &text, &answer.headers),
            false => Vec::new(),
        };
        let mut findings: Vec<Finding> = self.judge_revision(check, answer).into_iter().collect();
        let wanted = Wanted {
            expect: &ready.expect,
            schema: ready.schema.as_ref(),
            version: request.version,
            until: &ready.until,
            json: wants_json(check, ready, request, answer),
            base,
            now: SystemTime::now(),
        };
        findings.extend(answers::judge(&wanted, answer, json.as_ref(), &self.masking));
        findings.extend(not_captured);
        for finding in &mut findings {
            finding.from = from.map(|from| from.to_string());
        }
        report.findings = findings;
        let after = answer.headers.iter().find(|(name, _)| name == "retry-after");
        let retry_after = after.and_then(|(_, value)| retry::retry_after(answer.status, value, Utc::now()));
        (Failure::Unexpected { status: answer.status, retry_after }, json.ok())
    }

    /// One look at what is not HTTP.
    fn look(
        &self,
        check: &Check,
        ready: &Ready,
        probe: &Probe,
        timeout: Duration,
        report: &mut CheckReport,
    ) -> Result<Looked, Failure> {
        let context = probe::Context {
            root: self.options.root.as_deref(),
            timeout,
            longest: self.clock.left(check, self.options),
            output_limit: self.options.body_limit,
            database: self.options.database.as_ref(),
            search_path: self.options.search_path.as_deref(),
            marks: &self.marks,
            trust: self.targets.trust(&check.suite),
        };
        let found = probe::measure(probe, &context).map_err(|Unmeasured { kind, detail }| {
            report.unmeasured = Some(Unmeasured { kind, detail: self.masking.apply(&detail) });
            Failure::Unmeasured { kind, bytes_sent: false }
        })?;
        report.answer_ms = Some(millis(found.elapsed));
        if let Some(error) = found.error.as_ref().filter(|_| found.unanswerable && ready.expect.error.is_none()) {
            report.unmeasured = Some(Unmeasured { kind: UnmeasuredKind::Unusable, detail: self.masking.apply(error) });
            // A table may come while somebody waits for it.
            return Err(Failure::NotAsExpected);
        }
        found.secrets.iter().for_each(|secret| self.masking.learn(secret.clone()));
        let not_captured = self.capture(check, found.json.as_ref(), &found.text, &[]);
        report.findings = expect::probe::judge(probe, &ready.expect, ready.schema.as_ref(), &found, &self.masking);
        report.findings.extend(not_captured);
        let said = match probe {
            Probe::Log(_) => Said::Output(found.text),
            // What went wrong is complained about at the end, and not where results are written.
            Probe::Command(_) if has_ended_wrong(&report.findings) && !found.stderr.trim().is_empty() => {
                Said::Output(format!("{}\n{}", found.stdout.trim_end(), found.stderr).trim_start().to_owned())
            }
            Probe::Command(_) => Said::Output(found.text),
            _ => Said::Answer(found.text.into_bytes()),
        };
        Ok(Looked { failure: Failure::NotAsExpected, json: found.json, said })
    }

    /// Whether the answers of a check have to name the expected revision. Those of other services do not.
    fn is_held_to_a_revision(&self, check: &Check) -> bool {
        let elsewhere = check.probe.request().is_some_and(|request| request.base_url.is_some());
        self.target.revision.is_some() && !check.any_revision && !elsewhere
    }

    fn judge_revision(&self, check: &Check, answer: &Answer) -> Option<Finding> {
        if !self.is_held_to_a_revision(check) {
            return None;
        }
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let (revision, tally) = self.target.revision.as_ref().zip(tally.as_mut())?;
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
        Some(expect::finding(Part::Revision, "", &expected, &actual, &self.masking))
    }
}
