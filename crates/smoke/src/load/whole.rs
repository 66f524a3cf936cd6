//! What only all files together can tell: names are unique, and what a check needs exists. Single files are read beside it.

use std::collections::BTreeMap;

use plimsoll_core::toml_file::nearest;
use plimsoll_core::{Location, Problem};

use crate::model::Suites;
use crate::problem::{Invalid, Problems};

/// The checks of all files, or all that is wrong with them.
pub(super) fn finish(suites: Suites, mut problems: Vec<Problem>) -> Result<Suites, Problems> {
    let mut push = |at: &Location, kind: Invalid| problems.push(kind.at(at.clone()));
    let mut names = BTreeMap::new();
    let mut captures = BTreeMap::new();
    for check in &suites.checks {
        let first = names.entry(check.name.as_str()).or_insert(&check.location);
        if *first != &check.location {
            push(&check.location, Invalid::DuplicateName { name: check.name.clone(), first: (*first).clone() });
        }
        for capture in &check.capture {
            let first = captures.entry(capture.name.as_str()).or_insert(&check.location);
            if *first != &check.location {
                let name = capture.name.clone();
                push(&check.location, Invalid::DuplicateCapture { name, first: (*first).clone() });
            }
        }
    }
    for check in &suites.checks {
        for need in check.needs.iter().filter(|need| !names.contains_key(need.as_str())) {
            let near = nearest(need, names.keys().copied()).map(str::to_owned);
            push(&check.location, Invalid::UnknownNeed { need: need.clone(), near });
        }
    }
    problems.sort_by(|left, right| left.at.cmp(&right.at));
    if problems.is_empty() { Ok(suites) } else { Err(Problems { problems }) }
}
