//! Recording the planned steps, in the transaction that wrote the rows and after it wrote them. Which steps those are is `plan`'s.

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Catalog, Db};
use serde_json::Value as Json;

use crate::error::{Problem, SeedError};
use crate::lifecycle::Lifecycle;
use crate::lifecycle::audit::{self, Author, NewEntry};
use crate::lifecycle::content::{Image, covered, images};
use crate::lifecycle::plan::PlannedSteps;
use crate::read::Seeds;
use crate::reconcile::observe::Observation;
use crate::reconcile::show;

/// A row whose steps are about to be recorded, as the database has it now.
struct Ready<'a> {
    planned: &'a PlannedSteps,
    lifecycle: &'a Lifecycle,
    image: Image,
    id: Json,
    covers: Vec<String>,
    content: String,
}

/// Writes an entry for every planned step, and into the service's own audit table where there is one. `after` is what the
/// database holds now that the rows are written.
///
/// # Errors
/// [`SeedError::Problems`] for rows that cannot be read back in the state that is to be recorded, and for immutable rows that
/// are not what was recorded of them.
pub(crate) fn record(
    db: &mut dyn Db,
    seeds: &Seeds,
    catalog: &Catalog,
    after: &Observation,
    steps: &[PlannedSteps],
    author: Author<'_>,
) -> Result<(), SeedError> {
    let mut problems = Vec::new();
    let mut ready = Vec::with_capacity(steps.len());
    for of_one_table in steps.chunk_by(|a, b| a.table == b.table) {
        prepare(db, seeds, catalog, after, of_one_table, &mut ready, &mut problems)?;
    }
    SeedError::unless_empty(problems)?;
    let new: Vec<(NewEntry<'_>, &Ready<'_>)> = ready
        .iter()
        .flat_map(|ready| {
            let row = &seeds.tables[ready.planned.table].rows[ready.planned.row];
            ready.planned.steps.iter().map(move |step| {
                let entry = NewEntry {
                    table: &ready.lifecycle.table,
                    row_key: &row.row_key,
                    key: &row.symbol,
                    row: &ready.id,
                    sealed: ready.lifecycle.is_immutable(&step.to),
                    covers: &ready.covers,
                    content: &ready.content,
                    step,
                };
                (entry, ready)
            })
        })
        .collect();
    let entries = audit::append(db, &new.iter().map(|(entry, _)| entry.clone()).collect::<Vec<_>>(), author)?;
    for lifecycle in seeds.lifecycles.iter() {
        let Some(mirror) = &lifecycle.mirror else { continue };
        let own = entries.iter().zip(&new).filter(|(_, (_, ready))| ready.lifecycle.table == lifecycle.table);
        mirror.write(db, catalog, &own.map(|(entry, (_, ready))| (entry, &ready.image)).collect::<Vec<_>>())?;
    }
    Ok(())
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
    let keys: Vec<Vec<Json>> = steps
        .iter()
        .map(|planned| {
            let cells = staged.rows[planned.row].key.iter();
            cells.map(|cell| after.known(seeds, cell).unwrap_or(Json::Null)).collect()
        })
        .collect();
    let found = images(db, &staged.name, table, &staged.key, &keys)?;
    // Only rows that leave an immutable state have a content that must not have changed.
    let leaves = |planned: &PlannedSteps| {
        let from = planned.steps.first().and_then(|step| step.from.as_deref());
        from.is_some_and(|from| lifecycle.is_immutable(from))
    };
    let last = if steps.iter().any(leaves) { audit::last(db, &staged.name)? } else { Default::default() };
    for (planned, image) in steps.iter().zip(found) {
        let row = &staged.rows[planned.row];
        let label = show::label(&row.symbol);
        let mut problem = |code, message: String| problems.push(row.source.problem(code, row.source.offset, message));
        let to = planned.steps.last().map_or("", |step| step.to.as_str());
        let Some(image) = image.filter(|image| image.state(lifecycle) == Some(to)) else {
            let message = format!("`{}` {label} is not {to} after it was written; a trigger changes it", staged.name);
            problem(ErrorCode::SeedFailed, message);
            continue;
        };
        let recorded = last.get(&row.row_key).filter(|_| leaves(planned));
        if recorded.is_some_and(|recorded| image.digest(&recorded.covers) != recorded.content) {
            let message = format!("`{}` {label} is not what was recorded when it became immutable", staged.name);
            problem(ErrorCode::AuditDisagrees, message);
            continue;
        }
        let (id, content) = (image.id(table, &staged.key), image.digest(&covers));
        ready.push(Ready { planned, lifecycle, image, id, covers: covers.clone(), content });
    }
    Ok(())
}
