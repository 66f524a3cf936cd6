//! Recording the planned steps, in the transaction that wrote the rows and after it wrote them; what has to be known of the rows
//! from before is read then. Which steps those are is `plan`'s.

use std::collections::HashMap;

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Catalog, Db};
use serde_json::Value as Json;

use crate::error::{Problem, SeedError};
use crate::lifecycle::audit::{self, AuditEntry, Author, NewEntry};
use crate::lifecycle::content::{Image, covered, images, recorded};
use crate::lifecycle::plan::{FOUND, PlannedSteps, RENAMED_TO};
use crate::lifecycle::{Lifecycle, Transition, mirror};
use crate::read::Seeds;
use crate::reconcile::observe::Observation;
use crate::staged::StagedTable;

/// What was known of the rows before they were written.
#[derive(Default)]
pub(crate) struct Before {
    /// The last entries of rows that leave an immutable state or have another key now, by table and row key.
    last: HashMap<usize, HashMap<String, AuditEntry>>,
    /// The digests of rows that were found and go on, by table and row.
    found: HashMap<(usize, usize), String>,
}

/// A row whose steps are about to be recorded, as the database has it now.
struct Ready<'a> {
    planned: &'a PlannedSteps,
    lifecycle: &'a Lifecycle,
    key: Json,
    image: Image,
    id: Json,
    covers: Vec<String>,
    content: String,
}

/// Looks at the rows before anything is written, and so before columns that change by themselves do: rows that leave an immutable
/// state have to be what was recorded of them.
///
/// # Errors
/// [`SeedError::Problems`] for those that are not.
pub(crate) fn before(
    db: &mut dyn Db,
    seeds: &Seeds,
    catalog: &Catalog,
    observation: &Observation,
    steps: &[PlannedSteps],
) -> Result<Before, SeedError> {
    let mut before = Before::default();
    let mut problems = Vec::new();
    for of_one_table in steps.chunk_by(|a, b| a.table == b.table) {
        let index = of_one_table[0].table;
        let staged = &seeds.tables[index];
        let (Some(lifecycle), Some(table)) = (seeds.lifecycle(&staged.name), catalog.tables.get(&staged.name)) else {
            continue;
        };
        let found: Vec<&PlannedSteps> = of_one_table.iter().filter(|planned| planned.was_found_first()).collect();
        let keys = keys(seeds, observation, staged, found.iter().copied());
        for (planned, image) in found.iter().zip(images(db, &staged.name, table, &staged.key, &keys)?) {
            let content = image.map(|image| image.digest(&covered(lifecycle, table)));
            before.found.extend(content.map(|content| ((index, planned.row), content)));
        }
        let leaving: Vec<&PlannedSteps> = of_one_table.iter().filter(|planned| planned.leaves(lifecycle)).collect();
        if leaving.is_empty() && !of_one_table.iter().any(|planned| planned.is_renamed()) {
            continue;
        }
        let last = audit::last(db, &staged.name)?;
        let entries: Vec<(&PlannedSteps, &AuditEntry)> = leaving
            .into_iter()
            .filter_map(|planned| {
                let row = &staged.rows[planned.row];
                let key = row.was.as_ref().filter(|_| planned.is_renamed()).map_or(&row.row_key, |was| &was.row_key);
                Some((planned, last.get(key)?))
            })
            .collect();
        let rows = recorded(db, &staged.name, table, &entries.iter().map(|(_, entry)| *entry).collect::<Vec<_>>())?;
        for ((planned, entry), image) in entries.into_iter().zip(rows) {
            if image.is_none_or(|image| image.digest(&entry.covers) != entry.content) {
                let row = &staged.rows[planned.row];
                let label = row.symbol.label();
                let message = format!("`{}` {label} is not what was recorded when it became immutable", staged.name);
                problems.push(row.source.problem(ErrorCode::AuditDisagrees, row.source.offset, message));
            }
        }
        before.last.insert(index, last);
    }
    SeedError::unless_empty(problems)?;
    Ok(before)
}

/// Writes an entry for every planned step, and into the service's own audit table where there is one. `after` is what the
/// database holds now that the rows are written.
///
/// # Errors
/// [`SeedError::Problems`] for rows that cannot be read back in the state that is to be recorded.
pub(crate) fn record(
    db: &mut dyn Db,
    seeds: &Seeds,
    catalog: &Catalog,
    (before, after): (&Before, &Observation),
    steps: &[PlannedSteps],
    author: Author<'_>,
) -> Result<(), SeedError> {
    let mut problems = Vec::new();
    let mut ready = Vec::with_capacity(steps.len());
    for of_one_table in steps.chunk_by(|a, b| a.table == b.table) {
        prepare(db, seeds, catalog, after, of_one_table, &mut ready, &mut problems)?;
    }
    SeedError::unless_empty(problems)?;
    let renamed: Vec<Option<(&AuditEntry, Transition)>> =
        ready.iter().map(|ready| renamed(seeds, before, ready.planned)).collect();
    let mut new: Vec<(NewEntry<'_>, &Image)> = Vec::new();
    for (ready, renamed) in ready.iter().zip(&renamed) {
        let planned = ready.planned;
        let row = &seeds.tables[planned.table].rows[planned.row];
        new.extend(renamed.as_ref().map(|(last, step)| {
            let AuditEntry { table, row_key, key, row, .. } = last;
            (NewEntry { table, row_key, key, row, sealed: false, covers: &[], content: "", step }, &ready.image)
        }));
        new.extend(planned.steps.iter().map(|step| {
            let found = before.found.get(&(planned.table, planned.row)).filter(|_| step.is_finding());
            let entry = NewEntry {
                table: &ready.lifecycle.table,
                row_key: &row.row_key,
                key: &ready.key,
                row: &ready.id,
                sealed: ready.lifecycle.is_immutable(&step.to),
                covers: &ready.covers,
                content: found.unwrap_or(&ready.content),
                step,
            };
            (entry, &ready.image)
        }));
    }
    let entries = audit::append(db, &new.iter().map(|(entry, _)| entry.clone()).collect::<Vec<_>>(), author)?;
    let images = new.iter().map(|(_, image)| *image);
    mirror::write(db, catalog, &seeds.lifecycles, &entries.iter().zip(images).collect::<Vec<_>>())
}

/// What ends the entries under the key that a row had before: whoever gets that key begins anew.
fn renamed<'b>(seeds: &Seeds, before: &'b Before, planned: &PlannedSteps) -> Option<(&'b AuditEntry, Transition)> {
    let row = &seeds.tables[planned.table].rows[planned.row];
    let was = row.was.as_ref().filter(|_| planned.is_renamed())?;
    let last = before.last.get(&planned.table)?.get(&was.row_key)?;
    let note = Some(format!("{RENAMED_TO}{}", row.symbol.label()));
    Some((last, Transition { from: Some(last.to.clone()), to: String::new(), note }))
}

impl PlannedSteps {
    fn is_renamed(&self) -> bool {
        self.steps.first().is_some_and(Transition::is_renaming)
    }

    /// Whether the row was found in a state and goes on to another.
    fn was_found_first(&self) -> bool {
        self.steps.len() > 1 && self.steps[0].is_finding()
    }

    /// Whether the row was in a state in which it does not change: only then it has a content that must not have changed.
    fn leaves(&self, lifecycle: &Lifecycle) -> bool {
        let step = self.steps.get(usize::from(self.is_renamed()));
        step.and_then(|step| step.from.as_deref()).is_some_and(|from| lifecycle.is_immutable(from))
    }
}

impl Transition {
    fn is_finding(&self) -> bool {
        self.note.as_deref() == Some(FOUND)
    }
}

/// The values of the natural keys of rows, as far as they are known.
fn keys<'p>(
    seeds: &Seeds,
    observation: &Observation,
    staged: &StagedTable,
    planned: impl Iterator<Item = &'p PlannedSteps>,
) -> Vec<Vec<Json>> {
    let known = |planned: &PlannedSteps| {
        let cells = staged.rows[planned.row].key();
        cells.map(|cell| observation.known(seeds, cell).unwrap_or(Json::Null)).collect()
    };
    planned.map(known).collect()
}

fn prepare<'a>(
    db: &mut dyn Db,
    seeds: &'a Seeds,
    catalog: &Catalog,
    after: &Observation,
    steps: &'a [PlannedSteps],
    ready: &mut Vec<Ready<'a>>,
    problems: &mut Vec<Problem>,
) -> Result<(), SeedError> {
    let Some(index) = steps.first().map(|planned| planned.table) else { return Ok(()) };
    let staged = &seeds.tables[index];
    let (Some(lifecycle), Some(table)) = (seeds.lifecycle(&staged.name), catalog.tables.get(&staged.name)) else {
        return Ok(());
    };
    let covers = covered(lifecycle, table);
    let keys = keys(seeds, after, staged, steps.iter());
    for (planned, image) in steps.iter().zip(images(db, &staged.name, table, &staged.key, &keys)?) {
        let row = &staged.rows[planned.row];
        let to = planned.steps.last().map_or("", |step| step.to.as_str());
        let Some(image) = image.filter(|image| image.state(lifecycle) == Some(to)) else {
            let label = row.symbol.label();
            let message = format!("`{}` {label} is not {to} after it was written; a trigger changes it", staged.name);
            problems.push(row.source.problem(ErrorCode::SeedFailed, row.source.offset, message));
            continue;
        };
        let (id, content) = (image.id(table, &staged.key), image.digest(&covers));
        let key = row.symbol.json();
        ready.push(Ready { planned, lifecycle, key, image, id, covers: covers.clone(), content });
    }
    Ok(())
}
