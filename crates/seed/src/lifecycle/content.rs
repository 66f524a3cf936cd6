//! Rows as the audit sees them: all their columns, the primary key they are found by again, and a digest. When to look at them is
//! the caller's.

use std::collections::BTreeMap;

use plimsoll_core::db::{Column, ColumnKind, Db, DbError, Table};
use serde_json::{Map, Value as Json};

use crate::lifecycle::Lifecycle;
use crate::reconcile::lookup::Lookup;
use crate::value::{canonical_text, hash};

/// A row with all its columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Image {
    /// All columns, canonical.
    pub(crate) values: BTreeMap<String, Json>,
}

impl Image {
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
        let values: Map<String, Json> =
            covers.iter().filter_map(|name| Some((name.clone(), self.values.get(name)?.clone()))).collect();
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
    // Bytes that are no text would be the same to a comparison with files.
    let (exact, select): (Vec<&Column>, Vec<&Column>) =
        table.columns.iter().partition(|column| column.kind == ColumnKind::Bytes);
    let columns = [select.clone(), exact.clone()].concat();
    let lookup = Lookup { table: name, key, select, exact };
    let found = lookup.run(db, keys)?;
    let image = |key: &Vec<Json>| {
        let values = found.get(&lookup.text(key)?)?;
        let names = columns.iter().map(|column| column.name.clone());
        Some(Image { values: names.zip(values.iter().cloned()).collect() })
    };
    Ok(keys.iter().map(image).collect())
}
