//! Which check may begin beside those that run: rules over the plan alone. Running them is `flow.rs`'s.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Effect;
use crate::plan::{PlannedCheck, SmokePlan};

/// The order of a run. For a given plan the same checks never run beside each other, however many may.
pub(super) struct Schedule<'a> {
    checks: &'a [PlannedCheck],
    places: BTreeMap<&'a str, usize>,
    /// The suites whose checks share their cookies: what one gets, the next one sends.
    with_cookies: BTreeSet<&'a str>,
    states: Vec<State>,
    running: Vec<usize>,
    /// How many at the beginning are done, so that nobody looks at them again.
    done: usize,
    jobs: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Running,
    Done,
}

/// Checks of one lane run one after the other, in the order of the plan.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lane<'a> {
    Group(&'a str),
    Cookies(&'a str),
}

impl<'a> Schedule<'a> {
    pub(super) fn new(plan: &'a SmokePlan, jobs: usize) -> Self {
        let checks = plan.checks.as_slice();
        let places = checks.iter().enumerate().map(|(index, planned)| (planned.check.name.as_str(), index)).collect();
        let with_cookies = plan.suites.iter().filter(|suite| suite.cookies).map(|suite| suite.name.as_str()).collect();
        let states = vec![State::Waiting; checks.len()];
        Self { checks, places, with_cookies, states, running: Vec::new(), done: 0, jobs: jobs.max(1) }
    }

    /// The first check that may begin now, if any may.
    pub(super) fn next(&self) -> Option<usize> {
        let running = || self.running.iter().copied();
        if self.running.len() >= self.jobs || running().any(|index| self.is_alone(index)) {
            return None;
        }
        let mut busy: BTreeSet<Lane<'_>> = running().flat_map(|index| self.lanes(index)).collect();
        let mut all_done_before = true;
        for (index, planned) in self.checks.iter().enumerate().skip(self.done) {
            match self.states[index] {
                State::Done => continue,
                State::Running => all_done_before = false,
                // Nothing overtakes what changes something: a file that reads top down means what it says.
                State::Waiting if self.is_alone(index) => return (all_done_before).then_some(index),
                State::Waiting => {
                    let lanes: Vec<_> = self.lanes(index).collect();
                    if self.is_due(planned) && !lanes.iter().any(|lane| busy.contains(lane)) {
                        return Some(index);
                    }
                    busy.extend(lanes);
                    all_done_before = false;
                }
            }
        }
        None
    }

    pub(super) fn begin(&mut self, index: usize) {
        self.states[index] = State::Running;
        self.running.push(index);
    }

    pub(super) fn end(&mut self, index: usize) {
        self.states[index] = State::Done;
        self.running.retain(|running| *running != index);
        while self.states.get(self.done) == Some(&State::Done) {
            self.done += 1;
        }
    }

    /// Whether everything it waits for is over, however it ended.
    fn is_due(&self, planned: &PlannedCheck) -> bool {
        let is_over = |name: &String| self.places.get(name.as_str()).is_none_or(|at| self.states[*at] == State::Done);
        planned.after.iter().all(is_over)
    }

    /// What changes something runs alone, unless its group says beside what it must not run.
    fn is_alone(&self, index: usize) -> bool {
        let check = &self.checks[index].check;
        check.effect == Effect::Mutate && check.group.is_none()
    }

    fn lanes(&self, index: usize) -> impl Iterator<Item = Lane<'a>> + use<'a> {
        let check = &self.checks[index].check;
        let cookies = self.with_cookies.get(check.suite.as_str()).map(|suite| Lane::Cookies(suite));
        check.group.as_deref().map(Lane::Group).into_iter().chain(cookies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Selection;
    use std::path::Path;

    fn planned(text: &str) -> SmokePlan {
        let suites = crate::load::parse(Path::new("smoke/a.toml"), text).expect("the checks are right");
        crate::plan::plan(&suites, &Selection::default()).expect("a plan")
    }

    fn check(name: &str, rest: &str) -> String {
        format!("[[check]]\nname = '{name}'\nrequest = {{ path = '/' }}\n{rest}\n")
    }

    /// Begins what may begin until nothing may, ends all of it, and so on.
    fn waves(text: &str, jobs: usize) -> Vec<String> {
        let plan = planned(text);
        let mut schedule = Schedule::new(&plan, jobs);
        let mut waves = Vec::new();
        loop {
            let mut wave = Vec::new();
            while let Some(index) = schedule.next() {
                schedule.begin(index);
                wave.push(index);
            }
            if wave.is_empty() {
                return waves;
            }
            waves.push(wave.iter().map(|index| plan.checks[*index].check.name.clone()).collect::<Vec<_>>().join(" "));
            wave.into_iter().for_each(|index| schedule.end(index));
        }
    }

    #[test]
    fn no_more_checks_run_beside_each_other_than_are_allowed() {
        let text: String = ["a", "b", "c", "d", "e"].map(|name| check(name, "")).concat();
        assert_eq!(waves(&text, 2), ["a b", "c d", "e"]);
        assert_eq!(waves(&text, 9), ["a b c d e"]);
        assert_eq!(waves(&text, 0), ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn what_changes_something_runs_alone_and_nothing_overtakes_it() {
        let mutates = "effect = 'mutate'\nleaves = 'a row'";
        let text = [check("a", ""), check("b", ""), check("c", mutates), check("d", ""), check("e", "")].concat();
        assert_eq!(waves(&text, 9), ["a b", "c", "d e"]);
    }

    #[test]
    fn a_group_is_one_after_the_other_in_the_order_of_the_file() {
        let grouped = "effect = 'mutate'\nleaves = 'a row'\ngroup = 'books'";
        let text = [check("a", grouped), check("b", grouped), check("c", ""), check("d", grouped)].concat();
        assert_eq!(waves(&text, 9), ["a c", "b", "d"]);
    }

    #[test]
    fn checks_wait_for_what_they_need_and_others_do_not() {
        let text = [check("a", ""), check("b", "needs = ['a']"), check("c", "")].concat();
        assert_eq!(waves(&text, 9), ["a c", "b"]);
    }

    #[test]
    fn checks_that_share_cookies_are_one_after_the_other() {
        let text = ["[suite]\ncookies = true\n".to_owned(), check("a", ""), check("b", "")].concat();
        assert_eq!(waves(&text, 9), ["a", "b"]);
    }
}
