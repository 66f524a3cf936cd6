//! What is recorded when rows are deleted and when a run is taken back: in the audit, and in the service's own table where there is
//! one. Which rows those are is the caller's.

use std::collections::{BTreeSet, HashMap};

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Catalog, Db, DbError};

use crate::error::{Problem, SeedError};
use crate::lifecycle::audit::{self, AuditEntry, Author, NewEntry};
use crate::lifecycle::content::{Image, recorded};
use crate::lifecycle::plan::FOUND;
use crate::lifecycle::{Lifecycles, Transition, mirror};

/// Records that rows are deleted, in the transaction that does so: by their tables and row keys. Before they are, so that a table
/// of the service's own is told what was in them; afterwards their keys are all that is known. A row that the audit does not
/// know needs no entry.
///
/// # Errors
/// When the chain does not end where the ledger says it does, what stands against writing into the service's own table, and
/// [`SeedError::Database`].
pub fn record_deleted(
    db: &mut dyn Db,
    lifecycles: &Lifecycles,
    rows: &[(&str, &str)],
    actor: &str,
    run: Option<i64>,
) -> Result<Vec<AuditEntry>, SeedError> {
    let catalog = Catalog::read(db)?;
    leaving(db, &catalog, lifecycles, rows)?.record(db, &catalog, lifecycles, Author { actor, run, note: None })
}

/// Rows that are about to be deleted, with their last entries. Those that the audit does not know need no other.
#[derive(Default)]
pub(crate) struct Leaving(Vec<(AuditEntry, Image)>);

/// Looks at rows, given by their tables and row keys, while they are there.
pub(crate) fn leaving(
    db: &mut dyn Db,
    catalog: &Catalog,
    lifecycles: &Lifecycles,
    rows: &[(&str, &str)],
) -> Result<Leaving, DbError> {
    let mut leaving = Leaving::default();
    if rows.is_empty() || !audit::exists(db)? {
        return Ok(leaving);
    }
    let tables: BTreeSet<&str> = rows.iter().map(|(table, _)| *table).collect();
    for table in tables {
        let mut last = audit::last(db, table)?;
        let of = rows.iter().filter(|(of, _)| *of == table);
        let ends: Vec<AuditEntry> =
            of.filter_map(|(_, row_key)| last.remove(*row_key)).filter(|entry| !entry.to.is_empty()).collect();
        // Nobody but a table of the service's own is told what was in them.
        let images = match lifecycles.of(table).and_then(|lifecycle| lifecycle.mirror.as_ref()) {
            Some(_) => rows_of(db, catalog, table, &ends.iter().collect::<Vec<_>>())?,
            None => ends.iter().map(|end| Image::of_id(&end.row)).collect(),
        };
        leaving.0.extend(ends.into_iter().zip(images));
    }
    Ok(leaving)
}

impl Leaving {
    /// Records that they were deleted, in the transaction that did so.
    ///
    /// # Errors
    /// Those of the chain and of the service's own table.
    pub(crate) fn record(
        &self,
        db: &mut dyn Db,
        catalog: &Catalog,
        lifecycles: &Lifecycles,
        author: Author<'_>,
    ) -> Result<Vec<AuditEntry>, SeedError> {
        let ends = self.0.iter().map(|(end, image)| {
            let step = Transition { from: Some(end.to.clone()), to: String::new(), note: None };
            End { last: end, step, kept: None, image }
        });
        append(db, catalog, lifecycles, &ends.collect::<Vec<_>>(), author)
    }
}

/// A run that was taken back.
pub(crate) struct Undone<'u> {
    pub(crate) run: i64,
    /// Its rows: table, row key, and whether the row was deleted now.
    pub(crate) rows: &'u [(&'u str, &'u str, bool)],
    /// Those that were deleted, as they were.
    pub(crate) leaving: &'u Leaving,
}

impl Undone<'_> {
    /// Records that the rows are in the states from before the run again, in the transaction that put them there.
    ///
    /// # Errors
    /// [`SeedError::Problems`] for a row that goes back into a state in which it does not change and is not what was recorded of
    /// it there, and those of [`Leaving::record`].
    pub(crate) fn record(
        &self,
        db: &mut dyn Db,
        catalog: &Catalog,
        lifecycles: &Lifecycles,
        author: Author<'_>,
    ) -> Result<(), SeedError> {
        if self.rows.is_empty() || !audit::exists(db)? {
            return Ok(());
        }
        let first = audit::first_of_run(db, self.run)?;
        let begin = first.values().map(|entry| entry.number).min().unwrap_or(i64::MAX);
        let note = Some(format!("run {} was taken back", self.run));
        let mut ends: Vec<(AuditEntry, Transition, Option<AuditEntry>)> = Vec::new();
        let tables: BTreeSet<&str> = self.rows.iter().map(|(table, ..)| *table).collect();
        for table in tables {
            let mut last = audit::last(db, table)?;
            let mut earlier = audit::last_before(db, table, begin)?;
            for (_, row_key, deleted) in self.rows.iter().filter(|(of, ..)| *of == table) {
                let before = match first.get(&(table.to_owned(), (*row_key).to_owned())) {
                    _ if *deleted => None,
                    Some(first) if first.note.as_deref() == Some(FOUND) => Some(first.clone()),
                    Some(_) => earlier.remove(*row_key),
                    None => continue,
                };
                let to = before.as_ref().map(|entry| entry.to.clone()).unwrap_or_default();
                let Some(end) = last.remove(*row_key).filter(|end| end.to != to) else { continue };
                let from = Some(end.to.clone()).filter(|state| !state.is_empty());
                ends.push((end, Transition { from, to, note: note.clone() }, before));
            }
        }
        // A row that had another key is told to be gone under one before it is told to be there under the other.
        ends.sort_by_key(|(_, step, _)| !step.to.is_empty());
        let mut images: HashMap<i64, Image> = HashMap::new();
        for of_table in ends.chunk_by(|a, b| a.0.table == b.0.table) {
            let there: Vec<&AuditEntry> =
                of_table.iter().filter(|(_, step, _)| !step.to.is_empty()).map(|(end, ..)| end).collect();
            let Some(table) = there.first().map(|end| end.table.clone()) else { continue };
            images.extend(there.iter().map(|end| end.number).zip(rows_of(db, catalog, &table, &there)?));
        }
        let mut problems = Vec::new();
        let left: HashMap<i64, &Image> = self.leaving.0.iter().map(|(end, image)| (end.number, image)).collect();
        let gone: Vec<Image> = ends.iter().map(|(end, ..)| Image::of_id(&end.row)).collect();
        let ends: Vec<End<'_>> = ends
            .iter()
            .zip(&gone)
            .map(|((end, step, before), gone)| {
                let image = images.get(&end.number).or_else(|| left.get(&end.number).copied()).unwrap_or(gone);
                let kept = before.as_ref().filter(|before| before.sealed);
                if kept.is_some_and(|before| image.digest(&before.covers) != before.content) {
                    let message = format!(
                        "`{}`, which would go back to {}, is not what was recorded when it was in that state",
                        end.named(),
                        step.to
                    );
                    problems.push(Problem::new(ErrorCode::AuditDisagrees, None, message));
                }
                End { last: end, step: step.clone(), kept, image }
            })
            .collect();
        SeedError::unless_empty(problems)?;
        append(db, catalog, lifecycles, &ends, author).map(drop)
    }
}

/// A row, the step that is recorded of it, and what is sealed again with it.
struct End<'e> {
    last: &'e AuditEntry,
    step: Transition,
    kept: Option<&'e AuditEntry>,
    image: &'e Image,
}

fn append(
    db: &mut dyn Db,
    catalog: &Catalog,
    lifecycles: &Lifecycles,
    ends: &[End<'_>],
    author: Author<'_>,
) -> Result<Vec<AuditEntry>, SeedError> {
    let new = ends.iter().map(|End { last, step, kept, .. }| {
        let AuditEntry { table, row_key, key, row, .. } = last;
        let (covers, content) = kept.map_or((&[][..], ""), |kept| (kept.covers.as_slice(), kept.content.as_str()));
        NewEntry { table, row_key, key, row, sealed: kept.is_some(), covers, content, step }
    });
    let entries = audit::append(db, &new.collect::<Vec<_>>(), author)?;
    let images = ends.iter().map(|end| end.image);
    mirror::write(db, catalog, lifecycles, &entries.iter().zip(images).collect::<Vec<_>>())?;
    Ok(entries)
}

/// The rows behind entries; of those that are not there the key.
fn rows_of(db: &mut dyn Db, catalog: &Catalog, table: &str, ends: &[&AuditEntry]) -> Result<Vec<Image>, DbError> {
    let found = match catalog.tables.get(table) {
        Some(known) => recorded(db, table, known, ends)?,
        None => vec![None; ends.len()],
    };
    Ok(found.into_iter().zip(ends).map(|(image, end)| image.unwrap_or_else(|| Image::of_id(&end.row))).collect())
}
