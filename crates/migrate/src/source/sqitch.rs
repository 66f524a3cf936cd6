//! Reads a Sqitch project: `sqitch.plan` has the order, folders have the scripts. Tags and dependencies are Sqitch's to check.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use plimsoll_core::Location;

use super::files::{list, read_text};
use super::{Down, Layout, Migration, MigrationSet, Verify, says_nothing};
use crate::error::{Problem, ProblemKind};

/// The file that makes a folder a Sqitch project.
pub(super) const PLAN: &str = "sqitch.plan";

/// A change of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    /// The name, with `#2` behind it for the second change of that name: no name of Sqitch holds a `#`.
    version: String,
    name: String,
    /// The script's name, without folder and ending: a change that was made again later is kept as `name@tag`.
    script: String,
    offset: usize,
}

/// Reads the project in a folder.
pub(super) fn read(path: &Path, problems: &mut Vec<Problem>) -> Option<MigrationSet> {
    let file = path.join(PLAN);
    let (_, text) = read_text(&file, problems)?;
    let mut set = MigrationSet::new(Layout::Sqitch, path);
    let mut known = BTreeSet::from([file.clone(), path.join("sqitch.conf")]);
    for change in changes(&text) {
        let scripts =
            ["deploy", "revert", "verify"].map(|folder| path.join(folder).join(format!("{}.sql", change.script)));
        known.extend(scripts.iter().cloned());
        let [deploy, revert, verify] = scripts;
        if !deploy.is_file() {
            let message = format!("the change `{}` has no script `{}`", change.version, deploy.display());
            problems.push(Problem::new(ProblemKind::Layout, message).at(Location::of_offset(
                &file,
                &text,
                change.offset,
            )));
            continue;
        }
        let Some((bytes, sql)) = read_text(&deploy, problems) else { continue };
        let mut migration = Migration::new(change.version, &change.name, deploy, &bytes, &sql);
        migration.sql = without_own_transaction(&migration.sql);
        if let Some((_, sql)) = revert.is_file().then(|| read_text(&revert, problems)).flatten() {
            let mut down = Down::new(revert, &sql);
            down.sql = without_own_transaction(&down.sql);
            migration.down = Some(down).filter(|down| !says_nothing(&down.sql));
        }
        if let Some((_, sql)) = verify.is_file().then(|| read_text(&verify, problems)).flatten() {
            let sql = without_own_transaction(super::without_mark(&sql));
            migration.verify = Some(Verify { file: verify, sql }).filter(|verify| !says_nothing(&verify.sql));
        }
        set.migrations.push(migration);
    }
    set.strays = strays(path, &known, problems);
    Some(set)
}

/// The changes in the order of the plan. Lines are `name [dependencies] timestamp planner <email> # note`; `%` begins a pragma,
/// `@` a tag.
fn changes(plan: &str) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    // What of each name came last, as long as no tag has followed it; and how often the name came.
    let mut latest: BTreeMap<String, (usize, Option<String>, usize)> = BTreeMap::new();
    let mut offset = 0;
    for line in plan.split_inclusive('\n') {
        let text = line.trim_start_matches('\u{feff}').trim();
        let word = text.split_whitespace().next().unwrap_or_default();
        if let Some(tag) = word.strip_prefix('@') {
            for (_, first, _) in latest.values_mut() {
                first.get_or_insert_with(|| tag.to_owned());
            }
        } else if !word.is_empty() && !word.starts_with(['#', '%']) {
            let name = word.trim_start_matches('+').to_owned();
            let count = match latest.get(&name) {
                Some((index, tag, count)) => {
                    if let Some(tag) = tag {
                        changes[*index].script = format!("{name}@{tag}");
                    }
                    count + 1
                }
                None => 1,
            };
            let version = if count == 1 { name.clone() } else { format!("{name}#{count}") };
            latest.insert(name.clone(), (changes.len(), None, count));
            changes.push(Change { version, script: name.clone(), name, offset });
        }
        offset += line.len();
    }
    changes
}

/// Sqitch's scripts begin and end a transaction themselves, because psql runs them. Here the journal's entry has to be in it as
/// well, so the two lines are emptied when they stand around all of the script.
fn without_own_transaction(sql: &str) -> String {
    let is = |line: &str, words: &[&str]| words.iter().any(|word| line.trim().eq_ignore_ascii_case(word));
    let begins = ["BEGIN;", "BEGIN TRANSACTION;", "START TRANSACTION;"];
    let ends = ["COMMIT;", "ROLLBACK;", "END;"];
    let lines: Vec<&str> = sql.split_inclusive('\n').collect();
    let meaningful = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("--");
    let first = lines.iter().position(meaningful);
    let last = lines.iter().rposition(meaningful);
    let (Some(first), Some(last)) = (first, last) else { return sql.to_owned() };
    if first == last || !is(lines[first], &begins) || !is(lines[last], &ends) {
        return sql.to_owned();
    }
    // More of them inside belong to the script; what to do about it is said when it is planned.
    if lines[first + 1..last].iter().any(|line| is(line, &begins) || is(line, &ends[..2])) {
        return sql.to_owned();
    }
    let emptied = |(index, line): (usize, &&str)| match index == first || index == last {
        true if line.ends_with('\n') => "\n".to_owned(),
        true => String::new(),
        false => (*line).to_owned(),
    };
    lines.iter().enumerate().map(emptied).collect()
}

/// What is in the project and not in the plan: Sqitch would never look at it.
fn strays(path: &Path, known: &BTreeSet<PathBuf>, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut strays = Vec::new();
    let Some(top) = list(path, problems) else { return strays };
    strays.extend(top.files);
    let mut open = Vec::new();
    for folder in top.folders {
        match ["deploy", "revert", "verify"].iter().any(|name| path.join(name) == folder) {
            true => open.push(folder),
            false => strays.push(folder),
        }
    }
    // The names of changes may hold slashes.
    while let Some(folder) = open.pop() {
        let Some(listing) = list(&folder, problems) else { continue };
        strays.extend(listing.files);
        open.extend(listing.folders);
    }
    strays.retain(|stray| !known.contains(stray));
    strays
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "%syntax-version=1.0.0\n%project=flipr\n\n# a comment\n\
        appschema 2026-01-01T00:00:00Z A <a@b.c> # first\n\
        users [appschema] 2026-01-02T00:00:00Z A <a@b.c> # [x] # y\n\
        @v1.0 2026-01-03T00:00:00Z A <a@b.c> # tag\n\
        @v1.1 2026-01-03T00:00:00Z A <a@b.c> # tag\n\
        users [users@v1.0] 2026-01-04T00:00:00Z A <a@b.c> # again\n\
        views/all 2026-01-05T00:00:00Z A <a@b.c> # nested\n";

    #[test]
    fn the_plan_gives_order_versions_and_scripts() {
        let changes = changes(PLAN);
        let found: Vec<_> = changes.iter().map(|change| (change.version.as_str(), change.script.as_str())).collect();
        let expected =
            [("appschema", "appschema"), ("users", "users@v1.0"), ("users#2", "users"), ("views/all", "views/all")];
        assert_eq!(found, expected);
        assert_eq!(plimsoll_core::line_and_column(PLAN, changes[0].offset).0, 5);
    }

    #[test]
    fn the_transaction_around_a_script_is_emptied_and_lines_stay() {
        let script = "-- Deploy x\n\nBEGIN;\n\nCREATE TABLE x (a int);\n\nCOMMIT;\n";
        assert_eq!(without_own_transaction(script), "-- Deploy x\n\n\n\nCREATE TABLE x (a int);\n\n\n");
        for kept in ["SELECT 1;\n", "BEGIN;\nSELECT 1;\n", "BEGIN;\nCOMMIT;\nBEGIN;\nCOMMIT;\n", "COMMIT;"] {
            assert_eq!(without_own_transaction(kept), kept);
        }
    }
}
