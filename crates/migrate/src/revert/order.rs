//! In which order migrations were applied, and which of them a target means; pure. Whether they can be taken back is `plan`'s.

use crate::error::{Problem, ProblemKind};
use crate::history::History;
use crate::source::MigrationSet;
use crate::status::known_versions;

use super::plan::RevertTarget;

/// What means "before the first migration", unless a migration has that version.
const BEFORE_ALL: [&str; 2] = ["none", "0"];

/// The applied versions, first applied first. The ledger says when; migrations of the same moment, as an adopted history
/// has them, are in the order of the files. One that the ledger does not know, because another tool applied it, comes right
/// after the one that it follows in the files. One that is half taken back is the last: it has to be finished first.
pub(crate) fn applied(set: &MigrationSet, history: &History) -> Vec<String> {
    let known = known_versions(set, history);
    let mut versions: Vec<&String> = history.applied.iter().collect();
    let positions = set.positions();
    versions.sort_by_cached_key(|version| {
        positions(known.get(version.as_str()).map_or(version.as_str(), |migration| &migration.version))
    });
    let mut moment = "";
    let mut dated: Vec<(bool, &str, &String)> = Vec::new();
    for version in versions {
        if let Some(record) = history.record(version) {
            moment = &record.applied_at;
        }
        dated.push((history.reverting(version).is_some(), moment, version));
    }
    // Stable: what is equal stays in the order of the files.
    dated.sort_by_key(|(reverting, moment, _)| (*reverting, *moment));
    dated.into_iter().map(|(.., version)| version.clone()).collect()
}

/// The versions that a target means, last applied first.
pub(super) fn chosen(set: &MigrationSet, history: &History, target: &RevertTarget) -> Result<Vec<String>, Problem> {
    let mut order = applied(set, history);
    let kept = match target {
        RevertTarget::Steps(steps) => order.len().saturating_sub(*steps),
        RevertTarget::To(text) => match meant(set, history, &order, text) {
            Some(index) => index + 1,
            None if BEFORE_ALL.contains(&text.as_str()) => 0,
            None => {
                let message =
                    format!("migration `{text}` is not applied: name one that is, or `none` to take all of them back");
                return Err(Problem::new(ProblemKind::NotApplied, message));
            }
        },
    };
    let mut chosen = order.split_off(kept);
    chosen.reverse();
    Ok(chosen)
}

/// Where in the list the version is that people mean. They write it as the folder does, with dashes, or with the rest of the
/// name, or without leading zeros.
fn meant(set: &MigrationSet, history: &History, order: &[String], text: &str) -> Option<usize> {
    let known = known_versions(set, history);
    let positions = set.positions();
    let (undashed, number) = (text.replace('-', ""), positions(text));
    order.iter().position(|version| {
        let migration = known.get(version.as_str());
        let name = migration.map(|migration| migration.name.as_str());
        let recorded = history.record(version).map(|record| record.name.as_str());
        let own = migration.map_or(version.as_str(), |migration| &migration.version);
        let written = version == text || own == text || *version == undashed;
        written || name == Some(text) || recorded == Some(text) || positions(own) == number
    })
}
