//! Rows as the audit sees them: all their columns, the primary key they are found by again, and a digest. When to look at them is
//! the caller's.

use std::collections::BTreeMap;

use plimsoll_core::db::{Column, ColumnKind, Db, DbError, Table};
use serde_json::{Map, Value as Json};

use crate::lifecycle::Lifecycle;
use crate::lifecycle::audit::AuditEntry;
use crate::reconcile::lookup::Lookup;
use crate::value::{canonical_text, hash};

/// A row with all its columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Image {
    /// All columns, canonical.
    pub(crate) values: BTreeMap<String, Json>,
    /// Those of bytes, exactly.
    exact: BTreeMap<String, Json>,
}

impl Image {
    /// What is known of a row that is gone: the key that its entries name.
    pub(crate) fn of_id(id: &Json) -> Self {
        let values = id.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone()));
        Self { values: values.collect(), exact: BTreeMap::new() }
    }

    /// The state, `None` when it is no text.
    pub(crate) fn state(&self, lifecycle: &Lifecycle) -> Option<&str> {
        self.values.get(&lifecycle.column).and_then(Json::as_str)
    }

    /// The primary key with its values; the natural key where a table has no primary one.
    pub(crate) fn id(&self, table: &Table, key: &[String]) -> Json {
        let columns = if table.primary_key.is_empty() { key } else { &table.primary_key };
        let values = columns.iter().map(|name| (name.clone(), self.values.get(name).cloned().unwrap_or(Json::Null)));
        Json::Object(values.collect())
    }

    /// The digest of some columns. A column that is not there any more is as one that was changed.
    pub(crate) fn digest(&self, covers: &[String]) -> String {
        let value = |name: &String| self.exact.get(name).or_else(|| self.values.get(name)).cloned();
        let values: Map<String, Json> = covers.iter().filter_map(|name| Some((name.clone(), value(name)?))).collect();
        hash(&canonical_text(&Json::Object(values)))
    }
}

/// The columns that a digest of a row stands for: all but the state, which entries name themselves, and those that may change.
pub(crate) fn covered(lifecycle: &Lifecycle, table: &Table) -> Vec<String> {
    let free = |name: &String| *name == lifecycle.column || lifecycle.except.contains(name);
    table.columns.iter().map(|column| column.name.clone()).filter(|name| !free(name)).collect()
}

/// Reads rows by the values of some columns, in the order of the keys; `None` for those that are not there.
pub(crate) fn images(
    db: &mut dyn Db,
    name: &str,
    table: &Table,
    key: &[String],
    keys: &[Vec<Json>],
) -> Result<Vec<Option<Image>>, DbError> {
    let Some(key) = key.iter().map(|name| table.column(name)).collect::<Option<Vec<&Column>>>() else {
        return Ok(vec![None; keys.len()]);
    };
    // Zeros that fill bytes up are nothing to a comparison with files, and something to a digest.
    let exact: Vec<&Column> = table.columns.iter().filter(|column| column.kind == ColumnKind::Bytes).collect();
    let lookup = Lookup { table: name, key, select: table.columns.iter().collect(), exact };
    let found = lookup.run(db, keys)?;
    let named = |columns: &[&Column], values: &[Json]| -> BTreeMap<String, Json> {
        columns.iter().map(|column| column.name.clone()).zip(values.iter().cloned()).collect()
    };
    let image = |key: &Vec<Json>| {
        let (values, exact) = found.get(&lookup.text(key)?)?.split_at(lookup.select.len());
        Some(Image { values: named(&lookup.select, values), exact: named(&lookup.exact, exact) })
    };
    Ok(keys.iter().map(image).collect())
}

/// Reads rows by the primary keys that entries name, in the order of the entries; `None` for those that are not there.
pub(crate) fn recorded(
    db: &mut dyn Db,
    name: &str,
    table: &Table,
    entries: &[&AuditEntry],
) -> Result<Vec<Option<Image>>, DbError> {
    let mut by_columns: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        let columns = entry.row.as_object().map(|row| row.keys().cloned().collect()).unwrap_or_default();
        by_columns.entry(columns).or_default().push(index);
    }
    let mut found = vec![None; entries.len()];
    for (columns, of) in by_columns.into_iter().filter(|(columns, _)| !columns.is_empty()) {
        let key = |entry: &AuditEntry| columns.iter().map(|column| entry.row[column.as_str()].clone()).collect();
        let keys: Vec<Vec<Json>> = of.iter().map(|index| key(entries[*index])).collect();
        for (index, image) in of.into_iter().zip(images(db, name, table, &columns, &keys)?) {
            found[index] = image;
        }
    }
    Ok(found)
}
