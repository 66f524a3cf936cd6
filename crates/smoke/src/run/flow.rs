//! The way through a run: what earlier runs have left, the checks side by side, what cleans up. One check is `session.rs`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{self, Sender};
use std::thread;

use super::journal::Leftover;
use super::schedule::Schedule;
use super::session::{Outcome, Session, Turn, random_id};
use super::{skipped, takeback};
use crate::event::Event;
use crate::model::{Check, Effect};
use crate::plan::{self, PlannedCheck, SmokePlan};
use crate::report::{CheckReport, SkipReason, Verdict};

/// A run on its way.
pub(super) struct Flow<'a, 'e> {
    session: &'a Session<'a>,
    plan: &'a SmokePlan,
    on_event: &'e mut dyn FnMut(&Event),
    reports: Vec<CheckReport>,
    /// What did not pass, for those that need it.
    unmet: BTreeSet<String>,
    stopped_at: Option<String>,
    /// The ids of the checks that may have changed something.
    sent: BTreeMap<usize, String>,
}

/// What a check that runs beside others tells.
enum Told {
    Event(Event),
    /// The check and its lane; `None` when its thread ended otherwise than by its outcome.
    Over(usize, usize, Option<Box<Outcome>>),
}

/// Tells that a check is over however its thread ends, or everybody would wait for it.
struct Finish<'a> {
    to: &'a Sender<Told>,
    index: usize,
    lane: usize,
    outcome: Option<Box<Outcome>>,
}

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        // Nobody listens any more only when the run is being given up.
        self.to.send(Told::Over(self.index, self.lane, self.outcome.take())).ok();
    }
}

impl<'a, 'e> Flow<'a, 'e> {
    pub(super) fn new(session: &'a Session<'a>, plan: &'a SmokePlan, on_event: &'e mut dyn FnMut(&Event)) -> Self {
        let (reports, unmet, sent) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
        Self { session, plan, on_event, reports, unmet, stopped_at: None, sent }
    }

    /// Everything in its order; the reports are in that of the plan, however the checks ended.
    pub(super) fn run(mut self, leftovers: &[Leftover]) -> Vec<CheckReport> {
        leftovers.iter().for_each(|left| self.leftover(left));
        self.checks();
        let plan = self.plan;
        for (index, planned) in plan.checks.iter().enumerate().rev() {
            self.take_back(index, planned);
        }
        plan.cleanup.iter().for_each(|planned| self.clean_up(planned));
        self.reports
    }

    fn leftover(&mut self, left: &Leftover) {
        let (session, given) = (self.session, takeback::names_of(left, &self.session.options.names));
        let check = takeback::of_leftover(left, self.plan);
        let missing = check.as_ref().and_then(|check| takeback::missing(check, &given, &session.env));
        // What no later run could do either is told once and then forgotten here.
        let (reason, for_good) = match (&check, missing) {
            (_, Some(name)) if left.secrets.contains(&name) => (Some(SkipReason::SecretNotKept(name)), true),
            (_, Some(name)) => (Some(SkipReason::NotCaptured(name)), true),
            (None, None) => (Some(SkipReason::NotInThePlan), false),
            _ if self.plan.read_only => (Some(SkipReason::ReadOnly), false),
            _ => (None, false),
        };
        let mut report = match (check, reason) {
            (check, Some(reason)) => takeback::left_to_a_person(left, check.as_ref(), reason),
            (Some(check), None) => {
                let turn = Turn { check: &check, uuid: &left.uuid, names: Some(&given), takes_back: &[], lane: 0 };
                let mut report = self.in_turn(&turn).report;
                if report.verdict == Verdict::Error {
                    // That it is still there says nothing about what this run looks at.
                    report.verdict = Verdict::Warn;
                }
                report
            }
            (None, None) => return,
        };
        if for_good || matches!(report.verdict, Verdict::Pass | Verdict::Flaky) {
            self.over(Some(&left.run), &left.name);
        } else if let Some(journal) = &session.options.journal {
            report.advice = Some(takeback::stays_in(journal, &left.name));
        }
        self.report(report);
    }

    /// The checks of the plan, as many beside each other as may be.
    fn checks(&mut self) {
        let (session, plan) = (self.session, self.plan);
        let mut schedule = Schedule::new(plan, session.options.jobs);
        let first = self.reports.len();
        let mut reports: Vec<Option<CheckReport>> = plan.checks.iter().map(|_| None).collect();
        let uuids: Vec<String> = plan.checks.iter().map(|_| random_id()).collect();
        let befores: Vec<Vec<Check>> = plan.checks.iter().map(|planned| takeback::before(planned, plan)).collect();
        let turn = &|index: usize, lane: usize| Turn {
            check: &plan.checks[index].check,
            uuid: &uuids[index],
            names: None,
            takes_back: &befores[index],
            lane,
        };
        thread::scope(|scope| {
            let (to, from) = mpsc::channel();
            // As many threads as are needed at once; each takes the next check when it is done with one.
            let mut lanes: Vec<Sender<usize>> = Vec::new();
            let mut free: Vec<usize> = Vec::new();
            let mut running = 0_usize;
            loop {
                while let Some(index) = schedule.next() {
                    schedule.begin(index);
                    let (planned, number) = (&plan.checks[index], first + index + 1);
                    if let Some(reason) = self.skip_reason(planned) {
                        schedule.end(index);
                        let outcome = Outcome { report: skipped(&planned.check, reason), sent: false };
                        reports[index] = Some(self.finished(index, number, outcome, &uuids[index]));
                        continue;
                    }
                    (self.on_event)(&Event::CheckStarted { number, name: planned.check.name.clone() });
                    if session.options.jobs <= 1 {
                        let outcome = session.check(&turn(index, 0), self.on_event);
                        schedule.end(index);
                        reports[index] = Some(self.finished(index, number, outcome, &uuids[index]));
                        continue;
                    }
                    running += 1;
                    let lane = free.pop().unwrap_or_else(|| {
                        let lane = lanes.len();
                        let (give, take) = mpsc::channel();
                        lanes.push(give);
                        let to = to.clone();
                        scope.spawn(move || {
                            while let Ok(index) = take.recv() {
                                let mut finish = Finish { to: &to, index, lane, outcome: None };
                                let outcome = session.check(&turn(index, lane), &mut |event| {
                                    to.send(Told::Event(event.clone())).ok();
                                });
                                finish.outcome = Some(Box::new(outcome));
                            }
                        });
                        lane
                    });
                    // Its thread waits for it, or has told that it ended and ends the run.
                    lanes[lane].send(index).ok();
                }
                if running == 0 {
                    break;
                }
                match from.recv() {
                    Ok(Told::Event(event)) => (self.on_event)(&event),
                    Ok(Told::Over(index, lane, Some(outcome))) => {
                        running -= 1;
                        free.push(lane);
                        schedule.end(index);
                        reports[index] = Some(self.finished(index, first + index + 1, *outcome, &uuids[index]));
                    }
                    // The scope passes on what went wrong in the thread.
                    Ok(Told::Over(_, _, None)) | Err(_) => break,
                }
            }
        });
        self.reports.extend(reports.into_iter().flatten());
    }

    fn finished(&mut self, index: usize, number: usize, outcome: Outcome, uuid: &str) -> CheckReport {
        let Outcome { report, sent } = outcome;
        if sent {
            self.sent.insert(index, uuid.to_owned());
        }
        self.remember(&report);
        (self.on_event)(&Event::CheckFinished { number, report: Box::new(report.clone()) });
        report
    }

    /// What cleans up after one check: the later of two first.
    fn take_back(&mut self, index: usize, planned: &PlannedCheck) {
        let Some(cleanup) = takeback::of(&planned.check) else { return };
        let uuid = self.sent.get(&index).cloned();
        let missing = takeback::missing(&cleanup, &self.session.names(), &self.session.env);
        let (report, for_good) = match (uuid, missing) {
            (None, _) => (skipped(&cleanup, SkipReason::NothingSent(planned.check.name.clone())), true),
            (Some(_), Some(name)) => (skipped(&cleanup, SkipReason::NotCaptured(name)), true),
            (Some(uuid), None) => self.undo(&cleanup, &uuid),
        };
        self.settle(&cleanup, report, for_good);
    }

    /// Runs what takes something back: its report, and whether nothing is left of it.
    fn undo(&mut self, cleanup: &Check, uuid: &str) -> (CheckReport, bool) {
        let turn = Turn { check: cleanup, uuid, names: None, takes_back: &[], lane: 0 };
        let report = self.in_turn(&turn).report;
        let is_gone = matches!(report.verdict, Verdict::Pass | Verdict::Flaky);
        (report, is_gone)
    }

    /// Reports what takes something back; where nothing is left to do, the journal forgets it.
    fn settle(&mut self, cleanup: &Check, report: CheckReport, for_good: bool) {
        if for_good {
            self.over(None, &cleanup.name);
        }
        self.report(report);
    }

    /// What cleans up after a suite. It runs as far as its names have values, whatever happened: a check that failed may
    /// have made what it takes back.
    fn clean_up(&mut self, planned: &PlannedCheck) {
        let cleanup = takeback::of_suite(&planned.check);
        let (report, for_good) = match takeback::missing(&cleanup, &self.session.names(), &self.session.env) {
            _ if self.plan.read_only && cleanup.effect == Effect::Mutate => {
                (skipped(&cleanup, SkipReason::ReadOnly), false)
            }
            Some(name) => (skipped(&cleanup, self.why_missing(planned, name)), true),
            None => self.undo(&cleanup, &random_id()),
        };
        self.settle(&cleanup, report, for_good);
    }

    /// Why what cleans up after a suite has no value for a name: nothing was made, or somebody has to look.
    fn why_missing(&self, planned: &PlannedCheck, name: String) -> SkipReason {
        let used = plan::used(&self.session.env, &planned.check);
        let captures = |check: &Check| check.capture.iter().any(|capture| used.contains(&capture.name));
        let mut sources = self.plan.checks.iter().enumerate().filter(|(_, source)| captures(&source.check)).peekable();
        let first = sources.peek().map(|(_, source)| source.check.name.clone());
        let of_cleanup = self.plan.cleanup.iter().any(|cleanup| captures(&cleanup.check));
        if of_cleanup || sources.any(|(index, _)| self.sent.contains_key(&index)) {
            return SkipReason::NotCaptured(name);
        }
        // A check that is not in the plan has made nothing either.
        first.or_else(|| planned.after.first().cloned()).map_or(SkipReason::NotCaptured(name), SkipReason::NothingSent)
    }

    fn in_turn(&mut self, turn: &Turn<'_>) -> Outcome {
        let number = self.reports.len() + 1;
        (self.on_event)(&Event::CheckStarted { number, name: turn.check.name.clone() });
        self.session.check(turn, self.on_event)
    }

    fn report(&mut self, report: CheckReport) {
        self.remember(&report);
        let number = self.reports.len() + 1;
        (self.on_event)(&Event::CheckFinished { number, report: Box::new(report.clone()) });
        self.reports.push(report);
    }

    fn remember(&mut self, report: &CheckReport) {
        if !matches!(report.verdict, Verdict::Pass | Verdict::Flaky | Verdict::Warn) {
            self.unmet.insert(report.name.clone());
        }
        let failed = matches!(report.verdict, Verdict::Fail | Verdict::Error);
        if self.session.options.stop_at_first && failed && self.stopped_at.is_none() {
            self.stopped_at = Some(report.name.clone());
        }
    }

    /// Strikes something off the journal. What stays in it although it is gone is only tried once more.
    fn over(&self, run: Option<&str>, name: &str) {
        if let Some(journal) = &self.session.journal {
            journal.over(run, name).ok();
        }
    }

    fn skip_reason(&self, planned: &PlannedCheck) -> Option<SkipReason> {
        let needed = planned.after.iter().find(|before| self.unmet.contains(*before)).cloned();
        let held_back = self.plan.read_only && planned.check.effect == Effect::Mutate;
        let stopped_at = self.stopped_at.clone().map(SkipReason::StoppedAt);
        let held_back = held_back.then_some(SkipReason::ReadOnly);
        held_back.or(stopped_at).or_else(|| needed.map(SkipReason::Needs))
    }
}
