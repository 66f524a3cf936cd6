//! Rows that a dataset once wrote and no file declares any more, and who refers to them. What becomes of them is `prune`'s.

use std::collections::{BTreeSet, HashSet};

use plimsoll_core::db::{Catalog, Db, DbError};
use serde_json::Value as Json;

use crate::guard::closure::{Closure, Target, closure};
use crate::ledger::Entry;
use crate::read::Seeds;
use crate::read::model::Mode;
use crate::reconcile::observe::{Observation, TableState};
use crate::reconcile::prune::{Fate, fate};
use crate::runs::image;
use crate::runs::locate::{Located, locate};
use crate::value::{canonical_text, secret};

/// A row that is gone from the files of a dataset that is kept in sync.
#[derive(Debug, Clone)]
pub(crate) struct Orphan {
    pub(crate) located: Located,
    /// The first block of its dataset for the table.
    pub(crate) block: usize,
    /// Whether the row in the database is a declared one under another spelling of its key.
    pub(crate) declared: bool,
}

/// All of them, with what stands around those that would be deleted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Orphans {
    /// By table, in the order of the staged tables; within it by key.
    pub(crate) tables: Vec<Vec<Orphan>>,
    /// The rows that would be deleted: table and position.
    pub(crate) targets: Vec<(usize, usize)>,
    pub(crate) closure: Closure,
}

/// Looks for them. Costs nothing where no dataset is kept in sync, and little where nothing is gone.
pub(crate) fn find(
    db: &mut dyn Db,
    seeds: &Seeds,
    catalog: &Catalog,
    observation: &Observation,
) -> Result<Orphans, DbError> {
    let mut orphans = Orphans::default();
    let mut targets = Vec::new();
    for (index, staged) in seeds.tables.iter().enumerate() {
        let state = &observation.tables[index];
        let gone = gone(seeds, index, state);
        let entries: Vec<&Entry> = gone.iter().map(|(entry, _)| *entry).collect();
        if entries.is_empty() {
            orphans.tables.push(Vec::new());
            continue;
        }
        let declared = declared_identities(state, &entries);
        let mut found = Vec::with_capacity(entries.len());
        for (mut located, (_, block)) in
            locate(db, catalog, &seeds.lifecycles, &staged.name, &entries)?.into_iter().zip(gone)
        {
            // The ledger knows it of columns that are compared, and nothing of the others.
            for edit in located.edited.iter_mut().filter(|edit| seeds.blocks[block].secret.contains(&edit.column)) {
                (edit.then, edit.now) = (secret::shown(), secret::shown());
            }
            let declared = located.row.as_ref().is_some_and(|row| declared.contains(&row.identity));
            let orphan = Orphan { located, block, declared };
            if fate(seeds, &orphan) == Fate::Prune
                && let Some(target) = target(seeds, index, state, &orphan)
            {
                orphans.targets.push((index, found.len()));
                targets.push(target);
            }
            found.push(orphan);
        }
        orphans.tables.push(found);
    }
    let tables: BTreeSet<&str> = seeds.tables.iter().map(|table| table.name.as_str()).collect();
    orphans.closure = closure(db, catalog, &targets, &tables)?;
    Ok(orphans)
}

/// What a row to be deleted is known by.
pub(crate) fn target(seeds: &Seeds, table: usize, state: &TableState, orphan: &Orphan) -> Option<Target> {
    let key: Json = serde_json::from_str(&orphan.located.entry.key).ok()?;
    Some(Target {
        table: seeds.tables[table].name.clone(),
        identity: image::identity(state.table.as_ref()?, &key),
        row: orphan.located.row.clone()?,
    })
}

/// Entries of datasets that are kept in sync here and do not declare the row any more, by key.
fn gone<'o>(seeds: &Seeds, index: usize, state: &'o TableState) -> Vec<(&'o Entry, usize)> {
    let staged = &seeds.tables[index];
    let blocks: Vec<usize> = (0..seeds.blocks.len())
        .filter(|block| seeds.blocks[*block].table == staged.name && seeds.blocks[*block].mode == Mode::Sync)
        // Rows of a document that was left out are not gone.
        .filter(|block| !seeds.incomplete.contains(&seeds.blocks[*block].dataset))
        .collect();
    if blocks.is_empty() || state.table.is_none() {
        return Vec::new();
    }
    let mut declared: HashSet<&str> = staged.rows.iter().map(|row| row.row_key.as_str()).collect();
    let renamed = staged.rows.iter().enumerate().filter_map(|(index, row)| state.renamed(index, row));
    declared.extend(renamed.map(|entry| entry.row_key.as_str()));
    let block_of = |entry: &Entry| {
        blocks.iter().copied().find(|block| seeds.datasets[seeds.blocks[*block].dataset] == entry.dataset)
    };
    let undeclared = state.bases.values().filter(|entry| !declared.contains(entry.row_key.as_str()));
    let mut gone: Vec<(&Entry, usize)> =
        undeclared.filter_map(|entry| block_of(entry).map(|block| (entry, block))).collect();
    gone.sort_by(|a, b| a.0.key.cmp(&b.0.key));
    gone
}

/// The identities of the live rows that the files declare: an old spelling of a key may still find one of them.
fn declared_identities(state: &TableState, entries: &[&Entry]) -> HashSet<String> {
    let key = entries.first().and_then(|entry| serde_json::from_str(&entry.key).ok()).unwrap_or(Json::Null);
    let Some(table) = &state.table else { return HashSet::new() };
    let identity = image::identity(table, &key);
    let of = |row: &crate::reconcile::observe::LiveRow| {
        let parts: Option<Vec<Json>> = match (&row.id, identity.len()) {
            (Some(id), 1) => Some(vec![id.clone()]),
            _ => identity.iter().map(|name| row.values.get(name).cloned()).collect(),
        };
        parts.map(|parts| canonical_text(&Json::Array(parts)))
    };
    state.live.iter().flatten().filter_map(of).collect()
}
