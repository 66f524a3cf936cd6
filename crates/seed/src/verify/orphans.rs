//! Rows that refer to nothing. Engines say nothing of those that a switched-off check left behind, so they are looked for.

use plimsoll_core::db::{Column, Db, DbError, Engine, ForeignKey, Stmt, Table, dialect, quoted};
use serde_json::Value as Json;

use super::check::{Counted, examples, number};
use crate::value::live;
use crate::value::secret::SecretColumns;

/// Counts the rows of a table whose foreign key leads nowhere.
pub(super) fn count(
    db: &mut dyn Db,
    (name, table): (&str, &Table),
    key: &ForeignKey,
    secret: &SecretColumns,
) -> Result<Counted, DbError> {
    let rest = Stmt::new(format!(" WHERE {}", of(db.engine(), name, key)));
    let all = Stmt::new(format!("SELECT count(*) FROM {}", quoted(db.engine(), name))).append(rest.clone());
    let found = number(db, &all)?;
    let examples = if found == 0 { Vec::new() } else { examples(db, (name, table), &rest, secret)? };
    Ok(Counted::broken_by(found, examples))
}

/// The values of some columns of all rows whose foreign key leads nowhere.
pub(crate) fn rows(
    db: &mut dyn Db,
    name: &str,
    key: &ForeignKey,
    columns: &[&Column],
) -> Result<Vec<Vec<Json>>, DbError> {
    let engine = db.engine();
    let names: Vec<String> = columns.iter().map(|column| dialect::read_expr(engine, column)).collect();
    let sql = format!("SELECT {} FROM {} WHERE {}", names.join(", "), quoted(engine, name), of(engine, name, key));
    let rows = db.rows(&Stmt::new(sql))?;
    Ok(rows
        .into_iter()
        .map(|row| columns.iter().zip(row.into_values()).map(|(column, value)| live(column, value)).collect())
        .collect())
}

/// What is checked, in words.
pub(super) fn describe(name: &str, key: &ForeignKey) -> String {
    let list = |columns: &[String]| columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ");
    let schema = key.schema.as_ref().map(|schema| format!("{schema}.")).unwrap_or_default();
    let target = format!("`{schema}{}`", key.table);
    format!("no row of `{name}` whose {} is no {} of {target}", list(&key.columns), list(&key.references))
}

/// The condition under which a row of a table, `own`, refers to nothing. As the standard has it, a key that is NULL in part refers to nothing
/// and need not.
pub(super) fn condition(engine: Engine, own: &str, columns: &[String], target: &str, references: &[String]) -> String {
    let column = |name: &String| quoted(engine, name);
    let present: Vec<String> = columns.iter().map(|name| format!("{own}.{} IS NOT NULL", column(name))).collect();
    let equal: Vec<String> = columns
        .iter()
        .zip(references)
        .map(|(name, reference)| format!("plimsoll_target.{} = {own}.{}", column(reference), column(name)))
        .collect();
    format!(
        "{} AND NOT EXISTS (SELECT 1 FROM {target} plimsoll_target WHERE {})",
        present.join(" AND "),
        equal.join(" AND ")
    )
}

fn of(engine: Engine, name: &str, key: &ForeignKey) -> String {
    let schema = key.schema.as_ref().map(|schema| {
        // PostgreSQL gives it quoted where that is needed.
        if engine == Engine::Postgres { format!("{schema}.") } else { format!("{}.", quoted(engine, schema)) }
    });
    let target = format!("{}{}", schema.unwrap_or_default(), quoted(engine, &key.table));
    condition(engine, &quoted(engine, name), &key.columns, &target, &key.references)
}
