//! What a run changed, row by row, with what was there before: the ledger's `seed_change`. Taking it back is `undo`'s.

use std::collections::{HashMap, HashSet};

use plimsoll_core::db::{Db, DbError, Stmt, dialect};
use plimsoll_core::ledger::{self, LedgerTable};
use serde::{Deserialize, Serialize};

use crate::ledger::{Entry, list};
use crate::runs::image::Image;
use crate::value::secret::{SecretColumns, is_sealed};

/// One change of one row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    pub(crate) action: ChangeAction,
    pub(crate) table: String,
    pub(crate) row_key: String,
    pub(crate) key: String,
    /// Deleted rows: all columns. Updated rows: what identifies them, and the columns that differ afterwards.
    pub(crate) before: Option<Image>,
    /// Created rows: all columns. Updated rows: the columns of `before`.
    pub(crate) after: Option<Image>,
    /// The ledger's entry before the change.
    pub(crate) entry_before: Option<Entry>,
}

/// What was done to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ChangeAction {
    Create,
    Update,
    Delete,
    /// Only the ledger learned of it.
    Adopt,
    /// Only the ledger forgot about it.
    Release,
    /// Rows of a very large table, which are not kept one by one.
    Bulk,
}

/// Rows per statement.
const CHUNK: usize = 300;

impl ChangeAction {
    fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Adopt => "adopt",
            Self::Release => "release",
            Self::Bulk => "bulk",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "create" => Self::Create,
            "update" => Self::Update,
            "delete" => Self::Delete,
            "release" => Self::Release,
            "bulk" => Self::Bulk,
            _ => Self::Adopt,
        }
    }
}

/// Writes what a run changed, in its order.
pub(crate) fn write(db: &mut dyn Db, run: i64, changes: &[Change]) -> Result<(), DbError> {
    let name = ledger::table(db.engine(), LedgerTable::SeedChange);
    let size = CHUNK.min(dialect::max_binds(db.engine()) / 9);
    let json = |image: &Option<Image>| image.as_ref().map(|image| serde_json::to_string(image).unwrap_or_default());
    for (part, chunk) in changes.chunks(size).enumerate() {
        let mut insert = Stmt::new(format!(
            "INSERT INTO {name} (run, ordinal, action, table_name, row_key, key_json, row_before, row_after, entry_before) VALUES "
        ));
        for (index, change) in chunk.iter().enumerate() {
            insert.push(if index == 0 { "(" } else { ", (" });
            insert.push_bind(run);
            insert.push(", ");
            insert.push_bind(i64::try_from(part * size + index + 1).unwrap_or(i64::MAX));
            for text in [change.action.as_str(), &change.table, &change.row_key, &change.key] {
                insert.push(", ");
                insert.push_bind(text);
            }
            let entry = change.entry_before.as_ref().map(|entry| serde_json::to_string(entry).unwrap_or_default());
            for text in [json(&change.before), json(&change.after), entry] {
                insert.push(", ");
                insert.push_bind(text);
            }
            insert.push(")");
        }
        db.execute(&insert)?;
    }
    Ok(())
}

/// What a run changed, in its order.
pub(crate) fn of_run(db: &mut dyn Db, run: i64) -> Result<Vec<Change>, DbError> {
    let name = ledger::table(db.engine(), LedgerTable::SeedChange);
    read(db, Stmt::new(format!("SELECT {COLUMNS} FROM {name} WHERE run = ")).bind(run).sql(" ORDER BY ordinal"))
}

/// How rows were left by the last runs that wrote them, as far as is known, by row key. Later columns over earlier ones.
pub(crate) fn last_images(db: &mut dyn Db, table: &str, keys: &[&str]) -> Result<HashMap<String, Image>, DbError> {
    let name = ledger::table(db.engine(), LedgerTable::SeedChange);
    let mut images: HashMap<String, Image> = HashMap::new();
    if keys.is_empty() {
        return Ok(images);
    }
    let mut stmt = Stmt::new(format!("SELECT row_key, action, row_after FROM {name} WHERE table_name = ")).bind(table);
    // The table has no index by these keys, so that each query reads all of it: many keys are chosen from here.
    if keys.len() <= CHUNK {
        stmt.push(" AND row_key IN (");
        list(&mut stmt, keys.iter().copied());
    }
    let wanted: HashSet<&str> = keys.iter().copied().collect();
    for row in db.rows(&stmt.sql(" ORDER BY run, ordinal"))?.iter().filter(|row| wanted.contains(row.text(0))) {
        let Some(after) = image(row.at(2).as_str()) else { continue };
        let known = images.entry(row.text(0).to_owned()).or_default();
        match ChangeAction::parse(row.text(1)) {
            ChangeAction::Create => *known = after,
            _ => known.extend(after),
        }
    }
    Ok(images)
}

/// Adds the columns of a table of which the ledger remembered nothing but digests, before runs that forgot the rows.
pub(crate) fn sealed(db: &mut dyn Db, table: &str, secret: &mut SecretColumns) -> Result<(), DbError> {
    let name = ledger::table(db.engine(), LedgerTable::SeedChange);
    let stmt = Stmt::new(format!("SELECT {COLUMNS} FROM {name} WHERE entry_before LIKE '%sealed%' AND table_name = "))
        .bind(table);
    for entry in read(db, stmt)?.into_iter().filter_map(|change| change.entry_before) {
        let sealed = entry.applied.iter().filter(|(_, value)| is_sealed(value));
        sealed.for_each(|(column, _)| secret.add(table, column));
    }
    Ok(())
}

const COLUMNS: &str = "action, table_name, row_key, key_json, row_before, row_after, entry_before";

fn read(db: &mut dyn Db, stmt: Stmt) -> Result<Vec<Change>, DbError> {
    let rows = db.rows(&stmt)?;
    let changes = rows.iter().map(|row| Change {
        action: ChangeAction::parse(row.text(0)),
        table: row.text(1).to_owned(),
        row_key: row.text(2).to_owned(),
        key: row.text(3).to_owned(),
        before: image(row.at(4).as_str()),
        after: image(row.at(5).as_str()),
        entry_before: row.at(6).as_str().and_then(|text| serde_json::from_str(text).ok()),
    });
    Ok(changes.collect())
}

fn image(text: Option<&str>) -> Option<Image> {
    text.and_then(|text| serde_json::from_str(text).ok())
}
