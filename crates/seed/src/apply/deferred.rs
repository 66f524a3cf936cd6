//! Constraints that are checked at the end of a transaction: made to speak while it can still be told which rows they mean.

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Catalog, Column, Db, DbError, DbErrorKind, Engine};
use serde_json::Value as Json;

use crate::error::{Problem, RefusedRow, SeedError};
use crate::read::Seeds;
use crate::reconcile::diff::Decisions;
use crate::reconcile::lookup::Lookup;
use crate::reconcile::observe::Observation;
use crate::stream;
use crate::verify::orphans;

/// Has all constraints checked now.
///
/// `observation` is one made after writing: declared rows are found in it by their keys. `observed` is the one before, which
/// knows what was streamed.
pub(crate) fn settle(
    db: &mut dyn Db,
    (seeds, catalog): (&Seeds, &Catalog),
    (observation, observed): (&Observation, &Observation),
    decisions: &Decisions,
) -> Result<(), SeedError> {
    const SAVEPOINT: &str = "plimsoll_deferred";
    match db.engine() {
        // InnoDB knows no deferred constraints.
        Engine::Mysql => Ok(()),
        Engine::Postgres => {
            db.batch(&format!("SAVEPOINT {SAVEPOINT}"))?;
            let Err(error) = db.batch("SET CONSTRAINTS ALL IMMEDIATE") else { return Ok(()) };
            if error.kind == DbErrorKind::Lost {
                return Err(error.into());
            }
            db.batch(&format!("ROLLBACK TO SAVEPOINT {SAVEPOINT}"))?;
            let rows = refused(db, seeds, observation, decisions, &error)?;
            if !rows.is_empty() {
                return Err(SeedError::Refused { rows });
            }
            SeedError::unless_empty(lost(db, (seeds, catalog), observed)?)?;
            let what = error.constraint.as_ref().map(|name| format!("rows that satisfy `{name}`"));
            Err(SeedError::Write {
                what: what.unwrap_or_else(|| "the rows".to_owned()),
                at: None,
                source: Box::new(error),
            })
        }
        Engine::Sqlite => {
            let error = DbError::new(Engine::Sqlite, DbErrorKind::ForeignKey, "FOREIGN KEY constraint failed");
            let rows = refused(db, seeds, observation, decisions, &error)?;
            if !rows.is_empty() {
                return Err(SeedError::Refused { rows });
            }
            SeedError::unless_empty(lost(db, (seeds, catalog), observed)?)
        }
    }
}

/// The same of rows that were streamed.
fn lost(
    db: &mut dyn Db,
    (seeds, catalog): (&Seeds, &Catalog),
    observed: &Observation,
) -> Result<Vec<Problem>, DbError> {
    let mut problems = Vec::new();
    for (bulk, state) in seeds.bulk.iter().zip(&observed.bulk) {
        problems.extend(stream::lost(db, bulk, state, catalog)?);
    }
    Ok(problems)
}

/// The rows that were written and refer to nothing. Others are not this run's to tell.
fn refused(
    db: &mut dyn Db,
    seeds: &Seeds,
    observation: &Observation,
    decisions: &Decisions,
    error: &DbError,
) -> Result<Vec<RefusedRow>, SeedError> {
    let mut refused = Vec::new();
    for (index, staged) in seeds.tables.iter().enumerate() {
        let Some(table) = &observation.tables[index].table else { continue };
        if !decisions.tables[index].iter().any(|decision| decision.action.writes()) {
            continue;
        }
        let Some(key) = staged.key.iter().map(|name| table.column(name)).collect::<Option<Vec<&Column>>>() else {
            continue;
        };
        let lookup = Lookup { table: &staged.name, key: key.clone(), select: Vec::new(), exact: Vec::new() };
        for foreign in &table.foreign_keys {
            let lost: Vec<String> = orphans::rows(db, &staged.name, foreign, &key)?
                .iter()
                .filter_map(|values| lookup.text(values))
                .collect();
            if lost.is_empty() {
                continue;
            }
            for decision in decisions.tables[index].iter().filter(|decision| decision.action.writes()) {
                let row = &staged.rows[decision.row];
                let values: Option<Vec<Json>> = row.key().map(|cell| observation.known(seeds, cell)).collect();
                if !values.and_then(|values| lookup.text(&values)).is_some_and(|text| lost.contains(&text)) {
                    continue;
                }
                let columns: Vec<String> = foreign.columns.iter().map(|name| format!("`{name}`")).collect();
                refused.push(RefusedRow {
                    code: ErrorCode::ReferenceMissing,
                    what: format!("`{}` {}", staged.name, row.symbol.label()),
                    reason: format!("{} refers to a row that `{}` does not have", columns.join(", "), foreign.table),
                    at: Some(row.source.location()),
                    source: Box::new(error.clone()),
                });
            }
        }
    }
    Ok(refused)
}
