//! Why the database refused a row, told from its error and its catalogue: which other row has the value, which row is missing,
//! which column or check it is about. Finding the row is `write`'s.

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Column, Db, DbError, DbErrorKind, ForeignKey, Table};
use serde_json::Value as Json;

use crate::error::RefusedRow;
use crate::reconcile::lookup::Lookup;
use crate::reconcile::show;
use crate::staged::{Cell, StagedRow};

use super::write::Writer;

/// Whether an error is about one row and not about the connection, so that others may be tried.
pub(crate) fn is_of_a_row(error: &DbError) -> bool {
    match error.kind {
        DbErrorKind::Unique
        | DbErrorKind::ForeignKey
        | DbErrorKind::NotNull
        | DbErrorKind::Check
        | DbErrorKind::Unfit
        | DbErrorKind::Refused => true,
        DbErrorKind::BackendMissing
        | DbErrorKind::Unreachable
        | DbErrorKind::Lost
        | DbErrorKind::LedgerNewer
        | DbErrorKind::LeaseLost
        | DbErrorKind::Busy => false,
    }
}

/// An error without what the database says about it.
pub(crate) fn without_words(error: DbError) -> DbError {
    let message = "the database's own words are left out, as they may repeat a secret".to_owned();
    DbError { message, detail: None, ..error }
}

/// Explains why a row was refused. The transaction has to be usable: the database is asked.
pub(crate) fn explain(db: &mut dyn Db, writer: &Writer<'_>, table: usize, row: usize, error: DbError) -> RefusedRow {
    let staged = &writer.seeds.tables[table];
    let declared = &staged.rows[row];
    let reason = match &writer.observation.tables[table].table {
        Some(schema) => Case { writer, table, schema, row: declared, error: &error }.reason(db),
        None => None,
    };
    let (code, reason) = reason.unwrap_or((ErrorCode::SeedFailed, "the database refuses it".to_owned()));
    // What engines say repeats values: of a row with a secret, nothing of it is passed on.
    let secrets = !writer.seeds.blocks[declared.block].secret.is_empty();
    let error = if secrets { without_words(error) } else { error };
    RefusedRow {
        code,
        what: format!("`{}` {}", staged.name, declared.symbol.label()),
        reason,
        at: Some(declared.source.location()),
        source: Box::new(error),
    }
}

/// A refused row with all that may tell why.
struct Case<'c> {
    writer: &'c Writer<'c>,
    table: usize,
    schema: &'c Table,
    row: &'c StagedRow,
    error: &'c DbError,
}

impl Case<'_> {
    fn reason(&self, db: &mut dyn Db) -> Option<(ErrorCode, String)> {
        let column = || self.error.column.as_ref().map(|name| format!("`{name}` "));
        Some(match self.error.kind {
            DbErrorKind::Unique => (ErrorCode::SeedTaken, self.taken(db)?),
            DbErrorKind::ForeignKey => (ErrorCode::ReferenceMissing, self.orphaned(db)?),
            DbErrorKind::NotNull => (ErrorCode::SeedRequired, format!("{}needs a value", column().unwrap_or_default())),
            DbErrorKind::Check => {
                let name = self.error.constraint.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
                (ErrorCode::SeedCheck, format!("it does not pass the check{name}"))
            }
            DbErrorKind::Unfit => (ErrorCode::SeedValue, self.unfit()),
            _ => return None,
        })
    }

    fn unfit(&self) -> String {
        let Some(column) = self.error.column.as_deref().and_then(|name| self.schema.column(name)) else {
            return "a value does not fit its column".to_owned();
        };
        let declared = column.declared.to_lowercase();
        match self.value(&column.name) {
            Some(_) if self.is_secret(&column.name) => {
                format!("the secret value does not fit `{}` of type {declared}", column.name)
            }
            Some(value) => format!("{} does not fit `{}` of type {declared}", show::value(&value), column.name),
            None => format!("the value does not fit `{}` of type {declared}", column.name),
        }
    }

    /// The row that has the value, and where it is declared when it is.
    fn taken(&self, db: &mut dyn Db) -> Option<String> {
        let columns = self.unique_columns()?;
        let names = columns.iter().map(|column| format!("`{}`", column.name)).collect::<Vec<_>>().join(", ");
        let values: Vec<Json> = columns.iter().map(|column| self.value(&column.name)).collect::<Option<_>>()?;
        let shown = self.shown(columns.iter().map(|column| column.name.as_str()), &values);
        let staged = &self.writer.seeds.tables[self.table];
        let key: Vec<&Column> = staged.key.iter().filter_map(|name| self.schema.column(name)).collect();
        let lookup = Lookup { table: &staged.name, key: columns, select: key.clone(), exact: Vec::new() };
        let found = lookup.run(db, std::slice::from_ref(&values)).ok()?;
        let owner = lookup.text(&values).and_then(|text| found.get(&text).cloned());
        let Some(owner) = owner else { return Some(format!("{names} {shown} is taken")) };
        let key_lookup = Lookup { table: &staged.name, key, select: Vec::new(), exact: Vec::new() };
        let owner_text = key_lookup.text(&owner);
        let declared = staged.rows.iter().find(|row| {
            let key: Option<Vec<Json>> = row.key().map(|cell| self.writer.value(cell)).collect();
            owner_text.is_some() && key.and_then(|key| key_lookup.text(&key)) == owner_text
        });
        let label = match declared {
            Some(row) => format!("{}, declared at {}", row.symbol.label(), row.source.location()),
            None => format!("{}, which no file declares", show::label(&Json::Array(owner))),
        };
        Some(format!("{names} {shown} is taken by `{}` {label}", staged.name))
    }

    /// The columns of the unique key that was violated. SQLite names the columns and no constraint.
    fn unique_columns(&self) -> Option<Vec<&Column>> {
        let name = self.error.constraint.as_deref()?;
        let keys = self.schema.unique_keys.iter();
        let named = keys
            .clone()
            .find(|key| key.name == name)
            .or_else(|| keys.clone().find(|key| key.columns.join(", ") == name));
        let columns = match named {
            Some(key) => &key.columns,
            // What is left is the primary key; or an index over expressions, of which nothing can be said.
            None if name == "PRIMARY" || name.ends_with("_pkey") || self.schema.primary_key.join(", ") == name => {
                &self.schema.primary_key
            }
            None => return None,
        };
        columns.iter().map(|column| self.schema.column(column)).collect()
    }

    /// The row referred to that is not there. SQLite does not say which key it is, so all are tried.
    fn orphaned(&self, db: &mut dyn Db) -> Option<String> {
        let named = self.error.constraint.as_deref();
        let keys = self.schema.foreign_keys.iter().filter(|key| named.is_none_or(|name| key.name == name));
        keys.into_iter().find_map(|key| self.missing_parent(db, key))
    }

    fn missing_parent(&self, db: &mut dyn Db, key: &ForeignKey) -> Option<String> {
        let values: Vec<Json> = key.columns.iter().map(|name| self.value(name)).collect::<Option<_>>()?;
        if values.iter().any(Json::is_null) {
            return None;
        }
        // The types of the referring columns stand for those referred to.
        let own: Vec<Column> = key
            .columns
            .iter()
            .zip(&key.references)
            .map(|(name, target)| Some(Column { name: target.clone(), ..self.schema.column(name)?.clone() }))
            .collect::<Option<_>>()?;
        let lookup = Lookup { table: &key.table, key: own.iter().collect(), select: Vec::new(), exact: Vec::new() };
        let found = lookup.run(db, std::slice::from_ref(&values)).ok()?;
        if lookup.text(&values).is_some_and(|text| found.get(&text).is_some()) {
            return None;
        }
        let columns = key.columns.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let shown = self.shown(key.columns.iter().map(String::as_str), &values);
        Some(format!("{columns} {shown} refers to a row that `{}` does not have", key.table))
    }

    fn is_secret(&self, column: &str) -> bool {
        self.writer.seeds.blocks[self.row.block].secret.contains(column)
    }

    fn shown<'n>(&self, columns: impl Iterator<Item = &'n str>, values: &[Json]) -> String {
        let one = |(column, value): (&str, &Json)| {
            if self.is_secret(column) { "(secret)".to_owned() } else { show::value(value) }
        };
        columns.zip(values).map(one).collect::<Vec<_>>().join(", ")
    }

    fn value(&self, column: &str) -> Option<Json> {
        let cell: &Cell = self.row.cells().find(|(name, _)| **name == *column).map(|(_, cell)| cell)?;
        self.writer.value(cell)
    }
}
