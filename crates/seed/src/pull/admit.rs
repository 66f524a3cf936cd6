//! Which edits can go into the files together: all are tried, and those that do not hold are halved. One try is `prove`'s.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

use plimsoll_core::db::Db;

use super::hide;
use super::prove::{Proof, Verdict};
use super::report::{FileChange, FollowedColumn};
use super::text::{self, Format, Set, Splice, spliced, splices};
use super::trace::Target;
use super::write;
use crate::error::SeedError;
use crate::read::overlay::Overlay;
use crate::reconcile::diff::ColumnDecision;

/// An edited column and what has to be changed for it.
pub(super) struct Edit<'a> {
    pub(super) table: usize,
    pub(super) row: usize,
    pub(super) column: &'a ColumnDecision,
    pub(super) target: Target,
}

/// Edits that stand or fall together, because they come from one place.
pub(super) type Group = Vec<usize>;

/// A file as it is.
pub(super) struct Known {
    pub(super) text: String,
    pub(super) digest: String,
    pub(super) format: Format,
    /// The parts that secrets come from.
    pub(super) secrets: Vec<Range<usize>>,
}

/// Finds the largest set of edits that holds together, by halving those that do not.
pub(super) struct Admission<'a> {
    pub(super) edits: &'a [Edit<'a>],
    pub(super) files: BTreeMap<PathBuf, Known>,
    pub(super) admitted: Vec<usize>,
    /// What changes with those that are admitted.
    pub(super) followed: Vec<FollowedColumn>,
    pub(super) refused: Vec<(usize, Reason)>,
}

/// Why not, and whether it would do if other columns might change.
pub(super) type Reason = (String, bool);

impl Admission<'_> {
    /// Admits what holds together with what is admitted already, and refuses the rest with reasons.
    pub(super) fn admit(&mut self, db: &mut dyn Db, proof: &Proof<'_>, groups: Vec<Group>) -> Result<(), SeedError> {
        if groups.is_empty() {
            return Ok(());
        }
        let reason = match self.verdict(db, proof, &groups)? {
            Verdict::Holds(followed) => {
                self.admitted.extend(groups.into_iter().flatten());
                self.followed = followed;
                return Ok(());
            }
            Verdict::Fails { reason, followable } => (reason, followable),
        };
        if let [one] = groups.as_slice() {
            self.refused.extend(one.iter().map(|edit| (*edit, reason.clone())));
            return Ok(());
        }
        let mut first = groups;
        let second = first.split_off(first.len() / 2);
        self.admit(db, proof, first)?;
        self.admit(db, proof, second)
    }

    fn verdict(&self, db: &mut dyn Db, proof: &Proof<'_>, groups: &[Group]) -> Result<Verdict, SeedError> {
        let chosen: Vec<usize> = self.admitted.iter().chain(groups.iter().flatten()).copied().collect();
        let changes = match self.changes(&chosen) {
            Ok(changes) => changes,
            Err((file, reason)) => {
                let reason = format!("{} cannot be changed: {reason}", file.display());
                return Ok(Verdict::Fails { reason, followable: false });
            }
        };
        let mut overlay = Overlay::default();
        for change in changes {
            let text = spliced(&self.files[&change.file].text, &change.splices);
            overlay.set(change.file.clone(), text.ok_or_else(|| write::moved(&change.file))?);
        }
        let seeds = proof.before;
        let expected = chosen.iter().map(|edit| &self.edits[*edit]).map(|edit| {
            let table = &seeds.tables[edit.table];
            (table.name.as_str(), table.rows[edit.row].row_key.as_str(), &*edit.column.name)
        });
        let of_dataset = chosen.iter().map(|edit| &self.edits[*edit]).filter(|edit| edit.target.is_constant);
        let constants =
            of_dataset.map(|edit| (seeds.tables[edit.table].rows[edit.row].block, &*edit.column.name)).collect();
        proof.verdict(db, &overlay, &expected.collect(), &constants)
    }

    /// The changes of all files that the admitted edits need, as people read them too.
    pub(super) fn admitted_changes(&self) -> Result<Vec<FileChange>, (PathBuf, String)> {
        let mut changes = self.changes(&self.admitted)?;
        for change in &mut changes {
            change.diff = diff(&change.file, &self.files[&change.file], &change.splices).unwrap_or_default();
        }
        Ok(changes)
    }

    /// The changes of all files that these edits need, without differences for people, which take their time and are nothing
    /// to a try; the file and the reason when one cannot be changed so.
    fn changes(&self, chosen: &[usize]) -> Result<Vec<FileChange>, (PathBuf, String)> {
        let mut sets: BTreeMap<&Path, Vec<Set>> = BTreeMap::new();
        for edit in chosen {
            let target = &self.edits[*edit].target;
            sets.entry(&target.file).or_default().extend(target.sets.iter().cloned());
        }
        let mut changes = Vec::new();
        for (file, sets) in sets {
            let known = &self.files[file];
            let splices =
                splices(known.format, &known.text, &sets).map_err(|reason| (file.to_owned(), reason.to_string()))?;
            let after = spliced(&known.text, &splices)
                .ok_or_else(|| (file.to_owned(), text::Unwritable::Unreadable.to_string()))?;
            if splices.iter().any(|splice| hide::touches(splice, &known.secrets)) {
                return Err((file.to_owned(), "a secret stands where it would be written".to_owned()));
            }
            if after != known.text {
                let before = known.digest.clone();
                changes.push(FileChange { file: file.to_owned(), before, splices, diff: String::new() });
            }
        }
        Ok(changes)
    }
}

/// Edits of the same place together: one value in a file may be the source of several columns.
pub(super) fn groups(edits: &[Edit<'_>]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut by_place: HashMap<(&Path, &[String]), usize> = HashMap::new();
    for (number, edit) in edits.iter().enumerate() {
        let places: Vec<_> =
            edit.target.sets.iter().map(|set| (edit.target.file.as_path(), set.path.as_slice())).collect();
        let mut mine = vec![number];
        let into = groups.len();
        let mut known: Vec<usize> = places.iter().filter_map(|place| by_place.get(place).copied()).collect();
        known.sort_unstable();
        known.dedup();
        for other in known {
            let moved = std::mem::take(&mut groups[other]);
            mine.extend(moved);
            by_place.values_mut().filter(|group| **group == other).for_each(|group| *group = into);
        }
        places.into_iter().for_each(|place| {
            by_place.insert(place, into);
        });
        mine.sort_unstable();
        groups.push(mine);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// What changes for people, without the secrets.
fn diff(file: &Path, known: &Known, splices: &[Splice]) -> Option<String> {
    let masks: Vec<Splice> = hide::masks(&known.secrets).collect();
    let before = spliced(&known.text, &masks)?;
    let mut all = [masks.as_slice(), splices].concat();
    all.sort_by_key(|splice| (splice.start, splice.end));
    let after = spliced(&known.text, &all)?;
    let name = file.display().to_string();
    let name = name.trim_start_matches('/');
    let diff = similar::TextDiff::from_lines(&before, &after);
    Some(diff.unified_diff().context_radius(2).header(&format!("a/{name}"), &format!("b/{name}")).to_string())
}
