//! Which checks will be sent, in which order and why: a pure function of checks and selection. Sending them is `run.rs`'s.

mod filter;
mod names;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_core::template;
use plimsoll_core::toml_file::nearest;
use plimsoll_core::{Location, Problem};
use serde::{Deserialize, Serialize};

use crate::model::{Check, Effect, Phase, Suite, Suites, is_false};
use crate::problem::{Invalid, Problems};

pub use filter::{Filter, FilterError, FilterProblem};
pub(crate) use names::{BUILT_IN, used};

/// Which checks are asked for, and which names their templates may use.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Checks with any of these tags; all checks when empty.
    pub tags: Vec<String>,
    /// Of these, those that an expression selects; all when absent.
    pub filter: Option<Filter>,
    /// The names that have a value before the first check.
    pub names: BTreeSet<String>,
    /// Skips the checks that change something, because the environment is one that may only be looked at.
    pub read_only: bool,
}

/// The checks in the order in which they will be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmokePlan {
    /// How the checks connect, one for each file that a planned check is of.
    pub suites: Vec<Suite>,
    /// The checks, each after those it waits for.
    pub checks: Vec<PlannedCheck>,
    /// What runs after everything, whatever happened, in the order of the files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleanup: Vec<PlannedCheck>,
    /// How many declared checks the selection leaves out.
    pub left_out: usize,
    /// Checks that change something are skipped.
    #[serde(default, skip_serializing_if = "is_false")]
    pub read_only: bool,
}

/// A check with the reason it is in the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedCheck {
    /// The check.
    pub check: Check,
    /// The checks this one waits for: those it needs and those whose captures it uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// The check that pulled this one in, when the selection did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulled_in_by: Option<String>,
}

/// Selects and orders checks. The same checks and selection always give the same plan.
///
/// # Errors
/// All problems: tags nobody has, names nobody gives a value, circles, an empty selection.
pub fn plan(suites: &Suites, selection: &Selection) -> Result<SmokePlan, Problems> {
    let checks = &suites.checks;
    let is_selected = |check: &Check| {
        let by_tags = selection.tags.is_empty() || check.tags.iter().any(|tag| selection.tags.contains(tag));
        by_tags && selection.filter.as_ref().is_none_or(|filter| filter.selects(check))
    };
    let mut problems = unknown_tags(checks, selection);
    let after = dependencies(checks, &selection.names, &mut problems);
    suite_names(suites, &selection.names, &mut problems);
    let mut walk = Walk { checks, after: &after, state: vec![State::New; checks.len()], out: Vec::new(), problems };
    for (index, check) in checks.iter().enumerate() {
        if check.phase == Phase::Main && is_selected(check) {
            walk.visit(index, None, &mut Vec::new());
        }
    }
    // A check may be pulled in before its own turn comes; selected by its tags it is there for its own sake.
    let Walk { mut out, mut problems, .. } = walk;
    for planned in &mut out {
        if planned.check.phase == Phase::Setup || is_selected(&planned.check) {
            planned.pulled_in_by = None;
        }
    }
    let looks = |planned: &PlannedCheck| !selection.read_only || planned.check.effect == Effect::Read;
    if !out.iter().any(looks) && problems.is_empty() {
        let why = if out.is_empty() { Invalid::NothingSelected } else { Invalid::OnlyMutating };
        problems.push(why.problem());
    }
    let of_a_planned_suite = |name: &str| out.iter().any(|planned| planned.check.suite == name);
    let cleanup: Vec<_> = checks
        .iter()
        .enumerate()
        .filter(|(_, check)| check.phase == Phase::Cleanup && of_a_planned_suite(&check.suite))
        .map(|(index, _)| planned(checks, &after, index, None))
        .collect();
    let plan = SmokePlan {
        suites: suites.suites.iter().filter(|suite| of_a_planned_suite(&suite.name)).cloned().collect(),
        left_out: checks.len().saturating_sub(out.len() + cleanup.len()),
        cleanup,
        checks: out,
        read_only: selection.read_only,
    };
    if problems.is_empty() { Ok(plan) } else { Err(Problems { problems }) }
}

fn planned(checks: &[Check], after: &[BTreeSet<usize>], index: usize, by: Option<usize>) -> PlannedCheck {
    let name = |index: usize| checks[index].name.clone();
    PlannedCheck {
        check: checks[index].clone(),
        after: after[index].iter().copied().map(name).collect(),
        pulled_in_by: by.map(name),
    }
}

fn unknown_tags(checks: &[Check], selection: &Selection) -> Vec<Problem> {
    let known: BTreeSet<&str> = checks.iter().flat_map(|check| check.tags.iter().map(String::as_str)).collect();
    let near = |tag: &str| nearest(tag, known.iter().copied()).map(str::to_owned);
    let given = selection.tags.iter().filter(|tag| !known.contains(tag.as_str()));
    let given = given.map(|tag| Invalid::UnknownTag { tag: tag.clone(), near: near(tag) }.problem());
    let unknown = selection.filter.iter().flat_map(|filter| filter::unknown(filter, &known));
    let filtered = unknown
        .map(|(tag, column)| Invalid::UnknownFilterTag { tag: tag.to_owned(), column, near: near(tag) }.problem());
    given.chain(filtered).collect()
}

/// For each check the indices of those it waits for, in file order.
fn dependencies(checks: &[Check], names: &BTreeSet<String>, problems: &mut Vec<Problem>) -> Vec<BTreeSet<usize>> {
    let env = template::environment();
    let functions: BTreeSet<String> = env.globals().map(|(name, _)| name.to_string()).collect();
    let by_name: BTreeMap<&str, usize> =
        checks.iter().enumerate().map(|(index, check)| (check.name.as_str(), index)).collect();
    let captured: BTreeMap<&str, usize> = checks
        .iter()
        .enumerate()
        .flat_map(|(index, check)| check.capture.iter().map(move |capture| (capture.name.as_str(), index)))
        .collect();
    let mut setups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, check) in checks.iter().enumerate().filter(|(_, check)| check.phase == Phase::Setup) {
        setups.entry(check.suite.as_str()).or_default().push(index);
    }
    let mut all = Vec::new();
    for (index, check) in checks.iter().enumerate() {
        let mut after: BTreeSet<usize> =
            check.needs.iter().filter_map(|need| by_name.get(need.as_str()).copied()).collect();
        if check.phase == Phase::Main {
            after.extend(setups.get(check.suite.as_str()).into_iter().flatten());
        }
        // What a check captures itself may be used by what cleans up after it.
        let own: BTreeSet<String> = check.cleanup.iter().flat_map(|cleanup| used(&env, cleanup)).collect();
        for name in used(&env, check) {
            match captured.get(name.as_str()) {
                Some(source) if *source != index => {
                    after.insert(*source);
                }
                Some(_) if own.contains(&name) => {}
                _ if names.contains(&name) || functions.contains(&name) || BUILT_IN.contains(&name.as_str()) => {}
                _ => {
                    let candidates = names.iter().map(String::as_str).chain(captured.keys().copied());
                    let near = nearest(&name, candidates.filter(|candidate| *candidate != name)).map(str::to_owned);
                    problems.push(Invalid::UnknownName { name, near }.at(check.location.clone()));
                }
            }
        }
        all.push(after);
    }
    all
}

/// How a suite connects is settled before the first capture.
fn suite_names(suites: &Suites, names: &BTreeSet<String>, problems: &mut Vec<Problem>) {
    let env = template::environment();
    let functions: BTreeSet<String> = env.globals().map(|(name, _)| name.to_string()).collect();
    for suite in &suites.suites {
        let known =
            |name: &String| names.contains(name) || functions.contains(name) || BUILT_IN.contains(&name.as_str());
        for name in used(&env, suite).into_iter().filter(|name| !known(name)) {
            let near = nearest(&name, names.iter().map(String::as_str)).map(str::to_owned);
            problems.push(Invalid::UnknownName { name, near }.at(Location::start_of(&suite.file)));
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

/// A depth-first walk that puts every check after those it waits for and otherwise keeps the order of the files.
struct Walk<'a> {
    checks: &'a [Check],
    after: &'a [BTreeSet<usize>],
    state: Vec<State>,
    out: Vec<PlannedCheck>,
    problems: Vec<Problem>,
}

impl Walk<'_> {
    fn visit(&mut self, index: usize, pulled_in_by: Option<usize>, path: &mut Vec<usize>) {
        let name = |index: usize| self.checks[index].name.clone();
        match self.state[index] {
            State::Done => return,
            State::Open => {
                let start = path.iter().position(|open| *open == index).unwrap_or(0);
                let names = path[start..].iter().chain([&index]).map(|open| name(*open)).collect();
                let at = self.checks[index].location.clone();
                self.problems.push(Invalid::Circle { names }.at(at));
                return;
            }
            State::New => {}
        }
        self.state[index] = State::Open;
        path.push(index);
        for before in self.after[index].clone() {
            self.visit(before, Some(index), path);
        }
        path.pop();
        self.state[index] = State::Done;
        self.out.push(planned(self.checks, self.after, index, pulled_in_by));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const FILE: &str = r#"
[[check]]
name = "the spec can be opened"
tags = ["api"]
request = { path = "/api/specs/{{ spec }}" }
expect = { status = 200, json = { "$.id" = "{{ spec }}", "$.rows" = { at_least = 3 } } }

[[check]]
name = "the list has a spec"
request = { path = "/api/specs", query = { q = "{{ project | upper }}" } }
expect = { json = { "$.items" = { length = 4 } }, within = "800ms" }
capture = { spec = "$.items[0].id" }
retry = { for = "30s" }

[[check]]
name = "a note is taken"
tags = ["write"]
level = "warn"
leaves = "a note"
request = { method = "POST", path = "/api/notes", json = { spec = "{{ spec }}" } }
retry = { for = "10s" }
"#;

    fn planned(text: &str, tags: &[&str]) -> Result<SmokePlan, Problems> {
        let checks = crate::load::parse(Path::new("smoke/api.toml"), text).expect("the file is right");
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        plan(&checks, &Selection { tags, names: BTreeSet::from(["project".to_owned()]), ..Selection::default() })
    }

    #[test]
    fn the_plan_reads_top_down() {
        insta::assert_snapshot!(planned(FILE, &[]).expect("a plan"));
    }

    #[test]
    fn a_selected_check_pulls_in_the_one_whose_capture_it_uses() {
        insta::assert_snapshot!(planned(FILE, &["api"]).expect("a plan"));
    }

    #[test]
    fn a_plan_survives_being_written_and_read() {
        let plan = planned(FILE, &[]).expect("a plan");
        let text = serde_json::to_string_pretty(&plan).expect("a plan serializes");
        assert_eq!(serde_json::from_str::<SmokePlan>(&text).expect("and comes back"), plan);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_name_without_a_value_is_found_before_anything_is_sent() {
        let problems = planned(&FILE.replace("{{ project ", "{{ projekt "), &[]).expect_err("nobody has a projekt");
        assert_eq!(
            problems.to_string(),
            "`projekt` is neither a variable nor captured by a check, did you mean `project`?"
        );
    }

    #[test]
    fn checks_that_wait_for_each_other_are_named() {
        let text = "[[check]]\nname = 'a'\nneeds = ['b']\nrequest = { path = '/' }\n\
                    [[check]]\nname = 'b'\nneeds = ['a']\nrequest = { path = '/' }\n";
        let problems = planned(text, &[]).expect_err("a circle");
        assert_eq!(problems.to_string(), "checks wait for each other in a circle: a -> b -> a");
    }

    #[test]
    fn a_filter_selects_by_tags_and_names_and_knows_the_tags() {
        let checks = crate::load::parse(Path::new("smoke/api.toml"), FILE).expect("the file is right");
        let names = |filter: &str| {
            let filter = Some(filter.parse().expect("an expression"));
            let names = BTreeSet::from(["project".to_owned()]);
            let plan = plan(&checks, &Selection { filter, names, ..Selection::default() })?;
            Ok::<_, Problems>(plan.checks.into_iter().map(|planned| planned.check.name).collect::<Vec<_>>())
        };
        assert_eq!(names("name ~ list and not api").expect("a plan"), ["the list has a spec"]);
        assert_eq!(names("write").expect("a plan"), ["the list has a spec", "a note is taken"]);
        let unknown = names("write or apl").expect_err("no such tag").to_string();
        assert_eq!(unknown, "no check has the tag `apl`, at column 10 of the filter, did you mean `api`?");
    }

    #[test]
    fn a_selection_that_proves_nothing_is_an_error() {
        assert_eq!(
            planned(FILE, &["apl"]).expect_err("no such tag").to_string(),
            "no check has the tag `apl`, did you mean `api`?"
        );
        assert_eq!(
            planned("", &[]).expect_err("no checks").to_string(),
            "no check is selected, so nothing would be proved"
        );
    }
}
