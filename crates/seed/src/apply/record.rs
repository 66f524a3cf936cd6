//! What a run changes, written down as it goes: rows before and after, and the ledger's entries before. Taking back is `undo`'s.

use std::collections::{HashMap, HashSet};

use plimsoll_core::db::{Column, Db, DbError, Table};
use serde_json::Value as Json;

use crate::apply::swap::{self, Mover};
use crate::apply::write::Writer;
use crate::error::SeedError;
use crate::guard::closure::Target;
use crate::ledger::Entry;
use crate::reconcile::diff::Decision;
use crate::reconcile::lookup::Lookup;
use crate::reconcile::plan::{Outcome, RowAction};
use crate::runs::change::{Change, ChangeAction};
use crate::runs::image::{self, Image};
use crate::value::canonical;

/// The rows of one table before they were written.
pub(crate) struct Before {
    table: usize,
    images: HashMap<usize, Image>,
}

/// Reads the rows that are about to be updated.
pub(crate) fn before(
    db: &mut dyn Db,
    writer: &Writer<'_>,
    table: usize,
    decisions: &[Decision],
) -> Result<Before, SeedError> {
    let rows = decisions.iter().filter(|decision| decision.action == RowAction::Update);
    let rows: Vec<usize> = rows.map(|decision| decision.row).collect();
    Ok(Before { table, images: images(db, writer, table, &rows, true)? })
}

impl Before {
    /// Moves rows out of the way whose unique values others are about to get.
    pub(crate) fn make_room(
        &self,
        db: &mut dyn Db,
        writer: &Writer<'_>,
        decisions: &[Decision],
    ) -> Result<(), SeedError> {
        let staged = &writer.seeds.tables[self.table];
        let state = &writer.observation.tables[self.table];
        let Some(table) = state.table.as_ref().filter(|_| !self.images.is_empty()) else { return Ok(()) };
        let written = decisions.iter().filter(|one| matches!(one.action, RowAction::Create | RowAction::Update)).map(
            |decision| {
                let row = &staged.rows[decision.row];
                let image = self.images.get(&decision.row);
                let mut has = image.cloned().unwrap_or_default();
                if let Some(live) = state.live[decision.row].as_ref().filter(|_| image.is_some()) {
                    has.extend(live.values.iter().map(|(name, value)| (name.clone(), value.clone())));
                }
                let changed: Vec<String> = match decision.action {
                    RowAction::Create => row.cells().map(|(name, _)| name.to_string()).collect(),
                    _ => {
                        let updates = decision.columns.iter().filter(|column| column.outcome == Outcome::Update);
                        updates.map(|column| column.name.to_string()).collect()
                    }
                };
                let mut gets = has.clone();
                for (name, cell) in row.cells().filter(|(name, _)| changed.iter().any(|changed| **changed == **name)) {
                    let value = state.column(name).zip(writer.value(cell));
                    let value = value.and_then(|(column, value)| canonical(column, &value).ok());
                    gets.insert(name.to_string(), value.unwrap_or(Json::Null));
                }
                Mover { image, has, gets, changed }
            },
        );
        let movers: Vec<Mover<'_>> = written.collect();
        Ok(swap::make_room(db, &staged.name, table, &identity(table, &staged.key), &movers)?)
    }
}

/// The changes of one table, after everything was written: triggers of other tables may have had a hand in it.
pub(crate) fn changes(
    db: &mut dyn Db,
    writer: &Writer<'_>,
    before: &Before,
    decisions: &[Decision],
) -> Result<Vec<Change>, SeedError> {
    let table = before.table;
    let staged = &writer.seeds.tables[table];
    let state = &writer.observation.tables[table];
    // As they were written: new rows first.
    let of = |create: bool| {
        let written = decisions.iter().filter(|decision| decision.action.writes());
        written.filter(move |decision| (decision.action == RowAction::Create) == create)
    };
    let written = of(true).chain(of(false));
    let rows: Vec<usize> = written.clone().map(|decision| decision.row).collect();
    let after = images(db, writer, table, &rows, false)?;
    let identity: HashSet<String> = state.table.iter().flat_map(|table| identity(table, &staged.key)).collect();
    let changes = written.map(|decision| {
        let row = &staged.rows[decision.row];
        let (action, before, after) = match decision.action {
            RowAction::Create => (ChangeAction::Create, None, after.get(&decision.row).cloned()),
            RowAction::Update => {
                let (old, new) = (before.images.get(&decision.row), after.get(&decision.row));
                // Under its new key nothing is known of the row but this.
                let renamed = state.live[decision.row].as_ref().is_some_and(|live| live.renamed);
                let (old, new) = changed(old, new, &|name| renamed || identity.contains(name));
                (ChangeAction::Update, old, new)
            }
            RowAction::Edited
            | RowAction::Conflict
            | RowAction::Adopt
            | RowAction::Prune
            | RowAction::Release
            | RowAction::Orphaned => (ChangeAction::Adopt, None, None),
        };
        Change {
            action,
            table: staged.name.clone(),
            row_key: row.row_key.clone(),
            key: row.symbol.canonical(),
            before,
            after,
            entry_before: state.bases.get(&row.row_key).cloned(),
        }
    });
    Ok(changes.collect())
}

/// The columns of two images of a row that differ, and those that are wanted anyway.
pub(crate) fn changed(
    old: Option<&Image>,
    new: Option<&Image>,
    is_wanted: &dyn Fn(&str) -> bool,
) -> (Option<Image>, Option<Image>) {
    let differs = |name: &str| {
        let value = |image: Option<&Image>| image.and_then(|image| image.get(name)).cloned();
        is_wanted(name) || value(old) != value(new)
    };
    let only = |image: Option<&Image>| -> Option<Image> {
        let columns = image?.iter().filter(|(name, _)| differs(name));
        Some(columns.map(|(name, value)| (name.clone(), value.clone())).collect())
    };
    (only(old), only(new))
}

/// The change of a row that was deleted. References that were taken away first are not in it any more.
pub(crate) fn deleted(target: &Target, entry: &Entry, nulled: Option<&Image>) -> Change {
    let mut before = target.row.image.clone();
    for name in nulled.into_iter().flat_map(Image::keys) {
        before.insert(name.clone(), Json::Null);
    }
    Change { before: Some(before), ..of_entry(ChangeAction::Delete, &target.table, entry) }
}

/// The change of a row whose references were taken away before it was deleted.
pub(crate) fn nulled(target: &Target, entry: &Entry, values: &Image) -> Change {
    let with = |null: bool| -> Image {
        let identity =
            target.identity.iter().filter_map(|name| Some((name.clone(), target.row.image.get(name)?.clone())));
        let values = values.iter().map(|(name, value)| (name.clone(), if null { Json::Null } else { value.clone() }));
        identity.chain(values).collect()
    };
    Change {
        before: Some(with(false)),
        after: Some(with(true)),
        ..of_entry(ChangeAction::Update, &target.table, entry)
    }
}

/// The change of an entry that was let go of.
pub(crate) fn released(table: &str, entry: &Entry) -> Change {
    of_entry(ChangeAction::Release, table, entry)
}

pub(crate) fn of_entry(action: ChangeAction, table: &str, entry: &Entry) -> Change {
    Change {
        action,
        table: table.to_owned(),
        row_key: entry.row_key.clone(),
        key: entry.key.clone(),
        before: None,
        after: None,
        entry_before: Some(entry.clone()),
    }
}

/// The columns that identify the rows of a table with such a key.
pub(crate) fn identity(table: &Table, key: &[String]) -> Vec<String> {
    if table.primary_key.is_empty() { key.to_vec() } else { table.primary_key.clone() }
}

/// Declared rows as they are, exactly, found by their natural keys.
fn images(
    db: &mut dyn Db,
    writer: &Writer<'_>,
    table: usize,
    rows: &[usize],
    before: bool,
) -> Result<HashMap<usize, Image>, SeedError> {
    let staged = &writer.seeds.tables[table];
    let Some(live) = &writer.observation.tables[table].table else { return Ok(HashMap::new()) };
    let keys: Vec<Option<Vec<Json>>> = rows
        .iter()
        .map(|row| writer.key(table, *row, before).into_iter().map(|cell| writer.value(cell)).collect())
        .collect();
    let images = by_keys(db, &staged.name, live, &staged.key, &keys)?;
    Ok(rows.iter().zip(images).filter_map(|(row, image)| Some((*row, image?))).collect())
}

/// The rows of a table with these natural keys as they are, exactly.
pub(crate) fn by_keys(
    db: &mut dyn Db,
    name: &str,
    table: &Table,
    key: &[String],
    keys: &[Option<Vec<Json>>],
) -> Result<Vec<Option<Image>>, DbError> {
    let columns = key.iter().map(|name| table.column(name)).collect::<Option<Vec<&Column>>>();
    let Some(columns) = columns.filter(|_| !keys.is_empty()) else { return Ok(vec![None; keys.len()]) };
    let exact = image::columns(table, &identity(table, key));
    let lookup = Lookup { table: name, key: columns, select: Vec::new(), exact };
    let found = lookup.run(db, &keys.iter().flatten().cloned().collect::<Vec<_>>())?;
    let image = |key: &Option<Vec<Json>>| -> Option<Image> {
        let values = found.get(&lookup.text(key.as_ref()?)?)?.clone();
        Some(lookup.exact.iter().map(|column| column.name.clone()).zip(values).collect())
    };
    Ok(keys.iter().map(image).collect())
}
