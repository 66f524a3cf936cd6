//! What takes back what checks did, as checks of their own. When they run is `flow.rs`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use minijinja::{Environment, Value as Name};

use super::journal::Leftover;
use super::{nothing_known, skipped};
use crate::model::{Check, Cleanup, Effect, Level, Phase};
use crate::plan::{self, PlannedCheck, SmokePlan};
use crate::report::{CheckReport, SkipReason, Verdict};

/// What cleans up after a check, when it says so.
pub(super) fn of(check: &Check) -> Option<Check> {
    let Cleanup { probe, expect } = check.cleanup.clone()?;
    Some(Check {
        name: format!("cleanup of {}", check.name),
        phase: Phase::Cleanup,
        effect: Effect::Mutate,
        needs: Vec::new(),
        level: Level::Fail,
        leaves: None,
        group: None,
        capture: Vec::new(),
        retry: None,
        cleanup: None,
        probe,
        expect,
        // Whatever serves, what was made has to go.
        any_revision: true,
        ..check.clone()
    })
}

/// What cleans up after a suite, whichever revision serves by then.
pub(super) fn of_suite(check: &Check) -> Check {
    Check { any_revision: true, ..check.clone() }
}

/// What has to be written down before a check is sent: what cleans up after it and after its suite.
pub(super) fn before(planned: &PlannedCheck, plan: &SmokePlan) -> Vec<Check> {
    let check = &planned.check;
    let of_suite = plan.cleanup.iter().map(|planned| &planned.check);
    let of_suite = of_suite.filter(|cleanup| check.effect == Effect::Mutate && cleanup.suite == check.suite);
    of(check).into_iter().chain(of_suite.cloned()).collect()
}

/// The names that anything that cleans up uses.
pub(super) fn wanted(plan: &SmokePlan, env: &Environment<'_>) -> BTreeSet<String> {
    let own = plan.checks.iter().filter_map(|planned| planned.check.cleanup.as_ref());
    let own = own.flat_map(|cleanup| plan::used(env, cleanup));
    own.chain(plan.cleanup.iter().flat_map(|planned| plan::used(env, &planned.check))).collect()
}

/// A name that a check uses and that has no value.
pub(super) fn missing(check: &Check, names: &BTreeMap<String, Name>, env: &Environment<'_>) -> Option<String> {
    let known = |name: &String| {
        names.contains_key(name)
            || plan::BUILT_IN.contains(&name.as_str())
            || env.globals().any(|(global, _)| global == name)
    };
    plan::used(env, check).into_iter().find(|name| !known(name))
}

/// What cleans up what an earlier run has left: as the files say it now, or as they said it then.
pub(super) fn of_leftover(left: &Leftover, plan: &SmokePlan) -> Option<Check> {
    let now = plan.checks.iter().filter_map(|planned| of(&planned.check));
    let mut now = now.chain(plan.cleanup.iter().map(|planned| planned.check.clone()));
    let mut check = now.find(|check| check.name == left.name).or_else(|| left.check.clone())?;
    check.any_revision = true;
    check.level = Level::Warn;
    check.capture = Vec::new();
    check.name = named(left);
    Some(check)
}

/// The names that had a value in the earlier run.
pub(super) fn names_of(left: &Leftover, given: &BTreeMap<String, Name>) -> BTreeMap<String, Name> {
    let mut names = given.clone();
    names.insert("run_id".to_owned(), Name::from(left.run.as_str()));
    names.insert("uuid".to_owned(), Name::from(left.uuid.as_str()));
    let values = left.values.iter();
    names.extend(values.map(|(name, value)| (name.clone(), Name::from(minijinja::value::Serde(value)))));
    names
}

/// The report about something that is not taken back: a person has to.
pub(super) fn left_to_a_person(left: &Leftover, check: Option<&Check>, reason: SkipReason) -> CheckReport {
    match check {
        Some(check) => CheckReport { verdict: Verdict::Warn, ..skipped(check, reason) },
        None => CheckReport {
            verdict: Verdict::Warn,
            skipped: Some(reason),
            ..nothing_known(named(left), left.location.clone(), String::new())
        },
    }
}

/// What a person can do about something that each run finds in the journal again.
pub(super) fn stays_in(journal: &Path, name: &str) -> String {
    format!(
        "each run tries it again: when nothing is left of it, remove the line that says `made` of `{name}` from `{}`",
        journal.display()
    )
}

fn named(left: &Leftover) -> String {
    format!("left by an earlier run: {}", left.name)
}
