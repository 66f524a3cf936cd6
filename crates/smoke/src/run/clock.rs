//! How much time is left: for the run, for a suite, and for what cleans up. How often something is tried is `retry.rs`'s.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Options;
use crate::model::{Check, Phase};
use crate::plan::SmokePlan;

/// What cleans up has this long after the deadline of the run: what stays is worse than being late.
const GRACE: Duration = Duration::from_secs(30);

/// When the run and each of its suites began.
pub(super) struct Clock {
    pub(super) started: Instant,
    limits: BTreeMap<String, Duration>,
    suites: Mutex<BTreeMap<String, Instant>>,
}

impl Clock {
    pub(super) fn new(plan: &SmokePlan) -> Self {
        let limit = |millis| Duration::from_millis(millis);
        let limits = plan.suites.iter().filter_map(|suite| Some((suite.name.clone(), limit(suite.deadline_ms?))));
        Self { started: Instant::now(), limits: limits.collect(), suites: Mutex::default() }
    }

    /// The time one request of a check may take, or `None` when that of its suite or of the run is used up.
    pub(super) fn left_for(&self, check: &Check, options: &Options) -> Option<Duration> {
        let Some(left) = self.left(check, options) else { return Some(options.timeout) };
        Some(left.min(options.timeout)).filter(|left| !left.is_zero())
    }

    pub(super) fn until_deadline(&self, check: &Check, options: &Options, delay: Duration) -> Duration {
        self.left(check, options).map_or(delay, |left| delay.min(left))
    }

    /// The time that a check has left, without an end where neither the run nor its suite has a deadline.
    pub(super) fn left(&self, check: &Check, options: &Options) -> Option<Duration> {
        let of_run = options.deadline.map(|deadline| (deadline, self.started));
        if check.phase == Phase::Cleanup {
            return of_run.map(|(deadline, started)| (deadline + GRACE).saturating_sub(started.elapsed()));
        }
        let of_suite = self.limits.get(&check.suite).map(|limit| {
            let mut suites = self.suites.lock().unwrap_or_else(PoisonError::into_inner);
            (*limit, *suites.entry(check.suite.clone()).or_insert_with(Instant::now))
        });
        of_run.into_iter().chain(of_suite).map(|(limit, started)| limit.saturating_sub(started.elapsed())).min()
    }
}
