//! Rows that somebody added to declared tables in the database. They are only told: what declares them is a person's to say.

use std::collections::HashSet;

use plimsoll_core::db::{Column, Db, Stmt, dialect, quoted};
use serde_json::{Map, Value as Json};

use super::report::Undeclared;
use crate::error::SeedError;
use crate::read::Seeds;
use crate::reconcile::observe::Observation;
use crate::value::{canonical, canonical_text, live};

/// Keys that are shown of each table.
const SHOWN: usize = 20;

/// The rows of declared tables, or of one of them, that no file declares.
pub(super) fn undeclared(
    db: &mut dyn Db,
    seeds: &Seeds,
    observation: &Observation,
    only: Option<&str>,
) -> Result<Vec<Undeclared>, SeedError> {
    let engine = db.engine();
    let mut found = Vec::new();
    for (index, staged) in
        seeds.tables.iter().enumerate().filter(|(_, table)| only.is_none_or(|only| only == table.name))
    {
        let state = &observation.tables[index];
        let key: Option<Vec<&Column>> = staged.key.iter().map(|name| state.column(name)).collect();
        let Some(key) = key else { continue };
        let declared: HashSet<String> = staged
            .rows
            .iter()
            .enumerate()
            // A row that is to get another key is there under the one that it had.
            .flat_map(|(number, row)| {
                let renamed = state.live[number].as_ref().is_some_and(|live| live.renamed);
                let was = row.was.as_ref().filter(|_| renamed).map(|was| was.key.iter().collect());
                [Some(row.key().collect::<Vec<_>>()), was].into_iter().flatten()
            })
            .filter_map(|cells| {
                let values = cells
                    .iter()
                    .zip(&key)
                    .map(|(cell, column)| canonical(column, &observation.known(seeds, cell)?).ok());
                Some(canonical_text(&Json::Array(values.collect::<Option<_>>()?)).to_lowercase())
            })
            .collect();
        let names: Vec<String> = key.iter().map(|column| dialect::read_expr(engine, column)).collect();
        let order: Vec<String> = (1..=names.len()).map(|number| number.to_string()).collect();
        let (table, names, order) = (quoted(engine, &staged.name), names.join(", "), order.join(", "));
        let stmt = Stmt::new(format!("SELECT {names} FROM {table} ORDER BY {order}"));
        let mut one = Undeclared { table: staged.name.clone(), count: 0, keys: Vec::new() };
        for row in db.rows(&stmt)? {
            let values: Vec<Json> =
                key.iter().zip(row.into_values()).map(|(column, value)| live(column, value)).collect();
            if declared.contains(&canonical_text(&Json::Array(values.clone())).to_lowercase()) {
                continue;
            }
            one.count += 1;
            if one.keys.len() < SHOWN {
                let named: Map<String, Json> = staged.key.iter().cloned().zip(values).collect();
                one.keys.push(Json::Object(named));
            }
        }
        if one.count > 0 {
            found.push(one);
        }
    }
    Ok(found)
}
