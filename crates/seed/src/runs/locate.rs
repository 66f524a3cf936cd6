//! Finding the rows behind ledger entries, and whether somebody edited them since. What becomes of them is `diff`'s and `undo`'s.

use std::collections::{BTreeMap, HashMap};

use plimsoll_core::db::{Catalog, Column, Db, DbError, Table};
use serde_json::Value as Json;

use crate::ledger::Entry;
use crate::lifecycle::{Lifecycles, audit};
use crate::reconcile::lookup::Lookup;
use crate::reconcile::observe::id_column;
use crate::reconcile::show::is_reference;
use crate::runs::change::last_images;
use crate::runs::image::{self, Image, Present, differing, shown};
use crate::value::{canonical_text, secret};

/// A row that the ledger knows.
#[derive(Debug, Clone)]
pub(crate) struct Located {
    pub(crate) entry: Entry,
    /// Nothing when it is not there any more.
    pub(crate) row: Option<Present>,
    /// The columns that are not as seeding left them.
    pub(crate) edited: Vec<Edit>,
}

/// A column that somebody changed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Edit {
    pub(crate) column: String,
    /// What seeding left.
    pub(crate) then: Json,
    /// What is there.
    pub(crate) now: Json,
}

/// Looks for the rows of entries of one table, in the order of the entries. States that were stepped to are no edits.
pub(crate) fn locate(
    db: &mut dyn Db,
    catalog: &Catalog,
    lifecycles: &Lifecycles,
    name: &str,
    entries: &[&Entry],
) -> Result<Vec<Located>, DbError> {
    let symbols: Vec<Json> = entries.iter().map(|entry| serde_json::from_str(&entry.key).unwrap_or_default()).collect();
    let gone = |entry: &&Entry| Located { entry: (*entry).clone(), row: None, edited: Vec::new() };
    let mut located: Vec<Located> = entries.iter().map(gone).collect();
    let Some(table) = catalog.tables.get(name) else { return Ok(located) };
    // A dataset may have found its rows by other columns once: entries from then have another form than those since.
    let mut forms: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
    for (index, symbol) in symbols.iter().enumerate() {
        if let Some(key) = symbol.as_object() {
            forms.entry(key.keys().cloned().collect()).or_default().push(index);
        }
    }
    let row_keys: Vec<&str> =
        entries.iter().filter(|entry| entry.created()).map(|entry| entry.row_key.as_str()).collect();
    let left = last_images(db, name, &row_keys)?;
    let steps = match lifecycles.of(name).filter(|lifecycle| lifecycle.audit) {
        Some(lifecycle) if audit::exists(db)? => Some((lifecycle.column.as_str(), audit::last(db, name)?)),
        _ => None,
    };
    for (names, of) in forms {
        let entries: Vec<&Entry> = of.iter().map(|index| entries[*index]).collect();
        let symbols: Vec<&Json> = of.iter().map(|index| &symbols[*index]).collect();
        for (index, row) in of.iter().zip(rows(db, catalog, (name, table), &names, &entries, &symbols)?) {
            let Some((live, row)) = row else { continue };
            let Located { entry, .. } = &located[*index];
            let mut edited = edits(entry, &live, left.get(&entry.row_key), &row.image);
            if let Some((column, last)) = &steps
                && let Some(step) = last.get(&entry.row_key)
            {
                edited.retain(|edit| edit.column != *column || edit.now.as_str() != Some(step.to.as_str()));
            }
            located[*index] = Located { entry: entry.clone(), row: Some(row), edited };
        }
    }
    Ok(located)
}

/// A row and its columns that are compared, as planning reads them.
type Row<'t> = (Vec<(&'t Column, Json)>, Present);

/// The rows of entries whose keys have the same columns.
fn rows<'t>(
    db: &mut dyn Db,
    catalog: &Catalog,
    (name, table): (&str, &'t Table),
    names: &[String],
    entries: &[&Entry],
    symbols: &[&Json],
) -> Result<Vec<Option<Row<'t>>>, DbError> {
    let Some(key) = names.iter().map(|name| table.column(name)).collect::<Option<Vec<_>>>() else {
        return Ok(entries.iter().map(|_| None).collect());
    };
    let keys = resolve(db, catalog, names, symbols)?;
    let identity = if table.primary_key.is_empty() { names } else { &table.primary_key };
    let compared: Vec<&Column> = table
        .columns
        .iter()
        .filter(|column| entries.iter().any(|entry| entry.applied.contains_key(&column.name)))
        .collect();
    let exact = image::columns(table, identity);
    let select: Vec<&Column> = identity.iter().filter_map(|name| table.column(name)).chain(compared.clone()).collect();
    let lookup = Lookup { table: name, key, select, exact };
    let found = lookup.run(db, &keys.iter().flatten().cloned().collect::<Vec<_>>())?;
    let row = |key: Option<Vec<Json>>| {
        let values = key.and_then(|key| lookup.text(&key)).and_then(|text| found.get(&text).cloned())?;
        let (ids, rest) = values.split_at(identity.len());
        let (live, rest) = rest.split_at(compared.len());
        let image: Image = lookup.exact.iter().map(|column| column.name.clone()).zip(rest.iter().cloned()).collect();
        let live = compared.iter().copied().zip(live.iter().cloned()).collect();
        Some((live, Present { identity: canonical_text(&Json::Array(ids.to_vec())), image }))
    };
    Ok(keys.into_iter().map(row).collect())
}

/// Declared columns are compared as planning does; the others exactly, where a run remembers how it left them.
fn edits(entry: &Entry, live: &[(&Column, Json)], left: Option<&Image>, image: &Image) -> Vec<Edit> {
    let mut edits: Vec<Edit> = live
        .iter()
        .filter_map(|(column, now)| {
            let then = entry.applied.get(&column.name)?;
            let seen = |value: &Json| if secret::is_sealed(then) { secret::shown() } else { value.clone() };
            (!secret::is(then, now)).then(|| Edit { column: column.name.clone(), then: seen(then), now: seen(now) })
        })
        .collect();
    let others = left.into_iter().flat_map(|left| differing(left, image));
    edits.extend(others.filter(|(column, ..)| !entry.applied.contains_key(*column)).map(|(column, then, now)| Edit {
        column: column.to_owned(),
        then: shown(then),
        now: shown(now),
    }));
    edits
}

/// Key values with references turned into primary keys. Nothing where a row that is referred to is not there.
fn resolve(
    db: &mut dyn Db,
    catalog: &Catalog,
    names: &[String],
    symbols: &[&Json],
) -> Result<Vec<Option<Vec<Json>>>, DbError> {
    let mut keys: Vec<Option<Vec<Json>>> = vec![Some(Vec::with_capacity(names.len())); symbols.len()];
    for name in names {
        let values: Vec<&Json> = symbols.iter().map(|symbol| &symbol[name.as_str()]).collect();
        let references: Vec<Json> = values.iter().filter(|value| is_reference(value)).copied().cloned().collect();
        let ids = ids(db, catalog, &references)?;
        for (key, value) in keys.iter_mut().zip(values) {
            let value =
                if is_reference(value) { ids.get(&canonical_text(value)).cloned() } else { Some(value.clone()) };
            match (key.as_mut(), value) {
                (Some(key), Some(value)) => key.push(value),
                _ => *key = None,
            }
        }
    }
    Ok(keys)
}

/// The primary keys of rows that are referred to, by the canonical text of the reference.
fn ids(db: &mut dyn Db, catalog: &Catalog, references: &[Json]) -> Result<HashMap<String, Json>, DbError> {
    let mut groups: HashMap<(String, Vec<String>), Vec<&Json>> = HashMap::new();
    for reference in references {
        let columns = reference["key"].as_object().map(|key| key.keys().cloned().collect()).unwrap_or_default();
        let table = reference["ref"].as_str().unwrap_or_default().to_owned();
        groups.entry((table, columns)).or_default().push(reference);
    }
    let mut ids = HashMap::new();
    for ((name, columns), references) in groups {
        let Some(table) = catalog.tables.get(&name) else { continue };
        let key = columns.iter().map(|column| table.column(column)).collect::<Option<Vec<_>>>();
        let (Some(key), Some(id)) = (key, id_column(table)) else { continue };
        let symbols: Vec<&Json> = references.iter().map(|reference| &reference["key"]).collect();
        let keys = resolve(db, catalog, &columns, &symbols)?;
        let lookup = Lookup { table: &name, key, select: vec![id], exact: Vec::new() };
        let found = lookup.run(db, &keys.iter().flatten().cloned().collect::<Vec<_>>())?;
        for (reference, key) in references.into_iter().zip(keys) {
            let text = key.and_then(|key| lookup.text(&key));
            if let Some(id) = text.and_then(|text| found.get(&text)?.first().cloned()) {
                ids.insert(canonical_text(reference), id);
            }
        }
    }
    Ok(ids)
}
