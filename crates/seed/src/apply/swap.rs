//! Rows that exchange values of a unique key: engines look at it row by row, so one of them has to step aside first. Which rows
//! are written with what was decided before.

use std::collections::HashMap;

use plimsoll_core::db::{Column, ColumnKind, Db, DbError, Engine, Stmt, Table, quoted, scalar};
use serde_json::Value as Json;

use crate::runs::image::{Image, push_condition};
use crate::value::{canonical_text, hash};

/// A row that is written: what it holds and what it will hold, as far as is known.
pub(crate) struct Mover<'m> {
    /// What identifies it in the database, nothing for rows that are not there yet.
    pub(crate) image: Option<&'m Image>,
    pub(crate) has: Image,
    /// Empty for rows that are about to be deleted.
    pub(crate) gets: Image,
    /// The columns that are written.
    pub(crate) changed: Vec<String>,
}

/// A row as far as one unique key is concerned. Nothing for rows that are not there, or where a value is NULL.
#[derive(Debug, Clone)]
struct Occupant {
    has: Option<String>,
    gets: Option<String>,
}

/// Moves rows out of the way whose unique values others among them are about to get.
pub(crate) fn make_room(
    db: &mut dyn Db,
    name: &str,
    table: &Table,
    identity: &[String],
    rows: &[Mover<'_>],
) -> Result<(), DbError> {
    for key in &table.unique_keys {
        let touched = |row: &Mover<'_>| key.columns.iter().any(|column| row.changed.contains(column));
        if !rows.iter().any(|row| row.image.is_some() && touched(row)) {
            continue;
        }
        let occupants: Vec<Occupant> = rows
            .iter()
            .map(|row| Occupant {
                has: row.image.and_then(|_| tuple(&key.columns, &row.has)),
                gets: tuple(&key.columns, &row.gets),
            })
            .collect();
        for (position, index) in in_the_way(&occupants).into_iter().enumerate() {
            let row = &rows[index];
            let may = |column: &str| {
                row.changed.iter().any(|name| name == column) && !identity.iter().any(|name| name == column)
            };
            if let (Some(image), Some(column)) = (row.image, spare(table, &key.columns, &may)) {
                step_aside(db, name, table, identity, column, (position, image))?;
            }
        }
    }
    Ok(())
}

/// The rows whose values somebody else gets: they step aside.
fn in_the_way(rows: &[Occupant]) -> Vec<usize> {
    let mut wanted: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, row) in rows.iter().enumerate() {
        if let Some(gets) = row.gets.as_deref().filter(|_| row.gets != row.has) {
            wanted.entry(gets).or_default().push(index);
        }
    }
    let steps_aside = |(index, row): (usize, &Occupant)| {
        let has = row.has.as_deref().filter(|_| row.gets != row.has)?;
        wanted.get(has)?.iter().any(|other| *other != index).then_some(index)
    };
    rows.iter().enumerate().filter_map(steps_aside).collect()
}

/// The column of a unique key that can hold something else for a moment: one that may be NULL, or of which a free value is known.
fn spare<'t>(table: &'t Table, key: &[String], changed: &dyn Fn(&str) -> bool) -> Option<&'t Column> {
    let refers = |name: &str| table.foreign_keys.iter().any(|key| key.columns.iter().any(|column| column == name));
    let columns: Vec<&Column> = key.iter().filter(|name| changed(name)).filter_map(|name| table.column(name)).collect();
    let nullable = columns.iter().copied().find(|column| column.nullable);
    let free = |column: &&Column| {
        matches!(column.kind, ColumnKind::Int | ColumnKind::Decimal | ColumnKind::Text) && !refers(&column.name)
    };
    nullable.or_else(|| columns.into_iter().find(free))
}

/// Moves one row out of the way.
fn step_aside(
    db: &mut dyn Db,
    name: &str,
    table: &Table,
    identity: &[String],
    column: &Column,
    (index, row): (usize, &Image),
) -> Result<(), DbError> {
    let engine = db.engine();
    let target = quoted(engine, &column.name);
    let keys: Vec<&Column> = identity.iter().filter_map(|name| table.column(name)).collect();
    let highest = match column.kind {
        ColumnKind::Int | ColumnKind::Decimal if !column.nullable => {
            let max = format!("SELECT max({target}) FROM {}", quoted(engine, name));
            let cast = if engine == Engine::Postgres { format!("SELECT ({max})::bigint") } else { max };
            scalar(db, &Stmt::new(cast))?.as_int().unwrap_or(0)
        }
        _ => 0,
    };
    let mut stmt = Stmt::new(format!("UPDATE {} SET {target} = ", quoted(engine, name)));
    if column.nullable {
        stmt.push("NULL");
    } else if column.kind == ColumnKind::Text {
        stmt.push_bind(stand_in(column, index));
    } else {
        // Those before this one have taken theirs: the highest is read again each time.
        stmt.push(highest.saturating_add(1).to_string());
    }
    stmt.push(" WHERE ");
    push_condition(engine, &mut stmt, &keys, &[row]);
    db.execute(&stmt).map(drop)
}

/// A text that nobody else has, as long as the column takes.
fn stand_in(column: &Column, index: usize) -> String {
    let limit = column.declared.split_once('(').and_then(|(_, rest)| rest.split_once(')')?.0.parse().ok());
    let text = format!("~{index}~{}", hash(&format!("plimsoll {} {index}", column.name)));
    text.chars().take(limit.unwrap_or(40).min(40)).collect()
}

/// The values of a unique key as one text. Nothing where one of them is NULL: NULLs are never the same.
fn tuple(key: &[String], row: &Image) -> Option<String> {
    let values: Option<Vec<Json>> =
        key.iter().map(|name| row.get(name).filter(|value| !value.is_null()).cloned()).collect();
    values.map(|values| canonical_text(&Json::Array(values)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(has: &str, gets: &str) -> Occupant {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Occupant { has: some(has), gets: some(gets) }
    }

    #[test]
    fn both_rows_of_an_exchange_step_aside_and_others_stay() {
        assert_eq!(in_the_way(&[row("1", "2"), row("2", "1"), row("3", "3"), row("4", "5")]), [0, 1]);
    }

    #[test]
    fn a_row_steps_aside_for_one_that_is_new() {
        assert_eq!(in_the_way(&[row("1", "2"), row("", "1")]), [0]);
        assert_eq!(in_the_way(&[row("1", "1"), row("", "2")]), Vec::<usize>::new());
    }

    #[test]
    fn a_row_in_the_way_that_is_not_moved_stays_and_the_database_says_so() {
        assert_eq!(in_the_way(&[row("1", "1"), row("2", "1")]), Vec::<usize>::new());
    }
}
