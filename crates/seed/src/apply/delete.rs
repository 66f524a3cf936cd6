//! Deleting rows one table after the other, children first, and nothing beyond them. Which rows may go was decided before.

use std::collections::HashSet;

use plimsoll_core::db::{Catalog, Column, Db, Stmt, quoted};
use plimsoll_core::{ErrorCode, Location};
use serde_json::Value as Json;

use crate::error::{Problem, SeedError};
use crate::guard::closure::{Closure, Order, Target};
use crate::runs::image::{Image, Present, push_condition, read};

/// Rows per statement.
const CHUNK: usize = 200;

/// Takes away the references that make circles. Gives, for each, the row and the columns with their values before.
pub(crate) fn null(
    db: &mut dyn Db,
    catalog: &Catalog,
    targets: &[Target],
    order: &Order,
) -> Result<Vec<(usize, Image)>, SeedError> {
    let engine = db.engine();
    let mut done = Vec::with_capacity(order.nulled.len());
    for (index, columns) in &order.nulled {
        let target = &targets[*index];
        let sets: Vec<String> = columns.iter().map(|column| format!("{} = NULL", quoted(engine, column))).collect();
        let mut stmt = Stmt::new(format!("UPDATE {} SET {} WHERE ", quoted(engine, &target.table), sets.join(", ")));
        push_condition(engine, &mut stmt, &identity(catalog, target), &[&target.row.image]);
        db.execute(&stmt).map_err(|source| write_error(target, source))?;
        let before = columns.iter().filter_map(|name| Some((name.clone(), target.row.image.get(name)?.clone())));
        done.push((*index, before.collect()));
    }
    Ok(done)
}

/// Deletes targets in this order and looks whether they are gone.
pub(crate) fn rows(
    db: &mut dyn Db,
    catalog: &Catalog,
    targets: &[Target],
    order: &[usize],
    closure: &Closure,
) -> Result<(), SeedError> {
    let engine = db.engine();
    let linked: HashSet<(usize, usize)> = closure.links.iter().map(|link| (link.child, link.parent)).collect();
    let mut rest = order;
    while let Some(first) = rest.first() {
        let together = |at: usize| {
            let next = rest[at];
            // Engines delete the rows of one statement in an order of their own.
            targets[next].table == targets[*first].table
                && !rest[..at].iter().any(|other| linked.contains(&(*other, next)) || linked.contains(&(next, *other)))
        };
        let size = (1..rest.len().min(CHUNK)).find(|at| !together(*at)).unwrap_or(rest.len().min(CHUNK));
        let (batch, others) = rest.split_at(size);
        rest = others;
        let target = &targets[*first];
        let mut stmt = Stmt::new(format!("DELETE FROM {} WHERE ", quoted(engine, &target.table)));
        let images: Vec<&Image> = batch.iter().map(|index| &targets[*index].row.image).collect();
        push_condition(engine, &mut stmt, &identity(catalog, target), &images);
        db.execute(&stmt).map_err(|source| write_error(target, source))?;
        still_there(db, catalog, targets, batch)?;
    }
    Ok(())
}

fn still_there(db: &mut dyn Db, catalog: &Catalog, targets: &[Target], batch: &[usize]) -> Result<(), SeedError> {
    let Some(first) = batch.first().map(|index| &targets[*index]) else { return Ok(()) };
    let Some(table) = catalog.tables.get(&first.table) else { return Ok(()) };
    let images: Vec<&Image> = batch.iter().map(|index| &targets[*index].row.image).collect();
    let left = read(db, &first.table, table, &first.identity, &images)?;
    if left.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{} of `{}` {} deleted and still there; a trigger or a row-level policy keeps {}",
        if left.len() == 1 { "a row".to_owned() } else { format!("{} rows", left.len()) },
        first.table,
        if left.len() == 1 { "was" } else { "were" },
        if left.len() == 1 { "it" } else { "them" },
    );
    Err(SeedError::Problems { problems: vec![Problem::new(ErrorCode::SeedFailed, None::<Location>, message)] })
}

fn identity<'c>(catalog: &'c Catalog, target: &Target) -> Vec<&'c Column> {
    let table = catalog.tables.get(&target.table);
    target.identity.iter().filter_map(|name| table.and_then(|table| table.column(name))).collect()
}

fn write_error(target: &Target, source: plimsoll_core::db::DbError) -> SeedError {
    SeedError::Write { what: format!("`{}` {}", target.table, named(target)), at: None, source: Box::new(source) }
}

/// A row by what identifies it, for people.
fn named(target: &Target) -> String {
    let Present { image, .. } = &target.row;
    let parts = target.identity.iter().map(|name| match image.get(name) {
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    });
    parts.collect::<Vec<_>>().join(" / ")
}
